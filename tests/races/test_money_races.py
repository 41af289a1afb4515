from decimal import Decimal as D

import pytest

from inventory.models import Reservation
from oms.core import outbox
from orders import billing, lifecycle, payments
from orders.models import Invoice, Order, Payment, Refund
from tests import builders as make
from tests.races.conftest import kinds

pytestmark = pytest.mark.django_db(transaction=True)


def test_two_confirm_buttons_promise_once(race):
    tee = make.sku("TEE-M", stock={"LON": 9})
    order = make.order(lines=[("TEE-M", 3)])

    results = race(lambda: lifecycle.confirm(order), lambda: lifecycle.confirm(order))

    assert kinds(results) == {"done": 1, "WrongState": 1}
    assert make.stock_of(tee) == (9, 9, 3)


def test_cancel_against_confirm_ends_in_one_of_both(race):
    for turn in range(6):
        tee = make.sku(f"TEE-{turn}", stock={"LON": 9})
        order = make.order(lines=[(f"TEE-{turn}", 3)])

        race(lambda order=order: lifecycle.confirm(order), lambda order=order: lifecycle.cancel(order))

        assert make.fresh(order).status == "cancelled"
        assert make.stock_of(tee) == (9, 9, 0)


def test_double_capture_and_double_refund_happen_once(race):
    order = make.order(lines=[("TEE-M", 3)])
    payments.authorize(order, D("30.00"), reference="web-1")
    outbox.drain()
    payment = Payment.objects.get()

    captured = race(lambda: payments.capture(payment), lambda: payments.capture(payment))
    outbox.drain()
    refunded = race(*[lambda n=n: payments.refund(payment, D("20.00"), reference=f"r{n}") for n in range(4)])

    assert kinds(captured) == {"done": 1, "WrongState": 1}
    assert kinds(refunded) == {"done": 1, "Refused": 3}
    assert Refund.objects.count() == 1


def test_the_same_transfer_registered_at_once_is_booked_once(race):
    make.customer()

    results = race(*[lambda: make.transfer("10.00") for _ in range(4)])

    assert kinds(results) == {"done": 4}
    assert Payment.objects.count() == 1


def test_numbers_taken_at_once_have_no_gap_and_one_chain(race):
    make.sku("TEE-M", stock={"LON": 900})
    orders = [make.confirmed(("TEE-M", 5)) for _ in range(8)]
    lines = [order.lines.get().pk for order in orders]

    for turn in range(3):
        results = race(*[
            lambda order=order, line=line, turn=turn: billing.invoice(
                order, {line: 9 if turn == 1 and order.pk % 2 else 1}, reference=f"{order.number}/{turn}")
            for order, line in zip(orders, lines, strict=True)
        ])
        assert kinds(results) in ({"done": 8}, {"done": 4, "Refused": 4})

    issued = list(Invoice.objects.order_by("sequence_number"))
    assert [row.sequence_number for row in issued] == list(range(1, 21))
    assert [row.previous_hash for row in issued[1:]] == [row.hash for row in issued[:-1]]


def test_credit_limit_holds_under_many_orders_at_once(race):
    make.sku("TEE-M", stock={"LON": 900})
    make.customer(credit_limit=D("50"))
    make.order(lines=[("TEE-M", 1)])

    race(*[lambda: make.order(lines=[("TEE-M", 1)]) for _ in range(6)])

    free = Order.objects.exclude(holds__lifted_at=None, holds__isnull=False)
    assert sum(order.gross for order in free) <= 50
    assert Reservation.objects.count() == 0
