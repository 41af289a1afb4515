"""A Shopify shop and its orders, from the first look at its listings to the last refund."""

from datetime import timedelta
from decimal import Decimal as D

import pytest
from django.db.models import Sum
from django.test import Client
from django.utils import timezone

from fulfillment.carriers.models import Rate
from oms.core import outbox
from orders import lifecycle
from orders.accounting import refunds
from orders.accounting.models import Invoice, Payment, Refund
from orders.channels import accounts, incoming, listings, pulling
from orders.channels.admin.accounts import ConnectForm
from orders.channels.connectors.errors import AuthEnded
from orders.channels.models import (
    ChannelAccount,
    ChannelCall,
    ChannelLocation,
    ChannelOrder,
    ChannelSignal,
    Listing,
)
from orders.models import Order, OrderHold
from tests import builders as make
from tests.channels.conftest import compared, work
from tests.channels.shops import shopify_acts as acts
from tests.channels.shops.shopify import Shop

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("verified")]
S = Order.Status


@pytest.fixture
def shop():
    with Shop() as server:
        yield server


@pytest.fixture
def account(company, german_taxes, shop):
    """A channel that is connected, with nothing listed yet."""
    channel = make.channel("shopify", company=company, price_list=None)
    made = ChannelAccount.objects.create(
        channel=channel, provider="shopify", address=shop.address, settings={"seconds": 2}
    )
    keys = {"client_id": shop.client_id, "client_secret": shop.client_secret}
    accounts.connect(made, keys, site="https://oms.example")
    return make.fresh(made)


@pytest.fixture
def selling(account, shop, company):
    """A mug and a cup, listed and in stock."""
    rate = {"country": "DE", "up_to_g": 30_000, "price": D("4.50")}
    Rate.objects.create(service=make.service(), **rate)
    make.warehouse("BER", company=company, country="DE", postal_code="10115")
    for sku, quantity in (("MUG", 10), ("CUP", 4)):
        make.sku(sku, stock={"BER": quantity})
        shop.product(sku, quantity)
    compared(account)
    work(account)
    return account


def order_of(bought):
    return ChannelOrder.objects.get(external_id=acts.number(bought)).order


def holds_of(order):
    return {hold.kind for hold in order.holds.filter(released_at=None)}


def refunded(order):
    done = Refund.objects.filter(payment__order=order, status="done")
    return done.aggregate(s=Sum("amount"))["s"]


def at_the_door(url, body, headers):
    """Deliver to us as a shop does; the answer's status."""
    path = url.removeprefix("https://oms.example")
    return Client().post(path, body, content_type="application/json", headers=headers).status_code


def settle(account):
    """Work until calls whose answer was lost are made again."""
    for _ in range(3):
        ChannelCall.objects.exclude(next_at=None).update(next_at=account.connected_at)
        work(account)


def test_orders_come_in_as_sold_stock_is_shown_and_parcels_are_told(selling, shop):
    """From the buyer to the last parcel: amounts, stock, invoice and payment equal what the buyer paid."""
    row = make.fresh(selling)
    assert timedelta(hours=23) < row.token_ends_at - timezone.now() < timedelta(hours=24)
    assert len(row.subscriptions) == 8
    bought = shop.buy(("MUG", 3, "2.00"), ("CUP", 1), sourceName="instagram")
    shop.deliver(at_the_door, twice=True, reordered=True)
    assert ChannelSignal.objects.count() == 1
    incoming.act(selling)

    order = order_of(bought)
    assert (order.status, order.reserved, order.gross) == (S.CONFIRMED, 4, D("42.86"))
    known = ChannelOrder.objects.get()
    assert (known.source, known.number) == ("instagram", bought["name"])
    work(selling)
    assert (shop.stock("MUG"), shop.stock("CUP")) == (7, 3)

    shop.fail("lost", path="Fulfill$")
    order = make.ship_rest(order)
    settle(selling)
    assert (order.status, bought["displayFulfillmentStatus"]) == (S.COMPLETED, "FULFILLED")
    assert len(bought["fulfillments"]) == 1
    invoice = Invoice.objects.get()
    assert (invoice.gross, invoice.open_amount) == (D("42.86"), 0)
    assert holds_of(order_of(bought)) == set()


def test_numbers_that_were_lost_stale_or_of_new_places_end_right(selling, shop):
    make.put(make.sku("MUG"), "BER", 5)
    outbox.drain()
    shop.fail("lost", path="SetStock$")
    work(selling)
    assert shop.stock("MUG") == 15

    def sold_meanwhile():
        shop.while_setting = None
        shop.buy(("MUG", 2))

    shop.while_setting = sold_meanwhile
    make.put(make.sku("MUG"), "BER", 5)
    outbox.drain()
    work(selling)
    work(selling)
    assert (shop.stock("MUG"), make.stock_of(make.sku("MUG"), "BER")) == (18, (20, 20, 2))

    shop.place("Hamburg")
    accounts.check(make.fresh(selling))
    make.warehouse("HAM", company=selling.channel.company, country="DE", postal_code="20095")
    make.put(make.sku("CUP"), "HAM", 6)
    for name, code in (("Place 1", "BER"), ("Hamburg", "HAM")):
        place = ChannelLocation.objects.get(name=name)
        place.warehouse = make.warehouse(code)
        place.save()
    shop.variants["CUP"]["inventoryItem"]["levels"][shop.place("Outlet")["id"]] = 50
    compared(selling)
    work(selling)
    assert sorted(shop.variants["CUP"]["inventoryItem"]["levels"].values()) == [4, 6, 50]
    assert compared(selling).differences == []
    assert Listing.objects.get(external_sku="CUP").shown == 10


def test_what_the_shop_holds_back_is_held_here(selling, shop):
    """Unpaid, unknown, tests, unknown items, hidden addresses, and the last piece sold twice."""
    unpaid = shop.buy(("MUG", 1), paid=False)
    voided = shop.buy(("MUG", 1), displayFinancialStatus="VOIDED")
    trial = shop.buy(("MUG", 1), test=True)
    shop.product("NEW", 5)
    new = shop.buy(("NEW", 2))
    hidden = shop.buy(("MUG", 1), shippingAddress=None, billingAddress=None)
    work(selling)

    assert (order_of(unpaid).status, holds_of(order_of(unpaid))) == (
        S.CONFIRMED,
        {OrderHold.Kind.PENDING},
    )
    for each in (voided, trial):
        assert (order_of(each).status, holds_of(order_of(each))) == (
            S.PLACED,
            {OrderHold.Kind.STATE},
        )
    assert Payment.objects.filter(order=order_of(trial)).count() == 0
    assert (holds_of(order_of(new)), order_of(new).gross) == ({OrderHold.Kind.ITEM}, D("24.88"))
    assert holds_of(order_of(hidden))
    make.sku("THING", stock={"BER": 9})
    listings.set_sku(Listing.objects.get(external_sku="NEW"), "THING")
    acts.pay(shop, unpaid, "14.89")
    unpaid["displayFinancialStatus"] = "PAID"
    shop.changed(unpaid)
    work(selling)
    assert [holds_of(order_of(each)) for each in (unpaid, new)] == [set(), set()]


def test_edits_and_refunds_of_the_owner_are_taken_over_to_the_cent(selling, shop):
    bought = shop.buy(("MUG", 3), ("CUP", 1))
    work(selling)
    acts.edit(shop, bought, 0, 2)
    work(selling)
    order = order_of(bought)
    assert (order.gross, order.canceled) == (D("34.87"), 1)
    assert make.stock_of(make.sku("MUG"), "BER")[2] == 2

    acts.refund(shop, bought, "9.99")  # for the unit that was edited away
    work(selling)
    acts.refund(shop, bought, "9.99", {bought["lineItems"][0]["id"]: 1})
    work(selling)
    work(selling)
    order = order_of(bought)
    assert (order.canceled, refunded(order)) == (2, D("19.98"))
    make.ship_rest(order)
    work(selling)
    acts.refund(shop, bought, "4.00", {bought["lineItems"][1]["id"]: 1})
    work(selling)
    work(selling)
    assert refunded(order_of(bought)) == D("23.98")


def test_cancellations_of_both_sides_end_with_the_money_back_once(selling, shop):
    theirs, ours = shop.buy(("MUG", 2)), shop.buy(("MUG", 2))
    work(selling)
    acts.cancel(shop, theirs)
    shop.waits = 1
    lifecycle.cancel(order_of(ours), reason="out of stock")
    outbox.drain()
    shop.fail("lost", path="Cancel$")
    shop.fail("lost", path="Refund$")
    settle(selling)

    for bought in (theirs, ours):
        order = order_of(bought)
        assert (order.status, refunded(order)) == (S.CANCELED, D("24.88"))
        moved = [each for each in bought["transactions"] if each["kind"] == "REFUND"]
        assert sum(acts.amount(each["amountSet"]) for each in moved) == D("24.88")
    assert shop.stock("MUG") == 10


def test_our_refund_is_given_once_and_one_that_is_refused_is_taken_back(selling, shop):
    bought = shop.buy(("MUG", 2))
    work(selling)
    order = order_of(bought)
    lifecycle.cancel_lines(order, {order.lines.get().pk: 1})
    outbox.drain()
    shop.fail("broken_after", path="Refund$")
    payment = Payment.objects.get()
    refunds.refund(payment, D("9.99"), reference="goodwill")
    outbox.drain()
    settle(selling)

    assert [acts.amount(each["totalRefundedSet"]) for each in bought["refunds"]] == [D("9.99")]
    assert make.fresh(payment).refunded == D("9.99")
    bought["transactions"][0]["amountSet"] = acts.bag("10.00")  # the gateway holds no more
    refunds.refund(payment, D("5.00"), reference="more")
    outbox.drain()
    settle(selling)
    assert sorted(row.status for row in Refund.objects.all()) == ["done", "failed"]
    assert make.fresh(payment).refunded == D("9.99")


def test_tokens_are_renewed_before_they_end_and_a_lost_app_stops_the_channel(selling, shop):
    keys = {"client_id": shop.client_id, "client_secret": shop.client_secret}
    form = ConnectForm(make.fresh(selling), {"client_id": "a", "client_secret": "b"})
    assert (form.is_valid(), form.fields["refresh_token"].required) == (True, False)
    shop.refresh_token = "first"
    row = make.fresh(selling)
    accounts.connect(row, {**keys, "refresh_token": "first"})
    second = make.fresh(row).credentials["refresh_token"]
    assert second == shop.refresh_token != "first"
    ChannelAccount.objects.update(token_ends_at=timezone.now() + timedelta(minutes=5))
    bought = shop.buy(("MUG", 1))
    work(make.fresh(row))

    row = make.fresh(row)
    assert order_of(bought) is not None
    assert row.credentials["refresh_token"] == shop.refresh_token != second
    assert row.token_ends_at > timezone.now() + timedelta(minutes=50)
    shop.fail("throttled", after=600)
    ChannelAccount.objects.update(pull_at=None)
    pulling.look(row)
    assert make.fresh(row).wait_until is not None
    shop.tokens.clear()
    pulling.look(make.fresh(row))
    assert not make.fresh(row).is_running
    with pytest.raises(AuthEnded, match="invalid_client"):
        accounts.connect(make.fresh(row), {**keys, "client_secret": "wrong"})
    assert not make.fresh(row).is_running
    accounts.connect(make.fresh(row), keys)
    assert make.fresh(row).is_running
    assert "refresh_token" not in make.fresh(row).credentials
