"""A reference is an identity only with the same facts: with others it is refused, and the earlier one is named."""

from decimal import Decimal as D

import pytest

from oms.core.errors import Refused
from orders.accounting import billing, crediting, deposits, payments, refunds
from orders.accounting.crediting import Credited
from orders.accounting.models import Payment, Refund
from tests import builders as make

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("verified")]


@pytest.fixture
def order():
    make.sku("TEE-M", stock={"LON": 9})
    return make.confirmed(("TEE-M", 3))


def used(known):
    return pytest.raises(Refused, match=f"belongs to .*{known}.* already")


def test_a_transfer_is_known_by_its_facts(order):
    payment = make.transfer("10.00")

    assert make.transfer("10.00") == payment
    with used(payment.number):
        make.transfer("10.01")
    with used(payment.number):
        make.transfer("10.00", customer_code="C-2")
    with used(payment.number):
        make.transfer("10.00", order=order)
    with used(payment.number):
        payments.authorize(order, D("10.00"), reference="bank-1")
    assert Payment.objects.count() == 1


def test_an_authorization_is_known_by_its_facts(order):
    payment = payments.authorize(order, D("10.00"), reference="card 1")

    assert payments.authorize(order, D("10.00"), reference="card 1") == payment
    with used(payment.number):
        payments.authorize(order, D("11.00"), reference="card 1")


def test_a_refund_is_known_by_its_payment_amount_and_note():
    first, second = make.transfer("10.00"), make.transfer("10.00", "bank-2")
    row = refunds.refund(first, D("4.00"), reference="r")

    assert refunds.refund(first, D("4.00"), reference="r") == row
    with used(first.number):
        refunds.refund(second, D("4.00"), reference="r")
    with used(first.number):
        refunds.refund(first, D("5.00"), reference="r")
    assert Refund.objects.count() == 1


def test_a_deposit_is_known_by_its_order_and_amount(order):
    document = deposits.ask(order, D("6.00"), reference="d")

    assert deposits.ask(order, D("6.00"), reference="d") == document
    with used(document.number):
        deposits.ask(order, D("7.00"), reference="d")
    with used(document.number):
        deposits.ask(make.confirmed(("TEE-M", 3)), D("6.00"), reference="d")


def test_an_invoice_and_a_credit_are_known_by_what_they_are_about(order):
    line = order.lines.get()
    document = billing.invoice(order, {line.pk: 2}, reference="i")
    note = crediting.credit(document, [Credited(document.lines.get(), 1)], reference="c")

    assert billing.invoice(order, {line.pk: 2}, reference="i") == document
    assert crediting.credit(document, [Credited(document.lines.get(), 1)], reference="c") == note
    with used(document.number):
        billing.invoice(order, {line.pk: 1}, reference="i")
    with used(note.number):
        crediting.credit(document, [Credited(document.lines.get(), 2)], reference="c")
    with used(document.number):
        crediting.credit(document, [Credited(document.lines.get(), 1)], reference="i")
