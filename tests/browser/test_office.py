"""Days at the desk: an accountant who collects and exports, a bulk action undone, an edit that came too late."""

import csv
import io
import re
from datetime import timedelta

import pytest
from django.utils import timezone
from openpyxl import load_workbook

from inventory.models import SKU
from oms.background import jobs
from oms.core.models import Job, Topic
from oms.messaging import notifications
from orders import order_entry
from orders.accounting.models import ExportRun, Invoice
from orders.models import Order
from orders.order_entry import Entry
from tests import builders as make

pytestmark = pytest.mark.django_db(transaction=True)


def test_an_accountant_collects_an_invoice_and_exports_what_is_open(open_as, worker):
    make.sku("TEE-M", stock={"LON": 9})
    make.shipped(("TEE-M", 2))
    make.shipped(("TEE-M", 3))
    paid, left = Invoice.objects.order_by("pk")

    page = open_as("accountant")
    page.get_by_role("link", name=re.compile("Open invoices")).click()
    page.get_by_role("link", name=paid.number).click()
    page.get_by_role("link", name=re.compile(r"Record payment(?! for)")).click()
    page.get_by_label("Reference").fill("bank 17")
    page.get_by_role("button", name="Record payment").click()
    page.get_by_text(f"Record payment: {paid.number}").wait_for()
    assert Invoice.objects.get(pk=paid.pk).open_amount == 0

    page.goto(page.url.split("/admin/")[0] + "/admin/orders/invoice/?due=open")
    page.locator("summary", has_text="Export").click()
    page.get_by_role("button", name="Export").click()
    page.get_by_text("finished").wait_for()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download file").click()
    rows = list(
        load_workbook(io.BytesIO(download.value.path().read_bytes())).active.iter_rows(
            values_only=True
        )
    )
    assert rows[0][0] == "Number"
    assert [row[0] for row in rows[1:]] == [left.number]


def test_an_accountant_ends_the_month(open_as, worker):
    """What is owed, the export that equals the ledger, marked as sent; then the books are closed."""
    make.sku("TEE-M", stock={"LON": 9})
    order = make.shipped(("TEE-M", 2))
    company = order.company
    page = open_as("accountant")

    page.get_by_role("link", name=re.compile("Aged receivables")).first.click()
    page.get_by_role("link", name="C-1 Shop C-1").click()
    page.get_by_text(order.invoices.get().number).wait_for()
    page.get_by_role("link", name="Accounting exports").click()
    page.get_by_role("link", name="New export").click()
    page.get_by_label("Only documents not exported before").check()
    page.get_by_role("button", name="Create export").click()
    for _ in range(40):
        if page.get_by_text("gross 24.00").count():
            break
        page.wait_for_timeout(250)
        page.reload()
    with page.expect_download() as download:
        page.get_by_role("link", name="XLSX").click()
    lines, totals = load_workbook(io.BytesIO(download.value.path().read_bytes())).worksheets
    assert lines["A2"].value == order.invoices.get().number
    assert (totals.title, totals["A2"].value) == ("Totals", "GBP")
    page.get_by_role("link", name="Mark as sent").or_(
        page.get_by_role("button", name="Mark as sent")
    ).first.click()
    page.get_by_text(re.compile("Mark as sent: ")).wait_for()

    page.goto(page.url.split("/admin/")[0] + f"/admin/core/company/{company.pk}/change/")
    page.get_by_label("Close through").fill(str(company.today() - timedelta(days=1)))
    page.get_by_role("button", name="Close period").click()
    page.get_by_text(re.compile(r"Books closed through \d")).wait_for()
    assert ExportRun.objects.get().status == "sent"
    assert make.fresh(company).books_closed_through == company.today() - timedelta(days=1)


def test_a_rep_confirms_many_orders_and_sees_what_became_of_each(open_as, worker):
    rep = make.user("rep", "rep")
    customer = make.customer()
    customer.rep = rep
    customer.save()
    make.sku("TEE-M", stock={"LON": 5})
    for _ in range(2):
        make.order(lines=[("TEE-M", 4)])

    page = open_as("rep", "/admin/orders/order/?status__exact=placed")
    for box in page.locator("input.action-select").all():
        box.check()
    page.locator("select[name=action]").select_option("do_confirm")
    page.get_by_role("button", name="Run").click()

    page.get_by_text("1 of 2 done, 1 failed").wait_for()
    assert page.get_by_text("Not enough stock: 3 × TEE-M short").is_visible()
    assert Order.objects.filter(status="confirmed").count() == 1


def test_an_edit_that_came_too_late_is_told_what_changed_and_loses_nothing(open_as):
    make.taxes()
    make.user("manager", "manager")
    order = order_entry.draft(Entry(make.channel(), make.customer(), [make.line("TEE-M", 2)]))
    path = f"/admin/orders/order/{order.pk}/change/"
    mine, theirs = open_as("manager", path), open_as("rep", "/admin/")
    customer = make.customer()
    customer.rep = make.user("rep")
    customer.save()
    theirs.goto(mine.url)
    theirs.locator("[name=note]").fill("Leave it at the gate")
    theirs.get_by_role("button", name="Save", exact=True).click()
    theirs.get_by_text("was changed successfully").wait_for()

    mine.locator("[name=note]").fill("Ring twice")
    mine.get_by_role("button", name="Save", exact=True).click()

    mine.get_by_text("saved “Leave it at the gate”, yours “Ring twice”").wait_for()
    assert mine.locator("[name=note]").input_value() == "Ring twice"
    assert make.fresh(order).note == "Leave it at the gate"
    mine.get_by_role("button", name="Save", exact=True).click()
    mine.get_by_text("was changed successfully").wait_for()
    assert make.fresh(order).note == "Ring twice"


def test_a_buyer_imports_skus_mends_what_failed_and_imports_that(open_as, worker, tmp_path):
    file = tmp_path / "skus.csv"
    file.write_text("Code,Title,weight_g\nHAT,Hat,50\nCAP,Cap,heavy\n")
    page = open_as("buyer", "/admin/inventory/sku/")
    page.get_by_role("link", name="Import SKUs").click()
    page.get_by_label("File").set_input_files(file)
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("name").select_option("Title")
    page.get_by_role("button", name="Run a check").click()
    page.get_by_text("Dry run: no changes were made.").wait_for()
    assert not SKU.objects.exists()
    page.get_by_role("button", name="Import").click()
    page.get_by_text("1 of 2 done, 1 failed").wait_for()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download failed rows").click()
    rows = list(csv.reader(io.StringIO(download.value.path().read_text("utf-8-sig"))))
    assert rows[1][:3] == [
        "3",
        "weight_g",
        "weight_g: “heavy” isn't a number. Use the format 1234.56.",
    ]

    mended = tmp_path / "mended.csv"
    mended.write_text("code,name,weight_g\nCAP,Cap,60\n")
    page.goto(page.url.split("/admin/")[0] + "/admin/inventory/sku/import/skus/")
    page.get_by_label("File").set_input_files(mended)
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Import").click()
    page.get_by_text("1 of 1 done, 0 failed").wait_for()
    assert set(SKU.objects.values_list("code", "weight_g")) == {("HAT", 50), ("CAP", 60)}


def test_the_page_of_a_job_shows_how_far_it_is_and_the_bell_how_much_is_new(open_as):
    manager = make.user("manager", "manager")
    job = jobs.start("print", "Labels: 2 selected", 2, by=manager)
    Job.objects.update(due_at=timezone.now())  # asked for, and nobody comes
    notifications.tell_person(manager, Topic.ON_HOLD, "An order waits")
    page = open_as("manager", f"/admin/core/job/{job.pk}/change/")
    page.get_by_text("queued").wait_for()

    jobs.record(job, "SO-1", key="1")
    page.get_by_text("1 of 2 done, 0 failed").wait_for()
    jobs.finish(job)
    page.get_by_text("finished").wait_for()
    page.get_by_role("link", name="1 unread notification").click()
    page.get_by_text("An order waits").wait_for()
