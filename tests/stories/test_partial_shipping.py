"""A started shipment goes with what is picked, the rest in a new one; kits whole; waves end."""

import pytest

from fulfillment import labels, packing, partial, picking, rerouting, shipments, shipping, waves
from fulfillment.models import PickTask, Shipment, Wave
from oms.core.errors import Refused, WrongState
from orders import holds
from tests import builders as make
from tests.builders.stock import storage

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("verified")]


def picked(shipment, *skus):
    """Take only the lines of these SKUs."""
    return picking.pick_lines(
        shipment, list(shipment.lines.filter(reservation__sku__code__in=skus))
    )


def goods(shipment):
    return sorted(
        (line.reservation.sku.code, line.reservation.quantity) for line in shipment.lines.all()
    )


@pytest.fixture
def started():
    """A shipment of 2 shirts and 3 caps, of which the shirts are picked."""
    make.sku("TEE-M", stock={"LON": 20})
    make.sku("CAP", stock={"LON": 20})
    order = make.confirmed(("TEE-M", 2), ("CAP", 3))
    return picked(waves.start_picking(make.shipment_of(order)), "TEE-M")


def test_what_is_picked_goes_and_the_rest_follows_in_a_new_shipment(started, drain):
    order = started.order

    partial.split_unpicked(make.fresh(started))

    rest = Shipment.objects.exclude(pk=started.pk).get()
    assert (goods(started), goods(rest), rest.status) == ([("TEE-M", 2)], [("CAP", 3)], "open")
    assert (Wave.objects.get().status, PickTask.objects.filter(done_at=None).count()) == (
        "closed",
        0,
    )
    assert make.bin_stock(make.sku("CAP"), "LON") == 20
    make.service()
    packing.pack(make.fresh(started))
    labels.buy(make.fresh(started))
    drain()
    shipping.ship(make.fresh(started))
    drain()
    assert (make.fresh(order).status, make.fresh(order).shipped) == ("confirmed", 2)
    assert make.ship_rest(order).status == "completed"


def test_other_shipments_of_the_wave_stay_on_the_walk(drain):
    make.sku("TEE-M", stock={"LON": 20})
    make.sku("CAP", stock={"LON": 20})
    for _ in range(2):
        make.confirmed(("TEE-M", 2), ("CAP", 3))
    (wave,) = waves.propose(make.warehouse())
    waves.release(wave)
    first, second = Shipment.objects.order_by("pk")
    picked(first, "TEE-M")

    partial.split_unpicked(make.fresh(first))

    assert set(PickTask.objects.filter(done_at=None).values_list("line__shipment", flat=True)) == {
        second.pk
    }
    picking.pick_all(make.fresh(second))
    drain()
    assert make.fresh(wave).status == "closed"


@pytest.mark.parametrize("skus", [[], ["TEE-M", "CAP"]])
def test_with_nothing_or_everything_picked_there_is_nothing_to_split(skus):
    make.sku("TEE-M", stock={"LON": 20})
    make.sku("CAP", stock={"LON": 20})
    shipment = waves.start_picking(make.shipment_of(make.confirmed(("TEE-M", 2), ("CAP", 3))))
    if skus:
        picked(shipment, *skus)

    with pytest.raises(Refused, match=r"Nothing of .* is picked|All of .* is picked"):
        partial.split_unpicked(make.fresh(shipment))


def test_picking_that_was_not_begun_is_stopped_and_can_start_again(drain):
    make.sku("TEE-M", stock={"LON": 20})
    shipment = waves.start_picking(make.shipment_of(make.confirmed(("TEE-M", 2))))

    partial.stop_picking(shipment)

    shipment = make.fresh(shipment)
    assert (shipment.status, shipment.wave, Wave.objects.get().status) == ("open", None, "closed")
    assert make.stock_of(make.sku("TEE-M")) == (20, 20, 2)
    assert make.ship_rest(shipment.order).status == "completed"


def test_what_is_picked_is_not_stopped(started):
    with pytest.raises(Refused, match="Put it back first"):
        partial.stop_picking(make.fresh(started))


@pytest.fixture
def kits():
    """Two sets of 2 cups and a pot, and a shirt, being picked."""
    for code in ("CUP", "POT", "TEE-M"):
        make.sku(code, stock={"LON": 20})
    make.sku("SET", kit={"CUP": 2, "POT": 1})
    return waves.start_picking(make.shipment_of(make.confirmed(("SET", 2), ("TEE-M", 1))))


def test_kits_that_are_not_picked_follow_whole(kits, drain):
    picked(kits, "TEE-M")

    partial.split_unpicked(make.fresh(kits))

    rest = Shipment.objects.exclude(pk=kits.pk).get()
    assert (goods(kits), goods(rest)) == ([("TEE-M", 1)], [("CUP", 4), ("POT", 2)])
    drain()
    make.ship_rest(kits.order)


def test_a_kit_that_is_picked_unevenly_follows_whole_once_its_part_is_put_back(kits, drain):
    picked(kits, "TEE-M", "CUP")

    partial.split_unpicked(make.fresh(kits))
    drain()

    (cups,) = picking.lines_to_put_back(kits)
    assert (cups.reservation.quantity, cups.reservation.sku.code) == (4, "CUP")
    picking.put_back(cups, storage(make.warehouse()))
    drain()
    rest = Shipment.objects.exclude(pk=kits.pk).get()
    assert (goods(kits), goods(rest)) == ([("TEE-M", 1)], [("CUP", 4), ("POT", 2)])


def test_an_order_that_ships_complete_is_not_split(started):
    holds.ship_complete(make.fresh(started.order), only_complete=True)

    with pytest.raises(Refused, match="ships complete only"):
        partial.split_unpicked(make.fresh(started))


def test_what_a_third_party_has_taken_on_is_not_split_here():
    make.warehouse("3PL", kind="3pl")
    for code in ("TEE-M", "CAP"):
        make.sku(code, stock={"3PL": 5})
    shipment = make.shipment_of(make.confirmed(("TEE-M", 2), ("CAP", 1)))
    shipment = shipments.hand_over(shipment, external_id="X-1")

    with pytest.raises(Refused, match=r"3PL has shipment .* as X-1"):
        shipments.split(shipment, [shipment.lines.first()])


@pytest.mark.parametrize(
    "step", [partial.split_unpicked, partial.stop_picking, rerouting.reroute_shipment]
)
def test_a_shipment_that_has_left_says_so_while_another_is_under_way(step, drain):
    make.sku("TEE-M", stock={"LON": 2, "MAN": 2})
    order = make.confirmed(("TEE-M", 4))
    last = Shipment.objects.latest("pk")
    make.service()
    labels.buy(packing.pack(picking.pick_all(waves.start_picking(last))))
    drain()
    shipping.ship(make.fresh(last))

    with pytest.raises(WrongState, match="“shipped”"):
        step(make.fresh(last))
    assert make.ship_rest(order).status == "completed"
