"""Serial numbers and lots at the stations: a pasted list at receipt, and what nobody knew at a count."""

import pytest

from inventory.models import CountLine, Lot
from tests import builders as make
from tests.browser.test_stations import scan
from tests.browser.test_stations_packing import press, synced

pytestmark = pytest.mark.django_db(transaction=True)


def paste(page, text):
    page.evaluate(
        """(text) => {
        const data = new DataTransfer();
        data.setData("text", text);
        const field = document.getElementById("code");
        field.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, cancelable: true }));
    }""",
        text,
    )
    page.keyboard.press("Enter")


def test_many_serial_numbers_come_in_one_act(open_as):
    order = make.sent_purchase(make.sku("DRILL", tracking="serial"), 6)
    make.warehouse().staff.add(make.user("buyer", "buyer"))
    page = open_as("buyer", f"/stations/receive/#LON/{order.number}")
    page.get_by_text("Scan a product").wait_for()
    scan(page, "DRILL")
    page.get_by_role("heading", name="Scan each serial number").wait_for()
    scan(page, "S1")
    page.get_by_role("heading", name="1 serial number").wait_for()
    paste(page, "A08\nA09\r\nB1..B2")
    page.get_by_role("heading", name="5 serial numbers").wait_for()
    scan(page, "B2")
    page.get_by_role("alertdialog").wait_for()
    page.keyboard.press("Escape")
    press(page, "Good")
    page.get_by_text("Scan a product").wait_for()
    synced(page)

    assert sorted(Lot.objects.values_list("code", flat=True)) == ["A08", "A09", "B1", "B2", "S1"]
    assert make.fresh(order).lines.get().received == 5


def test_a_count_asks_the_date_of_a_lot_that_nobody_knows(open_as):
    tea = make.sku("TEA", tracking="lot", has_expiry=True)
    make.storage(make.warehouse(), "A-01")
    make.warehouse().staff.add(make.user("picker", "picker"))
    page = open_as("picker", "/stations/count/")
    page.get_by_role("heading", name="Scan a bin to count").wait_for()
    scan(page, "A-01")
    page.get_by_text("Scan the items in A-01").wait_for()
    scan(page, "TEA", "L1")
    page.get_by_text("Lot L1 is new").wait_for()
    scan(page, "2027-05-31")
    page.get_by_label("Quantity").wait_for()
    page.get_by_label("Quantity").fill("4")
    press(page, "OK")
    page.get_by_text("2027-05-31").wait_for()
    press(page, "Finish bin")
    page.get_by_role("heading", name="Scan a bin to count").wait_for()
    synced(page)

    assert (str(Lot.objects.get(sku=tea).expires_on), CountLine.objects.get().found) == (
        "2027-05-31",
        4,
    )
