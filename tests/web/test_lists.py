"""Lists: pages by key, counts to a limit, searches and filters."""

import re
from datetime import date

import pytest
from django.contrib import admin
from django.test import RequestFactory
from django.urls import reverse

from oms.backoffice import lists
from oms.core.models import Job, User
from orders.models import Order
from tests import builders as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def orders(django_db_blocker):
    made = [make.order(lines=[("TEE-M", number % 3 + 1)]) for number in range(7)]
    for number, order in enumerate(made):
        Order.objects.filter(pk=order.pk).update(
            requested_on=date(2027, 1, 1 + number % 2) if number % 3 else None
        )
    return made


@pytest.fixture
def page(rf, monkeypatch):
    """page(address) is the list of orders there, three rows a page, as root sees it."""
    monkeypatch.setattr(admin.site._registry[Order], "list_per_page", 3)
    root = make.user("root")
    User.objects.update(is_superuser=True, is_staff=True)

    def open_page(address=""):
        request = RequestFactory().get(f"/{address}")
        request.user = User.objects.get(pk=root.pk)
        return admin.site._registry[Order].get_changelist_instance(request)

    return open_page


@pytest.mark.parametrize("order_by", ["", "o=1", "o=6", "o=-6", "o=3", "o=-5.6", "o=8.1"])
def test_next_after_next_shows_each_row_once_in_order_and_previous_goes_back(
    orders, page, order_by
):
    whole = list(page(f"?{order_by}").queryset.values_list("pk", flat=True))
    at, pages = page(f"?{order_by}"), []
    while True:
        pages.append([row.pk for row in at.result_list])
        if not at.older_link:
            break
        at = page(at.older_link)
    backwards = [pages[-1]]
    while at.newer_link:
        at = page(at.newer_link)
        backwards.append([row.pk for row in at.result_list])

    assert [key for rows in pages for key in rows] == whole
    assert backwards == pages[::-1]
    assert [len(rows) for rows in pages] == [3, 3, 1]


def test_a_list_counts_to_a_limit_and_then_offers_no_selection_of_all(orders, page, monkeypatch):
    assert (page().count_text, page().result_count) == ("7", 7)
    monkeypatch.setattr(lists, "MOST_COUNTED", 5)

    assert (page().count_text, page().result_count) == ("5+", 3)


@pytest.mark.parametrize("place", ["x", "3", "bnVsbA", "WzFd", "W3RydWUsICJ4Il0"])
def test_a_place_that_is_none_leads_back_to_the_list(log_in, orders, place):
    answer = log_in("manager").get(reverse("admin:orders_order_changelist"), {"p": place})

    assert (answer.status_code, answer.headers["Location"]) == (302, "/admin/orders/order/?e=1")


def test_an_action_on_all_rows_acts_on_as_many_as_the_page_said_or_on_none(log_in, orders, worked):
    make.sku("TEE-M", stock={"LON": 100})
    client, url = log_in("manager"), reverse("admin:orders_order_changelist")
    shown = client.get(url).content.decode()
    said = re.search(r'name="rows_said" value="(\d+)"', shown).group(1)
    make.order(lines=[("TEE-M", 1)])
    body = {
        "action": "do_confirm",
        "select_across": "1",
        "index": "0",
        "_selected_action": [orders[0].pk],
    }

    client.post(url, {**body, "rows_said": said})
    assert not Order.objects.filter(status="confirmed").exists()
    with worked():
        client.post(url, {**body, "rows_said": "8"})

    assert Job.objects.get().done == 8


@pytest.mark.parametrize(
    ("term", "found"),
    [
        ("WEB-1", ["WEB-1"]),
        ("web-1", ["WEB-1"]),
        ("C-2", ["WEB-2"]),
        ("shop", ["WEB-2", "WEB-1"]),
        ("nothing", []),
    ],
)
def test_orders_are_found_by_their_numbers_else_by_their_customer(page, term, found):
    make.order(lines=[("TEE-M", 1)], external_id="WEB-1")
    make.order(lines=[("TEE-M", 1)], external_id="WEB-2", customer_code="C-2")

    assert [row.external_id for row in page(f"?q={term}").result_list] == found


def test_views_show_what_is_short_ready_late_and_on_hold(page):
    make.sku("TEE-M", stock={"LON": 10})
    make.sku("MUG", stock={"LON": 1})
    ready = make.confirmed(("TEE-M", 1))
    late = make.confirmed(("TEE-M", 1))
    short = make.confirmed(("MUG", 5), backorder=True)
    Order.objects.filter(pk=late.pk).update(requested_on=date(2020, 1, 1))
    customer = make.customer("C-2", credit_limit="1")
    reserved = make.order(lines=[("TEE-M", 1)], customer_code="C-2")
    customer.rep = User.objects.get(username="root")
    customer.save()

    views = {
        name: {row.pk for row in page(f"?view={name}").result_list}
        for name in ("ready", "late", "short", "hold", "mine")
    }

    assert views == {
        "ready": {ready.pk, late.pk},
        "late": {late.pk},
        "short": {short.pk},
        "hold": {reserved.pk},
        "mine": {reserved.pk},
    }


def test_every_list_is_sorted_by_columns(rf):
    request = rf.get("/")
    request.user = make.user("root")
    request.user.is_superuser = request.user.is_staff = True
    for model, each in admin.site._registry.items():
        keys = lists.sort_keys(each.get_changelist_instance(request).queryset)
        assert keys[-1].name.split("__")[-1] in ("pk", "id"), model
