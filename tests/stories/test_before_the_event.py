"""Work goes on before the event of a change is delivered: nothing is packed, sent or put back without what it tells."""

from decimal import Decimal as D

import pytest

from fulfillment import labels, packing, partial, picking, rerouting, shipping, waves
from fulfillment.choosing import ParcelRow, choose_parcels
from fulfillment.models import Shipment
from inventory import adjusting
from inventory.models import Reservation
from oms.core.errors import Refused
from orders import amending, lifecycle
from orders.amending import LineChange
from tests import builders as make
from tests.builders.orders import only_line
from tests.builders.stock import put, storage

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("verified")]


def lose(code, quantity=1):
    adjusting.adjust(make.sku(code), storage(make.warehouse()), -quantity, note="broken")


def put_back_all(shipment, drain):
    for row in picking.lines_to_put_back(shipment):
        picking.put_back(row, storage(make.warehouse()))
    drain()


def sent(shipment, drain, *, is_packed=False):
    make.service()
    labels.buy(make.fresh(shipment) if is_packed else packing.pack(make.fresh(shipment)))
    drain()
    shipping.ship(make.fresh(shipment))
    drain()


@pytest.fixture
def order():
    make.sku("TEE-M", stock={"LON": 5})
    return make.confirmed(("TEE-M", 5), backorder=True)


@pytest.fixture
def moved(order):
    """Picking 5, of which 2 were lost: they are pinned to another bin now, and no line of the shipment knows."""
    put(make.sku("TEE-M"), "LON", 2, code="A-02")
    shipment = waves.start_picking(make.shipment_of(order))
    lose("TEE-M", 2)
    return shipment


def test_what_was_canceled_a_moment_ago_is_not_shipped(order, drain):
    shipment = make.labeled(order)
    lifecycle.cancel_lines(make.fresh(order), {only_line(order).pk: 2})

    with pytest.raises(Refused, match="Put back 2 × TEE-M"):
        shipping.ship(make.fresh(shipment))

    labels.void(make.fresh(shipment))
    drain()
    packing.unpack(make.fresh(shipment))
    put_back_all(shipment, drain)
    sent(shipment, drain)
    assert (make.fresh(order).status, make.fresh(order).shipped) == ("completed", 3)


def test_what_was_canceled_is_still_to_be_put_back_when_the_rest_was_first(order, drain):
    shipment = make.picked(order)
    lifecycle.cancel_lines(make.fresh(order), {only_line(order).pk: 2})

    picking.put_back(shipment.lines.get(), storage(make.warehouse()))
    drain()

    assert [row.reservation.quantity for row in picking.lines_to_put_back(shipment)] == [2]
    put_back_all(shipment, drain)
    assert (make.fresh(shipment).status, make.stock_of(make.sku("TEE-M"))) == (
        "canceled",
        (5, 5, 3),
    )
    assert make.ship_rest(order).shipped == 3


def test_nothing_is_packed_without_what_moved_to_another_bin(moved, drain):
    picking.pick(moved.lines.get())

    with pytest.raises(Refused, match=r"1 line of .* hasn't been picked yet"):
        packing.pack(make.fresh(moved))

    drain()
    picking.pick_all(make.fresh(moved))
    sent(moved, drain)
    assert make.fresh(moved.order).shipped == 5


def test_what_moved_to_another_bin_stays_when_the_first_bin_is_empty(moved, drain):
    picking.report_short(moved.lines.get(), found=0)
    drain()

    assert list(moved.lines.values_list("reservation__bin__code", "reservation__quantity")) == [
        ("A-02", 2)
    ]
    picking.pick_all(make.fresh(moved))
    sent(moved, drain)
    assert (make.fresh(moved.order).shipped, make.fresh(moved.order).status) == (2, "confirmed")


@pytest.mark.parametrize("step", ["stop", "split"])
def test_what_moved_to_another_bin_leaves_the_walk_with_the_rest(step, drain):
    for code in ("TEE-M", "CAP"):
        make.sku(code, stock={"LON": 5})
    put(make.sku("TEE-M"), "LON", 2, code="A-02")
    order = make.confirmed(("TEE-M", 5), ("CAP", 1))
    shipment = waves.start_picking(make.shipment_of(order))
    if step == "split":
        picking.pick(shipment.lines.get(reservation__sku__code="CAP"))
    lose("TEE-M", 2)

    (partial.stop_picking if step == "stop" else partial.split_unpicked)(make.fresh(shipment))
    drain()

    assert set(Reservation.objects.filter(sku__code="TEE-M").values_list("state", flat=True)) == {
        "reserved"
    }
    if step == "split":
        sent(shipment, drain)
    assert make.ship_rest(order).status == "completed"


def test_kits_of_which_some_were_re_routed_are_picked_whole(drain):
    for place, kits in (("LON", 3), ("MAN", 1)):
        make.sku("A", stock={place: 2 * kits})
        make.sku("B", stock={place: kits})
    make.sku("SET", kit={"A": 2, "B": 1})
    make.warehouse("MAN").__class__.objects.filter(code="MAN").update(latitude=57, longitude=-2)
    order = make.confirmed(("SET", 3))
    rerouting.reroute(make.fresh(order), to=make.warehouse("MAN"))

    shipment = waves.start_picking(Shipment.objects.get(warehouse__code="LON"))
    drain()

    goods = shipment.lines.values_list(
        "reservation__sku__code", "reservation__quantity", "reservation__state"
    )
    assert sorted(goods) == [("A", 4, "allocated"), ("B", 2, "allocated")]
    picking.pick_all(make.fresh(shipment))
    sent(shipment, drain)
    assert make.ship_rest(order).status == "completed"


def test_a_price_is_amended_and_a_unit_canceled_before_the_pick(order, drain):
    shipment = waves.start_picking(make.shipment_of(order))
    amending.amend(make.fresh(order), [LineChange(only_line(order), 4, D("9"))])

    picking.pick_all(make.fresh(shipment))
    sent(shipment, drain)

    assert (make.fresh(order).status, make.fresh(order).shipped) == ("completed", 4)


def test_part_of_what_a_kit_must_give_back_is_canceled(drain):
    """The A of three kits are picked and wait to be put back; then one kit is canceled, and nothing else changes."""
    for code, count in (("A", 6), ("B", 3), ("TEE-M", 1)):
        make.sku(code, stock={"LON": count})
    make.sku("SET", kit={"A": 2, "B": 1})
    order = make.confirmed(("SET", 3), ("TEE-M", 1), backorder=True)
    shipment = waves.start_picking(make.shipment_of(order))
    picking.pick_lines(
        shipment, list(shipment.lines.filter(reservation__sku__code__in=["TEE-M", "A"]))
    )
    partial.split_unpicked(make.fresh(shipment))
    lose("B", 3)
    drain()

    lifecycle.cancel_lines(make.fresh(order), {order.lines.get(sku__code="SET").pk: 1})
    drain()

    assert sum(row.reservation.quantity for row in picking.lines_to_put_back(shipment)) == 6
    put_back_all(shipment, drain)
    sent(shipment, drain)
    put(make.sku("B"), "LON", 5)
    drain()
    order = make.ship_rest(order)
    assert (order.status, order.shipped) == ("completed", 3)


def test_goods_canceled_a_moment_ago_are_not_left_out_of_other_packages(order, drain):
    shipment = packing.pack(make.picked(order))
    line = shipment.lines.get()
    lifecycle.cancel_lines(make.fresh(order), {only_line(order).pk: 2})

    with pytest.raises(Refused, match="Put them back before packing"):
        choose_parcels(make.fresh(shipment), lines=[ParcelRow(make.fresh(line), 3, 1)])
    drain()
    packing.unpack(make.fresh(shipment))
    put_back_all(make.fresh(shipment), drain)
    choose_parcels(make.fresh(shipment), lines=[ParcelRow(make.fresh(line), 3, 1)])

    sent(shipment, drain, is_packed=True)
    assert make.fresh(order).status == "completed"
