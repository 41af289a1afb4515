from datetime import timedelta
from decimal import Decimal as D

import pytest

from orders.accounting import (
    consolidated_invoicing,
    order_to_cash,
    payments,
    receivables,
    write_offs,
)
from orders.accounting.models import Invoice
from orders.models import PaymentTerms
from orders.order_entry import Charge
from tests import builders as make

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("verified")]


@pytest.fixture
def order():
    make.sku("TEE-M", stock={"LON": 50})
    return make.shipped(("TEE-M", 5), charges=[Charge("freight", "Freight", D("5.00"))])


def aged(day):
    return [(row.amounts, row.total) for row in receivables.aged(make.company(), day)]


@pytest.mark.parametrize("days, bucket", [(0, 0), (30, 0), (31, 1), (61, 2), (91, 3), (121, 4)])
def test_receivables_age(order, days, bucket):
    document = order.invoices.get()

    ((amounts, total),) = aged(document.issued_on + timedelta(days=days))

    assert total == document.gross == amounts[bucket]


def test_receivables_as_of_a_day_before_the_payment(order):
    document = order.invoices.get()
    Invoice.objects.filter(pk=document.pk)
    today = document.issued_on
    payments.apply(make.transfer(str(document.gross)), document)

    assert aged(today) == []
    assert aged(today - timedelta(days=1)) == []


def test_both_ways_of_reading_receivables_agree(order, drain):
    agreed = PaymentTerms.objects.create(code="t", name="t")
    for days in (0, 45):
        agreed.parts.create(percent=50, days=days)
    make.customer("C-2", terms=agreed)
    second = make.shipped(("TEE-M", 3), customer_code="C-2")
    payments.apply(make.transfer("20.00", "b2", "C-2"), second.invoices.get())
    make.transfer("7.00", "b3")
    make.settled(order, good=2)
    company = make.company()

    now = receivables.aged(company, company.today())
    with receivables.connection.cursor() as cursor:
        cursor.execute(receivables.AGED, {"company": company.pk, "until": company.today()})
        then = cursor.fetchall()

    assert [(row.code, row.total) for row in now] == [(row[0], row[8]) for row in then]
    assert [[amount or 0 for amount in row[2:8]] for row in then] == [row.amounts for row in now]
    assert {row.code: row.total for row in now} == {
        code: make.balance(make.customer(code)) for code in ("C-1", "C-2")
    }


def test_statement_runs_to_the_balance(order, drain):
    payment = make.transfer("20.00")
    payments.apply(payment, order.invoices.get())
    make.settled(order, good=1)
    today = make.company().today()

    found = receivables.statement(order.customer, order.company, today, today)
    later = receivables.statement(
        order.customer, order.company, today + timedelta(days=1), today + timedelta(days=9)
    )

    assert [entry.amount for entry in found.entries] == [D("66.00"), D("-12.00"), D("-20.00")]
    assert found.balance == later.before == make.balance(order.customer)


def test_bridge_of_an_order_adds_up(order, drain):
    document = order.invoices.get()
    payments.apply(make.transfer(str(document.gross)), document)
    make.settled(order, good=2)
    drain()

    steps = {step.name: step for step in order_to_cash.of(make.fresh(order))}

    assert steps["Ordered"].gross == steps["Invoiced"].gross == D("66.00")
    assert (steps["Shipped"].gross, steps["Credited"].gross) == (D("60.00"), D("24.00"))
    assert (steps["Paid"].gross, steps["Refunded"].gross, steps["Balance due"].gross) == (
        D("66.00"),
        D("24.00"),
        0,
    )


def test_bridges_of_orders_that_were_billed_together_share_what_was_paid(drain):
    make.customer(billing="month")
    make.sku("TEE-M", stock={"LON": 50})
    orders = [make.shipped(("TEE-M", units)) for units in (1, 2, 4)]
    (document,) = consolidated_invoicing.collect_all(make.company())
    drain()
    make.settled(make.fresh(orders[1]), 1)  # credits 12.00, which pay so much of the invoice
    payments.apply(make.transfer("50.00"), document)
    write_offs.write_off(make.fresh(document), "bad_debt", amount=D("12.00"))
    make.settled(make.fresh(orders[2]), 3)  # credits 36.00, of which 10.00 are open

    found = [
        {step.name: step.gross for step in order_to_cash.of(make.fresh(order))} for order in orders
    ]

    assert [steps["Invoiced"] for steps in found] == [12, 24, 48]
    assert [steps["Credited"] for steps in found] == [0, 12, 36]
    assert (
        sum(steps["Paid"] for steps in found) == 50
        and sum(steps["Written off"] for steps in found) == 12
    )
    assert sum(steps["Balance due"] for steps in found) == make.balance(document.customer)
    assert [steps["Balance due"] for steps in found[:2]] == [0, 0]
