"""What stands around documents: notes and files, stale forms that say what changed; and the home pages."""

import io
import re
from datetime import date
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from pypdf import PdfReader

from oms.core.models import Heartbeat, Note, User
from oms.insights import rollups
from oms.insights.models import DailySales, DailyShipping, StockOutlook
from orders import lifecycle, order_entry, printing
from orders.models import Order
from orders.order_entry import Charge, Entry
from tests import builders as make

pytestmark = [pytest.mark.smoke, pytest.mark.django_db]


def page(document, name="change"):
    opts = document._meta
    return reverse(f"admin:{opts.app_label}_{opts.model_name}_{name}", args=[document.pk])


def draft():
    make.taxes()
    return order_entry.draft(Entry(make.channel(), make.customer(), [make.line("TEE-M", 2)]))


def test_notes_and_files_are_kept_on_a_document(log_in):
    order, client = draft(), log_in("manager")

    attached = SimpleUploadedFile("map.txt", b"left, then right")
    client.post(page(order, "notes"), {"text": "Call first", "file": attached})

    text = client.get(page(order)).content.decode()
    note = Note.objects.get()
    assert "Call first" in text and "map.txt" in text
    assert client.get(page(order, "notes"), {"open": note.pk}).getvalue() == b"left, then right"
    client.post(page(order, "notes"), {"remove": note.pk})
    assert not Note.objects.exists()


def test_the_floor_reads_and_opens_only_what_is_meant_for_it(log_in):
    make.sku("TEE-M", stock={"LON": 9})
    shipment, manager = make.picked(make.confirmed(("TEE-M", 1))), log_in("manager")
    manager.post(
        page(shipment, "notes"),
        {"text": "They pay 888.88", "file": SimpleUploadedFile("a.txt", b"888.88")},
    )
    manager.post(page(shipment, "notes"), {"text": "Fragile", "visible_to_warehouse": "on"})
    picker = log_in("picker")
    make.warehouse().staff.add(User.objects.get(username="picker"))

    text = picker.get(page(shipment)).content.decode()

    assert "Fragile" in text and "888.88" not in text
    secret = Note.objects.get(text__contains="888")
    assert picker.get(page(shipment, "notes"), {"open": secret.pk}).status_code == 302
    picker.post(page(shipment, "notes"), {"remove": secret.pk})
    assert Note.objects.count() == 2


def test_nobody_writes_on_what_they_may_not_see(log_in):
    order = draft()

    log_in("rep").post(page(order, "notes"), {"text": "hello"})
    log_in("picker").post(page(order, "notes"), {"text": "hello"})
    log_in("manager").post(page(order, "notes"), {"text": "  "})

    assert not Note.objects.exists()


def test_a_stale_form_says_what_changed_and_loses_nothing(log_in):
    order, client = draft(), log_in("manager")
    lines = {
        "lines-TOTAL_FORMS": 0,
        "lines-INITIAL_FORMS": 0,
        "charges-TOTAL_FORMS": 0,
        "charges-INITIAL_FORMS": 0,
        "holds-TOTAL_FORMS": 0,
        "holds-INITIAL_FORMS": 0,
    }
    entered = {
        "customer": order.customer_id,
        "channel": order.channel_id,
        "discount_percent": "0",
        "customer_reference": "PO 7",
        "note": "mine",
        "version_read": order.version,
        **lines,
    }
    assert client.post(page(order), {**entered, "note": "theirs"}).status_code == 302

    answer = client.post(page(order), entered)

    text = answer.content.decode()
    assert "manager (order.repriced" in text or "manager (order.edited" in text
    assert "Note: saved “theirs”, yours “mine”" in text
    assert make.fresh(order).note == "theirs"
    again = {**entered, "version_read": answer.context["adminform"].form["version_read"].value()}
    assert client.post(page(order), again).status_code == 302
    assert make.fresh(order).note == "mine"


def test_rollups_add_up_and_later_ones_only_redo_the_last_days(log_in):
    make.sku("TEE-M", stock={"LON": 30})
    make.shipped(("TEE-M", 7))
    make.order(lines=[("TEE-M", 2)])
    today = make.company().today()

    rollups.roll_up()
    rollups.roll_up()

    row = DailySales.objects.get()
    assert (row.day, row.orders, row.net) == (today, 2, 90)
    assert (DailyShipping.objects.get().shipments, DailyShipping.objects.get().hours >= 0) == (
        1,
        True,
    )
    outlook = StockOutlook.objects.get()
    assert (outlook.available, outlook.per_day, outlook.days_left) == (23, 0.25, 92)
    text = log_in("manager").get(reverse("admin:index")).content.decode()
    assert "<rect" in text and "90.00 GBP" in text and "Updated" in text and "92" in text


@pytest.mark.parametrize("role", ["rep", "picker", "packer", "buyer", "accountant", "manager"])
def test_a_home_page_asks_as_much_for_many_orders_as_for_one_and_each_number_leads_to_its_rows(
    log_in, role
):
    make.sku("TEE-M", stock={"LON": 30})
    make.shipped(("TEE-M", 1))
    for kind in Heartbeat.Kind.values:  # somebody works, so that Attention counts its rows alone
        Heartbeat.objects.create(name=kind, kind=kind, host="here", pid=1, seen_at=timezone.now())
    rollups.roll_up()
    client = log_in(role)
    with CaptureQueriesContext(connection) as one:
        client.get(reverse("admin:index"))
    for _ in range(3):
        make.order(lines=[("TEE-M", 1)])
    rollups.roll_up()
    with CaptureQueriesContext(connection) as many:
        answer = client.get(reverse("admin:index"))

    assert len(many) == len(one)
    for _title, count, url in answer.context["to_do"]:
        shown = client.get(url)
        assert shown.status_code == 200, url
        assert str(shown.context["cl"].known_count) == count, url
    assert Order.objects.count() == 4


def test_a_quote_is_printed_and_its_lines_add_up_without_what_is_canceled(log_in):
    make.taxes()
    order = order_entry.draft(
        Entry(
            make.channel(),
            make.customer(),
            [make.line("TEE-M", 3, "10"), make.line("MUG", 1, "5")],
            charges=[Charge("freight", "Carriage", Decimal("4"))],
        )
    )
    order_entry.quote(order, valid_until=date(2999, 1, 31))
    client = log_in("manager")
    url = reverse("admin:orders_order_paper", args=[order.pk, "order"])

    quote = "".join(
        page.extract_text() for page in PdfReader(io.BytesIO(client.get(url).getvalue())).pages
    )
    assert "Quote " + order.number in quote and "2999-01-31" in quote and "39.00 GBP" in quote
    assert url in client.get(page(order)).content.decode()

    placed = lifecycle.cancel_lines(
        order_entry.place(make.fresh(order)), {order.lines.first().pk: 2}, reason="too many"
    )
    paper = printing.order_paper(make.fresh(placed))
    assert (paper.title, paper.lines[0]["quantity"], paper.lines[0]["net"], paper.net) == (
        "Order confirmation",
        "1",
        "10.00",
        "19.00 GBP",
    )


def test_a_line_shows_what_can_still_be_promised(log_in):
    make.sku("TEE-M", stock={"LON": 30, "LEE": 5})
    order = make.confirmed(("TEE-M", 4))

    text = log_in("manager").get(page(order)).content.decode()

    assert re.search(r"field-available[^>]*>\s*(<[^>]+>\s*)*31", text)
