"""No more of an order is credited than was billed, whoever credits what in which order."""

from decimal import Decimal as D

import pytest

from oms.core import outbox
from oms.core.models import Delivery
from orders import lifecycle
from orders.accounting import billing, consolidated_invoicing, crediting
from orders.accounting.crediting import Credited
from orders.accounting.models import Invoice
from orders.order_entry import Charge
from returns import inspection, receiving, requests
from returns.inspection import Finding
from returns.receiving import Arrived
from returns.requests import Asked
from tests import builders as make

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("verified")]


def entered(units, allowance="-30", billed_by="month"):
    """Units at 12.00, less 36.00."""
    make.sku("TEE-M", stock={"LON": 20})
    make.customer(billing=billed_by)
    return make.confirmed(("TEE-M", units), charges=[Charge("allowance", "Spring", D(allowance))])


def bill(order, *parts):
    for units in parts:
        billing.invoice(
            make.fresh(order),
            {order.lines.get().pk: units},
            reference=f"bill {Invoice.objects.count()}",
        )


def credit(document, units):
    """Credit units of the goods of an invoice as a bookkeeper does."""
    line = document.lines.get(order_line__isnull=False)
    return crediting.credit(
        document, [Credited(line, units)], reference=f"by hand {Invoice.objects.count()}"
    )


def cancel(order, units):
    lifecycle.cancel_lines(make.fresh(order), {order.lines.get().pk: units})


def documents(order):
    outbox.drain()
    assert not Delivery.objects.exclude(error="").exists()
    return [(row.kind, row.gross) for row in order.invoices.order_by("pk")]


def settle_components(order, share, count=1):
    request = requests.open_request(
        order, [Asked(order.lines.get(), count, component=make.sku("CUP"), share_percent=D(share))]
    )
    line = request.lines.get()
    receiving.receive(request, [Arrived(line, count)])
    inspection.inspect(request, [Finding(line, count)])
    outbox.drain()
    request.refresh_from_db()
    assert request.status == "settled"
    return request.settlement.credited


def test_an_allowance_credited_alone_is_taken_back_when_everything_comes_back():
    order = entered(4)
    bill(order, 2, 2)
    make.ship_rest(order)

    request = make.settled(order, good=4)

    assert documents(order) == [
        ("invoice", D(24)),
        ("invoice", D(24)),
        ("credit", D(36)),
        ("credit", D(12)),
        ("credit", D(0)),
    ]
    assert (request.settlement.credited, make.balance(order.customer)) == (D(12), 0)


def test_the_last_unit_that_comes_back_takes_the_lowered_allowance_along():
    order = entered(10, billed_by="order")
    cancel(order, 9)
    make.ship_rest(make.fresh(order))

    make.settled(order, good=1)

    assert documents(order) == [("invoice", D(84)), ("credit", D(84)), ("credit", D(0))]
    assert make.balance(order.customer) == 0


def test_an_allowance_is_credited_as_far_as_a_manual_credit_left_something():
    order = entered(4)
    bill(order, 2)
    credit(order.invoices.get(), 2)

    bill(order, 2)

    assert documents(order) == [
        ("invoice", D(24)),
        ("credit", D(24)),
        ("invoice", D(24)),
        ("credit", D(24)),
    ]
    assert make.balance(order.customer) == 0
    make.ship_rest(order)


def test_a_manual_credit_leaves_what_an_allowance_credited_alone_took():
    order = entered(4)
    bill(order, 2, 2)

    notes = [
        credit(document, 2) for document in order.invoices.filter(kind="invoice").order_by("pk")
    ]

    assert [(note.gross, note.tax) for note in notes] == [(D(12), D(2)), (0, 0)]
    make.ship_rest(order)


@pytest.mark.parametrize("canceled", [1, 2, 3, 4])
def test_what_was_credited_manually_may_be_canceled(canceled):
    order = entered(4)
    bill(order, 2, 2)
    for document in order.invoices.filter(kind="invoice"):
        credit(document, 2)

    cancel(order, canceled)

    assert sum(amount if kind == "invoice" else -amount for kind, amount in documents(order)) == 0
    if canceled < 4:
        make.ship_rest(make.fresh(order))


@pytest.mark.parametrize("credited, canceled", [(6, 9), (9, 9), (10, 9), (10, 10), (7, 3), (3, 8)])
def test_a_manual_credit_and_a_cancellation_come_to_what_was_billed_at_most(credited, canceled):
    order = entered(10, billed_by="order")
    credit(order.invoices.get(), credited)

    cancel(order, canceled)

    assert sum(
        amount if kind == "invoice" else -amount for kind, amount in documents(order)
    ) == max(0, 12 * (10 - credited - canceled) - 36)
    if canceled < 10:
        make.ship_rest(make.fresh(order))


def test_an_allowance_on_a_collective_invoice_counts_for_its_own_order_alone():
    order, other = entered(10), make.confirmed(("TEE-M", 4))
    for each in (order, other):
        make.ship_rest(each)
    (document,) = consolidated_invoicing.collect(order.customer, company=order.company)
    line = document.lines.get(order_line__order=order)

    note = crediting.credit(document, [Credited(line, 10)], reference="by hand")

    assert (document.gross, note.gross, make.balance(order.customer)) == (D(132), D(84), D(48))


@pytest.fixture
def kits():
    make.sku("CUP", stock={"LON": 8})
    make.sku("POT", stock={"LON": 4})
    make.sku("SET", kit={"CUP": 2, "POT": 1})


@pytest.mark.parametrize("credited, expected", [(2, 0), (1, 9)])
def test_a_component_of_a_kit_that_was_credited_manually_is_settled(kits, credited, expected):
    order = make.shipped(("SET", 2, "30"))
    credit(order.invoices.get(), credited)

    assert settle_components(order, "25") == expected
    assert make.balance(order.customer) == 72 - 36 * credited - expected


def test_components_that_come_after_a_share_and_a_manual_credit_take_what_is_left(kits):
    order = make.shipped(("SET", 2, "30"))
    settle_components(order, "50", 2)
    credit(order.invoices.get(kind="invoice"), 1)

    assert settle_components(order, "50", 2) == 0
    assert make.balance(order.customer) == 0


def test_components_of_kits_on_several_invoices_are_credited_over_all_of_them(kits):
    make.customer(billing="month")
    order = make.confirmed(("SET", 2, "30"))
    bill(order, 1, 1)
    make.ship_rest(order)

    assert [settle_components(order, "50", 2), settle_components(order, "50", 2)] == [D(36), D(36)]
    assert make.balance(order.customer) == 0


def test_components_that_were_shipped_are_invoiced_before_they_are_credited(kits):
    make.customer(billing="month")
    order = make.shipped(("SET", 2, "30"))
    assert not order.invoices.exists()

    assert settle_components(order, "25") == D(9)
    assert make.balance(order.customer) == D(63)
