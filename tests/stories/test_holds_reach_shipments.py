"""Whatever comes to be held for an order reaches a shipment, by whichever path it came to be held."""

from decimal import Decimal as D

import pytest

from fulfillment import packing, partners, picking, shipments, shipping, waves
from fulfillment.models import Shipment, ShipmentLine, Wave
from inventory import adjusting
from inventory.models import Reservation
from oms.core.errors import Refused
from oms.core.models import Event
from orders import amending, lifecycle
from orders.amending import LineChange
from returns.models import Settlement
from tests import builders as make
from tests.builders.orders import line, only_line
from tests.builders.stock import put, storage

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("verified")]


def carried(order):
    """Units of each SKU on the order's shipments, by shipment."""
    found = {}
    for row in ShipmentLine.objects.filter(shipment__order=order).select_related(
        "reservation__sku", "shipment"
    ):
        units = found.setdefault(row.shipment.number, {})
        units[row.reservation.sku.code] = (
            units.get(row.reservation.sku.code, 0) + row.reservation.quantity
        )
    return [found[number] for number in sorted(found)]


def nothing_is_loose():
    reserved = Reservation.objects.filter(state__in=["reserved", "allocated", "picked"])
    return set(reserved.values_list("pk", flat=True)) <= set(
        ShipmentLine.objects.values_list("reservation", flat=True)
    )


def amended(order, drain, *changes, added=()):
    amending.amend(make.fresh(order), changes, added)
    drain()
    return make.fresh(order)


def test_more_of_a_line_extends_the_open_shipment_and_ships(drain):
    make.sku("TEE-M", stock={"LON": 10})
    order = make.confirmed(("TEE-M", 2))

    order = amended(order, drain, LineChange(only_line(order), 5))

    assert carried(order) == [{"TEE-M": 5}]
    assert (make.ship_rest(order).status, make.fresh(order).shipped) == ("completed", 5)


def test_an_added_line_extends_the_open_shipment(drain):
    make.sku("TEE-M", stock={"LON": 10})
    make.sku("CAP", stock={"LON": 10})
    order = make.confirmed(("TEE-M", 2))

    amended(order, drain, added=[line("CAP", 3)])

    assert carried(order) == [{"TEE-M": 2, "CAP": 3}]


@pytest.mark.parametrize("stage", ["picking", "picked", "packed"])
def test_what_is_added_while_a_shipment_is_picked_goes_on_a_new_one(stage, drain):
    make.sku("TEE-M", stock={"LON": 10})
    order = make.confirmed(("TEE-M", 2))
    shipment = make.shipment_of(order)
    {
        "picking": waves.start_picking,
        "picked": lambda row: make.picked(order),
        "packed": lambda row: make.packed(order),
    }[stage](shipment)

    order = amended(order, drain, LineChange(only_line(order), 5))

    assert carried(order) == [{"TEE-M": 2}, {"TEE-M": 3}]
    assert not ShipmentLine.objects.filter(
        shipment=shipment, reservation__state="reserved"
    ).exists()
    assert nothing_is_loose()


def test_what_is_added_before_a_wave_is_released_is_picked_with_it(drain):
    make.sku("TEE-M", stock={"LON": 10})
    order = make.confirmed(("TEE-M", 2))
    (wave,) = waves.propose(make.warehouse())

    amended(order, drain, LineChange(only_line(order), 5))
    waves.release(make.fresh(wave))

    assert (carried(order), make.fresh(wave).tasks.count()) == ([{"TEE-M": 5}], 2)


def test_what_a_third_party_has_taken_on_is_not_extended(drain):
    make.warehouse("3PL", kind="3pl")
    make.sku("TEE-M", stock={"3PL": 10})
    order = make.confirmed(("TEE-M", 2))
    shipments.hand_over(make.shipment_of(order), external_id="X-1")

    amended(order, drain, LineChange(only_line(order), 5))

    assert carried(order) == [{"TEE-M": 2}, {"TEE-M": 3}]


def test_what_is_served_later_extends_the_open_shipment(drain):
    make.sku("TEE-M", stock={"LON": 1})
    order = make.confirmed(("TEE-M", 3), backorder=True)

    put(make.sku("TEE-M"), "LON", 5)
    drain()

    assert carried(order) == [{"TEE-M": 3}]


def test_what_another_order_frees_reaches_a_shipment(drain):
    make.sku("TEE-M", stock={"LON": 2})
    first = make.confirmed(("TEE-M", 2))
    second = make.confirmed(("TEE-M", 2), backorder=True, channel_code="waits")

    amended(first, drain, LineChange(only_line(first), 1))

    assert (carried(first), carried(second)) == ([{"TEE-M": 1}], [{"TEE-M": 1}])


def test_what_is_short_is_reserved_elsewhere_and_shipped_from_there(drain):
    make.sku("TEE-M", stock={"LON": 3, "MAN": 3})
    order = make.confirmed(("TEE-M", 3))
    shipment = waves.start_picking(make.shipment_of(order))

    picking.report_short(shipment.lines.get(), found=1)
    drain()

    assert carried(order) == [{"TEE-M": 1}, {"TEE-M": 2}]
    assert nothing_is_loose()


def test_what_is_put_back_goes_on_another_shipment(drain):
    make.sku("TEE-M", stock={"LON": 5})
    make.sku("CAP", stock={"LON": 5})
    order = make.confirmed(("TEE-M", 2), ("CAP", 1))
    shipment = make.picked(order)

    picking.put_back(shipment.lines.get(reservation__sku__code="CAP"), storage(make.warehouse()))
    drain()

    assert carried(order) == [{"TEE-M": 2}, {"CAP": 1}]
    packing.pack(make.fresh(shipment))


def test_a_third_party_ships_from_several_bins_again_and_again(drain):
    """Picking and shipping are one transaction: the place from which it leaves is locked with the bins."""
    make.warehouse("3PL", kind="3pl")
    tee = make.sku("TEE-M")
    for code, quantity in (("A-01", 4), ("A-02", 9)):
        put(tee, "3PL", quantity, code=code)
        order = make.confirmed(("TEE-M", 3))
        partners.record_outside(make.shipment_of(order))
    drain()

    assert make.fresh(order).status == "completed"


def test_what_goes_out_in_exchange_reaches_a_shipment(drain):
    make.sku("TEE-M", stock={"LON": 5})
    coat = make.priced("COAT", "50")
    put(coat, "LON", 2)
    order = make.shipped(("TEE-M", 2))

    make.settled(order, good=1, resolution="exchange", exchange_for=coat)
    drain()

    assert carried(Settlement.objects.get().exchange) == [{"COAT": 1}]


def test_a_lost_hold_that_is_replaced_is_shipped(drain):
    tee = make.sku("TEE-M", stock={"LON": 5})
    order = make.confirmed(("TEE-M", 5))
    adjusting.adjust(tee, storage(make.warehouse()), -2, note="water damage")
    drain()
    assert carried(order) == [{"TEE-M": 3}]

    put(tee, "LON", 9)
    drain()

    assert make.ship_rest(order).status == "completed"


def test_a_changed_price_takes_the_shipment_line_to_the_new_order_line(drain):
    make.sku("TEE-M", stock={"LON": 10})
    order = make.confirmed(("TEE-M", 4))
    shipment = waves.start_picking(make.shipment_of(order))

    order = amended(order, drain, LineChange(only_line(order), unit_price=D("8")))

    new = order.lines.latest("position")
    assert [row.order_line for row in shipment.lines.all()] == [new]


def test_an_amendment_down_and_up_at_once_keeps_one_shipment(drain):
    make.sku("TEE-M", stock={"LON": 10})
    make.sku("CAP", stock={"LON": 10})
    order = make.confirmed(("TEE-M", 4), ("CAP", 1))
    tee, cap = order.lines.order_by("position")

    order = amended(order, drain, LineChange(tee, 1), LineChange(cap, 6))

    assert carried(order) == [{"TEE-M": 1, "CAP": 6}]


def test_each_transaction_says_once_that_something_is_reserved():
    make.sku("TEE-M", stock={"LON": 2, "MAN": 9})
    make.sku("CAP", stock={"LON": 10})

    order = make.order(lines=[("TEE-M", 5), ("CAP", 2)], confirmed=True)

    assert Event.objects.filter(name="demand.reserved", order_number=order.number).count() == 1


def test_what_is_cut_off_while_it_is_picked_stays_on_its_shipment(drain):
    """A bin has too little for the line, so it is picked in two places; a part is then canceled."""
    tee = make.sku("TEE-M", stock={"LON": 2})
    put(tee, "LON", 3, code="A-02")
    order = make.confirmed(("TEE-M", 5))
    shipment = make.picked(order)
    assert shipment.lines.count() == 2

    lifecycle.cancel_lines(make.fresh(order), {only_line(order).pk: 1})
    drain()

    (row,) = picking.lines_to_put_back(shipment)
    picking.put_back(row, storage(make.warehouse()))
    drain()
    assert carried(order) == [{"TEE-M": 4}]
    packing.pack(make.fresh(shipment))


def test_a_wave_whose_shipments_are_all_canceled_ends(drain):
    make.sku("TEE-M", stock={"LON": 9})
    released, planned = make.confirmed(("TEE-M", 1)), make.confirmed(("TEE-M", 1))
    waves.release(waves.plan(make.warehouse(), [make.shipment_of(released)]))
    waves.plan(make.warehouse(), [make.shipment_of(planned)])

    for order in (released, planned):
        lifecycle.cancel(order)
    drain()

    assert set(Wave.objects.values_list("status", flat=True)) == {"closed"}
    assert set(Shipment.objects.values_list("status", flat=True)) == {"canceled"}


def test_a_planned_wave_is_not_closed_over_its_shipments():
    make.sku("TEE-M", stock={"LON": 9})
    make.confirmed(("TEE-M", 1))
    (wave,) = waves.propose(make.warehouse())

    with pytest.raises(Refused, match="wait to be picked"):
        waves.close(wave)


def test_a_kit_is_not_torn_between_two_shipments():
    make.sku("CUP", stock={"LON": 9})
    make.sku("POT", stock={"LON": 9})
    make.sku("TEE-M", stock={"LON": 9})
    make.sku("SET", kit={"CUP": 2, "POT": 1})
    shipment = make.shipment_of(make.confirmed(("SET", 2), ("TEE-M", 1)))
    cups = shipment.lines.filter(reservation__sku__code="CUP")
    kit = shipment.lines.exclude(reservation__sku__code="TEE-M")

    with pytest.raises(Refused, match="leaves whole"):
        shipments.split(shipment, cups)
    other = shipments.split(shipment, kit)

    assert (shipment.lines.count(), other.lines.count()) == (1, 2)
    shipping.ship(make.labeled(other.order))


def test_a_unit_canceled_once_picked_stays_on_its_shipment_while_the_rest_is_put_back(drain):
    """Before the cancellation's event is delivered, its unit has no line of its own yet."""
    make.sku("TEE-M", stock={"LON": 5})
    order = make.confirmed(("TEE-M", 3))
    shipment = make.picked(order)
    lifecycle.cancel_lines(order, {order.lines.get().pk: 1})

    picking.put_back(shipment.lines.get(), storage(make.warehouse()))
    drain()

    (left,) = make.fresh(shipment).lines.all()
    assert (left.reservation.quantity, left.reservation.put_back_reason) == (1, "cancel")
    picking.put_back(left, storage(make.warehouse()))
    drain()
    assert (make.fresh(shipment).status, make.shipment_of(order).status) == ("canceled", "open")
