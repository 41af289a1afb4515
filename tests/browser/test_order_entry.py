"""A rep's day: orders keyed without the mouse, pasted, kept when the browser dies, and entered once by a bad line."""

import re

import pytest

from orders.models import Order
from tests import builders as make

pytestmark = pytest.mark.django_db(transaction=True)
ENTRY = "/admin/orders/order/entry/"


@pytest.fixture
def rep():
    """The rep of C-1, who can sell twenty mugs and a shirt."""
    person = make.user("rep", "rep")
    customer = make.customer(credit_limit="5000")
    customer.rep = person
    customer.save()
    make.taxes()
    make.channel()
    for number in range(20):
        make.sku(f"MUG-{number:02}", stock={"LON": 50})
        make.priced(f"MUG-{number:02}")
    make.sku("TEE-M", stock={"LON": 9})
    make.priced("TEE-M")
    return person


def pick(page, text, shown):
    """Type into the field that has the focus, and take what is suggested first."""
    page.keyboard.type(text)
    page.get_by_role("option", name=shown).first.wait_for()
    page.keyboard.press("Enter")


def wait_for_order(page):
    page.wait_for_url(re.compile(r"/admin/orders/order/\d+/change/"))
    return Order.objects.latest("pk")


def test_twenty_lines_are_keyed_without_the_mouse(open_as, rep):
    page = open_as("rep", ENTRY)
    pick(page, "sho", "C-1 Shop C-1")
    for number in range(20):
        pick(page, f"mug {number:02}", f"MUG-{number:02}")
        page.keyboard.type(str(number + 1))
        page.keyboard.press("Enter")
    page.get_by_text("list wholesale").nth(19).wait_for()
    assert page.locator(".oms-stock").nth(4).inner_text() == "50 (LON 50)"
    assert page.locator("#credit").inner_text() == "5000.00 GBP"
    page.locator("#total:not(.oms-quiet)", has_text="2100.00").wait_for()
    assert page.locator(".oms-net").nth(19).inner_text() == "200.00"
    page.keyboard.press("Control+Enter")

    order = wait_for_order(page)
    assert (order.status, order.units, order.lines.count(), str(order.net)) == (
        "confirmed",
        210,
        20,
        "2100.000",
    )


def test_a_block_is_pasted_and_what_matches_nothing_is_chosen_and_remembered(open_as, rep):
    page = open_as("rep", ENTRY)
    pick(page, "C-1", "C-1 Shop C-1")
    page.get_by_text("Paste lines").click()
    page.locator("#block").fill("MUG-01\t2\n3 x TEE-M please\n4 of the tee shirts")
    page.get_by_role("button", name="Add lines").click()
    unknown = page.locator(".oms-unknown .oms-sku")
    assert unknown.input_value() == "the tee shirts"
    unknown.fill("")
    pick(page, "tee", "TEE-M")
    page.get_by_text("list wholesale").nth(2).wait_for()
    page.get_by_label("Ship complete only").select_option("Yes")
    page.keyboard.press("Control+Enter")

    order = wait_for_order(page)
    assert order.ship_complete is True
    assert list(order.lines.order_by("position").values_list("sku__code", "quantity")) == [
        ("MUG-01", 2),
        ("TEE-M", 3),
        ("TEE-M", 4),
    ]
    assert make.customer().part_numbers.get().code == "the tee shirts"


def test_what_was_typed_is_there_again_after_the_browser_died(open_as, rep):
    page = open_as("rep", ENTRY)
    pick(page, "C-1", "C-1 Shop C-1")
    pick(page, "TEE", "TEE-M")
    page.keyboard.type("7")
    page.get_by_text("list wholesale").wait_for()
    page.reload()
    page.get_by_text("We restored your unsaved order").wait_for()
    page.get_by_text("list wholesale").wait_for()
    page.keyboard.press("Control+Enter")

    assert wait_for_order(page).lines.get().quantity == 7


def test_an_order_whose_answer_was_lost_is_entered_once(open_as, rep):
    page = open_as("rep", ENTRY)
    page.route("**/api/v1/orders/", lambda route: (route.fetch(), route.abort()))
    pick(page, "C-1", "C-1 Shop C-1")
    pick(page, "TEE", "TEE-M")
    page.keyboard.press("Enter")
    page.keyboard.press("Control+Enter")
    page.get_by_text("Couldn't reach the server").wait_for()
    page.unroute("**/api/v1/orders/")
    page.keyboard.press("Control+Enter")
    wait_for_order(page)

    assert Order.objects.count() == 1


def test_what_is_refused_says_why_and_loses_nothing(open_as, rep):
    page = open_as("rep", ENTRY)
    pick(page, "C-1", "C-1 Shop C-1")
    pick(page, "TEE", "TEE-M")
    page.keyboard.type("10")
    page.locator(".oms-short").wait_for()
    page.keyboard.press("Control+Enter")
    page.get_by_text("Short: 1 × TEE-M").wait_for()
    assert not Order.objects.exists()
    page.locator(".oms-quantity").first.fill("9")
    page.keyboard.press("Control+Enter")

    assert wait_for_order(page).units == 9


def test_an_order_goes_to_the_address_that_was_chosen_also_after_the_browser_died(open_as, rep):
    make.customer().addresses.create(
        name="Depot", street="2 Quay", postal_code="M1 1AA", city="Leeds", country="GB"
    )
    page = open_as("rep", ENTRY)
    pick(page, "C-1", "C-1 Shop C-1")
    page.locator("#ship_to_address option").nth(2).wait_for(state="attached")
    page.select_option("#ship_to_address", label="Depot, 2 Quay, M1 1AA Leeds, GB")
    page.locator(".oms-sku").first.focus()
    pick(page, "TEE", "TEE-M")
    page.reload()
    page.locator("#ship_to_address option").nth(2).wait_for(state="attached")
    page.get_by_text("list wholesale").wait_for()
    page.keyboard.press("Control+Enter")

    assert wait_for_order(page).ship_to["street"] == "2 Quay"


def test_an_earlier_order_is_repeated(open_as, rep):
    earlier = make.confirmed(("MUG-03", 4), ("TEE-M", 2))
    page = open_as("rep", f"{ENTRY}?repeat={earlier.number}")
    page.get_by_text("list wholesale").nth(1).wait_for()
    page.keyboard.press("Control+Enter")

    order = wait_for_order(page)
    assert order.pk != earlier.pk
    assert list(order.lines.order_by("position").values_list("sku__code", "quantity")) == [
        ("MUG-03", 4),
        ("TEE-M", 2),
    ]


def test_the_search_box_opens_by_keyboard_from_a_field(open_as, rep):
    order = make.confirmed(("TEE-M", 1))
    page = open_as("rep", ENTRY)
    page.keyboard.press("Control+k")
    page.locator("#search-input-command:focus").wait_for()
    page.keyboard.type(order.number)
    page.get_by_text("Order · confirmed").wait_for()
    page.keyboard.press("Enter")

    page.wait_for_url(re.compile(rf"/admin/orders/order/{order.pk}/change/"))
