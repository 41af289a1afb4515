"""eBay's connector against a seller's account on this machine."""

import base64
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal as D

import pytest

from orders.channels.connectors import (
    Account,
    Paid,
    Parcel,
    RefundRequest,
    Stage,
    StockRow,
    Verdict,
    every,
    providers,
)
from orders.channels.connectors.ebay import connector as ebay
from orders.channels.connectors.ebay import mapping, signing
from orders.channels.connectors.errors import (
    AuthEnded,
    BadSignature,
    Invalid,
    NotFound,
    ScopeMissing,
    Throttled,
    Unavailable,
    Unknown,
)
from tests.channels.shops.ebay import Shop

HOUR_AGO = timedelta(hours=1)


@pytest.fixture(autouse=True)
def loopback(settings):
    settings.OUTGOING_ALLOWED_NETWORKS = ["127.0.0.1/32"]
    ebay.KEYS.clear()


@pytest.fixture
def shop():
    with Shop() as server:
        server.item("MUG", 20)
        yield server


def keys(shop):
    return {
        "client_id": "app",
        "client_secret": "cert",
        "refresh_token": "v^r",
        "access_token": "v^1",
        "signing_key": "jwe",
        "signing_private": shop.private,
        "webhook_secret": "token",
    }


def opened(shop, **credentials):
    account = Account(shop.address, {**keys(shop), **credentials}, {"seconds": 1.5})
    return providers.get("ebay").open(account)


def test_an_account_is_tested_and_its_token_renewed(shop):
    assert (list(opened(shop).check().missing), opened(shop).check().notes) == ([], [])
    assert len(opened(shop, signing_key="").check().notes) == 1
    renewed, ends = opened(shop).refresh()
    assert renewed["access_token"] in shop.tokens
    assert ends - datetime.now(UTC) > timedelta(minutes=119)
    with pytest.raises(AuthEnded, match="revoked"):
        opened(shop, refresh_token="old").refresh()
    with pytest.raises(AuthEnded, match="Invalid access token"):
        opened(shop, access_token="old").order("1")


@pytest.mark.parametrize(
    ("kind", "options", "read", "written"),
    [
        ("broken", {}, Unavailable, Unknown),
        ("lost", {}, Unavailable, Unknown),
        ("maintenance", {}, Unavailable, Unknown),
        ("throttled", {"after": 7}, Throttled, Throttled),
        (
            "reply",
            {"status": 403, "body": {"errors": [{"errorId": 1}]}},
            ScopeMissing,
            ScopeMissing,
        ),
    ],
)
def test_how_requests_fail(shop, kind, options, read, written):
    order = shop.buy(("MUG", 1, 9.99))
    connector = opened(shop)
    sold = connector.order(order["orderId"])
    shop.fail(kind, "GET", "/order/", **options)
    with pytest.raises(read):
        connector.order(sold.id)
    shop.fail(kind, "POST", "shipping_fulfillment", **options)
    with pytest.raises(written):
        connector.ship(sold, parcel(sold))


def parcel(sold, tracking="JD 01-4"):
    return Parcel("SHP-7-1", {line.id: line.quantity for line in sold.lines}, "DHL", tracking)


def ids(connector):
    pages = every(lambda page: connector.changed(datetime.now(UTC) - HOUR_AGO, page))
    return [change.id for page in pages for change in page.changes]


def test_no_order_is_missed_while_places_in_the_list_move(shop, monkeypatch):
    """While a page is read, orders of it change and go to the end: all others move up."""
    monkeypatch.setattr(ebay, "PAGE", 20)
    monkeypatch.setattr(ebay, "OVERLAP", 4)
    shop.item("CUP", 999)
    orders = [shop.buy(("CUP", 1, 1.0), ago=3000 - number) for number in range(60)]
    moves = iter([2, 9, 6])

    def change(offset):
        for order in orders[offset : offset + next(moves, 0)]:
            shop.touch(order)

    shop.while_listing = change
    found = ids(opened(shop))

    assert set(found) == {each["orderId"] for each in orders}
    assert len([each for each in shop.requests if each.path.endswith("/order")]) < 12
    assert {each.query["fieldGroups"] for each in shop.requests} == {"TAX_BREAKDOWN"}
    placed = opened(shop).placed(datetime.now(UTC) - HOUR_AGO, datetime.now(UTC))
    assert len(placed.changes) == 20


def test_an_order_is_read_as_it_was_sold(shop):
    bought = shop.buy(("MUG", 2, 9.99), buyerCheckoutNotes="Ring twice")
    bought["lineItems"][0]["discountedLineItemCost"] = {"value": "17.98", "currency": "EUR"}
    bought["pricingSummary"]["total"]["value"] = "22.88"
    sold = opened(shop).order(bought["orderId"])

    assert (sold.stage, sold.paid, sold.gross, sold.prices_include_tax) == (
        Stage.SHIP,
        Paid.YES,
        D("22.88"),
        True,
    )
    line = sold.lines[0]
    assert (line.net, line.is_tax_unknown, line.variant) == (D("17.98"), True, "MUG")
    assert (sold.charges[0].net, sold.charges[0].is_tax_unknown) == (D("4.90"), True)
    assert (sold.payments[0].amount, sold.note, sold.ship_to["city"]) == (
        D("22.88"),
        "Ring twice",
        "Berlin",
    )
    taxed = opened(shop).order(shop.buy(("MUG", 1, 10.0), remitted=1.9)["orderId"])
    assert (taxed.gross, taxed.lines[0].tax, taxed.lines[0].tax_remitted) == (
        D("16.80"),
        0,
        D("1.90"),
    )
    assert taxed.payments[0].amount == D("14.90")  # eBay keeps the tax
    unpaid = opened(shop).order(shop.buy(("MUG", 1, 10.0), paid=False)["orderId"])
    assert (unpaid.stage, unpaid.payments) == (Stage.RESERVE, ())
    bought["fulfillmentStartInstructions"] = []
    assert len(opened(shop).order(bought["orderId"]).doubts) == 1
    with pytest.raises(NotFound):
        opened(shop).order("26-0")


def test_goods_of_the_global_shipping_program_go_to_ebays_address(shop):
    bought = shop.buy(("MUG", 1, 9.99))
    first = bought["fulfillmentStartInstructions"][0]
    first["finalDestinationAddress"] = {"addressLine1": "1 Main St", "countryCode": "US"}
    first["shippingStep"]["shipToReferenceId"] = "Reference #123"

    assert opened(shop).order(bought["orderId"]).ship_to["street"] == "Hauptstr. 1, Reference #123"


def test_only_whole_orders_say_who_asks_to_cancel(shop):
    bought = shop.buy(("MUG", 1, 9.99))
    shop.ask_to_cancel(bought)
    connector = opened(shop)
    sold = connector.order(bought["orderId"])
    assert (sold.stage, sold.cancel_requested) == (Stage.HOLD, True)

    assert connector.cancel(sold, "key", "").is_pending
    assert [each["cancelState"] for each in shop.cancellations.values()] == ["APPROVED"]
    shop.settle()
    assert connector.order(sold.id).stage == Stage.CANCELED
    other = connector.order(shop.buy(("MUG", 1, 9.99))["orderId"])
    assert connector.cancel(other, "key", "").is_pending
    assert connector.cancel(other, "key", "").is_pending  # it is under way: no second one
    assert len(shop.cancellations) == 2
    assert connector.cancel(connector.order(sold.id), "key", "") == ebay.Done(sold.id)


def test_quantities_are_set_with_their_offers_and_have_verdicts_of_their_own(shop):
    for number in range(27):
        shop.item(f"S{number}", number)
    connector = opened(shop)
    listed = [each for page in every(connector.listings) for each in page.listings]
    assert (len(listed), listed[0].barcode, listed[0].stock_id) == (
        28,
        "4006381333931",
        shop.items["MUG"]["offer"],
    )
    rows = [StockRow(each.variant, 7, stock_id=each.stock_id) for each in listed[:22]]
    shop.items["S3"]["revisions"] = 250
    odd = [StockRow("GONE", 1), replace(rows[5], stock_id="off-0")]
    verdicts = connector.set_stock([*rows[:5], *odd], "key")

    assert [each.verdict for each in verdicts] == [
        *[Verdict.SET] * 4,
        Verdict.INVALID,
        Verdict.MISSING,
        Verdict.INVALID,
    ]
    assert (shop.items["S0"]["quantity"], shop.items["S0"]["shown"]) == (7, 7)
    assert connector.quantities([rows[0], rows[20], StockRow("GONE", 0)]) == {"MUG": 7, "S19": 19}
    with pytest.raises(Invalid, match="At most 25"):
        connector.set_stock([rows[0]] * 26, "key")
    assert connector.abilities.batch == 25


def test_a_parcel_is_told_once_however_often_we_ask(shop):
    bought = shop.buy(("MUG", 2, 9.99))
    connector = opened(shop)
    sold = connector.order(bought["orderId"])
    shop.fail("lost", "POST", "shipping_fulfillment")
    with pytest.raises(Unknown):
        connector.ship(sold, parcel(sold))
    done = connector.ship(sold, parcel(sold))

    assert [each["shipmentTrackingNumber"] for each in bought["fulfillments"]] == ["JD014"]
    assert done == connector.find_shipment(sold, parcel(sold))
    assert connector.order(sold.id).stage == Stage.DONE
    assert connector.find_shipment(sold, parcel(sold, "OTHER")) is None


def test_refunds_are_signed_and_awaited(shop):
    bought = shop.buy(("MUG", 2, 9.99))
    connector = opened(shop)
    sold = connector.order(bought["orderId"])
    start = datetime.now(UTC).replace(microsecond=0)
    asked = RefundRequest("refund 1", D("9.99"), "EUR", {}, asked_at=start)
    with pytest.raises(ScopeMissing, match="signature"):
        opened(shop, signing_key="").refund(sold, asked)
    made = connector.refund(sold, asked)
    assert made.is_pending

    again = connector.order(sold.id)
    assert connector.find_refund(again, asked) == made
    assert connector.find_refund(again, replace(asked, others=[made.reference])) is None
    shop.settle()
    done = connector.find_refund(connector.order(sold.id), asked)
    assert (done.reference, done.is_pending) == (made.reference, False)
    with pytest.raises(Unknown):
        connector.find_refund(connector.order(sold.id), replace(asked, others=None))
    with pytest.raises(AuthEnded, match="can't be read"):
        opened(shop, signing_private="AAAA").refund(sold, asked)


def test_notifications_must_be_signed_by_a_key_that_ebay_knows(shop):
    connector = opened(shop)
    body, headers = shop.told("MARKETPLACE_ACCOUNT_DELETION", {"username": "buyer1"})
    told = connector.received(headers, body)
    assert [(each.kind, each.id) for each in told] == [("erasure", "buyer1")]
    order, signed = shop.told("ORDER_CONFIRMATION", {"orderId": "26-1"})
    assert connector.received(signed, order)[0].id == "26-1"
    assert shop.asked_keys == 1

    shop.kid = "kid-2"
    _body, wrong_key = shop.told("X", {})
    for bad_headers, bad_body in (
        ({}, body),
        (headers, body.replace(b"buyer1", b"buyer2")),
        ({"X-EBAY-SIGNATURE": "e30="}, body),
        (changed(headers, kid="../secret"), body),
        (changed(headers, alg="none"), body),
        (changed(wrong_key, kid="kid-1"), body),
        (changed(headers, kid="kid-9"), body),
    ):
        with pytest.raises(BadSignature):
            connector.received(bad_headers, bad_body)


def changed(headers, **fields):
    told = json.loads(base64.b64decode(headers["X-EBAY-SIGNATURE"])) | fields
    return {"X-EBAY-SIGNATURE": base64.b64encode(json.dumps(told).encode()).decode()}


def test_an_address_is_shown_to_be_ours_and_subscribed_once(shop):
    connector, address = opened(shop), "https://oms.example/hooks/1/"
    assert json.loads(connector.challenged("code", address)) == {
        "challengeResponse": signing.answer_of("code", "token", address)
    }
    assert len(connector.subscribe(address, "token")) == 1  # the other topic isn't offered
    shop.topics.add("ORDER_CONFIRMATION")
    assert len(connector.subscribe(address, "token")) == 2
    assert (len(shop.destinations), len(shop.subscriptions)) == (1, 2)


def test_states_are_known_or_held():
    assert mapping.STAGES["FULFILLED"] == Stage.DONE
    assert "SOMETHING" not in mapping.STAGES
