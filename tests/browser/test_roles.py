"""A role of a company's own: made by hand from nothing, given to a person, and obeyed by every page and address."""

import pytest
from django.apps import apps
from django.contrib.admin import site
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from inventory.models import SKU
from oms.core import clients
from oms.core.models import ApiClient, Notice, User
from oms.web.api import router
from returns.models import ReturnRequest
from tests import builders as make

pytestmark = pytest.mark.django_db(transaction=True)
MENU = {"Returns", "SKUs", "Notifications"}


def test_a_returns_clerk_is_made_from_nothing_and_sees_exactly_their_pages(open_as):
    make.sku("TEE-M", stock={"LON": 9})
    asked = make.asked_back(make.shipped(("TEE-M", 2)))
    User.objects.filter(pk=make.user("root").pk).update(is_superuser=True)
    clerk = make.user("ann")

    page = open_as("root", "/admin/core/role/add/")
    page.get_by_label("Name").fill("returns clerk")
    page.get_by_role("radio", name="everything").check()
    for right in (
        "Approve: Returns",
        "Receive items: Returns",
        "View: Notifications",
        "View: SKUs",
    ):
        page.get_by_label(right, exact=True).check()
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_text("was added successfully").wait_for()
    page.get_by_role("link", name="returns clerk").first.click()
    page.get_by_role("link", name="What this role sees").click()
    page.get_by_text("Returns to approve, Returns to receive, Unread notifications").wait_for()
    page.goto(f"{page.url.split('/admin/')[0]}/admin/core/user/{clerk.pk}/change/")
    page.get_by_label("returns clerk").check()
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_text("was changed successfully").wait_for()

    page = open_as("ann")
    assert {
        item.inner_text().split("\n")[-1] for item in page.locator("#nav-sidebar-apps a").all()
    } == MENU
    page.get_by_role("link", name="Returns to receive").click()
    page.get_by_role("link", name=asked.number).click()
    page.get_by_role("link", name="Receive items").wait_for()
    assert page.locator(".oms-head .oms-button").all_inner_texts() == [
        "Receive items …",
        "Return label",
    ]
    assert seen_in_the_admin(clerk) == {ReturnRequest, SKU, Notice}
    assert answered_over_the_api(clerk) == {"returns", "skus", "events"}


def seen_in_the_admin(person):
    """The kinds of records whose lists open."""
    client = Client()
    client.force_login(User.objects.get(pk=person.pk))
    lists = {
        model: reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        for model in apps.get_models()
        if site.is_registered(model)
    }
    return {model for model, address in lists.items() if client.get(address).status_code == 200}


def answered_over_the_api(person):
    """The addresses that answer a token of this person; events are those of what is seen."""
    program = ApiClient.objects.create(name="clerk's", user=User.objects.get(pk=person.pk))
    caller = APIClient(headers={"Authorization": f"Bearer {clients.issue_token(program)}"})
    return {
        name
        for name, _viewset, _base in router.registry
        if caller.get(f"/api/v1/{name}/").status_code == 200
    }
