from datetime import timedelta
from decimal import Decimal as D

import pytest
from django.utils import timezone

from fulfillment import shipping
from fulfillment.models import Shipment
from oms.core.errors import Refused, WrongState
from orders.accounting import payments
from orders.accounting.models import Invoice, Refund
from returns import inspection, requests, settlement
from returns.inspection import Finding
from returns.models import ReturnPolicy, Settlement
from returns.planners.policy import Facts, judge
from returns.planners.refund import Payable, Share, compute
from tests import builders as make

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("verified")]


@pytest.fixture
def order():
    make.sku("TEE-M", stock={"LON": 20})
    return make.shipped(("TEE-M", 3))


def pay(order, amount=None):
    document = order.invoices.get(kind="invoice")
    payment = make.transfer(str(amount or document.gross), reference=f"bank {order.number}")
    payments.apply(payment, document)
    return payment


@pytest.mark.parametrize(
    "days, window, by_itself, approved",
    [
        (10, 30, True, True),
        (30, 30, True, True),
        (31, 30, True, False),
        (1, 30, False, False),
        (None, 30, True, False),
    ],
)
def test_policy_judges(days, window, by_itself, approved):
    assert judge(Facts(days, window, by_itself)).is_approved is approved


def test_refund_is_shared_over_payments_up_to_what_is_left():
    shares = compute(D("25"), [Payable(1, D("10")), Payable(2, D("10"))])

    assert shares == [Share(1, D("10")), Share(2, D("10"))]


def test_a_request_in_the_window_is_approved_by_itself(order):
    assert make.asked_back(order).status == "approved"


def test_a_late_request_waits_for_a_person(order):
    Shipment.objects.update(shipped_at=timezone.now() - timedelta(days=60))

    request = make.asked_back(order)

    assert request.status == "requested"
    assert requests.reject(request, reason="too late").status == "rejected"


def test_never_more_comes_back_than_was_shipped(order):
    make.asked_back(order, 2)

    with pytest.raises(Refused, match="You can return up to 1"):
        make.asked_back(order, 2)


def test_a_canceled_request_frees_its_units(order):
    requests.cancel(make.asked_back(order, 3))

    assert make.asked_back(order, 3).status == "approved"


def test_receiving_does_not_make_goods_sellable(order):
    make.came_back(order, good=1, damaged=1)

    assert make.stock_of(make.sku("TEE-M")) == (19, 17, 0)
    assert make.fresh(order).returned == 2


def test_inspection_grades_exactly_what_came(order):
    request = make.came_back(order, good=2)

    with pytest.raises(Refused, match="2 good and 0 damaged"):
        inspection.inspect(request, [Finding(request.lines.get(), 1)])


def test_restock_sells_again_and_scrap_is_gone(order):
    make.settled(order, good=1, damaged=1)

    assert make.stock_of(make.sku("TEE-M")) == (18, 18, 0)


def test_restocked_goods_serve_who_waits(order, drain):
    waiting = make.confirmed(("TEE-M", 18), backorder=True)
    assert waiting.reserved == 17

    make.settled(order, good=1)
    drain()

    assert make.fresh(waiting).reserved == 18


def test_a_paid_order_is_refunded_to_the_cent(order):
    pay(order)

    make.settled(order, good=1)

    note = Invoice.objects.get(kind="credit")
    assert (note.gross, Refund.objects.get().amount, Refund.objects.get().status) == (
        D("12.00"),
        D("12.00"),
        "done",
    )
    assert make.balance(order.customer) == 0


def test_an_unpaid_order_is_credited_and_nothing_refunded(order):
    make.settled(order, good=1)

    result = Settlement.objects.get()
    assert (result.credited, result.cleared, result.to_refund, Refund.objects.count()) == (
        D("12.00"),
        D("12.00"),
        0,
        0,
    )


def test_a_partly_paid_order_clears_what_is_open_first(order):
    pay(order, "30.00")

    make.settled(order, good=1)

    assert (Settlement.objects.get().cleared, Refund.objects.get().amount) == (D("6.00"), D("6.00"))


def test_refund_after_partial_shipment(drain):
    make.sku("TEE-M", stock={"LON": 2})
    order = make.shipped(("TEE-M", 5), backorder=True)
    pay(order)

    make.settled(order, good=1)

    order = make.fresh(order)
    assert (order.shipped, order.returned, Refund.objects.get().amount) == (2, 1, D("12.00"))


def test_damaged_goods_are_not_credited_where_the_policy_says_so(order):
    ReturnPolicy.objects.create(credit_damaged=False)

    make.settled(order, good=1, damaged=1)

    assert Settlement.objects.get().credited == D("12.00")


def test_a_credit_for_later_stays_open(order):
    pay(order)

    make.settled(order, good=1, resolution="credit")

    assert (Invoice.objects.get(kind="credit").open_amount, Refund.objects.count()) == (
        D("12.00"),
        0,
    )
    assert make.balance(order.customer) == D("-12.00")


def test_an_exchange_is_sent_and_its_difference_is_due(order, drain):
    pay(order)
    make.priced("COAT", "50")
    make.sku("COAT", stock={"LON": 5})

    make.settled(order, good=1, resolution="exchange", exchange_for=make.sku("COAT"))

    result = Settlement.objects.get()
    assert (result.exchange.status, result.exchange.gross, result.difference_due) == (
        "confirmed",
        D("60.00"),
        D("48.00"),
    )
    assert make.stock_of(make.sku("COAT")) == (5, 5, 1)


def test_the_credit_pays_the_invoice_of_the_exchange(order, drain):
    pay(order)
    make.priced("COAT", "50")
    make.sku("COAT", stock={"LON": 5})
    make.settled(order, good=1, resolution="exchange", exchange_for=make.sku("COAT"))

    exchange = Settlement.objects.get().exchange
    shipping.ship(make.labeled(exchange))
    drain()

    assert exchange.invoices.get().open_amount == D("48.00")
    assert Invoice.objects.get(kind="credit").open_amount == 0


def test_settle_twice_is_wrong_state(order):
    request = make.settled(order, good=1)

    with pytest.raises(WrongState):
        settlement.settle(request)


def test_a_kit_comes_back_in_its_parts(drain):
    make.sku("CUP", stock={"LON": 9})
    make.sku("POT", stock={"LON": 9})
    make.sku("SET", kit={"CUP": 2, "POT": 1})
    order = make.shipped(("SET", 2))

    make.settled(order, good=1)

    assert (make.stock_of(make.sku("CUP")), make.stock_of(make.sku("POT"))) == (
        (7, 7, 0),
        (8, 8, 0),
    )
