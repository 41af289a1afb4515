"""The packer's own packages, and a picker who can't go on: at the stations, in a browser."""

import pytest

from fulfillment import waves
from fulfillment.models import Carton, PackageContent, Shipment
from oms.core import outbox
from tests import builders as make
from tests.browser.test_stations import scan, stops

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def floor(alive):
    """Shirts and caps in LON, two cartons, and the people of the floor."""
    make.service()
    for code, size in (("BOX-L", 400), ("BOX-S", 200)):
        Carton.objects.create(
            code=code,
            length_mm=size,
            width_mm=size,
            height_mm=size,
            weight_g=100,
            max_weight_g=9000,
        )
    for code, place in (("TEE", "A-01"), ("CAP", "B-01")):
        make.sku(code, weight_g=200)
        make.storage(make.warehouse(), place)
        make.put(make.sku(code), "LON", 20, code=place)
    for role in ("picker", "packer"):
        make.warehouse().staff.add(make.user(role, role))


def packages():
    rows = PackageContent.objects.order_by("package__position", "line__reservation__sku__code")
    return list(
        rows.values_list(
            "package__position",
            "package__carton__code",
            "package__weight_g",
            "line__reservation__sku__code",
            "quantity",
        )
    )


def press(page, name):
    page.get_by_role("button", name=name).click()


def synced(page):
    page.wait_for_function("document.getElementById('pending').hidden")


def test_a_packer_spreads_a_line_over_two_packages(open_as, floor):
    shipment = make.picked(make.confirmed(("TEE", 4), ("CAP", 1)))
    page = open_as("packer", f"/stations/pack/#LON/{shipment.number}")
    page.get_by_text("Scan each item").wait_for()
    scan(page, "TEE", "TEE", "TEE")
    page.get_by_text("3 of 4").wait_for()
    press(page, "New package")
    page.get_by_text("▸ Package 2").wait_for()
    scan(page, "TEE", "CAP")

    page.get_by_role("heading", name="Everything is scanned").wait_for()
    press(page, "Change packages")
    press(page, "Package 1")
    press(page, "Move units")
    page.get_by_label("Quantity").fill("1")
    press(page, "OK")
    press(page, "Package 2")
    press(page, "Package 2")
    press(page, "Choose carton")
    press(page, "BOX-S")
    press(page, "Package 2")
    press(page, "Enter weight")
    page.get_by_label("Quantity").fill("777")
    press(page, "OK")
    press(page, "Done")
    scan(page, shipment.number)
    page.get_by_text("packed: 2 packages").wait_for()
    synced(page)

    first = Carton.objects.get(pk=Shipment.objects.get().packages.get(position=1).carton_id)
    assert packages() == [
        (1, first.code, 500, "TEE", 2),
        (2, "BOX-S", 777, "CAP", 1),
        (2, "BOX-S", 777, "TEE", 2),
    ]


def test_as_suggested_the_last_scan_packs_and_what_fits_no_carton_is_told(open_as, floor):
    make.sku("LADDER", stock={"LON": 2}, length_mm=2500, width_mm=400, height_mm=100, weight_g=900)
    shipment = make.picked(make.confirmed(("LADDER", 1), ("TEE", 1)))
    page = open_as("packer", f"/stations/pack/#LON/{shipment.number}")
    page.get_by_text("No carton fits LADDER").wait_for()
    scan(page, "TEE", "LADDER")
    page.get_by_text("packed: 2 packages").wait_for()
    synced(page)

    assert [(code, sku) for _at, code, _grams, sku, _units in packages()] in (
        [("BOX-S", "TEE"), (None, "LADDER")],
        [(None, "LADDER"), ("BOX-S", "TEE")],
    )


def test_a_picker_ships_what_is_picked_and_the_rest_waits(open_as, floor):
    order = make.confirmed(("TEE", 1), ("CAP", 1))
    wave = waves.start_picking(make.shipment_of(order)).wave
    first, second = stops(wave)
    page = open_as("picker", f"/stations/pick/#LON/{wave.number}")
    page.get_by_role("heading", name=first.bin.code, exact=True).wait_for()
    assert page.get_by_role("button", name="Ship what is picked").count() == 0
    scan(page, first.bin.code, first.line.reservation.sku.code)
    page.get_by_role("heading", name=second.bin.code, exact=True).wait_for()
    press(page, "Ship what is picked")
    page.get_by_text("Not picked yet").wait_for()
    press(page, "Move to new shipment")
    page.get_by_text("All items picked").wait_for()
    synced(page)
    outbox.drain()

    old, new = Shipment.objects.order_by("pk")
    assert [line.reservation.sku.code for line in old.lines.all()] == [
        first.line.reservation.sku.code
    ]
    assert [(new.status, line.reservation.sku.code) for line in new.lines.all()] == [
        ("open", second.line.reservation.sku.code)
    ]
