from datetime import date
from decimal import Decimal

import pytest
from django.db import connection, transaction
from django.db.utils import DatabaseError

from inventory import adjusting, allocating, counting, ledger, reservations, short_picks, sourcing
from inventory.models import Count, Demand, Lot, Move, Reservation, Stock
from inventory.purchasing import receiving, replenishment
from inventory.purchasing.models import PurchaseOrder, ReorderRule, SupplierItem
from inventory.purchasing.receiving import Received
from inventory.sourcing import Destination, Terms, Wanted
from oms.core.errors import NotEnough, Refused, WrongState
from oms.core.models import Decision
from tests import builders as make
from tests.builders.stock import put, sent_purchase, storage, supplier

pytestmark = [pytest.mark.smoke, pytest.mark.django_db, pytest.mark.usefixtures("sums_verified")]
UK = Destination("GB", "N1")


def promise(document, *lines, can_backorder=False, priority=100):
    wanted = [Wanted(number, item, quantity) for number, (item, quantity) in enumerate(lines, 1)]
    return sourcing.promise(
        document, make.company(), wanted, UK, Terms(can_backorder=can_backorder, priority=priority)
    )


def reserved(document):
    return list(Reservation.objects.filter(demand__document=document).order_by("pk"))


def test_receive_books_good_and_damaged_apart():
    tee = make.sku()
    order = sent_purchase(tee, 10)

    receiving.receive(order, [Received(order.lines.get(), good=6, damaged=1)])

    assert make.stock_of(tee) == (7, 6, 0)
    assert make.bin_stock(tee, "LON", "DAMAGED") == 1
    order.refresh_from_db()
    assert (order.status, order.lines.get().received) == ("sent", 7)


def test_receive_more_than_ordered_closes_the_order():
    tee = make.sku()
    order = sent_purchase(tee, 10)

    order = receiving.receive(order, [Received(order.lines.get(), good=11)])  # within the tolerance

    assert order.status == PurchaseOrder.Status.CLOSED
    assert make.stock_of(tee) == (11, 11, 0)


def test_average_cost_moves_with_receipts():
    tee = make.sku(stock={"LON": 10}, cost="4")

    make.receive_purchase(tee, 10)

    assert Stock.objects.get().average_cost == Decimal("4.5")


def test_ledger_rows_cannot_be_changed():
    make.sku(stock={"LON": 5})

    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        Move.objects.update(quantity=6)
    with (
        pytest.raises(DatabaseError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("DELETE FROM inventory_move")


def test_move_refuses_more_than_the_bin_holds():
    tee = make.sku(stock={"LON": 5})
    bin_a, bin_b = storage(make.warehouse()), storage(make.warehouse(), "B-01")

    with pytest.raises(NotEnough) as refused:
        ledger.move(tee, bin_a, bin_b, 6, reason=Move.Reason.MOVE)

    assert refused.value.shortfall == {"TEE-M": 1}


def test_promise_holds_and_says_why():
    tee = make.sku(stock={"LON": 5})

    promise("SO-1", (tee, 3))

    assert make.stock_of(tee) == (5, 5, 3)
    assert Decision.objects.get().chosen == [{"line": 1, "warehouse": "LON", "quantity": 3}]


def test_promise_refuses_what_two_lines_cannot_share():
    tee = make.sku(stock={"LON": 5})

    with pytest.raises(NotEnough) as refused:
        promise("SO-1", (tee, 3), (tee, 4))

    assert refused.value.shortfall == {"TEE-M": 2}
    assert (make.stock_of(tee), Demand.objects.count()) == ((5, 5, 0), 0)


def test_refused_kit_names_the_component():
    make.sku("CUP", stock={"LON": 1})
    make.sku("POT", stock={"LON": 5})
    tea_set = make.sku("SET", kit={"CUP": 2, "POT": 1})

    with pytest.raises(NotEnough) as refused:
        promise("SO-1", (tea_set, 1))

    assert refused.value.shortfall == {"CUP": 1}


def test_waiting_demand_is_served_by_priority_then_age(drain):
    tee = make.sku(stock={"LON": 0 + 1})
    promise("SO-1", (tee, 1))
    promise("SO-2", (tee, 2), can_backorder=True)
    promise("SO-3", (tee, 2), can_backorder=True)
    promise("SO-4", (tee, 2), can_backorder=True, priority=10)

    make.receive_purchase(tee, 4)
    drain()

    reserved = dict(Demand.objects.values_list("document", "reserved"))
    assert reserved == {"SO-1": 1, "SO-2": 2, "SO-3": 0, "SO-4": 2}


def test_promise_leaves_stock_to_older_waiting_demand():
    tee = make.sku(stock={"LON": 1})
    promise("SO-1", (tee, 3), can_backorder=True)
    make.receive_purchase(tee, 3)  # not drained: the older order has not been served yet

    with pytest.raises(NotEnough):
        promise("SO-2", (tee, 2))

    promise("SO-3", (tee, 1))
    assert make.stock_of(tee) == (4, 4, 2)


def test_pin_takes_what_expires_first_and_cuts_over_bins():
    tea = make.sku("TEA", tracking="lot")
    late = Lot.objects.create(sku=tea, code="L2", expires_on=date(2027, 6, 1))
    soon = Lot.objects.create(sku=tea, code="L1", expires_on=date(2027, 1, 1))
    put(tea, "LON", 5, code="A-01", lot=late)
    put(tea, "LON", 2, code="A-02", lot=soon)
    promise("SO-1", (tea, 3))

    allocating.allocate(reserved("SO-1"))

    assert [(row.quantity, row.lot.code) for row in reserved("SO-1")] == [(2, "L1"), (1, "L2")]


def test_pick_put_back_and_consume_follow_the_goods():
    tee = make.sku(stock={"LON": 10})
    promise("SO-1", (tee, 6))
    allocating.allocate(reserved("SO-1"))

    reservations.pick(reserved("SO-1"))
    assert make.stock_of(tee) == (10, 4, 0)

    reservations.put_back(reserved("SO-1"), storage(make.warehouse()))
    assert make.stock_of(tee) == (10, 10, 6)

    allocating.allocate(reserved("SO-1"))
    reservations.pick(reserved("SO-1"))
    reservations.consume(reserved("SO-1"))
    assert make.stock_of(tee) == (4, 4, 0)
    assert Demand.objects.get().shipped == 6


def test_pick_twice_is_wrong_state():
    tee = make.sku(stock={"LON": 10})
    promise("SO-1", (tee, 6))
    allocating.allocate(reserved("SO-1"))
    reservations.pick(reserved("SO-1"))

    with pytest.raises(WrongState):
        reservations.pick(reserved("SO-1"))


def test_cancel_frees_the_unpicked_and_stops_the_picked():
    tee = make.sku(stock={"LON": 10})
    promise("SO-1", (tee, 6))
    allocating.allocate(reserved("SO-1"))
    row = reserved("SO-1")[0]
    reservations.split(row, 2)
    reservations.pick([row])

    reservations.cancel("SO-1", {1: 3})

    row = Reservation.objects.get(put_back_reason="cancel")
    assert (row.quantity, make.stock_of(tee)) == (1, (10, 6, 0))
    with pytest.raises(Refused, match="Put back"):
        reservations.consume([row])

    reservations.put_back([row], storage(make.warehouse()))
    demand = Demand.objects.get()
    assert (demand.quantity, demand.picked, make.stock_of(tee)) == (3, 3, (10, 7, 0))


def test_short_pick_is_reserved_in_another_warehouse(drain):
    tee = make.sku(stock={"LON": 5, "MAN": 5})
    promise("SO-1", (tee, 5))
    first = reserved("SO-1")[0]
    allocating.allocate([first])

    short_picks.resource_short_pick(reserved("SO-1")[0], missing=2)
    drain()

    live = [
        (row.warehouse.code, row.quantity, row.state)
        for row in reserved("SO-1")
        if row.state != "unreserved"
    ]
    other = {"LON": "MAN", "MAN": "LON"}[first.warehouse.code]
    assert live == [(first.warehouse.code, 3, "allocated"), (other, 2, "reserved")]
    assert make.bin_stock(tee, first.warehouse.code, "MISSING") == 2


def test_short_component_gives_back_its_kit_mates(drain):
    make.sku("CUP", stock={"LON": 4})
    make.sku("POT", stock={"LON": 2})
    tea_set = make.sku("SET", kit={"CUP": 2, "POT": 1})
    promise("SO-1", (tea_set, 2), can_backorder=True)
    allocating.allocate(reserved("SO-1"))

    short_picks.resource_short_pick(Reservation.objects.get(sku__code="CUP"), missing=1)
    drain()

    assert dict(Demand.objects.values_list("sku__code", "reserved")) == {"CUP": 2, "POT": 1}


def test_loss_frees_the_least_urgent_hold(drain):
    tee = make.sku(stock={"LON": 5})
    promise("SO-1", (tee, 3), can_backorder=True)
    promise("SO-2", (tee, 2), can_backorder=True, priority=10)

    adjusting.adjust(tee, storage(make.warehouse()), -2, note="water damage")
    drain()

    assert dict(Demand.objects.values_list("document", "reserved")) == {"SO-1": 1, "SO-2": 2}
    assert make.stock_of(tee) == (3, 3, 3)


def test_count_posts_the_difference_from_missing_first():
    tee = make.sku(stock={"LON": 5})
    promise("SO-1", (tee, 5), can_backorder=True)
    allocating.allocate(reserved("SO-1"))
    short_picks.resource_short_pick(reserved("SO-1")[0], missing=3)
    count = counting.plan(make.warehouse(), [storage(make.warehouse())])

    counting.key(count, {count.lines.get().pk: 6})
    count = counting.reconcile(Count.objects.get())

    assert count.status == "reconciled"
    assert (make.bin_stock(tee, "LON"), make.bin_stock(tee, "LON", "MISSING")) == (6, 0)


def test_reorder_check_proposes_once_and_counts_what_waits():
    tee = make.sku(stock={"LON": 5})
    SupplierItem.objects.create(supplier=supplier(), sku=tee, cost="4", pack=12, minimum=24)
    ReorderRule.objects.create(sku=tee, warehouse=make.warehouse(), point=10, target=30)
    promise("SO-1", (tee, 9), can_backorder=True)

    (order,) = replenishment.reorder_check().orders

    assert order.lines.get().quantity == 36  # 30 − (5 − 5 − 4) = 34, in packs of 12
    assert replenishment.reorder_check() == replenishment.Check()
