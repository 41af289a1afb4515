"""The search box: what each role finds, and in which order."""

import pytest
from django.urls import reverse

from inventory.models import Barcode
from oms.core.models import User
from tests import builders as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def find(log_in):
    """find(role, term) is the titles of what a person of the role finds."""

    def titles(role, term):
        answer = log_in(role).get(reverse("admin:search"), {"s": term, "extended": "1"})
        return [hit.title for hit in answer.context["results"]]

    return titles


@pytest.fixture
def order():
    make.sku("TEE-M", stock={"LON": 20})
    Barcode.objects.create(sku=make.sku("TEE-M"), code="5012345678900")
    return make.shipped(("TEE-M", 3), external_id="Web-10a")


def test_things_are_found_by_every_number_that_they_have(find, order):
    shipment = order.shipments.get()
    tracking = shipment.labels.get().tracking_number

    assert find("manager", order.number.lower()) == [order.number]
    assert find("manager", "Web-10a") == [order.number]
    assert find("manager", tracking) == [shipment.number]
    assert find("manager", order.invoices.get().number) == [order.invoices.get().number]
    assert find("manager", "5012345678900") == ["TEE-M Tee-M"]


def test_exact_comes_before_beginnings_and_those_before_words(find):
    for code, name in (("TEE", "Plain"), ("TEE-XL", "Large"), ("MUG", "A tee with a handle")):
        make.sku(code)
        type(make.sku(code)).objects.filter(code=code).update(name=name)

    assert find("manager", "tee") == ["TEE Plain", "TEE-XL Large", "MUG A tee with a handle"]


def test_a_page_of_the_menu_is_found_by_its_name(find):
    assert find("accountant", "payments") == ["Payments"]
    assert find("picker", "payments") == []


def test_nobody_finds_what_they_may_not_see(find, order):
    customer = make.customer()
    customer.rep = make.user("other", "rep")
    customer.save()

    for term in (order.number, "Web-10a", order.invoices.get().number, "C-1", "Shop"):
        assert find("rep", term) == [], term
        assert find("picker", term) == [], term
    make.warehouse().staff.add(User.objects.get(username="picker"))
    assert find("picker", order.shipments.get().number) == [order.shipments.get().number]


def test_a_search_takes_one_query_for_each_kind(log_in, order, django_assert_max_num_queries):
    client = log_in("manager")
    client.get(reverse("admin:search"), {"s": "TEE"})

    with django_assert_max_num_queries(15 + 3):  # those, and the session, the user and their roles
        client.get(reverse("admin:search"), {"s": "TEE"})


@pytest.mark.parametrize("term", ["", " ", "T", "%", "'; --", "%%%"])
def test_too_little_or_nonsense_finds_nothing(find, order, term):
    assert find("manager", term) == []


def test_characters_that_nobody_can_see_are_refused(log_in):
    assert log_in("manager").get(reverse("admin:search"), {"s": "\x00\x00"}).status_code == 400
