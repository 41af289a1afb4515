"""A WooCommerce shop and its orders, from the first look at its listings to the last refund."""

from decimal import Decimal as D

import pytest
from django.db.models import Sum
from django.test import Client
from django.utils import timezone

from fulfillment.carriers.models import Rate
from oms.core import outbox
from oms.core.errors import DomainError
from orders import lifecycle
from orders.accounting import refunds
from orders.accounting.models import Invoice, Payment, Refund
from orders.channels import accounts, incoming, intake, listings, pulling, telling
from orders.channels.models import ChannelAccount, ChannelCall, ChannelOrder, ChannelSignal, Listing
from orders.channels.telling import ShippedParcel
from orders.models import Order, OrderHold
from tests import builders as make
from tests.channels.conftest import compared, work

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("verified")]
S = Order.Status


@pytest.fixture(autouse=True)
def warehouse(company):
    rate = {"country": "DE", "up_to_g": 30_000, "price": D("4.50")}
    Rate.objects.create(service=make.service(), **rate)
    return make.warehouse("BER", company=company, country="DE", postal_code="10115")


@pytest.fixture
def selling(account, shop):
    """A mug and a cup, listed and in stock."""
    for sku, quantity in (("MUG", 10), ("CUP", 4)):
        make.sku(sku, stock={"BER": quantity})
        shop.product(sku, quantity)
    compared(account)
    work(account)
    return account


def order_of(bought):
    return ChannelOrder.objects.get(external_id=str(bought["id"])).order


def holds_of(order):
    return {hold.kind for hold in order.holds.filter(released_at=None)}


def at_the_door(url, body, headers):
    """Deliver to us as a shop does; the answer's status."""
    path = url.removeprefix("https://oms.example")
    return Client().post(path, body, content_type="application/json", headers=headers).status_code


def line_ids(bought):
    return [line["id"] for line in bought["line_items"]]


def refunded(order):
    return Refund.objects.filter(payment__order=order, status="done").aggregate(s=Sum("amount"))[
        "s"
    ]


# Listings and stock


def test_listings_are_read_matched_and_shown(selling, shop):
    assert {row.external_sku: (row.sku.code, row.shown) for row in Listing.objects.all()} == {
        "MUG": ("MUG", 10),
        "CUP": ("CUP", 4),
    }


def test_what_the_shop_shows_wrong_is_found_and_set_right(selling, shop):
    shop._named("MUG")["stock_quantity"] = 3

    found = compared(selling)
    work(selling)

    assert [(each["item"], each["shown"], each["wanted"]) for each in found.differences] == [
        ("MUG", 3, 10)
    ]
    assert shop.stock("MUG") == 10


def test_a_number_whose_answer_was_lost_is_read_back_and_sent_once(selling, shop):
    make.put(make.sku("MUG"), "BER", 5)
    outbox.drain()
    shop.fail("lost", "POST", "products/batch")

    work(selling)

    assert shop.stock("MUG") == 15
    sent = [row for body in shop.asked_for("POST", "products/batch") for row in body["update"]]
    assert [row["stock_quantity"] for row in sent] == [15]


def test_a_listing_that_is_gone_is_marked_and_bothers_nobody(selling, shop):
    shop.products.pop(shop._named("CUP")["id"])
    make.put(make.sku("CUP"), "BER", 5)
    outbox.drain()

    work(selling)

    row = Listing.objects.get(external_sku="CUP")
    assert (row.verdict, row.changed_at) == (Listing.Verdict.MISSING, None)


# Orders


def test_an_order_comes_in_as_sold_and_its_stock_is_shown(selling, shop):
    bought = shop.buy(("MUG", 3), ("CUP", 1))

    work(selling)

    order = order_of(bought)
    assert (order.status, order.reserved, order.is_as_sold) == (S.CONFIRMED, 4, True)
    assert (order.gross, order.tax) == (D(bought["total"]), D(bought["total_tax"]))
    paid = Payment.objects.get(order=order)
    assert (paid.captured, paid.gateway) == (D(bought["total"]), "channel")
    assert (shop.stock("MUG"), shop.stock("CUP")) == (7, 3)
    assert make.stock_of(make.sku("MUG"), "BER") == (10, 10, 3)


def test_a_webhook_brings_an_order_however_often_it_comes(selling, shop):
    bought = shop.buy(("MUG", 1))
    shop.set_status(bought, "on-hold")
    shop.set_status(bought, "processing")

    shop.deliver(at_the_door, twice=True, reordered=True)
    assert ChannelSignal.objects.filter(next_at__isnull=False).count() == 1
    incoming.act(selling)
    shop.deliver(at_the_door, twice=True)
    incoming.act(selling)

    assert Order.objects.count() == 1
    assert order_of(bought).status == S.CONFIRMED


def test_what_webhooks_dropped_is_found_by_looking(selling, shop):
    bought = shop.buy(("MUG", 1))
    shop.deliver(at_the_door, dropped=9)

    work(selling)

    assert order_of(bought) is not None


def test_what_looking_missed_is_found_by_comparing_the_days(selling, shop):
    """An order that became visible long after the time that it says."""
    bought = shop.buy(("MUG", 1))
    bought["date_modified_gmt"] = bought["date_created_gmt"] = (
        shop.now().replace(hour=0, minute=0, second=0).isoformat()
    )
    ChannelAccount.objects.update(cursor=None)
    work(selling)
    late = ChannelOrder.objects.filter(external_id=str(bought["id"])).exists()

    found = pulling.compare(make.fresh(selling))

    assert late or list(found.values()) == [[str(bought["id"])]]
    assert order_of(bought) is not None


def test_two_processes_take_one_order_in_once(selling, shop):
    bought = shop.buy(("MUG", 1))

    first = intake.take_now(selling, str(bought["id"]))
    second = intake.take_now(selling, str(bought["id"]))

    assert (first, second) == (True, False)
    assert Order.objects.count() == 1


def test_discounts_fees_and_rounding_come_to_what_the_buyer_paid(selling, shop):
    bought = shop.buy(("MUG", 3), ("CUP", 2), fees=[("Gift wrap", "1.99"), ("Trinkgeld", "2.00")])
    shop.discount(bought, 7)
    bought["total"] = str(D(bought["total"]) + D("0.01"))

    work(selling)

    order = order_of(bought)
    assert (order.gross, order.status) == (D(bought["total"]), S.CONFIRMED)
    assert Payment.objects.get(order=order).captured == order.gross


def test_a_total_that_differs_by_more_than_rounding_waits_for_a_person(selling, shop):
    bought = shop.buy(("MUG", 1))
    bought["total"] = str(D(bought["total"]) + 5)

    work(selling)

    assert (order_of(bought).gross, holds_of(order_of(bought))) == (
        D(bought["total"]),
        {OrderHold.Kind.AMOUNTS},
    )


def test_cash_on_delivery_is_shipped_before_it_is_paid(selling, shop):
    bought = shop.buy(("MUG", 1), gateway="cod")

    work(selling)
    assert order_of(bought).status == S.CONFIRMED
    assert not Payment.objects.exists()
    shop.set_status(bought, "completed")
    work(selling)

    assert Payment.objects.get().captured == D(bought["total"])


def test_an_unpaid_order_reserves_and_is_shipped_once_it_is_released(selling, shop):
    bought = shop.buy(("MUG", 2), gateway="bacs", paid=False)
    work(selling)
    order = order_of(bought)
    assert (order.status, order.reserved, holds_of(order)) == (
        S.CONFIRMED,
        2,
        {OrderHold.Kind.PENDING},
    )

    bought["date_paid_gmt"] = bought["date_modified_gmt"]
    shop.set_status(bought, "processing")
    work(selling)

    assert holds_of(order_of(bought)) == set()
    assert Payment.objects.get().captured == D(bought["total"])


def test_a_state_that_nobody_knows_is_held_and_goes_on_later(selling, shop):
    bought = shop.buy(("MUG", 1))
    bought["status"] = "awaiting-artwork"
    work(selling)
    assert (order_of(bought).status, holds_of(order_of(bought))) == (
        S.PLACED,
        {OrderHold.Kind.STATE},
    )

    shop.set_status(bought, "processing")
    work(selling)

    assert (order_of(bought).status, holds_of(order_of(bought))) == (S.CONFIRMED, set())


def test_an_item_that_nobody_knows_comes_in_held_and_goes_on_once_it_is_matched(selling, shop):
    shop.product("NEW-THING", 5)
    bought = shop.buy(("NEW-THING", 2), ("MUG", 1))
    work(selling)
    order = order_of(bought)
    assert (order.status, holds_of(order), order.gross) == (
        S.PLACED,
        {OrderHold.Kind.ITEM},
        D(bought["total"]),
    )

    make.sku("THING", stock={"BER": 9})
    listings.set_sku(Listing.objects.get(external_sku="NEW-THING"), "THING")
    work(selling)

    order = order_of(bought)
    assert (order.status, order.reserved, order.gross) == (S.CONFIRMED, 3, D(bought["total"]))
    assert shop.stock("NEW-THING") == 7


def test_the_last_piece_sold_twice_waits_and_nothing_is_lost(selling, shop):
    shop.product("LAST", 1)
    make.sku("LAST", stock={"BER": 1})
    compared(selling)
    bought = shop.race(3, ("LAST", 1))
    assert len(bought) > 1

    work(selling)

    orders = [order_of(each) for each in bought]
    assert {order.status for order in orders} == {S.CONFIRMED}
    assert sum(order.reserved for order in orders) == 1
    assert sum(holds_of(order) == {OrderHold.Kind.OVERSOLD} for order in orders) == len(bought) - 1
    assert shop.stock("LAST") == 0


def test_an_order_that_can_t_come_in_stands_in_nobody_s_way(selling, shop):
    foreign = shop.buy(("MUG", 1))
    foreign["currency"] = "JPY"
    bought = shop.buy(("MUG", 1))

    work(selling)

    assert order_of(bought) is not None
    assert not ChannelOrder.objects.filter(external_id=str(foreign["id"])).exists()
    (waiting,) = ChannelSignal.objects.filter(next_at__isnull=False)
    assert (waiting.external_id, bool(waiting.error)) == (str(foreign["id"]), True)
    assert make.fresh(selling).failures == 0


def test_an_order_that_was_complete_before_it_came_is_not_shipped_again(selling, shop):
    bought = shop.buy(("MUG", 1))
    shop.set_status(bought, "completed")

    work(selling)

    assert (order_of(bought).status, holds_of(order_of(bought))) == (
        S.PLACED,
        {OrderHold.Kind.STATE},
    )


def test_a_changed_address_and_quantity_are_taken_over(selling, shop):
    bought = shop.buy(("MUG", 2), ("CUP", 1), gateway="cod")
    work(selling)

    bought["shipping"]["address_1"] = "Nebenstr. 2"
    shop.edit(bought, 0, 1)
    shop.edit(bought, 1, 3)
    work(selling)

    order = order_of(bought)
    assert order.ship_to["street"] == "Nebenstr. 2"
    assert order.gross == D(bought["total"])
    assert make.stock_of(make.sku("MUG"), "BER")[2] == 1
    assert make.stock_of(make.sku("CUP"), "BER")[2] == 3
    assert holds_of(order) == set()


def test_an_edit_of_what_was_paid_is_taken_over_and_shown_to_a_person(selling, shop):
    bought = shop.buy(("MUG", 2))
    paid = D(bought["total"])
    work(selling)

    shop.edit(bought, 0, 3)
    work(selling)

    order = order_of(bought)
    assert (order.gross, holds_of(order)) == (D(bought["total"]), {OrderHold.Kind.CHANGED})
    assert Payment.objects.get().captured == paid


def test_a_fee_that_came_later_is_shown_to_a_person(selling, shop):
    bought = shop.buy(("MUG", 2), gateway="cod")
    work(selling)

    bought["fee_lines"].append(shop._extra("name", "Express", "5.00"))
    shop.edit(bought, 0, 2)
    work(selling)

    assert holds_of(order_of(bought)) == {OrderHold.Kind.AMOUNTS}


# Failures of the whole channel


def test_a_shop_that_is_away_is_asked_again_and_then_shown(selling, shop):
    shop.fail("maintenance", times=99)
    for _ in range(3):
        pulling.look(make.fresh(selling))

    row = make.fresh(selling)
    assert (row.failures, row.stopped_at) == (3, None)
    assert "maintenance" in row.trouble
    assert any("3 times" in text for text in accounts._alarms())
    shop.faults.clear()
    bought = shop.buy(("MUG", 1))
    pulling.look(make.fresh(selling))
    assert make.fresh(selling).failures == 0
    assert order_of(bought) is not None


def test_a_shop_that_is_asked_too_often_is_left_alone_for_a_while(selling, shop):
    shop.fail("throttled", after=600)

    pulling.look(make.fresh(selling))

    row = make.fresh(selling)
    assert (row.failures, row.wait_until is not None) == (0, True)
    assert pulling.due() == []


def test_keys_that_ended_stop_the_channel_until_it_is_connected_again(selling, shop):
    bought = shop.buy(("MUG", 1))
    work(selling)
    shop.key = "ck_new"
    telling.shipped(order_of(bought), [parcel(order_of(bought))])
    telling.send_due()

    row = make.fresh(selling)
    assert (row.is_running, ChannelCall.objects.get().state) == (False, "asked")
    assert pulling.due() == []

    accounts.connect(row, {"consumer_key": "ck_new", "consumer_secret": shop.secret})
    ChannelCall.objects.update(next_at=timezone.now())
    telling.send_due()
    assert ChannelCall.objects.get().state == "done"


# Shipments


def parcel(order, number="SH-1-1", tracking="TR1", units=None):
    units = units or {line.pk: line.quantity - line.canceled for line in order.lines.all()}
    return ShippedParcel(number, units, "DHL", tracking, f"https://t.example/{tracking}")


@pytest.mark.parametrize("fault", ["lost", "broken_after", "broken"])
def test_the_shop_shows_a_parcel_once_even_if_the_answer_was_lost(selling, shop, fault):
    bought = shop.buy(("MUG", 2))
    work(selling)
    shop.fail(fault, "PUT", "orders/")
    shop.fail(fault, "POST", "notes")

    telling.shipped(order_of(bought), [parcel(order_of(bought))])
    for _ in range(4):
        telling.send_due()
        ChannelCall.objects.exclude(next_at=None).update(next_at=selling.connected_at)

    call = ChannelCall.objects.get()
    assert (call.state, call.reference) == ("done", "SH-1-1")
    marks = [meta["value"] for meta in bought["meta_data"] if meta["key"] == "_oms_shipment"]
    assert [each["tracking"] for (each,) in marks] == ["TR1"]
    assert len(bought["notes"]) == 1
    assert bought["status"] == "completed"


def test_an_order_that_left_our_warehouse_is_shown_as_shipped(selling, shop):
    """From picking to the shop's page; the invoice is paid by what the buyer paid."""
    bought = shop.buy(("MUG", 2))
    work(selling)

    order = make.ship_rest(order_of(bought))
    work(selling)

    assert (order.status, bought["status"]) == (S.COMPLETED, "completed")
    invoice = Invoice.objects.get()
    assert (invoice.gross, invoice.open_amount) == (D(bought["total"]), 0)
    assert (shop.stock("MUG"), make.stock_of(make.sku("MUG"), "BER")) == (8, (8, 8, 0))


# Cancellations


def test_a_buyer_s_cancellation_frees_the_stock_and_the_money(selling, shop):
    bought = shop.buy(("MUG", 2))
    work(selling)

    shop.set_status(bought, "cancelled")
    work(selling)

    order = order_of(bought)
    assert (order.status, shop.stock("MUG")) == (S.CANCELED, 10)
    assert [each["total"] for each in bought["refunds"]] == [f"-{bought['total']}"]
    assert refunded(order) == D(bought["total"])
    assert ChannelCall.objects.filter(kind="cancel").count() == 0


def test_our_cancellation_is_told_and_the_money_goes_back_once(selling, shop):
    bought = shop.buy(("MUG", 2))
    work(selling)

    lifecycle.cancel(order_of(bought), reason="out of stock")
    outbox.drain()
    shop.fail("lost", "PUT", "orders/")
    for _ in range(4):
        ChannelCall.objects.exclude(next_at=None).update(next_at=selling.connected_at)
        work(selling)

    assert bought["status"] in ("cancelled", "refunded")
    assert shop.money_moved == [(bought["id"], bought["total"])]
    assert refunded(order_of(bought)) == D(bought["total"])
    assert shop.stock("MUG") == 10


def test_an_order_that_lives_again_is_new_demand_that_a_person_decides_on(selling, shop):
    bought = shop.buy(("MUG", 2), gateway="cod")
    work(selling)
    shop.set_status(bought, "cancelled")
    work(selling)
    first = order_of(bought)

    shop.set_status(bought, "processing")
    work(selling)

    second = order_of(bought)
    assert (first.status, second.status, second != first) == (S.CANCELED, S.PLACED, True)
    assert OrderHold.Kind.CHANGED in holds_of(second)


# Refunds


def test_a_unit_refunded_before_it_left_is_canceled(selling, shop):
    bought = shop.buy(("MUG", 2))
    work(selling)

    shop.refund(bought, "9.99", {line_ids(bought)[0]: 1})
    work(selling)
    work(selling)

    order = order_of(bought)
    assert (order.units, order.canceled, order.gross) == (2, 1, D(bought["total"]) - D("9.99"))
    assert refunded(order) == D("9.99")
    assert shop.stock("MUG") == 9
    make.ship_rest(order)
    assert [row.open_amount for row in Invoice.objects.all()] == [0]


def test_money_given_back_before_it_left_lowers_the_order(selling, shop):
    bought = shop.buy(("MUG", 2))
    work(selling)

    shop.refund(bought, "3.00", reason="Sorry")
    work(selling)

    order = order_of(bought)
    assert (order.gross, order.canceled) == (D(bought["total"]) - 3, 0)
    assert refunded(order) == 3
    make.ship_rest(order)
    invoice = Invoice.objects.get()
    assert (invoice.gross, invoice.open_amount) == (D(bought["total"]) - 3, 0)


@pytest.mark.parametrize(
    ("amount", "units"), [("9.99", 1), ("5.00", 1), ("12.50", 1), ("3.00", 0), ("24.88", 2)]
)
def test_money_given_back_after_it_left_is_credited(selling, shop, amount, units):
    bought = shop.buy(("MUG", 2))
    work(selling)
    make.ship_rest(order_of(bought))
    work(selling)

    shop.refund(bought, amount, {line_ids(bought)[0]: units} if units else None)
    work(selling)
    work(selling)

    order = order_of(bought)
    notes = Invoice.objects.filter(kind="credit")
    assert sum(note.gross for note in notes) == D(amount)
    assert {note.open_amount for note in notes} == {0}
    assert refunded(order) == D(amount)
    assert holds_of(order) == set()


def test_a_whole_refund_before_it_left_cancels_the_order(selling, shop):
    bought = shop.buy(("MUG", 2))
    work(selling)

    shop.refund(bought, bought["total"], {line_ids(bought)[0]: 2})
    work(selling)
    work(selling)

    order = order_of(bought)
    assert (order.status, refunded(order), shop.stock("MUG")) == (
        S.CANCELED,
        D(bought["total"]),
        10,
    )
    assert len(bought["refunds"]) == 1


def test_our_refund_is_given_by_the_shop_once_and_not_booked_twice(selling, shop):
    bought = shop.buy(("MUG", 2))
    work(selling)
    order = order_of(bought)
    lifecycle.cancel_lines(order, {order.lines.get().pk: 1})
    outbox.drain()
    shop.fail("broken_after", "POST", "refunds")

    payment = Payment.objects.get()
    refunds.refund(payment, D("9.99"), reference="goodwill")
    outbox.drain()
    for _ in range(4):
        ChannelCall.objects.exclude(next_at=None).update(next_at=selling.connected_at)
        work(selling)

    assert shop.money_moved == [(bought["id"], "9.99")]
    assert [row.status for row in Refund.objects.all()] == ["done"]
    assert make.fresh(payment).refunded == D("9.99")
    assert holds_of(order_of(bought)) == set()


def test_a_refund_that_the_shop_refuses_is_taken_back_here(selling, shop):
    bought = shop.buy(("MUG", 1), gateway="bacs")
    work(selling)
    order = order_of(bought)
    lifecycle.cancel(order)
    outbox.drain()
    work(selling)

    assert [row.status for row in Refund.objects.all()] == ["failed"]
    assert make.fresh(Payment.objects.get()).refunded == 0
    assert ChannelCall.objects.get(kind="refund").state == "failed"


# The door


def delivery(shop, body=b'{"id": 12}', topic="order.updated", secret=None):
    hook = next(iter(shop.webhooks.values()))
    headers = shop.headers_of({**hook, "secret": secret or hook["secret"]}, topic, body)
    return hook["delivery_url"], body, headers


def test_the_shop_was_told_our_door_and_its_ping_is_answered(selling, shop):
    assert len(shop.pings) == 4
    url, body = shop.pings[0]
    path = url.removeprefix("https://oms.example")

    answer = Client().post(path, body, content_type="application/x-www-form-urlencoded")

    assert answer.status_code == 200
    assert not ChannelSignal.objects.exists()


def test_only_what_the_shop_signed_is_stored(selling, shop):
    url, body, headers = delivery(shop)

    assert at_the_door(url, body, headers) == 200
    assert at_the_door(url, body, headers) == 200  # a replay
    assert at_the_door(url, body.replace(b"12", b"13"), headers) == 401
    assert at_the_door(*delivery(shop, secret="old")) == 401
    assert at_the_door(url, body, {}) == 401
    assert [row.external_id for row in ChannelSignal.objects.all()] == ["12"]


def test_a_secret_that_was_changed_no_longer_holds(selling, shop):
    old = delivery(shop)
    row = make.fresh(selling)
    row.credentials = {**row.credentials, accounts.SECRET: "renewed"}
    row.save()
    accounts.subscribe(row)

    assert at_the_door(*old) == 401
    assert at_the_door(*delivery(shop)) == 200


def test_a_message_of_five_megabytes_is_refused_and_an_unknown_door_is_none(selling, shop):
    url, _body, headers = delivery(shop)

    assert at_the_door(url, b"x" * (5 * 1024 * 1024 + 1), headers) == 413
    assert at_the_door("/channels/unknown/", b"{}", {}) == 404
    assert Client().get(url.removeprefix("https://oms.example")).status_code == 405
    assert at_the_door(*delivery(shop, body=b"not json")) == 400


def test_a_disabled_webhook_is_active_again_after_the_night(selling, shop):
    for hook in shop.webhooks.values():
        hook["status"] = "disabled"

    accounts.subscribe(make.fresh(selling))

    assert {hook["status"] for hook in shop.webhooks.values()} == {"active"}


def test_a_message_is_stored_though_the_shop_can_t_be_reached(selling, shop):
    shop.fail("maintenance", times=99)

    assert at_the_door(*delivery(shop)) == 200


# How a company sets a channel up


def test_a_state_of_a_plugin_means_what_the_company_says(selling, shop):
    ChannelAccount.objects.update(stages={"awaiting-artwork": "ship"})
    bought = shop.buy(("MUG", 1))
    bought["status"] = "awaiting-artwork"

    work(make.fresh(selling))

    assert (order_of(bought).status, holds_of(order_of(bought))) == (S.CONFIRMED, set())


def test_a_pack_is_sold_shown_and_told_in_packs(selling, shop):
    shop.product("MUG-3", 3, "27.00")
    compared(selling)
    listing = Listing.objects.get(external_sku="MUG-3")
    Listing.objects.filter(pk=listing.pk).update(sku=make.sku("MUG"), factor=3)
    bought = shop.buy(("MUG-3", 2))

    work(selling)

    order = order_of(bought)
    line = order.lines.get()
    assert (line.quantity, line.gross) == (6, D("54.00"))
    assert (shop.stock("MUG"), shop.stock("MUG-3")) == (4, 1)
    telling.shipped(order, [parcel(order)])
    telling.send_due()
    assert ChannelCall.objects.get().body["units"] == {str(line_ids(bought)[0]): 2}
    assert bought["status"] == "completed"


@pytest.mark.parametrize(
    "address",
    [
        "https://10.0.0.1",
        "https://shop.example/?x=",
        "https://user:key@shop.example",
        "ftp://shop.example",
        "https://localhost:99999",
        "shop.example",
    ],
)
def test_an_address_that_may_not_be_called_is_refused(account, shop, settings, address):
    settings.OUTGOING_ALLOWED_NETWORKS = []
    account.address = address

    with pytest.raises(DomainError):
        accounts.connect(account, {"consumer_key": "a", "consumer_secret": "b"})
    assert make.fresh(account).address == shop.address
