"""A customer's exposure follows whatever changes what they owe or have ordered, and is read at once."""

from decimal import Decimal as D

import pytest

from orders import exposure, lifecycle, order_entry, tasks
from orders.accounting import billing, counter_entries, part_credits, payments, refunds, write_offs
from orders.models import ExposureEntry, Order
from tests import builders as make

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("verified")]


@pytest.fixture
def owed():
    """What the customer's exposure is at the moment."""
    person = make.customer()
    return lambda: exposure.of(person)


def entry(*lines):
    make.taxes()
    return order_entry.Entry(make.channel(), make.customer(), [make.line(*each) for each in lines])


def test_what_is_ordered_counts_from_when_it_is_placed_until_it_is_invoiced_or_canceled(owed):
    make.sku("TEE-M", stock={"LON": 9})
    order = order_entry.draft(entry(("TEE-M", 5)))
    assert owed() == 0

    order = order_entry.place(order)
    assert owed() == D("60.00")
    order = lifecycle.confirm(order)
    lifecycle.cancel_lines(order, {order.lines.get().pk: 2})
    assert owed() == D("36.00")

    lifecycle.cancel(make.fresh(order))
    assert owed() == 0


def test_an_invoice_takes_the_place_of_what_it_bills(owed):
    make.sku("TEE-M", stock={"LON": 9})
    order = make.confirmed(("TEE-M", 3))

    billing.invoice(order, {order.lines.get().pk: 1}, reference="part")

    assert (owed(), make.balance(order.customer)) == (D("36.00"), D("12.00"))


def test_payments_credits_and_write_offs_lower_it_and_what_undoes_them_raises_it(owed):
    make.sku("TEE-M", stock={"LON": 9})
    order = make.shipped(("TEE-M", 5))
    document = order.invoices.get()
    assert owed() == D("60.00")

    payment = make.transfer("40.00")
    payments.apply(payment, document, D("30.00"))
    assert owed() == D("20.00")
    refunds.refund(payment, D("10.00"), reference="too much")
    assert owed() == D("30.00")
    counter_entries.return_payment(make.fresh(payment), D("5.00"))
    assert owed() == D("35.00")

    row = write_offs.write_off(make.fresh(document), "bad_debt", amount=D("8.00"))
    assert owed() == D("27.00")
    write_offs.reverse(row, D("3.00"))
    assert owed() == D("30.00")

    part_credits.credit_units(order, {order.lines.get().pk: 1}, reference="credit")
    assert owed() == D("18.00")


def test_a_payment_that_is_moved_moves_what_is_owed(owed):
    payment = make.transfer("40.00")
    other = make.customer("C-2")

    counter_entries.move(payment, other)

    assert (owed(), exposure.of(other)) == (0, D("-40.00"))


def test_an_order_of_another_customer_counts_for_them(owed):
    """No operation does that; the database follows it all the same."""
    order = make.order(lines=[("TEE-M", 1)])
    other = make.customer("C-2")

    Order.objects.filter(pk=order.pk).update(customer=other)

    assert (owed(), exposure.of(other)) == (0, D("12.00"))


def test_the_clock_leaves_one_entry_per_customer_and_none_for_nothing(owed):
    for _ in range(3):
        make.order(lines=[("TEE-M", 1)])
    lifecycle.cancel(make.order(lines=[("TEE-M", 1)], customer_code="C-2"))

    tasks.fold_exposure()
    tasks.fold_exposure()
    make.order(lines=[("TEE-M", 1)])

    assert list(ExposureEntry.objects.order_by("pk").values_list("amount", "is_sum")) == [
        (36, True),
        (12, False),
    ]
    assert owed() == D("48.00")


def test_what_changes_nothing_appends_nothing():
    make.sku("TEE-M", stock={"LON": 9})
    order = make.order(lines=[("TEE-M", 1)])
    before = ExposureEntry.objects.count()

    lifecycle.confirm(order)
    Order.objects.update(note="call first")

    assert ExposureEntry.objects.count() == before == 1
