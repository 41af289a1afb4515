"""A site under another prefix: its scripts get the addresses that they call from the server."""

import json
import re

import pytest
from django.test.utils import override_script_prefix
from django.urls import reverse

from tests import builders as make

pytestmark = pytest.mark.django_db


def addresses(value):
    """The texts in a value that are addresses."""
    if isinstance(value, dict):
        return [each for one in value.values() for each in addresses(one)]
    return [value] if isinstance(value, str) and value.startswith("/") else []


@pytest.mark.parametrize(
    ("page", "count"), [("/stations/pack/", 8), ("/admin/orders/order/entry/", 11)]
)
def test_a_page_gives_its_script_addresses_under_the_prefix(log_in, page, count):
    make.warehouse()
    client = log_in("root")
    with override_script_prefix("/shop/"):
        html = client.get(page).content.decode()
    setup = json.loads(re.search(r'<script id="setup"[^>]*>(.*?)</script>', html)[1])

    assert len(addresses(setup)) == count
    assert [each for each in addresses(setup) if not each.startswith("/shop/")] == []
    assert 'src="/shop/jsi18n/"' in html


def test_the_bell_of_every_page_counts_and_leads_under_the_prefix(log_in):
    client = log_in("root")
    pages = [reverse("admin:index"), reverse("admin:app_list", args=["orders"])]
    with override_script_prefix("/shop/"):
        shown = [client.get(page).content.decode() for page in pages]

    for html in shown:
        (bell,) = re.findall(r'<template id="oms-bell-template">.*?</template>', html)
        assert 'href="/shop/admin/core/notice/?read_at__isempty=1"' in bell
        assert 'data-url="/shop/admin/core/notice/bell/"' in bell
