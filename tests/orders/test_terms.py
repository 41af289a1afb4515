from datetime import date, timedelta
from decimal import Decimal as D

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.accounting import billing, payments
from orders.accounting.models import Invoice
from orders.models import PaymentTerms
from orders.planners.terms import Due, Part, Terms, next_due, schedule
from tests import builders as make
from tests.builders.orders import only_line

JAN_31 = date(2027, 1, 31)


@pytest.mark.parametrize(
    "parts, expected",
    [
        ([Part(D(100), 30)], [(date(2027, 3, 2), "100.00")]),
        ([Part(D(100), 0, end_of_month=True)], [(JAN_31, "100.00")]),
        ([Part(D(100), 14, end_of_month=True)], [(date(2027, 2, 14), "100.00")]),
        ([Part(D(70), 30), Part(D(30), 0)], [(JAN_31, "30.00"), (date(2027, 3, 2), "70.00")]),
        (
            [Part(D("33.33"), 0), Part(D("33.33"), 30), Part(D("33.33"), 60)],
            [(JAN_31, "33.33"), (date(2027, 3, 2), "33.34"), (date(2027, 4, 1), "33.33")],
        ),
    ],
)
def test_schedule(parts, expected):
    dues = schedule(Terms(tuple(parts)), D("100.00"), JAN_31, "EUR")

    assert [(due.day, str(due.amount)) for due in dues] == expected


@given(st.decimals("0", "99999", places=2), st.lists(st.integers(1, 100), min_size=1, max_size=6))
def test_installments_add_up_to_the_cent(gross, percents):
    parts = tuple(Part(D(percent), 10 * index) for index, percent in enumerate(percents))

    assert sum(due.amount for due in schedule(Terms(parts), gross, JAN_31, "EUR")) == gross


@pytest.mark.parametrize("paid, day", [("0", 1), ("9.99", 1), ("10", 2), ("29.99", 2), ("30", 2)])
def test_next_due(paid, day):
    dues = [Due(date(2027, 1, 1), D(10)), Due(date(2027, 1, 2), D(20))]

    assert next_due(dues, D(paid)) == date(2027, 1, day)


pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("verified")]


def terms(**fields):
    return PaymentTerms.objects.create(code="terms", name="Terms", **fields)


def bill(agreed, price="100.00"):
    make.sku("TEE-M", stock={"LON": 50})
    make.customer(terms=agreed)
    order = make.confirmed(("TEE-M", 1, price))
    return billing.invoice(order, {only_line(order).pk: 1}, reference="s1")


def test_invoice_in_installments_is_due_for_the_first_that_is_not_paid():
    agreed = terms(days=0)
    for days in (0, 30):
        agreed.parts.create(percent=50, days=days)
    document = bill(agreed)

    payments.apply(make.transfer("60.00"), document)

    today, document = document.issued_on, make.fresh(document)
    assert list(document.installments.values_list("due_on", "amount")) == [
        (today, D("60.00")),
        (today + timedelta(days=30), D("60.00")),
    ]
    assert document.due_on == today + timedelta(days=30)
    assert not Invoice.objects.open().overdue(today + timedelta(days=1)).exists()


def test_payment_in_time_takes_the_discount_with_its_tax():
    document = bill(terms(discount_percent=2, discount_days=10))

    payments.apply(make.transfer("117.60"), document)

    row = document.write_offs.get()
    assert make.fresh(document).open_amount == 0
    assert (row.kind, row.amount, row.tax) == ("discount", D("2.40"), D("0.40"))


def test_payment_that_lacks_more_than_the_discount_leaves_the_rest_open():
    document = bill(terms(discount_percent=2, discount_days=10))

    payments.apply(make.transfer("117.59"), document)

    assert make.fresh(document).open_amount == D("2.41")


def test_payment_after_the_day_of_the_discount_gets_none():
    document = bill(terms(discount_percent=2, discount_days=10))
    Invoice.objects.filter(pk=document.pk).update(
        discount_until=document.issued_on - timedelta(days=1)
    )

    payments.apply(make.transfer("117.60"), document)

    assert make.fresh(document).open_amount == D("2.40")
    Invoice.objects.filter(pk=document.pk).update(
        discount_until=document.discount_until
    )  # as its hash covers it


def test_deposit_is_invoiced_when_the_order_is_confirmed_and_taken_off_later(drain):
    agreed = terms(deposit_percent=30)
    make.sku("TEE-M", stock={"LON": 50})
    make.customer(terms=agreed)

    order = make.shipped(("TEE-M", 2, "50.00"))

    first, second = order.invoices.order_by("pk")
    assert (first.kind, first.gross, second.gross) == ("deposit", D("36.00"), D("84.00"))
