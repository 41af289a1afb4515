"""Stock leaves the bin from which it is to be picked: the stop moves, or the goods wait again and the rest goes on."""

from datetime import date

import pytest

from fulfillment import packing, picking, waves
from fulfillment.models import PickTask, Shipment
from fulfillment.stations import worklists
from inventory import adjusting, catalog, counting, giving_back, receiving, short_picks
from inventory.models import Bin, Count, CountLine, Lot, Reservation
from oms.core import events, locking
from oms.core.errors import Refused
from orders import lifecycle
from tests import builders as make
from tests.builders.orders import only_line
from tests.builders.stock import put, storage

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("verified")]


def place(code="A-01"):
    return storage(make.warehouse(), code)


def damaged():
    return catalog.place(make.warehouse(), Bin.Kind.DAMAGED)


def stops(shipment):
    """Where there is still something to pick for a shipment, and how much."""
    rows = PickTask.objects.filter(line__shipment=shipment, done_at=None).order_by("bin__code")
    assert all(
        row.bin_id == row.line.reservation.bin_id
        for row in rows.select_related("line__reservation")
    )
    return [
        (row.bin.code, row.line.reservation.sku.code, row.line.reservation.quantity) for row in rows
    ]


def by_damage(tee, quantity):
    adjusting.move_stock(tee, place(), damaged(), quantity)


def by_adjustment(tee, quantity):
    adjusting.adjust(tee, place(), -quantity, note="broken")


def by_count(tee, quantity):
    count = counting.plan(make.warehouse(), [place()])
    found = {
        row.pk: make.bin_stock(row.sku, "LON") - (quantity if row.sku_id == tee.pk else 0)
        for row in count.lines.all()
    }
    counting.key(count, found)
    counting.reconcile(Count.objects.get())


WAYS = [by_damage, by_adjustment, by_count]


@pytest.mark.parametrize("leave", WAYS)
@pytest.mark.parametrize("quantity", [1, 4])
def test_what_lies_in_another_bin_is_picked_there(leave, quantity, drain):
    tee = make.sku("TEE-M", stock={"LON": 4})
    order = make.confirmed(("TEE-M", 4))
    shipment = waves.start_picking(make.shipment_of(order))
    put(tee, "LON", 9, code="A-02")

    leave(tee, quantity)
    drain()

    left = [("A-01", "TEE-M", 4 - quantity)] if quantity < 4 else []
    assert stops(shipment) == [*left, ("A-02", "TEE-M", quantity)]
    packing.pack(picking.pick_all(make.fresh(shipment)))
    assert make.fresh(order).picked == 4


@pytest.mark.parametrize("leave", WAYS)
def test_what_lies_nowhere_waits_and_the_shipment_goes_on_with_the_rest(leave, drain):
    tee = make.sku("TEE-M", stock={"LON": 4})
    make.sku("CAP", stock={"LON": 1})
    order = make.confirmed(("TEE-M", 4), ("CAP", 1), backorder=True)
    shipment = waves.start_picking(make.shipment_of(order))

    leave(tee, 3)
    drain()

    assert stops(shipment) == [("A-01", "CAP", 1), ("A-01", "TEE-M", 1)] or stops(shipment) == [
        ("A-01", "TEE-M", 1),
        ("A-01", "CAP", 1),
    ]
    packing.pack(picking.pick_all(make.fresh(shipment)))
    put(tee, "LON", 5)
    drain()
    assert [row.reservation.quantity for row in make.shipment_of(order).lines.all()] == [3]


@pytest.mark.parametrize("leave", WAYS)
def test_where_nothing_is_left_the_shipment_and_the_wave_end(leave, drain):
    tee = make.sku("TEE-M", stock={"LON": 4})
    order = make.confirmed(("TEE-M", 4), backorder=True)
    shipment = waves.start_picking(make.shipment_of(order))

    leave(tee, 4)
    drain()

    assert (make.fresh(shipment).status, make.fresh(shipment.wave).status) == ("canceled", "closed")
    put(tee, "LON", 4)
    drain()
    packing.pack(make.picked(order))


def test_stock_that_is_moved_to_another_bin_is_picked_there(drain):
    tee = make.sku("TEE-M", stock={"LON": 4})
    shipment = waves.start_picking(make.shipment_of(make.confirmed(("TEE-M", 4))))

    adjusting.move_stock(tee, place(), place("B-01"), 4)
    drain()

    assert stops(shipment) == [("B-01", "TEE-M", 4)]
    packing.pack(picking.pick_all(make.fresh(shipment)))


def test_stock_that_is_put_away_is_picked_from_its_bin(drain):
    tee = make.sku("TEE-M")
    make.receive_purchase(tee, 4)
    drain()
    shipment = waves.start_picking(make.shipment_of(make.confirmed(("TEE-M", 3))))
    came = catalog.place(make.warehouse(), Bin.Kind.RECEIVING)

    receiving.put_away(tee, came, place("A-01"), 2)
    receiving.put_away_all(make.warehouse(), [receiving.PutAway(tee, place("A-02"), 2)])
    drain()

    assert sum(quantity for _bin, _sku, quantity in stops(shipment)) == 3
    packing.pack(picking.pick_all(make.fresh(shipment)))


def test_an_expired_lot_gives_way_to_a_fresh_one(drain):
    milk = make.sku("MILK", tracking="lot")
    lots = {
        code: Lot.objects.create(sku=milk, code=code, expires_on=day)
        for code, day in (("OLD", date(2027, 1, 1)), ("NEW", date(2028, 1, 1)))
    }
    put(milk, "LON", 3, lot=lots["OLD"])
    shipment = waves.start_picking(make.shipment_of(make.confirmed(("MILK", 3))))
    put(milk, "LON", 3, lot=lots["NEW"])

    adjusting.quarantine_expired(milk, place(), lots["OLD"])
    drain()

    assert [row.reservation.lot for row in shipment.lines.select_related("reservation__lot")] == [
        lots["NEW"]
    ]
    packing.pack(picking.pick_all(make.fresh(shipment)))


def test_the_least_urgent_order_gives_way(drain):
    tee = make.sku("TEE-M", stock={"LON": 4})
    first, second = [make.confirmed(("TEE-M", 2), backorder=True) for _ in range(2)]
    shipments = [waves.start_picking(make.shipment_of(order)) for order in (first, second)]

    by_damage(tee, 3)
    drain()

    assert [stops(shipment) for shipment in shipments] == [[("A-01", "TEE-M", 1)], []]
    assert make.fresh(shipments[1]).status == "canceled"


def test_what_is_only_reserved_gives_way_before_another_bin_is_empty(drain):
    """Four are pinned, two held; the bin loses four, two lie elsewhere: the older order keeps what there is."""
    tee = make.sku("TEE-M", stock={"LON": 4})
    put(tee, "LON", 2, code="A-02")
    older, younger = (
        make.confirmed(("TEE-M", 4), backorder=True),
        make.confirmed(("TEE-M", 2), backorder=True),
    )
    shipment = waves.start_picking(make.shipment_of(older))

    by_damage(tee, 4)
    drain()

    assert stops(shipment) == [("A-02", "TEE-M", 2)]
    assert (make.fresh(older).reserved, make.fresh(younger).reserved) == (2, 0)


def test_what_is_partly_picked_goes_on_with_the_rest(drain):
    tee = make.sku("TEE-M", stock={"LON": 2})
    put(tee, "LON", 2, code="A-02")
    order = make.confirmed(("TEE-M", 4), backorder=True)
    shipment = waves.start_picking(make.shipment_of(order))
    picking.pick(shipment.lines.get(reservation__bin__code="A-02"))

    by_damage(tee, 2)
    drain()

    assert make.fresh(shipment.wave).status == "closed"
    packing.pack(make.fresh(shipment))
    assert make.fresh(order).picked == 2


def test_the_wave_and_the_station_say_so(drain):
    tee = make.sku("TEE-M", stock={"LON": 4})
    shipment = waves.start_picking(make.shipment_of(make.confirmed(("TEE-M", 4))))
    put(tee, "LON", 9, code="A-02")

    by_damage(tee, 4)
    drain()

    told = worklists.pick(make.warehouse(), make.user("pat", "manager"), shipment.wave.number)
    assert told["changes"] == [
        "No longer to pick: TEE-M from A-01.",
        "New stop: 4 × TEE-M from A-02.",
    ]
    assert [stop["bin"] for stop in told["stops"]] == ["A-02"]
    assert events.timeline("wave", shipment.wave.number).filter(name="wave.changed").count() == 1


def test_a_short_pick_goes_on_at_another_bin(drain):
    tee = make.sku("TEE-M", stock={"LON": 4})
    put(tee, "LON", 3, code="A-02")
    order = make.confirmed(("TEE-M", 4))
    shipment = waves.start_picking(make.shipment_of(order))
    (row,) = shipment.lines.all()
    assert row.reservation.bin.code == "A-01"

    picking.report_short(row, found=1)

    assert stops(shipment) == [("A-02", "TEE-M", 3)]
    drain()
    packing.pack(picking.pick_all(make.fresh(shipment)))
    drain()
    assert (make.fresh(order).picked, make.fresh(shipment.wave).status) == (4, "closed")


def test_a_short_pick_is_not_sent_to_the_bin_where_it_was_short(drain):
    make.sku("TEE-M", stock={"LON": 9})
    shipment = waves.start_picking(make.shipment_of(make.confirmed(("TEE-M", 4), backorder=True)))

    picking.report_short(shipment.lines.get(), found=1)

    assert stops(shipment) == []
    drain()
    packing.pack(make.fresh(shipment))


def test_a_wave_emptied_by_shorts_ends(drain):
    make.sku("TEE-M", stock={"LON": 4})
    order = make.confirmed(("TEE-M", 4), backorder=True)
    shipment = waves.start_picking(make.shipment_of(order))

    picking.report_short(shipment.lines.get(), found=0)

    assert (make.fresh(shipment.wave).status, make.fresh(shipment).status) == ("closed", "canceled")
    count = counting.plan(make.warehouse(), [])
    CountLine.objects.create(count=count, sku=make.sku("TEE-M"), bin=place())
    counting.key(count, {count.lines.get().pk: 4})
    counting.reconcile(Count.objects.get())
    drain()
    packing.pack(make.picked(order))


def test_a_wave_is_released_over_what_was_lost_meanwhile():
    """The loss is booked, its events are not delivered yet: the wave picks what is held."""
    tee = make.sku("TEE-M", stock={"LON": 4})
    order = make.confirmed(("TEE-M", 4), backorder=True)
    (wave,) = waves.propose(make.warehouse())
    by_adjustment(tee, 1)

    waves.release(wave)

    assert stops(make.shipment_of(order)) == [("A-01", "TEE-M", 3)]


def test_all_is_picked_that_can_be_before_the_events_are_delivered():
    tee = make.sku("TEE-M", stock={"LON": 2})
    put(tee, "LON", 2, code="A-02")
    order = make.confirmed(("TEE-M", 4), backorder=True)
    shipment = waves.start_picking(make.shipment_of(order))
    by_adjustment(tee, 2)

    picking.pick_all(shipment)

    assert make.fresh(order).picked == 2


def test_a_line_that_left_meanwhile_is_a_clear_conflict(drain):
    tee = make.sku("TEE-M", stock={"LON": 4})
    shipment = waves.start_picking(make.shipment_of(make.confirmed(("TEE-M", 4), backorder=True)))
    (row,) = shipment.lines.all()
    by_damage(tee, 4)
    drain()

    for stale in (lambda: picking.report_short(row, 1), lambda: picking.put_back(row, place())):
        with pytest.raises(Exception, match=r"is no longer on shipment|cannot|is “canceled”"):
            stale()


def test_reallocating_what_is_gone_is_refused(drain):
    tee = make.sku("TEE-M", stock={"LON": 4})
    waves.start_picking(make.shipment_of(make.confirmed(("TEE-M", 4), backorder=True)))
    row = Reservation.objects.get()
    by_damage(tee, 4)

    with pytest.raises(Exception, match="is not to be picked any more"):
        short_picks.resource_short_pick(row, missing=1)


@pytest.mark.parametrize("shipped", [0, 1])
def test_an_order_whose_rest_is_amended_to_zero_ends(shipped, drain):
    from orders import amending, order_entry
    from orders.amending import LineChange

    make.sku("TEE-M", stock={"LON": shipped} if shipped else {"LON": 5})
    order = make.confirmed(
        ("TEE-M", 3), backorder=True, charges=[order_entry.Charge("freight", "Freight", 5)]
    )
    order = make.ship_rest(order) if shipped else order

    amending.amend(order, [LineChange(only_line(order), shipped)])
    drain()

    assert make.fresh(order).status == ("completed" if shipped else "canceled")
    assert not Shipment.objects.filter(order=order, status__in=["open", "picking"]).exists()


def test_canceling_the_last_line_cancels_the_order_with_its_charges(drain):
    from orders import order_entry

    make.sku("TEE-M", stock={"LON": 5})
    order = make.confirmed(("TEE-M", 3), charges=[order_entry.Charge("freight", "Freight", 5)])

    lifecycle.cancel_lines(order, {only_line(order).pk: 3})
    drain()

    assert (make.fresh(order).status, make.fresh(order).gross) == ("canceled", 0)


@pytest.mark.parametrize("sku", ["TEE-M", "SET"])
def test_what_an_older_version_left_reserved_on_a_picked_shipment_goes_on_another(sku, drain):
    make.sku("TEE-M", stock={"LON": 4})
    make.sku("POT", stock={"LON": 2})
    make.sku("SET", kit={"TEE-M": 2, "POT": 1})
    order = make.confirmed((sku, 2))
    shipment = waves.start_picking(make.shipment_of(order))
    with locking.atomic():
        giving_back.deallocate_locked(list(Reservation.objects.filter(sku__code="TEE-M")))
        sku_rows = Reservation.objects.filter(sku__code="TEE-M").select_related("demand", "sku")
        giving_back.announce_unreserved(list(sku_rows))
    drain()

    assert make.fresh(shipment).status == "canceled"
    packing.pack(make.picked(order))


def test_a_move_of_more_than_there_is_changes_nothing():
    tee = make.sku("TEE-M", stock={"LON": 4})
    waves.start_picking(make.shipment_of(make.confirmed(("TEE-M", 4))))

    with pytest.raises(Exception, match="are free in LON A-01"):
        by_damage(tee, 5)

    assert Reservation.objects.get().state == "allocated"
    with pytest.raises(Refused):
        picking.report_short(Shipment.objects.get().lines.get(), 4)
