"""A seller's Amazon account: its orders, its stock within Amazon's limits, and what is told back."""

import time
from datetime import timedelta
from decimal import Decimal as D

import pytest
from django.db.models import F
from django.utils import timezone

from fulfillment.carriers.models import Rate
from oms.core import attention, outbox
from orders import lifecycle
from orders.accounting import refunds
from orders.accounting.models import Payment, Refund
from orders.channels import (
    accepted,
    accounts,
    incoming,
    intake,
    listings,
    pulling,
    pushing,
    tasks,
    telling,
)
from orders.channels.models import ChannelAccount, ChannelCall, ChannelOrder, Listing
from orders.channels.telling import ShippedParcel
from orders.models import Order, OrderHold
from tests import builders as make
from tests.channels.shops.amazon import GERMANY, Marketplace
from tests.channels.test_amazon import KEYS

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("verified")]
S = Order.Status


@pytest.fixture
def shop():
    with Marketplace() as server:
        yield server


@pytest.fixture
def account(company, german_taxes, shop):
    """A seller who is connected, with a mug in stock and listed."""
    Rate.objects.create(service=make.service(), country="DE", up_to_g=30_000, price=D("4.50"))
    make.warehouse("BER", company=company, country="DE", postal_code="10115")
    made = ChannelAccount.objects.create(
        channel=make.channel("amazon", company=company, price_list=None),
        provider="amazon",
        address=shop.address,
        settings={
            "marketplaces": [GERMANY],
            "login": f"{shop.address}/auth/o2/token",
            "queue": f"{shop.address}/123/orders",
            "seconds": 5,
        },
    )
    accounts.connect(made, {name: text for name, text in KEYS.items() if name != "access_token"})
    stock(made, shop, MUG=10)
    return make.fresh(made)


def stock(account, shop, **skus):
    for sku, quantity in skus.items():
        make.sku(sku, stock={"BER": quantity})
        shop.item(sku, quantity)
    listings.read(make.fresh(account))
    ChannelAccount.objects.update(stock_wait_until=None, bulk_at=None)


def pull(account):
    pulling.pull(make.fresh(account))
    outbox.drain()


def order_of(bought):
    return ChannelOrder.objects.get(external_id=bought["orderId"]).order


def holds_of(order):
    return set(order.holds.filter(released_at=None).values_list("kind", flat=True))


def test_tokens_are_renewed_and_the_authorization_is_counted_down(account, shop):
    first = account.credentials["access_token"]
    assert first in shop.tokens
    assert (account.authorized_until - timezone.now()).days == 364

    ChannelAccount.objects.update(token_ends_at=timezone.now())
    accounts.open_connector(make.fresh(account))
    assert make.fresh(account).credentials["access_token"] not in (first, "atza-0")

    ChannelAccount.objects.update(authorized_until=timezone.now() + timedelta(days=9))
    assert any("authorization" in text for text in attention.alarms())


def test_orders_come_in_whole_and_as_amazon_sold_them(account, shop):
    bought = shop.buy(("MUG", 2, "9.99"))
    by_amazon = shop.buy(("MUG", 1, "9.99"), by="AMAZON")
    shop.requests.clear()
    ChannelAccount.objects.update(settings={**account.settings, "raw_days": 400})
    pull(account)

    order = order_of(bought)
    kept = ChannelOrder.objects.get(order=order)
    assert kept.raw_until == account.channel.company.today() + timedelta(days=30)
    assert (order.status, order.gross, order.tax, order.reserved) == (
        S.CONFIRMED,
        D("24.88"),
        D("3.97"),
        2,
    )
    assert Payment.objects.get(order=order).amount == D("24.88")
    assert order_of(by_amazon) is None
    assert [each.path for each in shop.requests] == ["/orders/2026-01-01/orders"]
    account = make.fresh(account)
    assert account.pull_at - timezone.now() > timedelta(seconds=170)


def test_a_pending_order_reserves_and_is_priced_and_addressed_once_it_is_released(account, shop):
    bought = shop.buy(("MUG", 2, "9.99"), status="PENDING")
    pull(account)
    order = order_of(bought)
    assert (order.status, order.reserved, order.gross) == (S.CONFIRMED, 2, 0)
    assert holds_of(order) == {OrderHold.Kind.PENDING}

    shop.set_status(bought, "UNSHIPPED")
    ChannelOrder.objects.update(looked_at=F("looked_at") - timedelta(minutes=10))
    pull(account)
    order = order_of(bought)
    assert (holds_of(order), order.gross, order.tax) == (set(), D("24.88"), D("3.97"))
    assert order.ship_to["city"] == "Berlin"
    assert Payment.objects.get(order=order).amount == D("24.88")


def test_taxes_that_amazon_does_not_name_are_ours(account, shop):
    bought = shop.buy(("MUG", 1, "11.90"), shipping="")
    proceeds = bought["orderItems"][0]["proceeds"]
    proceeds["breakdowns"] = [each for each in proceeds["breakdowns"] if each["type"] == "ITEM"]
    pull(account)

    order = order_of(bought)
    assert (order.net, order.tax, order.gross) == (D("10.00"), D("1.90"), D("11.90"))
    assert order.status == S.CONFIRMED


def test_an_order_whose_address_is_kept_back_is_held_and_not_lost(account, shop):
    shop.has_address = False
    bought = shop.buy(("MUG", 1, "9.99"))
    pull(account)

    assert holds_of(order_of(bought)) == {OrderHold.Kind.ADDRESS, OrderHold.Kind.STATE}


def test_the_queue_brings_an_order_at_once(account, shop):
    bought = shop.buy(("MUG", 1, "9.99"), ago=0)
    shop.notify(bought)
    shop.notify(bought)

    assert incoming.collect(account) == 2
    assert (incoming.act(account), shop.messages) == (1, [])
    assert order_of(bought).status == S.CONFIRMED
    assert sum(each.path.endswith(bought["orderId"]) for each in shop.requests) == 1


def test_stock_stays_within_amazons_limits(account, shop):
    """More listings change than one burst allows: no request is refused, and what sells out goes first."""
    stock(account, shop, **{f"S{number}": 5 for number in range(8)})
    for number in range(8):
        make.put(make.sku(f"S{number}"), "BER", 5)
    Listing.objects.filter(external_sku="MUG").update(cap=0, changed_at=timezone.now())
    pushing.fan_out()
    account = make.fresh(account)
    shop.requests.clear()

    rounds = 0
    while Listing.objects.filter(changed_at__isnull=False).exists():
        pushing.push(make.fresh(account))
        rounds += 1
        assert rounds < 10
        wait = 1.0  # a second goes by, for us and for Amazon
        shop.pass_time(wait)
        ChannelAccount.objects.update(
            tokens_at=F("tokens_at") - timedelta(seconds=wait), stock_wait_until=None
        )

    sent = [each for each in shop.requests if each.method == "PATCH"]
    assert (sent[0].path.endswith("/MUG"), len(sent), rounds, shop.refused) == (True, 9, 2, [])
    assert [shop.shown(sku) for sku in ("MUG", "S0", "S7")] == [0, 10, 10]
    assert set(Listing.objects.values_list("verdict", flat=True)) == {Listing.Verdict.ACCEPTED}

    shop.items["S3"]["fulfillmentAvailability"][0]["quantity"] = 5  # it was never applied
    Listing.objects.update(pushed_at=timezone.now() - timedelta(minutes=6))
    accepted.look_again()
    verdicts = dict(Listing.objects.values_list("external_sku", "verdict"))
    assert (verdicts.pop("S3"), set(verdicts.values())) == (
        Listing.Verdict.STALE,
        {Listing.Verdict.SET},
    )


def test_many_quantities_go_by_one_feed_whose_report_is_read_row_by_row(account, shop):
    stock(account, shop, **{f"S{number}": 5 for number in range(8)})
    for number in range(8):
        make.put(make.sku(f"S{number}"), "BER", 5)
    pushing.fan_out()
    account.settings["feed_from"] = 8
    account.save(update_fields=["settings"])
    gone = Listing.objects.get(external_sku="S7")
    Listing.objects.filter(pk=gone.pk).update(external_id="S7-GONE")
    shop.requests.clear()

    assert pushing.push(make.fresh(account)) == 8
    assert len(shop.feeds) == 1
    assert not [each for each in shop.requests if each.method == "PATCH"]
    soon = timezone.now() - timedelta(minutes=6)
    Listing.objects.update(pushed_at=soon)
    accepted.look_again()
    assert Listing.objects.filter(verdict=Listing.Verdict.ACCEPTED).count() == 8
    shop.process()
    Listing.objects.update(pushed_at=soon)
    accepted.look_again()

    assert Listing.objects.filter(verdict=Listing.Verdict.SET).count() == 7
    gone.refresh_from_db()
    assert (gone.verdict, gone.message) == ("invalid", "The SKU doesn't match (8560)")
    assert (shop.shown("S0"), shop.refused) == (10, [])


def test_parcels_cancellations_and_refunds_are_told_and_their_outcome_is_awaited(account, shop):
    kept, canceled = shop.buy(("MUG", 2, "9.99")), shop.buy(("MUG", 1, "9.99"))
    pull(account)
    order, other = order_of(kept), order_of(canceled)
    line = order.lines.get()
    telling.shipped(order, [ShippedParcel("SHP-7-1", {line.pk: 2}, "DHL", "JD014")])
    lifecycle.cancel(other, reason="Broken")
    outbox.drain()

    assert telling.send_due() == 1
    assert [each["trackingNumber"] for each in kept["packages"]] == ["JD014"]
    cancel = ChannelCall.objects.get(kind="cancel")
    assert (cancel.state, cancel.reference[:5]) == ("pending", "feed-")
    shop.process()
    ChannelCall.objects.filter(state="pending").update(next_at=timezone.now())
    telling.send_due()
    cancel.refresh_from_db()
    assert (cancel.state, canceled["fulfillment"]["fulfillmentStatus"]) == ("done", "CANCELLED")

    refunds.refund(Payment.objects.get(order=order), D("9.99"), reference="Too blue")
    outbox.drain()
    call = ChannelCall.objects.get(kind="refund", channel_order__order=order)
    shop.fail("lost", "POST", "/feeds$")  # done, and the answer lost
    assert telling.send_due() == 0
    ChannelCall.objects.filter(pk=call.pk).update(next_at=timezone.now())
    telling.send_due()
    call.refresh_from_db()
    assert (call.state, len(shop.feeds)) == ("pending", 2)
    shop.process()
    assert kept["refunds"] == [9.99]
    ChannelCall.objects.exclude(next_at=None).update(next_at=timezone.now())
    telling.send_due()
    assert {row.status for row in Refund.objects.all()} == {"done"}
    assert canceled.get("refunds") is None  # Amazon gives back what it cancels


def test_what_amazon_throttles_waits_alone(account, shop):
    bought = shop.buy(("MUG", 1, "9.99"))
    shop.buckets["searchOrders"] = (0.0, time.time())
    pulling.look(make.fresh(account))
    account = make.fresh(account)

    assert account.wait_until is None
    assert account.pull_at - timezone.now() > timedelta(seconds=170)
    assert (account.failures, account.trouble) == (0, "")
    assert intake.take_now(account, bought["orderId"])
    tasks.send_stock()
    assert shop.shown("MUG") == 9
