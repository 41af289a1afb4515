"""Channels on several connections at once: an order comes in once, a number isn't lost, a parcel is told once."""

import time

import pytest
from django.db import connections

from oms.core import outbox
from oms.insights import verification
from orders.channels import accounts, intake, listings, marking, pushing, telling
from orders.channels.models import ChannelAccount, ChannelCall, ChannelOrder, Listing
from orders.channels.telling import ShippedParcel
from orders.models import Order, TaxRate
from tests import builders as make
from tests.channels.shops.woocommerce import Shop


@pytest.fixture
def shop(settings):
    settings.OUTGOING_ALLOWED_NETWORKS = ["127.0.0.1/32"]
    with Shop() as server:
        yield server


@pytest.fixture
def account(race, shop):
    company = make.company(country="DE", currency="EUR", time_zone="Europe/Berlin")
    make.warehouse("BER", company=company, country="DE", postal_code="10115")
    TaxRate.objects.create(country="DE", tax_class="standard", percent=19)
    channel = make.channel("woo", company=company, price_list=None)
    made = ChannelAccount.objects.create(
        channel=channel, provider="woocommerce", address=shop.address
    )
    accounts.connect(made, {"consumer_key": shop.key, "consumer_secret": shop.secret})
    make.sku("MUG", stock={"BER": 10})
    shop.product("MUG", 10)
    listings.read(make.fresh(made))
    outbox.drain()
    yield make.fresh(made)
    outbox.drain()
    assert [str(breach) for breach in verification.breaches()] == []


def test_an_order_that_is_told_looked_for_and_compared_at_once_comes_in_once(race, account, shop):
    bought = shop.buy(("MUG", 2))

    results = race(*[lambda: intake.take_now(account, str(bought["id"]))] * 4)

    assert sorted(map(str, results)) == ["False", "False", "False", "True"]
    order = Order.objects.get()
    assert (order.status, order.reserved, ChannelOrder.objects.count()) == ("confirmed", 2, 1)


def test_a_number_that_changed_while_it_was_sent_is_sent_again(account, shop):
    """The shop sold some before our number arrived: it shows more than there is until it is told again."""
    listing = Listing.objects.get()
    marking.send_again(Listing.objects.all())

    def sell():
        shop.while_setting = None
        marking.doubt(account.channel_id, {listing.external_id})
        connections.close_all()

    shop.while_setting = sell
    pushing.push(account)

    row = make.fresh(listing)
    assert (row.verdict, row.changed_at is not None) == (Listing.Verdict.STALE, True)
    shop._named("MUG")["stock_quantity"] = 7
    pushing.push(make.fresh(account))
    assert (make.fresh(listing).changed_at, shop.stock("MUG")) == (None, 10)


def test_a_channel_has_one_sender_at_a_time(race, account, shop):
    marking.send_again(Listing.objects.all())
    shop.while_setting = lambda: time.sleep(0.3)

    race(*[lambda: pushing.push(make.fresh(account))] * 3)

    assert len(shop.asked_for("POST", "products/batch")) == 2  # one by connecting, of nothing


def test_a_parcel_is_told_once_by_whoever_comes_first(race, account, shop):
    bought = shop.buy(("MUG", 2))
    intake.take_now(account, str(bought["id"]))
    order = Order.objects.get()
    line = order.lines.get()
    telling.shipped(order, [ShippedParcel("SH-1-1", {line.pk: 2}, "DHL", "TR1")])

    race(*[telling.send_due] * 4)

    assert (ChannelCall.objects.get().state, len(bought["notes"])) == ("done", 1)
    assert len(shop.asked_for("PUT", "orders/")) == 1
