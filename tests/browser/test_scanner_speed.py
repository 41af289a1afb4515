"""Order entry at a scanner's speed: every key counts, whatever the server takes for its answers."""

import re

import pytest

from orders.models import Order
from tests import builders as make

pytestmark = pytest.mark.django_db(transaction=True)
ENTRY = "/admin/orders/order/entry/"
CODES = ("20685", "22423", "85123A", "21212")


@pytest.fixture
def rep():
    """The rep of customer 12375, who can sell four items that are known by code, one of them by barcode too."""
    person = make.user("rep", "rep")
    for code in ("12375", "12376"):
        customer = make.customer(code)
        customer.rep = person
        customer.save()
    make.taxes()
    make.channel()
    for code in CODES:
        make.sku(code, stock={"LON": 500}, name=f"Article {code}")
        make.priced(code)
    make.sku("21212").barcodes.create(code="5012345678900")
    return person


def lines_of(page):
    page.wait_for_url(re.compile(r"/admin/orders/order/\d+/change/"))
    order = Order.objects.latest("pk")
    return order.customer.code, list(
        order.lines.order_by("position").values_list("sku__code", "quantity")
    )


@pytest.mark.parametrize("pause", [0, 15, 60, 120])
def test_codes_and_quantities_are_taken_as_fast_as_they_are_typed(open_as, rep, pause):
    page = open_as("rep", ENTRY)
    page.keyboard.type("12375\n20685\n2\n22423\n12\n85123A\n\n5012345678900\n7\n", delay=pause)
    page.keyboard.press("Control+Enter")

    assert lines_of(page) == ("12375", [("20685", 2), ("22423", 12), ("85123A", 1), ("21212", 7)])


def test_what_waits_for_an_answer_is_shown_and_sent_once_it_is_there(open_as, rep):
    page, waiting = open_as("rep", ENTRY), []
    answering = []
    page.route(
        re.compile(r"/api/v1/(customers/\?|skus/)"),
        lambda route: route.continue_() if answering else waiting.append(route),
    )
    page.keyboard.type("12375\n20685\n2\n22423\n3\n")
    page.get_by_text("Looking up “12375”…").wait_for()
    page.get_by_text("Lines being looked up: 2").wait_for()
    page.keyboard.press("Control+Enter")
    assert not Order.objects.exists()
    answering.append(True)
    for route in waiting:
        route.continue_()

    assert lines_of(page) == ("12375", [("20685", 2), ("22423", 3)])


def test_what_is_unknown_is_marked_and_the_keys_after_it_count(open_as, rep):
    page = open_as("rep", ENTRY)
    page.keyboard.type("12375\n20685\n2\n99999\n5\n22423\n1.000\n21212\n4\n")
    page.get_by_text("“99999” matches no SKU").wait_for()
    page.get_by_text("“1.000” isn't a plain count").wait_for()
    page.keyboard.press("Control+Enter")
    page.locator("#problem").get_by_text("“99999” matches no SKU").wait_for()
    page.get_by_role("button", name="Remove unmatched lines (1)").click()
    page.locator(".oms-quantity").nth(1).fill("1000")
    page.keyboard.press("Control+Enter")
    page.get_by_text("Short: 500 × 22423").wait_for()
    page.locator(".oms-quantity").nth(1).fill("10")
    page.keyboard.press("Control+Enter")

    assert lines_of(page) == ("12375", [("20685", 2), ("22423", 10), ("21212", 4)])


def test_an_item_scanned_where_its_quantity_was_expected_is_a_line_of_its_own(open_as, rep):
    page = open_as("rep", ENTRY)
    page.keyboard.type("12375\n5012345678900\n5012345678900\n\n")
    page.get_by_text("was scanned as a quantity").wait_for()
    page.keyboard.press("Control+Enter")

    assert lines_of(page) == ("12375", [("21212", 1), ("21212", 1)])


def test_a_scan_into_another_field_does_not_send_the_order(open_as, rep):
    page = open_as("rep", ENTRY)
    page.keyboard.type("12375\n20685\n2\n")
    page.locator("#customer_reference").focus()
    page.keyboard.type("PO-77\n")
    assert page.evaluate("document.activeElement.className") == "oms-sku"
    assert not Order.objects.exists()


def test_a_pasted_letter_leaves_out_the_letter_and_marks_what_is_not_a_count(open_as, rep):
    page = open_as("rep", ENTRY)
    page.keyboard.type("12375\n")
    page.get_by_text("Paste lines").click()
    page.locator("#block").fill(
        "Hello,\n5x20713\n3 x 20685\n2 dozen 22423\nARTICLE 85123A x 4\nRegards\nAnna\nTel 020 7946 0958"
    )
    page.get_by_role("button", name="Add lines").click()
    page.get_by_text("Lines read: 4. Marked because they match no SKU: 1.").wait_for()
    assert page.get_by_text("Marked because the quantity isn't plain: 2.").is_visible()
    assert page.get_by_text("Left out, not order lines: “Hello,”, “Regards”, “Anna”").is_visible()
    page.get_by_role("button", name="Remove unmatched lines (1)").click()
    page.locator(".oms-quantity").nth(1).fill("24")
    page.keyboard.press("Control+Enter")

    assert lines_of(page) == ("12375", [("20685", 3), ("22423", 24), ("85123A", 4)])
