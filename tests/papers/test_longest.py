"""Every paper with the longest and strangest data that its fields take: nothing covers anything, all codes are read."""

import os
import shutil
from datetime import date, timedelta
from itertools import cycle
from pathlib import Path

import pytest
from django.db import models

from fulfillment import labels
from fulfillment.carriers.models import CarrierAccount, CarrierService
from fulfillment.models import Shipment, Wave
from inventory.models import SKU, Bin, Warehouse
from inventory.purchasing.models import PurchaseOrder, Supplier
from oms.core import fonts, outbox
from oms.core.models import Company
from oms.printing import printouts, rendering
from orders.accounting import crediting
from orders.accounting.crediting import Credited
from orders.accounting.models import Invoice, InvoiceLine
from orders.accounting.printing import invoice_pdf
from orders.accounting.receivables import statement
from orders.accounting.statement_letters import print_statement
from orders.models import Customer, Order
from tests import builders as make
from tests.papers.boxes import faults
from tests.papers.pictures import codes, pictures
from tests.papers.test_papers import logo

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.papers,
    pytest.mark.skipif(not rendering.can_render(), reason="PDFs need Pango"),
    pytest.mark.skipif(shutil.which("pdftoppm") is None, reason="pictures need poppler-utils"),
]
FILLERS = {
    "widest": "W",
    "one word": "Donaudampfschifffahrtsgesellschaftskapitän",
    "words": "Great Western Quay ",
    "Chinese": "株式会社漢字商店",
    "Arabic": "شارع الملك فهد ",
    "lines": "Unit 4\nRear of yard\n",
    "marks": "<&\"'>%{}|\\",
    "emoji": "📦 Box 👍 ",
}
FILLERS = {kind: text for kind, text in FILLERS.items() if not fonts.missing(text)}
ADDRESS = {"name": 120, "street": 120, "postal_code": 12, "city": 60, "region": 40}


def full(filler, length):
    text = (filler * length)[:length]
    return text[:-1] + "x" if text[-1:].isspace() else text


def fill(rows, filler, *names, **more):
    """Write the longest text that each field takes into all rows."""
    lengths = {name: rows.model._meta.get_field(name).max_length or 400 for name in names}
    one_line = {name: full(filler, length) for name, length in lengths.items()}
    rows.update(
        **{
            name: text
            if isinstance(rows.model._meta.get_field(name), models.TextField)
            else text.replace("\n", " ")
            for name, text in one_line.items()
        },
        **more,
    )


def address(filler):
    return {**{name: full(filler, length) for name, length in ADDRESS.items()}, "country": "GB"}


def strange(filler):
    """One of every record that has a paper, each text as long as its field."""
    make.sku("TEE-M", stock={"LON": 99})
    purchase = make.sent_purchase(SKU.objects.get(), 7)
    order = make.shipped(("TEE-M", 2, "10.00"), discount="12.5")
    crediting.credit(
        order.invoices.get(),
        [Credited(order.invoices.get().lines.first(), 1)],
        reference="c-1",
        reason=full(filler, 200).replace("\n", " "),
    )
    shipment = make.packed(make.confirmed(("TEE-M", 3)))
    make.service()
    labels.buy(shipment)
    outbox.drain()
    request = make.asked_back(make.fresh(order))
    fill(SKU.objects, filler, "code", "name")
    fill(Bin.objects.filter(code="A-01"), filler, "code")
    fill(
        Company.objects,
        filler,
        "name",
        "street",
        "city",
        "registration",
        "phone",
        "terms_and_conditions",
        email=f"{'m' * 60}@{'long-domain.' * 15}example",
        vat_number="GB123456782",
        iban="GB33BUKB20201555555555",
    )
    fill(Warehouse.objects, filler, "name", "street", "city")
    fill(Customer.objects, filler, "name", "code")
    fill(Supplier.objects, filler, "name", email=f"{'m' * 60}@{'long-domain.' * 15}example")
    fill(CarrierAccount.objects, filler, "name")
    fill(CarrierService.objects, filler, "name")
    fill(
        Order.objects,
        filler,
        "customer_reference",
        bill_to=address(filler),
        ship_to=address(filler),
    )
    fill(PurchaseOrder.objects, filler, "note", expected_on=date(2026, 12, 31))
    Invoice.objects.update(
        bill_to={**address(filler), "vat_number": "GB123456782"},
        seller=Company.objects.get().identity(),
        reason=full(filler, 200).replace("\n", " "),
    )
    fill(InvoiceLine.objects, filler, "description", "tax_note")
    Shipment.objects.update(ship_to=address(filler))
    for row in (order, Order.objects.exclude(pk=order.pk).get()):
        fill(row.lines, filler, "description", "tax_note")
    return {
        "order": Order.objects.exclude(pk=order.pk).get(),
        "invoice": Invoice.objects.get(kind="invoice"),
        "credit": Invoice.objects.get(kind="credit"),
        "shipment": make.fresh(shipment),
        "request": make.fresh(request),
        "purchase": make.fresh(purchase),
        "bin": Bin.objects.get(kind="storage"),
        "sku": SKU.objects.get(),
        "wave": Wave.objects.last(),
    }


def drawn(records):
    """Every paper of these records."""

    def one(name, record):
        return printouts.print_one(printouts.get(type(record), name), record)

    today = Company.objects.get().today()
    found = {
        name: one(name, records[record])
        for name, record in (
            ("labels", "shipment"),
            ("packing_slip", "shipment"),
            ("pick_list", "wave"),
            ("bin_label", "bin"),
            ("item_label", "sku"),
            ("purchase_order", "purchase"),
            ("return_label", "request"),
            ("order", "order"),
        )
    }
    account = statement(
        Customer.objects.get(), Company.objects.get(), today - timedelta(9), today + timedelta(9)
    )
    return {
        **found,
        "statement": print_statement(account),
        "invoice": invoice_pdf(records["invoice"]),
        "credit_note": invoice_pdf(records["credit"]),
    }


def kept(pdfs, folder):
    """Leave papers where somebody wants to look at them."""
    if wanted := os.environ.get("PAPERS_FOLDER"):
        for name, pdf in pdfs.items():
            (Path(wanted) / f"{folder}-{name}.pdf").write_bytes(pdf)
            for number, page in enumerate(pictures(pdf)[:2], 1):
                page.save(Path(wanted) / f"{folder}-{name}-{number}.png")


@pytest.mark.parametrize(
    ("kind", "with_logo"), list(zip(FILLERS, cycle([True, False]), strict=False))
)
def test_nothing_covers_anything_on_any_paper(kind, with_logo):
    records = strange(FILLERS[kind])
    if with_logo:
        Company.objects.get().logo.save("logo.png", logo())

    pdfs = drawn(records)

    kept(pdfs, kind.replace(" ", "-"))
    assert {name: faults(pdf) for name, pdf in pdfs.items() if faults(pdf)} == {}
    label = records["shipment"].labels.get()
    assert codes(pictures(pdfs["labels"])[0]) == [label.tracking_number, f"(00){label.sscc}"]
    assert codes(pictures(pdfs["bin_label"])[0]) == [records["bin"].code]
    assert codes(pictures(pdfs["item_label"])[0]) == [records["sku"].code]
    assert [
        len(codes(pictures(pdfs[name])[0]))
        for name in ("return_label", "packing_slip", "pick_list")
    ] == [1, 1, 1]
