"""A kit is held, picked, shipped, given back and canceled whole, whatever happens to one of its parts."""

from datetime import date
from decimal import Decimal as D

import pytest
from django.db.models import Sum

from fulfillment import packing, picking, shipping, waves
from fulfillment.models import PickTask, Shipment, ShipmentLine
from inventory import adjusting, backorders, counting
from inventory.models import Count, Demand, Lot, Reservation
from oms.core.errors import Refused
from orders import amending, lifecycle
from orders.amending import LineChange
from tests import builders as make
from tests.builders.orders import only_line
from tests.builders.stock import put, storage

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("verified")]
LIVE = ["reserved", "allocated", "picked"]


@pytest.fixture
def kit():
    """SET is two of A and one of B; there is exactly enough for two of it."""
    make.sku("A", stock={"LON": 4})
    make.sku("B", stock={"LON": 2})
    return make.sku("SET", kit={"A": 2, "B": 1})


def live(order, **conditions):
    rows = Reservation.objects.filter(
        demand__document=order.number, state__in=LIVE, put_back_reason="", **conditions
    )
    return dict(rows.values_list("sku__code").annotate(Sum("quantity")).order_by("sku__code"))


def lose(code, quantity=1, place="A-01"):
    adjusting.adjust(make.sku(code), storage(make.warehouse(), place), -quantity, note="broken")


def shipped_whole(order):
    """Take everything out that can leave, and see that what left is whole kits."""
    for shipment in Shipment.objects.filter(order=order, status="open"):
        packing.pack(picking.pick_all(waves.start_picking(shipment)))
    gone = live(order, state="picked")
    return gone.get("A", 0) == 2 * gone.get("B", 0) and make.fresh(order)


def put_back_all(shipment, drain):
    for row in picking.lines_to_put_back(shipment):
        picking.put_back(row, storage(make.warehouse()))
    drain()


def test_one_part_is_lost_and_ten_come(kit, drain):
    order = make.confirmed(("SET", 2), backorder=True)
    lose("A")
    drain()
    assert live(order) == {"A": 2, "B": 1}

    put(make.sku("A"), "LON", 10)
    drain()

    assert live(order) == {"A": 4, "B": 2}
    order = make.ship_rest(order)
    assert (order.status, order.shipped) == ("completed", 2)


def test_what_one_kit_cannot_use_goes_to_who_can(kit, drain):
    order = make.confirmed(("SET", 2), backorder=True)
    alone = make.confirmed(("B", 1), backorder=True)
    assert live(alone) == {}

    lose("A")
    drain()

    assert (live(order), live(alone)) == ({"A": 2, "B": 1}, {"B": 1})


def test_a_lost_part_that_lies_elsewhere_is_served_at_once(kit, drain):
    order = make.confirmed(("SET", 2), backorder=True)
    put(make.sku("A"), "LON", 1, code="A-02")
    lose("A")
    drain()

    assert live(order) == {"A": 4, "B": 2}


def test_kits_reserved_unevenly_before_are_served_whole(kit, drain):
    """As an older version left them: three A and two B."""
    order = make.confirmed(("SET", 2), backorder=True)
    cups = Reservation.objects.get(sku__code="A")
    from inventory import giving_back
    from inventory.holds import lock_holds
    from oms.core.locking import atomic

    with atomic():
        holds = lock_holds(Demand.objects.filter(document=order.number))
        (row,) = [row for row in holds.rows if row.pk == cups.pk]
        giving_back.unreserve_locked([giving_back.split(row, 1)])
    adjusting.adjust(make.sku("A"), storage(make.warehouse()), -1, note="lost long ago")

    put(make.sku("A"), "LON", 10)
    drain()

    assert live(order) == {"A": 4, "B": 2}


@pytest.mark.parametrize("stage", ["reserved", "allocated", "A picked", "B picked", "picked"])
@pytest.mark.parametrize("loss", ["adjusted", "damaged", "counted"])
def test_a_part_is_lost_at_any_stage(stage, loss, kit, drain):
    order = make.confirmed(("SET", 2), backorder=True)
    put(make.sku("A"), "LON", 1, code="SPARE")  # what is picked cannot be lost from its bin
    shipment = make.shipment_of(order)
    if stage != "reserved":
        shipment = waves.start_picking(shipment)
    for code in {"A picked": "A", "B picked": "B", "picked": "AB"}.get(stage, ""):
        for row in shipment.lines.filter(
            reservation__sku__code=code, reservation__state="allocated"
        ):
            picking.pick(row)
    adjusting.adjust(make.sku("A"), storage(make.warehouse(), "SPARE"), -1, note="gone")
    place = storage(make.warehouse())
    if make.bin_stock(make.sku("B"), "LON"):
        if loss == "adjusted":
            lose("B")
        elif loss == "damaged":
            adjusting.move_stock(make.sku("B"), place, make.warehouse().bins.get(code="DAMAGED"), 1)
        else:
            count = counting.plan(make.warehouse(), [place])
            found = {
                row.pk: 1 if row.sku.code == "B" else make.bin_stock(row.sku, "LON")
                for row in count.lines.all()
            }
            counting.key(count, found)
            counting.reconcile(Count.objects.get())
    drain()

    lost = stage not in ("B picked", "picked")
    assert live(order) == ({"A": 2, "B": 1} if lost else {"A": 4, "B": 2})
    put_back_all(shipment, drain)
    put(make.sku("B"), "LON", 5)
    drain()
    for row in Shipment.objects.filter(order=order, status="picking"):
        if row.lines.filter(reservation__state="allocated").exists():
            picking.pick_all(row)
        packing.pack(make.fresh(row))
    assert shipped_whole(order).picked == 2


def test_one_picked_part_that_is_put_back_takes_its_kits_along(kit, drain):
    order = make.confirmed(("SET", 2))
    shipment = make.picked(order)

    picking.put_back(shipment.lines.get(reservation__sku__code="B"), storage(make.warehouse()))
    drain()
    with pytest.raises(Refused, match="Put them back before packing"):
        packing.pack(make.fresh(shipment))
    put_back_all(shipment, drain)

    assert (make.fresh(shipment).status, live(order)) == ("canceled", {"A": 4, "B": 2})
    assert make.ship_rest(order).status == "completed"


def test_a_part_that_is_put_back_gives_back_what_of_its_kits_is_not_picked(kit, drain):
    order = make.confirmed(("SET", 2))
    shipment = waves.start_picking(make.shipment_of(order))
    picking.pick(shipment.lines.get(reservation__sku__code="B"))

    picking.put_back(shipment.lines.get(reservation__sku__code="B"), storage(make.warehouse()))
    drain()

    assert (make.fresh(shipment).status, live(order, state="reserved")) == (
        "canceled",
        {"A": 4, "B": 2},
    )
    assert make.fresh(shipment.wave).status == "closed"


def test_a_kit_amended_in_price_and_put_back_in_part(kit, drain):
    order = make.confirmed(("SET", 2))
    amending.amend(order, [LineChange(only_line(order), unit_price=D("8"))])
    drain()
    shipment = make.picked(order)
    new = make.fresh(order).lines.latest("position")
    assert {row.order_line for row in shipment.lines.all()} == {new}

    picking.put_back(shipment.lines.get(reservation__sku__code="B"), storage(make.warehouse()))
    drain()
    put_back_all(shipment, drain)

    order = make.ship_rest(order)
    assert (order.status, make.fresh(new).shipped) == ("completed", 2)


@pytest.mark.parametrize("stage", ["open", "picking", "picked", "packed"])
def test_a_kit_amended_in_price_at_any_stage_names_its_new_line(stage, kit, drain):
    order = make.confirmed(("SET", 2))
    shipment = make.shipment_of(order)
    steps = {"picking": waves.start_picking, "picked": picking.pick_all, "packed": packing.pack}
    for name, step in steps.items():
        if stage in list(steps)[list(steps).index(name) :]:
            shipment = step(make.fresh(shipment))

    amending.amend(make.fresh(order), [LineChange(only_line(order), unit_price=D("8"))])
    drain()

    new = make.fresh(order).lines.latest("position")
    assert set(
        ShipmentLine.objects.filter(shipment=shipment).values_list("order_line", flat=True)
    ) == {new.pk}
    for name, step in steps.items():
        if (
            make.fresh(shipment).status in ("open", "picking")
            and name not in list(steps)[: _reached(stage)]
        ):
            step(make.fresh(shipment))
    assert make.fresh(shipment).status == "packed"


def _reached(stage):
    return ["open", "picking", "picked", "packed"].index(stage)


@pytest.mark.parametrize("picked", ["", "A", "B", "AB"])
def test_units_of_a_kit_are_canceled_whole(picked, kit, drain):
    order = make.confirmed(("SET", 2))
    shipment = waves.start_picking(make.shipment_of(order))
    for code in picked:
        picking.pick(shipment.lines.get(reservation__sku__code=code))

    lifecycle.cancel_lines(make.fresh(order), {only_line(order).pk: 1})
    drain()
    put_back_all(shipment, drain)

    assert live(order) == {"A": 2, "B": 1}
    if shipment.lines.filter(reservation__state="allocated").exists():
        picking.pick_all(make.fresh(shipment))
    packing.pack(make.fresh(shipment))


def test_units_of_a_kit_in_two_warehouses_are_canceled_in_one(drain):
    """In one the A are picked, in the other the B: the parts that are easiest to free belong to different kits."""
    for place in ("LON", "MAN"):
        make.sku("A", stock={place: 2})
        make.sku("B", stock={place: 1})
    make.sku("SET", kit={"A": 2, "B": 1})
    order = make.confirmed(("SET", 2))
    for place, code in (("LON", "A"), ("MAN", "B")):
        shipment = waves.start_picking(Shipment.objects.get(warehouse__code=place))
        picking.pick(shipment.lines.get(reservation__sku__code=code))

    lifecycle.cancel_lines(make.fresh(order), {only_line(order).pk: 1})
    drain()
    for shipment in Shipment.objects.filter(status="picking"):
        for row in picking.lines_to_put_back(shipment):
            picking.put_back(row, storage(shipment.warehouse))
    drain()

    (left,) = Shipment.objects.filter(status="picking")
    assert live(order, warehouse=left.warehouse) == {"A": 2, "B": 1}
    packing.pack(picking.pick_all(left))


def test_a_kit_to_be_put_back_is_canceled_first(kit, drain):
    """A kit lost its B, its A must be put back; then one unit is canceled: that one, not the whole one."""
    order = make.confirmed(("SET", 2), backorder=True)
    shipment = waves.start_picking(make.shipment_of(order))
    picking.pick(shipment.lines.get(reservation__sku__code="A"))
    lose("B")
    drain()

    lifecycle.cancel_lines(make.fresh(order), {only_line(order).pk: 1})
    drain()
    put_back_all(shipment, drain)

    assert live(order) == {"A": 2, "B": 1}
    assert dict(Demand.objects.values_list("sku__code", "quantity")) == {"A": 2, "B": 1}
    packing.pack(picking.pick_all(make.fresh(shipment)))


def test_a_kit_is_short_of_a_part_of_a_unit(kit, drain):
    """One A of four is found: no kit is whole, and what was found stays where it lies."""
    order = make.confirmed(("SET", 2), backorder=True)
    shipment = waves.start_picking(make.shipment_of(order))

    picking.report_short(shipment.lines.get(reservation__sku__code="A"), found=1)
    drain()

    assert (live(order), make.fresh(shipment).status, make.bin_stock(make.sku("A"), "LON")) == (
        {},
        "canceled",
        1,
    )
    put(make.sku("A"), "LON", 3)
    drain()
    assert live(order) == {"A": 4, "B": 2}


def test_a_short_part_lies_in_another_bin(kit, drain):
    put(make.sku("A"), "LON", 3, code="A-02")
    order = make.confirmed(("SET", 2))
    shipment = waves.start_picking(make.shipment_of(order))
    short = shipment.lines.filter(reservation__sku__code="A", reservation__bin__code="A-01").get()

    picking.report_short(short, found=short.reservation.quantity - 1)
    drain()

    task = PickTask.objects.get(done_at=None, line__reservation__sku__code="A")
    assert (task.bin.code, live(order)) == ("A-02", {"A": 4, "B": 2})
    packing.pack(picking.pick_all(make.fresh(shipment)))


def test_parts_that_lie_in_several_bins_stay_one_kit(drain):
    for code in ("A-01", "A-02", "A-03"):
        put(make.sku("A"), "LON", 2, code=code)
    put(make.sku("B"), "LON", 3)
    make.sku("SET", kit={"A": 2, "B": 1})
    order = make.confirmed(("SET", 3), backorder=True)
    shipment = waves.start_picking(make.shipment_of(order))
    assert shipment.lines.count() == 4

    picking.report_short(shipment.lines.get(reservation__bin__code="A-02"), found=0)
    drain()

    assert live(order) == {"A": 4, "B": 2}
    packing.pack(picking.pick_all(make.fresh(shipment)))


def test_a_kit_and_its_part_alone_on_one_order(kit, drain):
    make.sku("A", stock={"LON": 3})
    order = make.confirmed(("SET", 2), ("A", 3), backorder=True)

    lose("A", 4)
    drain()

    kits, alone = order.lines.order_by("position")
    reserved = {row.line: row.reserved for row in Demand.objects.filter(sku__code="A")}
    assert (reserved[kits.pk] % 2, reserved[kits.pk] + reserved[alone.pk]) in ((0, 3), (0, 2))
    assert (
        live(order)["B"] == reserved[kits.pk] // 2 if reserved[kits.pk] else "B" not in live(order)
    )
    put(make.sku("A"), "LON", 9)
    drain()
    assert make.ship_rest(order).status == "completed"


def test_a_kit_of_one_part_loses_whole_kits(drain):
    make.sku("EGG", stock={"LON": 12})
    make.sku("SIX", kit={"EGG": 6})
    order = make.confirmed(("SIX", 2), backorder=True)

    lose("EGG")
    drain()

    assert live(order) == {"EGG": 6}
    put(make.sku("EGG"), "LON", 6)
    drain()
    assert make.ship_rest(order).status == "completed"


def test_an_expired_part_takes_its_kit_along(drain):
    milk = make.sku("MILK", tracking="lot")
    old = Lot.objects.create(sku=milk, code="OLD", expires_on=date(2027, 1, 1))
    put(milk, "LON", 2, lot=old)
    make.sku("TEA", stock={"LON": 2})
    make.sku("BREAKFAST", kit={"MILK": 1, "TEA": 1})
    order = make.confirmed(("BREAKFAST", 2), backorder=True)
    shipment = waves.start_picking(make.shipment_of(order))

    adjusting.quarantine_expired(milk, storage(make.warehouse()), old)
    drain()

    assert (live(order), make.fresh(shipment).status, make.fresh(shipment.wave).status) == (
        {},
        "canceled",
        "closed",
    )


def test_serving_nothing_new_leaves_whole_kits_alone(kit, drain):
    order = make.confirmed(("SET", 3), backorder=True)
    before = set(Reservation.objects.values_list("pk", "state"))

    backorders.serve([make.sku("A").pk, make.sku("B").pk])

    assert set(Reservation.objects.values_list("pk", "state")) == before
    shipping.ship(make.labeled(order))
    drain()
