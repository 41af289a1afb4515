"""A seller's eBay account: its orders, its stock within eBay's limits, and what it tells by itself."""

import json
from datetime import timedelta
from decimal import Decimal as D

import pytest
from django.test import Client
from django.utils import timezone

from fulfillment.carriers.models import Rate
from oms.core import outbox
from orders import lifecycle
from orders.accounting import refunds
from orders.accounting.models import Payment, Refund
from orders.channels import accounts, incoming, listings, pulling, pushing, telling
from orders.channels.connectors.ebay import connector as ebay
from orders.channels.connectors.ebay import signing
from orders.channels.models import ChannelAccount, ChannelCall, ChannelOrder, Listing
from orders.channels.telling import ShippedParcel
from orders.models import Order, OrderHold
from tests import builders as make
from tests.channels.shops.ebay import Shop
from tests.channels.test_ebay import keys

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("verified")]
S = Order.Status


@pytest.fixture
def shop():
    with Shop() as server:
        server.item("MUG", 10)
        server.item("CUP", 10)
        yield server


@pytest.fixture
def account(company, german_taxes, shop):
    """A seller who is connected, with two articles in stock and listed."""
    ebay.KEYS.clear()
    Rate.objects.create(service=make.service(), country="DE", up_to_g=30_000, price=D("4.50"))
    make.warehouse("BER", company=company, country="DE", postal_code="10115")
    for sku in ("MUG", "CUP"):
        make.sku(sku, stock={"BER": 10})
    made = ChannelAccount.objects.create(
        channel=make.channel("ebay", company=company, price_list=None),
        provider="ebay",
        address=shop.address,
        settings={"seconds": 5},
    )
    known = {name: text for name, text in keys(shop).items() if name != "access_token"}
    accounts.connect(made, known, site="https://oms.example")
    listings.read(make.fresh(made))
    return make.fresh(made)


def pull(account):
    pulling.pull(make.fresh(account))
    outbox.drain()


def order_of(bought):
    return ChannelOrder.objects.get(external_id=bought["orderId"]).order


def holds_of(order):
    return set(order.holds.filter(released_at=None).values_list("kind", flat=True))


def test_orders_come_in_and_what_ebay_tells_is_believed_only_if_signed(account, shop):
    bought = shop.buy(("MUG", 2, 9.99))
    remitted = shop.buy(("CUP", 1, 10.0), remitted=1.9)
    asking = shop.buy(("CUP", 1, 10.0))
    shop.ask_to_cancel(asking)
    pull(account)

    order = order_of(bought)
    assert (order.status, order.gross, order.tax) == (S.CONFIRMED, D("24.88"), D("3.97"))
    assert Payment.objects.get(order=order).amount == D("24.88")
    other = order_of(remitted)
    assert (other.gross, other.tax, ChannelOrder.objects.get(order=other).tax_remitted) == (
        D("14.90"),
        0,
        D("1.90"),
    )
    assert holds_of(order_of(asking)) == {OrderHold.Kind.STATE, OrderHold.Kind.CHANGED}

    path = accounts.door_of(account).removeprefix("https://oms.example")
    asked = Client().get(path, {"challenge_code": "abc"})
    token = account.credentials["webhook_secret"]
    expected = signing.answer_of("abc", token, accounts.door_of(account))
    assert json.loads(asked.content) == {"challengeResponse": expected}
    assert Client().get(path).status_code == 405
    name = bought["buyer"]["username"]
    body, headers = shop.told("MARKETPLACE_ACCOUNT_DELETION", {"username": name})
    send = {"content_type": "application/json", "headers": headers}
    assert Client().post(path, body, **send).status_code == 200
    assert Client().post(path, body.replace(b"buyer", b"other"), **send).status_code == 401
    row = ChannelOrder.objects.get(external_id=bought["orderId"])
    assert row.raw is not None
    incoming.act(account)
    row.refresh_from_db()
    assert (row.raw, ChannelOrder.objects.filter(raw__isnull=False).count()) == (None, 2)


def test_the_last_revisions_of_a_day_are_kept_for_going_to_and_from_0(account, shop):
    today = account.channel.company.today()
    Listing.objects.update(revisions=200, revised_on=today)
    shop.items["MUG"]["revisions"] = shop.items["CUP"]["revisions"] = 200
    for sku in ("MUG", "CUP"):
        make.put(make.sku(sku), "BER", 1)
    Listing.objects.filter(external_sku="CUP").update(cap=0)
    pushing.fan_out()
    pushing.push(make.fresh(account))

    assert (shop.items["CUP"]["quantity"], shop.items["CUP"]["revisions"]) == (0, 201)
    assert (shop.items["MUG"]["quantity"], shop.items["MUG"]["revisions"]) == (10, 200)
    waits = Listing.objects.get(external_sku="MUG")
    assert (waits.verdict, waits.changed_at is None) == (Listing.Verdict.LATER, False)
    Listing.objects.update(revised_on=today - timedelta(days=1), retry_at=None)
    pushing.push(make.fresh(account))
    assert shop.items["MUG"]["quantity"] == 11


def test_parcels_cancellations_and_refunds_are_told_once_and_awaited(account, shop):
    kept, canceled = shop.buy(("MUG", 2, 9.99)), shop.buy(("MUG", 1, 9.99))
    pull(account)
    order, other = order_of(kept), order_of(canceled)
    telling.shipped(order, [ShippedParcel("SHP-7-1", {order.lines.get().pk: 2}, "DHL", "JD 1")])
    lifecycle.cancel(other, reason="Broken")
    refunds.refund(Payment.objects.get(order=order), D("9.99"), reference="Too blue")
    outbox.drain()
    shop.fail("lost", "POST", "shipping_fulfillment")
    shop.fail("lost", "POST", "issue_refund")
    for _round in range(6):
        ChannelCall.objects.exclude(next_at=None).update(next_at=timezone.now())
        telling.send_due()
        shop.settle()
        outbox.drain()

    assert [each["shipmentTrackingNumber"] for each in kept["fulfillments"]] == ["JD1"]
    assert len(shop.cancellations) == 1
    given = [each["amount"]["value"] for each in kept["paymentSummary"]["refunds"]]
    assert given == ["9.99"]
    assert set(ChannelCall.objects.values_list("state", flat=True)) == {"done"}
    assert {row.status for row in Refund.objects.all()} == {"done"}
    pull(account)
    assert Refund.objects.filter(payment__order=order).count() == 1
