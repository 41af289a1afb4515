"""Operations that free and promise at once meet others that do it the other way round: no deadlock, no error."""

import pytest

from fulfillment import picking, waves
from fulfillment.models import Shipment
from inventory import adjusting, backorders, counting
from inventory.models import Count, Reservation
from oms.core import outbox
from oms.insights import verification
from orders import amending, lifecycle
from orders.amending import LineChange
from tests import builders as make
from tests.builders.orders import line
from tests.builders.stock import storage
from tests.races.conftest import kinds

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS, FEWER = 25, 5


def lines_of(order):
    """The lines that still want something, by SKU."""
    return {
        row.sku.code: row
        for row in make.fresh(order).lines.select_related("sku").order_by("position")
        if row.open_quantity
    }


def amend(order, **wanted):
    rows = lines_of(order)
    amending.amend(
        make.fresh(order), [LineChange(rows[code], quantity) for code, quantity in wanted.items()]
    )


def everything_holds():
    outbox.drain()
    assert [str(breach) for breach in verification.breaches()] == []
    assert outbox.parked() == []


def two_orders(stock):
    for code in ("A", "B"):
        make.sku(code, stock={"LON": stock, "MAN": stock})
    return [make.confirmed(("A", 4), ("B", 4)) for _ in range(2)]


def test_two_orders_amended_crosswise(race):
    """One line up, one line down in each, and each the other way round."""
    for code in ("A", "B"):
        make.sku(code, stock={"LON": 300, "MAN": 300})
    for _round in range(ROUNDS):
        first, second = [make.order(lines=[("A", 4), ("B", 4)], confirmed=True) for _ in range(2)]

        results = race(lambda o=first: amend(o, A=6, B=2), lambda o=second: amend(o, A=2, B=6))

        assert kinds(results) == {"done": 2}, results
    everything_holds()


def test_amendments_crosswise_while_the_goods_are_allocated(race):
    for _round in range(FEWER):
        first, second = two_orders(9)
        for order in (first, second):
            for shipment in Shipment.objects.filter(order=order, status="open"):
                waves.start_picking(shipment)

        results = race(
            lambda o=first: amend(o, A=6, B=1), lambda o=second: amend(o, A=1, B=6), outbox.drain
        )

        assert kinds(results) == {"done": 3}, results
    everything_holds()


def test_free_and_promise_against_pick(race):
    for _round in range(ROUNDS):
        first, second = two_orders(9)
        shipments = [
            waves.start_picking(row)
            for row in Shipment.objects.filter(order__in=[first, second], status="open")
        ]

        results = race(
            lambda o=first: amend(o, A=6, B=1),
            lambda o=second: amend(o, A=1, B=6),
            *[lambda row=row: picking.pick_all(row) for row in shipments],
        )

        assert kinds(results) == {"done": 2 + len(shipments)}, results
    everything_holds()


def test_a_loss_a_count_and_a_receipt_against_amendments(race):
    for turn in range(FEWER):
        first, second = two_orders(9)
        place = storage(make.warehouse())
        count = counting.plan(make.warehouse(), [place])
        counting.key(
            count, {row.pk: make.bin_stock(row.sku, "LON") - turn % 3 for row in count.lines.all()}
        )

        results = race(
            lambda o=first: amend(o, A=6, B=1),
            lambda o=second: amend(o, A=1, B=6),
            lambda p=place: adjusting.adjust(make.sku("A"), p, -3, note="broken"),
            lambda c=count: counting.reconcile(Count.objects.get(pk=c.pk)),
            lambda: make.sku("B", stock={"LON": 2}),
            outbox.drain,
        )

        assert kinds(results) == {"done": 6}, results
    everything_holds()


def test_kits_against_their_parts(race):
    """Serving kits, losing a part, and orders for the parts alone meet on the same stock."""
    for code in ("A", "B"):
        make.sku(code, stock={"LON": 40, "MAN": 40})
    make.sku("KIT", kit={"A": 2, "B": 1})
    for turn in range(FEWER):
        kits = make.confirmed(("KIT", 3), backorder=True)
        parts = make.confirmed(("B", 2), ("A", 3), backorder=True)
        waves.start_picking(make.shipment_of(kits))

        fewer = LineChange(lines_of(kits)["KIT"], 2)

        results = race(
            lambda o=kits, c=fewer: amending.amend(make.fresh(o), [c], [line("B", 1)]),
            lambda o=parts: amend(o, A=1, B=4),
            lambda: adjusting.adjust(
                make.sku("A"), storage(make.warehouse("LON")), -1, note="broken"
            ),
            lambda: adjusting.adjust(
                make.sku("B"), storage(make.warehouse("MAN")), -1, note="broken"
            ),
            lambda: backorders.serve([make.sku("A").pk, make.sku("B").pk]),
            outbox.drain,
        )

        assert kinds(results) == {"done": 6}, results
        outbox.drain()
        if turn % 5 == 4:
            for code in ("A", "B"):
                make.sku(code, stock={"LON": 20, "MAN": 20})
    everything_holds()


def test_a_loss_against_promises_ends_without_a_conflict(race):
    for turn in range(FEWER):
        tee = make.sku(f"TEE-{turn}", stock={"LON": 6})
        orders = [make.order(lines=[(f"TEE-{turn}", 2)], backorder=True) for _ in range(3)]

        results = race(
            *[lambda o=order: lifecycle.confirm(o) for order in orders],
            lambda item=tee: adjusting.adjust(item, storage(make.warehouse()), -3, note="broken"),
        )

        assert kinds(results) == {"done": 4}, results
        assert make.stock_of(tee)[1] == 3
    everything_holds()


def test_putting_back_against_amending_and_losing(race):
    for _round in range(FEWER):
        first, second = two_orders(6)
        shipment = waves.start_picking(make.shipment_of(first))
        picking.pick_all(shipment)
        picked = list(shipment.lines.select_related("shipment__order"))
        place = storage(shipment.warehouse)

        results = race(
            lambda row=picked[0], p=place: picking.put_back(row, p),
            lambda o=second: amend(o, A=5, B=1),
            lambda p=place: adjusting.adjust(make.sku("A"), p, -1, note="broken"),
            outbox.drain,
        )

        assert kinds(results) == {"done": 4}, results
        outbox.drain()
    assert Reservation.objects.filter(state="reserved").exists()
    everything_holds()
