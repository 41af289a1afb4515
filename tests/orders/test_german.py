"""What a German customer reads is German, whoever issues it."""

from decimal import Decimal as D

import pytest

from oms.core import outbox
from orders import letters
from orders.accounting import (
    billing,
    counter_entries,
    deposits,
    einvoicing,
    payments,
    receivables,
    statement_letters,
    write_offs,
)
from orders.accounting.connectors.einvoices.en16931 import connector
from orders.accounting.models import Invoice
from tests import builders as make

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("verified")]


@pytest.fixture
def order():
    make.sku("TEE-M", stock={"LON": 9})
    make.customer(language="de")
    return make.confirmed(("TEE-M", 5))


def test_lines_of_documents(order):
    deposits.ask(order, D("30.00"), reference="d")
    outbox.drain()
    make.ship_rest(order)

    told = [
        line.description
        for document in Invoice.objects.order_by("pk")
        for line in document.lines.order_by("pk")
    ]
    assert told == [
        f"Anzahlung zu {order.number}",
        "TEE-M Tee-M",
        f"Abzüglich Anzahlung zu {order.number} ({Invoice.objects.get(kind='deposit').number})",
    ]


def test_the_fee_of_a_returned_payment(order):
    document = billing.bill_order(order)
    payment = make.transfer(str(document.gross))
    payments.apply(payment, document)
    counter_entries.return_payment(payment, fee=D("3.50"))

    line = Invoice.objects.get(order=None).lines.get()
    assert (line.description, line.tax_note) == (
        f"Bankgebühr für Rücklastschrift zu Zahlung {payment.number}",
        "Schadensersatz, nicht umsatzsteuerbar",
    )
    outbox.drain()


def test_the_statement_of_an_account(order, monkeypatch):
    document = billing.bill_order(order)
    payment = make.transfer("10.00")
    counter_entries.move(payment, make.customer("C-2"))
    counter_entries.return_payment(make.transfer("20.00", "bank-2"))
    write_offs.reverse(write_offs.write_off(document, "bad_debt", amount=D("5.00")))
    outbox.drain()
    told = []
    monkeypatch.setattr(
        letters, "render", lambda template, paper: told.extend(row["text"] for row in paper.lines)
    )

    today = make.company().today()
    statement_letters.print_statement(
        receivables.statement(make.customer(), make.company(), today, today)
    )

    assert {
        "Rechnung",
        "Zahlung",
        "Umgebuchte Zahlung",
        "Rücklastschrift",
        "Ausgebucht",
        "Ausbuchung aufgehoben",
    } <= set(told)


def test_the_reason_of_a_discount_on_an_e_invoice(order):
    order = make.confirmed(("TEE-M", 2), discount="10")
    document = billing.bill_order(order)

    assert b">Rabatt</cbc:AllowanceChargeReason>" in connector.ubl(einvoicing.document_of(document))
