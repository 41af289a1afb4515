"""Any split of an order into shipments, invoices, credits and refunds adds up to the cent, in every rounding policy.

The suite tries few examples; raise `max_examples` to look for new ones.
"""

from collections import Counter
from decimal import Decimal as D

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from oms.core import outbox
from oms.core.errors import Refused
from oms.core.models import Company
from oms.insights import verification
from orders import lifecycle, order_entry
from orders.accounting import (
    billing,
    consolidated_invoicing,
    crediting,
    deducting,
    deposits,
    order_to_cash,
    payments,
    refunds,
    write_offs,
)
from orders.accounting.crediting import Credited
from orders.accounting.models import Invoice, PaymentApplication, Refund, WriteOff
from orders.models import Customer, PaymentTerms, PriceList
from orders.order_entry import Charge, Entry, Line
from tests import builders as make
from tests import kept_plans
from tests.properties.leaving import leave

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_files")]
prices = st.decimals("0.01", "999.9999", places=4)
lines = st.lists(
    st.tuples(
        st.sampled_from(["standard", "reduced", "zero"]),
        st.integers(1, 9),
        prices,
        st.sampled_from([D(0), D("3.5"), D(50)]),
    ),
    min_size=1,
    max_size=4,
)
amounts = st.decimals("-5.00", "20.00", places=2).filter(bool)
cuts = st.lists(st.integers(0, 9), min_size=4, max_size=4)


def enter(wanted, charge, discount, includes_tax, billed_by):
    make.taxes()
    PriceList.objects.filter(pk=make.price_list().pk).update(includes_tax=includes_tax)
    way = make.channel(allow_backorders=True)
    way.refresh_from_db()
    Customer.objects.filter(pk=make.customer().pk).update(billing=billed_by, email="")
    entry = Entry(
        way,
        Customer.objects.get(),
        charges=[Charge("freight", "Freight", charge)],
        discount_percent=discount,
        lines=[
            Line(make.sku(f"SKU-{name}", tax_class=name), quantity, price, off)
            for name, quantity, price, off in wanted
        ],
    )
    return order_entry.enter(entry)


def total(documents, name):
    return sum((document.sign * getattr(document, name) for document in documents), D(0))


@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    wanted=lines,
    charge=amounts,
    discount=st.sampled_from([D(0), D("7.5"), D("33.33")]),
    includes_tax=st.booleans(),
    rounding=st.sampled_from(["line", "document"]),
    shares=cuts,
    refunded_unlinked=cuts,
    deposit=st.integers(0, 100),
    billed_by=st.sampled_from(["shipment", "month"]),
)
def test_parts_of_any_order_add_up(
    wanted, charge, discount, includes_tax, rounding, shares, refunded_unlinked, deposit, billed_by
):
    with transaction.atomic():
        Company.objects.filter(pk=make.company().pk).update(tax_rounding=rounding)
        try:
            order = enter(wanted, charge, discount, includes_tax, billed_by)
        except Refused as refused:
            assert charge < 0 and refused.code == "below_zero"
        else:
            if order.gross > 0:
                walk(order, shares, refunded_unlinked, deposit)
        transaction.set_rollback(True)


def walk(order, shares, refunded_unlinked, deposit):
    lifecycle.confirm(order)
    if deposit:
        amount = round(order.gross * deposit / 100, 2)
        if amount > 0:
            payments.apply(
                make.transfer(str(amount), "deposit", order=order),
                deposits.ask(order, amount, reference="deposit"),
            )
    for number, share in enumerate([*shares, 9, 9]):  # the last ones take what is left
        order = leave(order, share)
        bill(order, number)
    outbox.drain()
    documents = list(Invoice.objects.all())
    for name in ("net", "tax", "gross"):
        assert total(documents, name) == getattr(make.fresh(order), name), name
    give_back(order, refunded_unlinked)
    outbox.drain()
    _prove(order)


def bill(order, number):
    due = {
        line.pk: line.shipped - line.invoiced
        for line in order.lines.all()
        if line.shipped > line.invoiced
    }
    if not due:
        return
    if order.customer.billing == "month":
        consolidated_invoicing.collect(order.customer, company=order.company)
    else:
        billing.bill_shipped(order, due, reference=f"shipment {number}")


def give_back(order, shares):
    """Credit parts of each invoice's lines one after the other, then the rest; pay before, and refund what is over."""
    for number, document in enumerate(Invoice.objects.filter(kind="invoice")):
        if document.open_amount > 0 and number % 2:
            payments.apply(make.transfer(str(document.open_amount), f"bank {number}"), document)
        for turn, share in enumerate([*shares, 9]):
            rows = [
                Credited(line, min(share, line.quantity - line.credited))
                for line in document.lines.filter(corrects=None).order_by("position")
                if line.quantity > line.credited
            ]
            rows = [row for row in rows if row.quantity]
            left = deducting.open_amounts([row.line for row in rows])
            if (
                rows
                and sum(
                    deducting.part_left(row.line, row.quantity, left[row.line.pk], "GBP")["gross"]
                    for row in rows
                )
                >= 0
            ):
                note = crediting.credit(document, rows, reference=f"{document.pk}/{turn}")
                refund(note, f"{document.pk}/{turn}")


def refund(note, reference):
    note = make.fresh(note)
    for payment in refunds.refundable(note.order) if note.order else []:
        amount = min(make.fresh(note).open_amount, payment.captured - payment.refunded)
        if amount > 0:
            refunds.refund(
                payment, amount, reference=f"{reference}/{payment.pk}", credit=make.fresh(note)
            )


def _prove(order):
    credited = Counter()
    for note in Invoice.objects.filter(kind="credit"):
        for line in note.lines.exclude(corrects=None):
            for name in ("net", "tax", "gross"):
                credited[line.corrects_id, name] += getattr(line, name)
    for document in Invoice.objects.filter(kind="invoice"):
        for line in document.lines.filter(corrects=None):
            if line.credited == line.quantity:
                for name in ("net", "tax", "gross"):
                    assert credited[line.pk, name] == getattr(line, name)
    open_now = {step.name: step.gross for step in order_to_cash.of(make.fresh(order))}[
        "Balance due"
    ]
    assert [
        str(breach) for breach in verification.breaches(files=False, ask=kept_plans.rows_of)
    ] == []
    if order.customer.billing != "month":
        prepaid = sum(payment.unapplied for payment in order.payments.all())
        assert open_now - prepaid == make.balance(order.customer) + unused(order)


@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    orders=st.lists(lines, min_size=2, max_size=3),
    includes_tax=st.booleans(),
    refunded_unlinked=cuts,
    paid=st.lists(st.integers(1, 100), max_size=3),
    written_off=st.integers(0, 40),
    refunded=st.integers(0, 100),
)
def test_bridges_of_orders_that_were_billed_together_add_up(
    orders, includes_tax, refunded_unlinked, paid, written_off, refunded
):
    with transaction.atomic():
        made = [enter(wanted, D("1.00"), D(0), includes_tax, "month") for wanted in orders]
        for order in made:
            lifecycle.confirm(order)
            leave(order, 9)
        for document in consolidated_invoicing.collect(made[0].customer, company=made[0].company):
            settle(document, paid[:1], refunded_unlinked, refunded)
            give_up(document, written_off)
            settle(document, paid[1:], list(reversed(refunded_unlinked)), refunded)
        outbox.drain()
        bridges = [
            {step.name: step.gross for step in order_to_cash.of(make.fresh(order))}
            for order in made
        ]

        for name, booked in (
            ("Paid", PaymentApplication.objects.exclude(payment=None)),
            ("Refunded", Refund.objects.all()),
            ("Written off", WriteOff.objects.all()),
        ):
            assert sum(steps[name] for steps in bridges) == sum(row.amount for row in booked), name
        assert sum(steps["Balance due"] for steps in bridges) == sum(
            document.sign * document.open_amount for document in Invoice.objects.all()
        )
        transaction.set_rollback(True)


def settle(document, percents, refunded_unlinked, refunded):
    """Pay parts of an invoice, credit units of each of its lines, and give a part of that back."""
    for percent in percents:
        amount = round(make.fresh(document).open_amount * percent / 100, 2)
        if amount > 0:
            reference = f"{document.pk} {percent} {amount} {PaymentApplication.objects.count()}"
            payments.apply(make.transfer(str(amount), reference), document)
    for line, count in zip(
        document.lines.exclude(order_line=None).order_by("pk"), refunded_unlinked, strict=False
    ):
        units = min(count, line.quantity - line.credited)
        if units:
            note = crediting.credit(
                document, [Credited(line, units)], reference=f"{line.pk} {line.credited}"
            )
            pay_back(make.fresh(note), refunded)


def pay_back(note, percent):
    amount = round(note.open_amount * percent / 100, 2)
    payment = note.customer.payments.order_by("-captured").first()
    if payment and 0 < amount <= payment.captured - payment.refunded:
        refunds.refund(payment, amount, reference=str(note.number), credit=note)


def give_up(document, percent):
    amount = round(make.fresh(document).open_amount * percent / 100, 2)
    if amount > 0:
        write_offs.write_off(document, "bad_debt", amount=amount)


def unused(order):
    """What payments that are the customer's, and nobody's order's, have left."""
    return sum((payment.unapplied for payment in order.customer.payments.filter(order=None)), D(0))


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    percents=st.lists(st.integers(1, 100), min_size=2, max_size=5),
    price=prices,
    paid=st.integers(1, 120),
)
def test_installments_and_write_offs_leave_nothing(percents, price, paid):
    with transaction.atomic():
        agreed = PaymentTerms.objects.create(code="t", name="t")
        for index, percent in enumerate(percents):
            agreed.parts.create(percent=percent, days=index * 10)
        make.customer(terms=agreed)
        order = enter([("standard", 3, price, D(0))], D("1.00"), D(0), False, "order")
        lifecycle.confirm(order)
        outbox.drain()
        document = Invoice.objects.get()
        amount = round(document.gross * paid / 100, 2)
        if amount > 0:
            payments.apply(make.transfer(str(amount)), document)

        assert sum(part.amount for part in document.installments.all()) == document.gross
        assert [
            str(breach) for breach in verification.breaches(files=False, ask=kept_plans.rows_of)
        ] == []
        transaction.set_rollback(True)
