from decimal import Decimal as D

import pytest

from oms.core.models import ExchangeRate
from orders.accounting import billing, crediting, payments, refunds
from orders.accounting.crediting import Credited
from tests import builders as make
from tests.builders.orders import only_line

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("verified")]


def rate(value):
    """From today on: units of EUR for one GBP."""
    company = make.company()
    ExchangeRate.objects.update_or_create(
        company=company, currency="EUR", day=company.today(), defaults={"rate": D(value)}
    )


@pytest.fixture
def document():
    """An invoice of 120.00 EUR at 1.20, so worth 100.00 GBP."""
    rate("1.20")
    make.sku("TEE-M", stock={"LON": 50})
    make.customer("C-EUR", currency="EUR")
    order = make.confirmed(("TEE-M", 3, "33.3333"), customer_code="C-EUR")
    return billing.invoice(order, {only_line(order).pk: 3}, reference="s1")


def pay(document, amount, reference="bank-1"):
    return payments.register_transfer(
        document.customer, D(amount), company=document.company, reference=reference
    )


def test_payment_at_another_rate_books_the_difference(document):
    rate("1.25")

    made = payments.apply(pay(document, "120.00"), document)

    assert (made.amount, made.exchange_difference) == (D("120.00"), D("-4.00"))


def test_differences_of_partial_payments_add_up_to_the_cent(document):
    rate("1.17")
    payment = pay(document, "120.00")

    parts = [payments.apply(payment, document, D(amount)) for amount in ("33.33", "33.33", "53.34")]

    assert sum(part.exchange_difference for part in parts) == D("2.56")


def test_payment_at_the_same_rate_books_none(document):
    assert payments.apply(pay(document, "120.00"), document).exchange_difference == 0


def test_captured_payment_has_the_rate_of_its_own_day(document, drain):
    payments.authorize(document.order, document.gross, reference="web-1")
    drain()
    rate("1.50")

    payments.capture(document.order.payments.get())
    drain()

    assert document.order.payments.get().exchange_rate == D("1.5")


def test_refund_books_what_the_credit_was_worth_against_its_own_day(document):
    payment = pay(document, "120.00")
    payments.apply(payment, document)
    note = crediting.credit(document, [Credited(document.lines.get(), 1)], reference="c1")
    rate("1.25")

    row = refunds.refund(payment, D("40.00"), reference="r1", credit=note)

    assert (row.exchange_rate, row.exchange_difference) == (D("1.25"), D("1.33"))


def test_refund_of_what_was_paid_too_much_books_the_move_since_it_came(document):
    payment = pay(document, "12.00")
    rate("1.25")

    assert refunds.refund(payment, D("12.00"), reference="r1").exchange_difference == D("0.40")
