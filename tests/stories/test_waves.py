"""Waves of a warehouse whose aisles have two faces, and a slip in a coordinate that is found at entry."""

import pytest
from django.urls import reverse

from fulfillment import picking, waves
from fulfillment.models import PickTask, Shipment
from inventory import floors
from inventory.models import SKU, Bin
from oms.core import confirming, outbox
from oms.core.errors import NeedsConfirmation
from oms.core.models import User
from orders.models import Order
from tests import builders as make

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("verified")]
AISLE_CM, FACE_CM = 400, 100


def floor(aisles=4, bays=5):
    """Aisles with bins on both sides, a SKU in each bin: A-01 and A-02 face each other."""
    house = make.warehouse()
    for aisle in range(aisles):
        for bay in range(bays):
            for side in (0, 1):
                code = f"{'ABCDEFGH'[aisle]}-{2 * bay + side + 1:02}"
                make.storage(
                    house,
                    code,
                    aisle=code[0],
                    x_cm=AISLE_CM * aisle + FACE_CM * (2 * side + 1),
                    y_cm=200 * (bay + 1),
                )
                make.put(make.sku(f"SKU-{code}"), "LON", 50, code=code)
    return house


def ordered(*codes, **fields):
    order = make.confirmed(*[(f"SKU-{code}", 1) for code in codes])
    Order.objects.filter(pk=order.pk).update(**fields)
    return order


def test_bins_on_both_sides_are_one_aisle_and_walked_by_their_codes():
    house = floor()
    ordered("B-02", "B-01", "B-09")
    outbox.drain()

    wave = waves.release(waves.plan(house, list(Shipment.objects.all())))

    assert list(PickTask.objects.order_by("sequence").values_list("bin__code", flat=True)) == [
        "B-01",
        "B-02",
        "B-09",
    ]
    assert (
        wave.walking_distance_cm == 2 * (AISLE_CM + 2 * FACE_CM) + 2 * 1000
    )  # in the middle between both sides
    picking.pick_all(Shipment.objects.get())


def test_waves_are_of_neighbors_and_the_urgent_order_goes_first_with_company(monkeypatch):
    house = floor()
    monkeypatch.setattr(waves, "LIMITS", waves.planner.Limits(shipments=3, stops=60))
    far = [ordered("D-09", "D-10"), ordered("D-07"), ordered("D-08")]
    near = [ordered("A-01"), ordered("A-02", "A-03")]
    urgent = ordered("A-04", priority=5)
    outbox.drain()

    planned = waves.propose(house)

    orders = [set(wave.shipments.values_list("order", flat=True)) for wave in planned]
    assert orders == [{urgent.pk, *(order.pk for order in near)}, {order.pk for order in far}]
    for wave in planned:
        waves.release(wave)
    assert Shipment.objects.filter(status="picking").count() == 6


def test_a_coordinate_ten_times_beyond_its_neighbors_is_asked_about(client):
    house = floor(aisles=2)
    User.objects.filter(pk=make.user("root", "manager").pk).update(is_staff=True, is_superuser=True)
    client.force_login(User.objects.get(username="root"))
    place = Bin.objects.get(code="B-05")
    address = reverse("admin:inventory_bin_change", args=[place.pk])
    form = {
        "warehouse": house.pk,
        "zone": "",
        "code": "B-05",
        "kind": "storage",
        "is_sellable": "on",
        "aisle": "B",
        "bay": 0,
        "level": 0,
        "x_cm": 500,
        "y_cm": 6000,
    }

    plain = client.get(address).content.decode()
    asked = client.post(address, {**form, "y_cm": 60_000}).content.decode()
    kept = make.fresh(place).y_cm
    close = client.post(address, form)
    sure = client.post(address, {**form, "y_cm": 60_000, "is_measured": "on"})

    assert 'type="hidden" name="is_measured"' in plain
    assert (
        "y = 60000 cm is ten times as far as any neighbor of B-05: the farthest is at 1000 cm"
        in asked
    )
    assert 'type="checkbox" name="is_measured"' in asked
    assert kept == 600 and close.status_code == 302 and sure.status_code == 302
    assert make.fresh(place).y_cm == 60_000


def test_the_first_bins_and_those_beside_them_are_not_asked_about():
    house = make.warehouse()
    for number in range(5):
        place = Bin(warehouse=house, code=f"Z-{number}", x_cm=(number + 1) * 900, y_cm=0)
        floors.ask_if_far_off(place)
        place.save()

    far = Bin(warehouse=house, code="Z-9", x_cm=-45_000, y_cm=10)
    with pytest.raises(NeedsConfirmation, match="x = 45000 cm"):
        floors.ask_if_far_off(far)
    with confirming.agreed(True):
        floors.ask_if_far_off(far)
    assert SKU.objects.count() == 0
