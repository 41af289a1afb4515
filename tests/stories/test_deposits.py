"""A deposit stays whole through every change of its order: what is deducted and credited comes to it, and no more."""

from decimal import Decimal as D

import pytest

from oms.core import outbox
from oms.core.errors import Refused
from orders import amending, lifecycle
from orders.accounting import billing, crediting, deposits, payments
from orders.accounting.models import Invoice
from orders.amending import LineChange
from tests import builders as make

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("verified")]


@pytest.fixture
def order():
    """120.00, of 10 units."""
    make.sku("TEE-M", stock={"LON": 20})
    return make.confirmed(("TEE-M", 10))


def asked(order, amount, *, paid=True, reference="d1"):
    document = deposits.ask(order, D(amount), reference=reference)
    if paid:
        payments.apply(make.transfer(amount, reference=f"bank {reference}", order=order), document)
    outbox.drain()
    return document


def amounts(order, kind):
    return [row.gross for row in order.invoices.filter(kind=kind).order_by("pk")]


def deducted(order):
    return [
        line.gross
        for document in order.invoices.filter(kind="invoice").order_by("pk")
        for line in document.lines.filter(corrects__isnull=False)
    ]


def ship(order):
    outbox.drain()
    make.ship_rest(make.fresh(order))
    outbox.drain()


def test_half_is_canceled_after_the_deposit_and_the_rest_ships(order):
    asked(order, "96.00")

    lifecycle.cancel_lines(order, {order.lines.get().pk: 5})
    ship(order)

    (document,) = order.invoices.filter(kind="invoice")
    assert (document.lines.get(corrects=None).gross, deducted(order)) == (D("60.00"), [D("-60.00")])
    assert amounts(order, "credit") == [D("36.00")]
    assert (make.fresh(order).status, make.balance(order.customer)) == ("completed", D("-36.00"))


def test_an_unpaid_deposit_is_credited_by_what_was_canceled(order):
    document = asked(order, "96.00", paid=False)

    lifecycle.cancel_lines(order, {order.lines.get().pk: 5})
    ship(order)

    assert (make.fresh(document).open_amount, make.balance(order.customer)) == (
        D("60.00"),
        D("60.00"),
    )


def test_the_price_is_lowered_after_the_deposit(order):
    asked(order, "96.00")

    amending.amend(order, [LineChange(order.lines.get(), None, D("5.00"))])
    ship(order)

    assert (deducted(order), amounts(order, "credit")) == ([D("-60.00")], [D("36.00")])


def test_the_rest_is_canceled_after_a_part_was_billed(order):
    asked(order, "96.00")
    line = order.lines.get()
    billing.invoice(order, {line.pk: 5}, reference="first")

    with pytest.raises(Refused, match="still to be billed"):
        deposits.ask(order, D("12.01"), reference="more")
    lifecycle.cancel(make.fresh(order))
    outbox.drain()

    assert deducted(order) == [D("-48.00")]
    assert amounts(order, "credit") == [D("60.00"), D("48.00")]
    assert make.balance(order.customer) == D("-96.00")


def test_the_order_grows_after_the_deposit(order):
    asked(order, "96.00")

    amending.amend(order, [LineChange(order.lines.get(), 20)])
    ship(order)

    assert (sum(deducted(order)), amounts(order, "credit")) == (D("-96.00"), [])


def test_deposits_come_to_the_order_at_most(order):
    asked(order, "96.00")

    with pytest.raises(Refused, match=r"at most 24\.00"):
        deposits.ask(order, D("24.01"), reference="d2")
    asked(order, "24.00", reference="d2")
    ship(order)

    assert (sum(deducted(order)), make.balance(order.customer)) == (D("-120.00"), 0)


def test_a_deposit_is_credited_by_what_was_not_deducted(order):
    document = asked(order, "60.00")
    billing.invoice(order, {order.lines.get().pk: 5}, reference="first")

    note = crediting.credit(
        document, [crediting.Credited(document.lines.get(), 1)], reference="by hand"
    )

    assert (note.gross, note.tax) == (D("30.00"), D("5.00"))
    ship(order)
    assert deducted(order) == [D("-30.00")]


def test_a_deposit_that_was_deducted_whole_is_not_credited(order):
    document = asked(order, "60.00")
    billing.invoice(order, {order.lines.get().pk: 10}, reference="whole")

    with pytest.raises(Refused, match="nothing of it is left"):
        crediting.credit(
            document, [crediting.Credited(document.lines.get(), 1)], reference="by hand"
        )


def test_a_deposit_is_deducted_at_the_rates_that_are_billed():
    make.sku("TEE-M", stock={"LON": 9})
    make.sku("BOOK", stock={"LON": 9}, tax_class="zero")
    order = make.confirmed(("TEE-M", 5), ("BOOK", 6))
    asked(order, "96.00")

    lifecycle.cancel_lines(order, {order.lines.get(sku__code="TEE-M").pk: 5})
    ship(order)

    (document,) = order.invoices.filter(kind="invoice")
    assert (document.tax, document.gross, deducted(order)) == (0, D("12.00"), [D("-48.00")])
    assert make.fresh(document).open_amount == 0
    assert Invoice.objects.get(kind="credit").open_amount == D("36.00")


def test_half_cents_stay_with_what_was_agreed():
    make.sku("TEE-M", stock={"LON": 9})
    make.customer(billing="order")
    order = make.confirmed(("TEE-M", 2, "3.33"))

    lifecycle.cancel_lines(order, {order.lines.get().pk: 1})
    ship(order)

    order = make.fresh(order)
    documents = list(order.invoices.all())
    for name in ("net", "tax", "gross"):
        assert sum(row.sign * getattr(row, name) for row in documents) == getattr(order, name), name
    assert order.net + order.tax == order.gross
