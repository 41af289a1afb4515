"""A day on the floor by scanner: a wave picked and packed, goods received, a dead network, and wrong scans."""

import pytest

from fulfillment import waves
from fulfillment.models import PickTask, Shipment, StationAction, Wave
from inventory.models import Barcode
from inventory.purchasing.models import PurchaseOrder
from oms.core import outbox
from orders.models import Order
from tests import builders as make

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def floor(alive):
    """A warehouse with mugs in A-01 and shirts in B-07; its people; parcels can be sent."""
    make.service()
    for code, barcode, place, x in (("MUG", "5001", "A-01", 0), ("TEE-M", "5002", "B-07", 600)):
        item = make.sku(code)
        make.storage(make.warehouse(), place, x_cm=x, y_cm=200)
        make.put(item, "LON", 50, code=place)
        Barcode.objects.create(sku=item, code=barcode)
    Barcode.objects.create(sku=make.sku("MUG"), code="5601", pack_name="six", pack_quantity=6)
    for role in ("picker", "packer", "buyer"):
        make.warehouse().staff.add(make.user(role, role))
    return make.warehouse()


@pytest.fixture
def wave(floor):
    orders = [make.confirmed(("MUG", 7), ("TEE-M", 1)), make.confirmed(("TEE-M", 2))]
    outbox.drain()
    return waves.release(waves.plan(floor, list(Shipment.objects.filter(order__in=orders))))


def scan(page, *codes):
    """What a keyboard wedge does: it types, and presses Enter."""
    for code in codes:
        page.keyboard.type(code)
        page.keyboard.press("Enter")


def take(page, stop):
    scan(page, stop.bin.code)
    wanted = stop.line.reservation.quantity
    codes = {("MUG", 7): ["5601", "5001"], ("TEE-M", 1): ["5002"], ("TEE-M", 2): ["5002", "5002"]}
    scan(page, *codes[stop.line.reservation.sku.code, wanted])


def stops(wave):
    return list(
        PickTask.objects.filter(wave=wave)
        .order_by("sequence")
        .select_related("bin", "line__reservation__sku")
    )


def test_a_picker_and_a_packer_do_a_wave_by_scanner(open_as, wave):
    page = open_as("picker", "/stations/pick/")
    page.get_by_text("Scan or choose a wave").wait_for()
    scan(page, wave.number)
    for stop in stops(wave):
        page.get_by_role("heading", name=stop.bin.code, exact=True).wait_for()
        take(page, stop)
    page.get_by_text("All items picked").wait_for()
    page.wait_for_function("document.getElementById('pending').hidden")
    outbox.drain()
    assert Wave.objects.get().status == "closed"

    page = open_as("packer", "/stations/pack/")
    for shipment in Shipment.objects.order_by("pk"):
        page.get_by_text("Scan or choose a shipment").wait_for()
        scan(page, shipment.number)
        page.get_by_text("Scan each item").wait_for()
        if shipment.lines.filter(reservation__sku__code="MUG").exists():
            scan(page, "5601", "5001", "5002")
        else:
            scan(page, "5002", "5002")
        page.wait_for_function("document.getElementById('pending').hidden")
        outbox.drain()
        page.get_by_text("Scan each package label").wait_for()
        scan(page, *(label.tracking_number for label in shipment.labels.all()))

    page.get_by_text("Scan or choose a shipment").wait_for()
    page.wait_for_function("document.getElementById('pending').hidden")
    assert set(Shipment.objects.values_list("status", flat=True)) == {"shipped"}
    outbox.drain()
    assert {order.status for order in Order.objects.all()} == {"completed"}


def test_a_wrong_scan_raises_an_alarm_that_stays_and_lands_nowhere(open_as, wave):
    page = open_as("picker", "/stations/pick/")
    page.get_by_text("Scan or choose a wave").wait_for()
    first = stops(wave)[0]
    wrong = {"MUG": "5002", "TEE-M": "5001"}[first.line.reservation.sku.code]
    scan(page, wave.number)
    page.get_by_role("heading", name=first.bin.code, exact=True).wait_for()
    scan(page, first.bin.code)
    page.get_by_role("heading", name=first.line.reservation.sku.code).wait_for()
    scan(page, wrong)
    alarm = page.get_by_role("alertdialog")
    alarm.wait_for()
    assert "Put it back" in alarm.inner_text()
    scan(page, "5601", "5001", "5002")
    assert alarm.is_visible()
    assert not StationAction.objects.exists()
    page.keyboard.press("Escape")
    alarm.wait_for(state="hidden")
    assert page.get_by_role("heading", name=first.line.reservation.sku.code).is_visible()
    scan(page, *{"MUG": ["5601", "5001"], "TEE-M": ["5002"]}[first.line.reservation.sku.code])
    page.get_by_role("heading", name=stops(wave)[1].bin.code, exact=True).wait_for()
    page.wait_for_function("document.getElementById('pending').hidden")


def test_a_pick_goes_on_without_a_network_and_arrives_once(open_as, wave):
    page = open_as("picker", "/stations/pick/")
    page.get_by_text("Scan or choose a wave").wait_for()
    scan(page, wave.number)
    first, *rest = stops(wave)
    page.get_by_role("heading", name=first.bin.code, exact=True).wait_for()
    page.route(
        "**/act/", lambda route: (route.fetch(), route.abort()), times=1
    )  # done there, the answer is lost
    with page.expect_event("requestfailed"):
        take(page, first)
    page.context.set_offline(True)
    page.get_by_text("1 not sent yet").wait_for()
    for stop in rest:
        page.get_by_role("heading", name=stop.bin.code, exact=True).wait_for()
        take(page, stop)
    page.get_by_text(f"{len(rest) + 1} not sent yet").wait_for()
    assert StationAction.objects.count() == 1
    page.context.set_offline(False)
    page.wait_for_function("document.getElementById('pending').hidden")

    assert StationAction.objects.count() == len(rest) + 1
    assert not PickTask.objects.filter(done_at=None).exists()
    assert make.bin_stock(make.sku("MUG"), "LON", "STAGING") == 7


def test_what_waits_for_the_server_outlives_the_page(open_as, wave):
    page = open_as("picker", "/stations/pick/")
    page.get_by_text("Scan or choose a wave").wait_for()
    scan(page, wave.number)
    first, second = stops(wave)[:2]
    page.get_by_role("heading", name=first.bin.code, exact=True).wait_for()
    page.route("**/act/", lambda route: route.abort())
    take(page, first)
    page.get_by_text("1 not sent yet").wait_for()
    page.unroute("**/act/")
    page.reload()
    page.wait_for_function("document.getElementById('pending').hidden")

    assert PickTask.objects.get(pk=first.pk).done_at is not None
    assert PickTask.objects.get(pk=second.pk).done_at is None


def test_a_short_pick_is_told_in_place_and_the_walk_goes_on(open_as, wave):
    page = open_as("picker", f"/stations/pick/#LON/{wave.number}")
    first = stops(wave)[0]
    page.get_by_role("heading", name=first.bin.code, exact=True).wait_for()
    scan(page, first.bin.code)
    page.get_by_role("button", name="Short or damaged").click()
    page.get_by_label("Quantity").fill("0")
    page.get_by_role("button", name="Rest damaged").click()
    page.wait_for_function("document.getElementById('pending').hidden")

    sku = first.line.reservation.sku
    assert make.bin_stock(sku, "LON", "DAMAGED") == first.line.reservation.quantity
    page.get_by_role("heading", name=stops(wave)[0].bin.code, exact=True).wait_for()


def test_a_buyer_receives_and_puts_away(open_as, floor):
    order = make.sent_purchase(make.sku("MUG"), 12)
    page = open_as("buyer", "/stations/receive/")
    page.get_by_role("button", name=order.number).click()
    page.get_by_text("Scan a product").wait_for()
    scan(page, "5601")
    page.get_by_role("button", name="Good").wait_for()
    scan(page, "5001")
    page.get_by_role("heading", name="7").wait_for()
    page.get_by_role("button", name="Good").click()
    page.get_by_text("Scan a product").wait_for()
    scan(page, "5001")
    page.get_by_label("Quantity").fill("5")
    page.get_by_role("button", name="Damaged").click()
    page.get_by_text("Scan or choose a purchase order").wait_for()
    assert PurchaseOrder.objects.get().status == "closed"

    page.goto(page.url.replace("receive", "put-away"))
    page.get_by_text("Scan a product").wait_for()
    scan(page, "MUG")
    page.get_by_label("Quantity").fill("7")
    page.get_by_role("button", name="OK").click()
    page.get_by_role("heading", name="A-01").wait_for()
    scan(page, "A-01")
    page.get_by_text("Nothing to put away").wait_for()

    assert make.bin_stock(make.sku("MUG"), "LON", "A-01") == 57
    assert make.bin_stock(make.sku("MUG"), "LON", "DAMAGED") == 5
