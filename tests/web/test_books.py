import csv
import io
from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from openpyxl import load_workbook

from oms.core import stored_files
from oms.core.models import ExchangeRate, Job, StoredDocument
from orders.accounting import consolidated_invoicing, payments
from orders.accounting.models import ExportRun, Invoice
from orders.order_entry import Charge
from tests import builders as make

pytestmark = pytest.mark.django_db


def test_accountant_closes_the_books_and_a_rep_cannot(log_in):
    company = make.company()
    yesterday = company.today() - timedelta(days=1)
    address = reverse("admin:core_company_close", args=[company.pk])

    log_in("rep").post(address, {"until": str(yesterday)})
    assert make.fresh(company).books_closed_through is None
    answer = log_in("accountant").post(address, {"until": str(yesterday)}, follow=True)

    assert make.fresh(company).books_closed_through == yesterday
    assert "Books closed through" in answer.content.decode()


@pytest.mark.parametrize(
    "until, told", [("soon", "a valid date"), ("2999-01-01", "You can only close past days")]
)
def test_a_day_that_cannot_be_closed_is_told(log_in, until, told):
    company = make.company()

    answer = log_in("accountant").post(
        reverse("admin:core_company_close", args=[company.pk]), {"until": until}, follow=True
    )

    assert told in answer.content.decode()


def test_accountant_takes_rates_in_from_a_file(log_in):
    make.company()
    client = log_in("accountant")
    file = SimpleUploadedFile("eurofxref.csv", b"Date,USD,GBP\n2027-01-29,1.1,0.8\n")

    answer = client.post(reverse("admin:upload_rates"), {"file": file}, follow=True)

    assert "2 exchange rates imported." in answer.content.decode()
    assert ExchangeRate.objects.count() == 2


def test_orders_that_were_billed_together_show_what_is_paid_of_each(log_in):
    make.customer(billing="month")
    make.sku("TEE-M", stock={"LON": 9})
    orders = make.shipped(("TEE-M", 1)), make.shipped(("TEE-M", 3))
    (document,) = consolidated_invoicing.collect_all(make.company())
    payment = make.transfer("24.00")
    payments.apply(payment, document)

    client = log_in("accountant")
    listed = client.get(reverse("admin:orders_order_changelist")).content.decode()
    page = client.get(reverse("admin:orders_order_change", args=[orders[0].pk])).content.decode()

    assert 'title="6 of 12"' in listed and 'title="18 of 36"' in listed
    assert payment.number in page and document.number in page


def test_accountant_bills_what_was_shipped_to_customers(log_in, worked):
    make.customer(billing="month")
    make.sku("TEE-M", stock={"LON": 5})
    order = make.shipped(("TEE-M", 2))
    client = log_in("accountant")

    with worked():
        client.post(
            reverse("admin:orders_customer_changelist"),
            {"action": "collect", "_selected_action": [order.customer_id]},
        )

    assert Invoice.objects.get().order == order
    assert Job.objects.get().done == 1
    assert (
        "collect"
        not in log_in("rep").get(reverse("admin:orders_customer_changelist")).content.decode()
    )


def test_the_accountant_reads_receivables_statements_and_exports(log_in, worked):
    make.sku("TEE-M", stock={"LON": 50})
    order = make.shipped(("TEE-M", 5), charges=[Charge("freight", "Freight", Decimal("5.00"))])
    client = log_in("accountant")
    with worked():
        client.post(
            reverse("admin:orders_exportrun_new"),
            {"company": order.company_id, "profile": "invoice_lines", "file_format": "xlsx"},
        )
    run = ExportRun.objects.get()
    page = client.get(reverse("admin:orders_exportrun_change", args=[run.pk])).content.decode()
    listed = client.get(reverse("admin:orders_exporteddocument_changelist")).content.decode()
    file = stored_files.read(
        StoredDocument.objects.get(subject_type="export", subject_number=run.number)
    )
    lines = [
        [cell.value for cell in row]
        for row in load_workbook(io.BytesIO(file)).worksheets[0].iter_rows()
    ]
    owed = client.get(reverse("admin:orders_exportrun_receivables")).content.decode()
    account = client.get(reverse("admin:orders_customer_statement", args=["C-1"])).content.decode()
    shown = client.get(reverse("admin:orders_order_change", args=[order.pk])).content.decode()

    assert order.invoices.get().number in listed
    assert {row[lines[0].index("Tax category")] for row in lines[1:]} == {"S (standard rate)"}
    assert "gross 66.00" in page and "Mark as sent" in page
    assert "66.00" in owed and "66.00" in account and "Order to cash" in shown
    assert client.get(reverse("admin:orders_exportrun_file", args=[run.pk])).status_code == 200
    for role in ("rep", "picker", "buyer"):
        other = log_in(role)
        assert other.get(reverse("admin:orders_exportrun_file", args=[run.pk])).status_code == 302
        assert other.get(reverse("admin:orders_exportrun_receivables")).status_code == 302


def test_invoice_list_is_exported_line_by_line(log_in, worked):
    make.sku("TEE-M", stock={"LON": 50})
    make.settled(make.shipped(("TEE-M", 5)), good=1)
    client = log_in("accountant")

    with worked():
        client.post(
            reverse("admin:orders_invoice_export"),
            {"sheet": "invoice-lines", "format": "csv", "query": ""},
        )

    answer = client.get(reverse("admin:core_job_file", args=[Job.objects.latest("pk").pk]))
    rows = list(csv.DictReader(io.StringIO(answer.getvalue().decode("utf-8-sig"))))
    assert [(row["kind"], Decimal(row["gross"])) for row in rows] == [
        ("invoice", 60),
        ("credit", -12),
    ]
    assert (
        "import/invoice-lines"
        not in log_in("root").get(reverse("admin:orders_invoice_changelist")).content.decode()
    )


def test_an_invoice_in_a_foreign_currency_shows_what_it_is_at_home(log_in):
    ExchangeRate.objects.create(
        company=make.company(), currency="EUR", day="2020-01-01", rate=Decimal("1.25")
    )
    make.sku("TEE-M", stock={"LON": 5})
    make.customer("C-EUR", currency="EUR")
    document = make.shipped(("TEE-M", 1, "10.00"), customer_code="C-EUR").invoices.get()

    page = (
        log_in("accountant")
        .get(reverse("admin:orders_invoice_change", args=[document.pk]))
        .content.decode()
    )

    assert "8.00 GBP + 1.60 GBP = 9.60 GBP (1.25 EUR/GBP)" in page
