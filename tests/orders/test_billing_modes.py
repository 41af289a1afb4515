from datetime import timedelta
from decimal import Decimal as D

import pytest

from fulfillment import labels, packing, picking, shipments, shipping, waves
from oms.core import outbox, periods
from oms.core.errors import Refused
from oms.core.locking import atomic, lock_one
from oms.core.models import Event
from orders import amending, lifecycle, pricing
from orders.accounting import billing, consolidated_invoicing, payments, write_offs
from orders.accounting.models import Invoice
from orders.amending import LineChange
from orders.models import OrderCharge
from orders.order_entry import Charge
from tests import builders as make
from tests.builders.orders import only_line

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("verified")]


@pytest.fixture(autouse=True)
def stock(db):
    make.sku("TEE-M", stock={"LON": 50})
    make.sku("MUG", stock={"LON": 50})


def test_customer_billed_by_the_month_gets_one_invoice_for_all_that_shipped(drain):
    make.customer(billing="month")
    first = make.shipped(("TEE-M", 2), charges=[Charge("freight", "Freight", D("5.00"))])
    second = make.shipped(("MUG", 3))
    assert Invoice.objects.count() == 0 and first.status == "confirmed"

    (document,) = consolidated_invoicing.collect_all(make.company())
    drain()

    assert document.order is None and document.order_keys() == {first.pk, second.pk}
    assert document.gross == first.gross + second.gross
    assert [make.fresh(order).status for order in (first, second)] == ["completed", "completed"]
    assert consolidated_invoicing.collect_all(make.company()) == []


def test_order_with_a_prepayment_is_collected_alone(drain):
    make.customer(billing="month")
    first, second = make.shipped(("TEE-M", 2)), make.shipped(("MUG", 3))
    make.transfer(str(first.gross), order=first)

    documents = consolidated_invoicing.collect(first.customer, company=first.company)
    drain()

    assert {document.order for document in documents} == {first, second}
    assert Invoice.objects.get(order=first).open_amount == 0


def test_collecting_nothing_is_refused():
    with pytest.raises(Refused, match="no shipped items left to invoice"):
        consolidated_invoicing.collect(make.customer(), company=make.company())


def test_collective_invoice_is_credited_by_what_comes_back(drain):
    make.customer(billing="month")
    orders = make.shipped(("TEE-M", 2)), make.shipped(("MUG", 3))
    (document,) = consolidated_invoicing.collect_all(make.company())
    drain()

    request = make.settled(make.fresh(orders[1]), 2)

    assert request.settlement.credited == D("24.00")
    assert Invoice.objects.get(kind="credit").corrects == document


def test_customer_billed_by_the_order_is_billed_when_it_is_confirmed(drain):
    make.customer(billing="order")
    order = make.confirmed(("TEE-M", 2))

    assert order.invoices.get().gross == order.gross
    assert make.ship_rest(order).status == "completed"
    assert Invoice.objects.count() == 1


def test_what_was_billed_before_it_was_canceled_is_credited(drain):
    make.customer(billing="order")
    order = make.confirmed(("TEE-M", 3), charges=[Charge("freight", "Freight", D("5.00"))])

    for _ in range(2):
        lifecycle.cancel_lines(order, {only_line(order).pk: 1})
        drain()
    order = make.ship_rest(make.fresh(order))

    assert order.status == "completed"
    assert [note.gross for note in Invoice.objects.filter(kind="credit")] == [
        D("12.00"),
        D("12.00"),
    ]


def test_order_that_is_canceled_whole_is_credited_with_its_charges(drain):
    make.customer(billing="order")
    order = make.confirmed(("TEE-M", 3), charges=[Charge("freight", "Freight", D("5.00"))])

    lifecycle.cancel(order)
    drain()

    assert make.fresh(order).status == "canceled"
    assert make.balance(order.customer) == 0
    assert {document.open_amount for document in Invoice.objects.all()} == {0}


@pytest.fixture
def document():
    order = make.confirmed(("TEE-M", 1))
    return billing.invoice(order, {only_line(order).pk: 1}, reference="s1")


def test_small_difference_is_written_off_up_to_the_limit(document):
    payments.apply(make.transfer("11.97"), document)

    write_offs.write_off(make.fresh(document), "difference")

    assert make.fresh(document).open_amount == 0
    assert make.balance(document.customer) == 0


def test_more_than_a_small_difference_is_refused(document):
    with pytest.raises(Refused, match="exceeds the small-difference limit"):
        write_offs.write_off(document, "difference")


def test_bad_debt_gives_up_the_tax_in_it(document):
    row = write_offs.write_off(document, "bad_debt", reason="Insolvent")

    assert (row.amount, row.tax) == (D("12.00"), D("2.00"))


def test_rest_of_a_payment_is_kept_up_to_the_limit(document):
    payment = make.transfer("12.03")
    payments.apply(payment, document)

    payment = write_offs.write_off_rest(payment)

    assert (payment.unapplied, make.balance(document.customer)) == (0, 0)
    with pytest.raises(Refused, match="no amount left to write off"):
        write_offs.write_off_rest(payment)


def test_nothing_lands_in_a_closed_period(document):
    company = make.company()
    yesterday = company.today() - timedelta(days=1)
    periods.close(company, yesterday)
    order = make.confirmed(("MUG", 1))

    with pytest.raises(Refused, match="are closed through"):
        billing.invoice(order, {only_line(order).pk: 1}, reference="late", on=yesterday)
    with pytest.raises(Refused, match="are closed through"):
        make.transfer("1.00", on=yesterday)
    with pytest.raises(Refused, match="are closed through"):
        write_offs.write_off(document, "bad_debt", on=yesterday)


def test_a_shipment_of_a_closed_month_is_billed_on_the_first_open_day(drain):
    order = make.shipped(("MUG", 1))
    company, late = make.company(), make.confirmed(("TEE-M", 1))
    make.ship_rest(late)
    periods.close(company, company.today() - timedelta(days=1))

    day = periods.open_day(company, company.today() - timedelta(days=9))

    assert day == company.today() == order.invoices.get().issued_on


@pytest.mark.parametrize("days", [0, -1])
def test_only_days_that_are_over_are_closed_and_no_day_twice(days):
    company = make.company()
    if days:
        periods.close(company, company.today() + timedelta(days=days))

    with pytest.raises(Refused, match=r"You can only close past days|closed"):
        periods.close(company, company.today() + timedelta(days=days))
    assert Event.objects.filter(name="company.books_closed").count() == (1 if days else 0)
    outbox.drain()


def test_an_allowance_that_the_first_shipment_cannot_bear_waits_and_is_credited_at_the_end(drain):
    order = make.confirmed(("TEE-M", 2), charges=[Charge("allowance", "Goodwill", D("-15.00"))])
    line = only_line(order).pk

    first = billing.invoice(order, {line: 1}, reference="s1")
    second = billing.invoice(order, {line: 1}, reference="s2")

    note = Invoice.objects.get(kind="credit")
    assert (first.gross, second.gross, note.gross) == (D("12.00"), D("12.00"), D("18.00"))
    assert make.balance(order.customer) == order.gross == D("6.00")


@pytest.mark.parametrize("how", ["cancel_lines", "cancel", "amend"])
def test_an_allowance_that_waits_is_credited_when_the_rest_is_canceled(how, drain):
    order = make.confirmed(
        ("TEE-M", 1), ("MUG", 2), charges=[Charge("allowance", "Goodwill", D("-15.00"))]
    )
    shirt, mugs = order.lines.order_by("position")
    first = billing.invoice(_sent(order, shirt), {shirt.pk: 1}, reference="s1")
    drain()
    assert (first.gross, make.fresh(order).status) == (D("12.00"), "confirmed")

    if how == "cancel_lines":
        lifecycle.cancel_lines(make.fresh(order), {mugs.pk: 2})
    elif how == "cancel":
        lifecycle.cancel(make.fresh(order))
    else:
        amending.amend(make.fresh(order), [LineChange(mugs, quantity=0)])
    drain()

    assert make.fresh(order).status == "completed"
    notes = Invoice.objects.filter(kind="credit")
    assert [note.gross for note in notes] == ([] if how == "cancel" else [D("12.00")])
    assert order.charges.get().is_canceled == (how == "cancel")


def test_a_charge_that_nothing_bills_any_more_is_billed_when_the_rest_is_canceled(drain):
    order = make.confirmed(("TEE-M", 1), ("MUG", 2))
    shirt, mugs = order.lines.order_by("position")
    billing.invoice(_sent(order, shirt), {shirt.pk: 1}, reference="s1")
    OrderCharge.objects.create(order=order, kind="freight", description="Express", amount=D("5.00"))
    with atomic():
        pricing.retax(lock_one(order))

    lifecycle.cancel_lines(make.fresh(order), {mugs.pk: 2})
    drain()

    assert make.fresh(order).status == "completed"
    assert Invoice.objects.filter(kind="invoice").latest("pk").gross == D("6.00")


def _sent(order, line):
    """The order with one of its lines sent, and not billed by its shipment."""
    shipment = make.shipment_of(order)
    other = shipments.create(order, shipment.warehouse, None)
    shipment.lines.exclude(order_line=line).update(shipment=other)
    make.service()
    packing.pack(picking.pick_all(waves.start_picking(shipment)))
    labels.buy(make.fresh(shipment))
    outbox.drain()
    shipping.ship(make.fresh(shipment))
    return make.fresh(order)
