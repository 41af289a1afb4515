from datetime import timedelta

import pytest
from django.utils import timezone

from fulfillment import (
    labels,
    lanes,
    packing,
    partners,
    picking,
    rating,
    shipments,
    shipping,
    tracking,
    waves,
)
from fulfillment.carriers.connectors import BoughtLabel
from fulfillment.models import PickTask, Shipment, ShippingLabel, TrackingEvent, Wave
from inventory.models import Bin, Lane
from oms.core import outbox
from oms.core.errors import Refused, WrongState
from oms.core.models import Decision, Notice
from orders import lifecycle
from tests import builders as make
from tests.builders.orders import only_line
from tests.builders.stock import put, storage

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("verified")]


@pytest.fixture
def order():
    make.sku("TEE-M", stock={"LON": 20})
    return make.confirmed(("TEE-M", 3))


def test_confirming_opens_a_shipment_per_warehouse_and_tells_its_pickers():
    picker = make.user("pat", "picker")
    make.warehouse().staff.add(picker)
    make.sku("TEE-M", stock={"LON": 2, "MAN": 2})

    order = make.confirmed(("TEE-M", 4))

    assert sorted(order.shipments.values_list("warehouse__code", flat=True)) == ["LON", "MAN"]
    assert Notice.objects.get().to == picker


def test_walk_follows_coordinates_not_names():
    place = make.warehouse()
    for code, sku, x, y in (
        ("A-01", "A", 900, 100),
        ("B-01", "B", 0, 100),
        ("C-01", "C", 300, 100),
    ):
        bin = storage(place, code, x_cm=x, y_cm=y)
        put(make.sku(sku), "LON", 5, code=bin.code)
    order = make.confirmed(("A", 1), ("B", 1), ("C", 1))

    waves.start_picking(make.shipment_of(order))

    walk = list(
        PickTask.objects.order_by("sequence").values_list("line__reservation__sku__code", flat=True)
    )
    assert walk in (["B", "C", "A"], ["A", "C", "B"])


def test_picking_shows_on_the_order_at_once(order):
    make.picked(order)

    assert (make.fresh(order).picked, make.stock_of(make.sku("TEE-M"))) == (3, (20, 17, 0))


def test_pack_needs_everything_picked(order):
    shipment = waves.start_picking(make.shipment_of(order))

    with pytest.raises(Refused, match=r"1 line of SH-[0-9]+ hasn't been picked yet"):
        packing.pack(shipment)


def test_unpack_is_the_inverse_of_pack(order):
    shipment = packing.unpack(make.packed(order))

    assert (shipment.status, shipment.packages.count()) == ("picking", 0)
    assert packing.pack(make.fresh(shipment)).status == "packed"


def test_verify_names_what_differs(order):
    package = make.packed(order).packages.get()

    with pytest.raises(Refused, match=r"CAP \+1, TEE-M -1"):
        packing.verify(package, {"TEE-M": 2, "CAP": 1})
    assert packing.verify(package, {"TEE-M": 3}).verified_at is not None


def test_the_cheapest_service_is_chosen_and_explained(order):
    make.service("std", "4.50")
    make.service("exp", "9.00", days=1)

    shipment = rating.choose(make.packed(order))

    assert shipment.service.code == "std"
    assert Decision.objects.get(kind="carrier service").reasons == ["the cheapest"]


def test_a_label_is_bought_once(order, drain):
    make.service()
    shipment = make.packed(order)
    labels.buy(shipment)

    with pytest.raises(Refused, match="have labels"):
        labels.buy(shipment)

    drain()
    assert ShippingLabel.objects.get().status == "bought"


def test_a_label_that_comes_after_it_was_unwanted_is_voided(order, drain):
    make.service()
    shipment = make.packed(order)
    labels.buy(shipment)
    labels.void(shipment)
    label = ShippingLabel.objects.get()
    assert label.status == "unwanted"

    labels.record_bought(label, BoughtLabel("T1", label.cost))
    drain()

    assert ShippingLabel.objects.get().status == "voided"


def test_ship_needs_a_label(order):
    with pytest.raises(Refused, match="has no label yet"):
        shipping.ship(make.packed(order))


def test_ship_bills_and_tells_the_customer_the_tracking_number(order, drain, mailoutbox):
    shipment = make.labeled(order)

    shipping.ship(shipment)
    drain()

    order = make.fresh(order)
    assert (order.status, order.shipped, order.invoiced, order.invoices.get().gross) == (
        "completed",
        3,
        3,
        order.gross,
    )
    (mail,) = [each for each in mailoutbox if "has shipped" in each.subject]
    assert shipping.tracking_numbers(shipment)[0] in mail.body


def test_ship_twice_is_wrong_state(order):
    shipment = make.labeled(order)
    shipping.ship(shipment)

    with pytest.raises(WrongState):
        shipping.ship(shipment)


def test_the_last_parcels_delivery_delivers_the_shipment():
    make.sku("TEE-M", stock={"LON": 20})
    order = make.shipped(("TEE-M", 3))
    (number,) = shipping.tracking_numbers(make.shipment_of(order))
    now = timezone.now()

    for _ in range(2):
        tracking.record(number, TrackingEvent.Kind.DELIVERED, now)

    assert make.shipment_of(order).status == "delivered"
    assert TrackingEvent.objects.count() == 1


def test_canceled_before_picking_closes_the_shipment(order, drain):
    lifecycle.cancel(order)
    drain()

    assert Shipment.objects.get().status == "canceled"


def test_canceled_after_picking_must_be_put_back(order, drain):
    shipment = make.picked(order)
    lifecycle.cancel_lines(make.fresh(order), {only_line(order).pk: 1})
    drain()

    with pytest.raises(Refused, match="Put them back before packing"):
        packing.pack(shipment)

    (line,) = picking.lines_to_put_back(shipment)
    picking.put_back(line, storage(make.warehouse()))
    drain()
    assert packing.pack(make.fresh(shipment)).status == "packed"
    assert make.stock_of(make.sku("TEE-M")) == (20, 18, 0)


def test_canceled_wholly_after_picking_ends_with_everything_back(order, drain):
    shipment = make.picked(order)
    lifecycle.cancel(make.fresh(order))
    drain()

    for line in picking.lines_to_put_back(shipment):
        picking.put_back(line, storage(make.warehouse()))
    drain()

    assert (make.fresh(order).status, make.fresh(shipment).status) == ("canceled", "canceled")
    assert make.stock_of(make.sku("TEE-M")) == (20, 20, 0)


def test_short_pick_takes_what_is_there_and_the_rest_from_elsewhere(drain):
    make.sku("TEE-M", stock={"LON": 3, "MAN": 3})
    order = make.confirmed(("TEE-M", 3))
    shipment = waves.start_picking(make.shipment_of(order))

    picking.report_short(shipment.lines.get(), found=1)
    drain()

    other = make.shipment_of(order)
    assert other.pk != shipment.pk
    assert [line.reservation.quantity for line in other.lines.all()] == [2]
    assert make.bin_stock(make.sku("TEE-M"), shipment.warehouse.code, "MISSING") == 2
    assert packing.pack(make.fresh(shipment)).status == "packed"


def test_split_sends_lines_apart():
    make.sku("A", stock={"LON": 5})
    make.sku("B", stock={"LON": 5})
    order = make.confirmed(("A", 1), ("B", 1))
    shipment = make.shipment_of(order)

    other = shipments.split(shipment, [shipment.lines.first()])

    assert (shipment.lines.count(), other.lines.count()) == (1, 1)


def test_a_third_party_ships_without_our_labels(drain):
    make.warehouse("3PL", kind="3pl")
    make.sku("TEE-M", stock={"3PL": 5})
    order = make.confirmed(("TEE-M", 2))
    shipment = shipments.hand_over(make.shipment_of(order), external_id="X-77")

    partners.record_outside(shipment)
    drain()

    assert (make.fresh(order).status, make.fresh(shipment).external_id) == ("completed", "X-77")


def test_waves_batch_open_shipments_and_close_when_done():
    make.sku("TEE-M", stock={"LON": 50})
    for _ in range(3):
        make.confirmed(("TEE-M", 1))

    (wave,) = waves.propose(make.warehouse())
    wave = waves.release(wave)
    with pytest.raises(Refused, match="still has 3 open picks"):
        waves.close(wave)
    for shipment in wave.shipments.all():
        picking.pick_all(shipment)
    outbox.drain()

    assert Wave.objects.get().status == "closed"


def test_lanes_learn_costs_and_punctuality():
    make.service()
    make.sku("TEE-M", stock={"LON": 90})
    for day in range(20):
        order = make.shipped(("TEE-M", 1))
        shipment = make.shipment_of(order)
        Shipment.objects.filter(pk=shipment.pk).update(
            promised_on=timezone.now().date() + timedelta(days=day % 2 - 1)
        )
        shipping.deliver(shipment)
    outbox.drain()

    lanes.refresh()

    lane = Lane.objects.get(country="GB")
    mean = (10 + 20 * 0.95) / (20 + 20)
    assert (lane.base_cost, float(lane.on_time_share)) == (
        4.5,
        round((10 + 20 * mean) / (20 + 20), 3),
    )


def test_backorder_is_filled_by_a_receipt_and_shipped(drain):
    make.sku("TEE-M", stock={"LON": 1})
    order = make.shipped(("TEE-M", 3), backorder=True)
    assert (order.status, order.shipped) == ("confirmed", 1)

    make.receive_purchase(make.sku("TEE-M"), 5)
    drain()
    shipping.ship(make.labeled(order))
    drain()

    order = make.fresh(order)
    assert (
        order.status,
        order.invoices.count(),
        sum(each.gross for each in order.invoices.all()),
    ) == ("completed", 2, order.gross)


def test_kits_leave_whole(drain):
    make.sku("CUP", stock={"LON": 9})
    make.sku("POT", stock={"LON": 9})
    make.sku("SET", kit={"CUP": 2, "POT": 1})
    order = make.shipped(("SET", 2))

    assert (order.status, only_line(order).shipped, make.stock_of(make.sku("CUP"))[0]) == (
        "completed",
        2,
        5,
    )
    assert Bin.objects.filter(kind="staging", stock__on_hand__gt=0).count() == 0
