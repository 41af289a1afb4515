"""Amazon's connector against the official sandbox pairs, and against a seller's account on this machine."""

import json
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal as D

import pytest

from oms.messaging.safe_http import Response
from orders.channels.connectors import (
    Account,
    ChargeKind,
    Parcel,
    RefundRequest,
    Stage,
    StockRow,
    Verdict,
    every,
    providers,
)
from orders.channels.connectors.amazon import amounts, client, limits, mapping, notices
from orders.channels.connectors.amazon.client import Client
from orders.channels.connectors.amazon.queue import signals, signed
from orders.channels.connectors.amazon.stock import _verdict
from orders.channels.connectors.errors import (
    AuthEnded,
    Invalid,
    NotFound,
    SchemaChanged,
    ScopeMissing,
    Throttled,
    Unavailable,
    Unknown,
)
from tests.channels.shops.amazon import GERMANY, PAIRS, Marketplace, Replay, asked_of

KEYS = {
    "seller_id": "A3SELLER",
    "client_id": "amzn1.app",
    "client_secret": "secret",
    "refresh_token": "atzr-1",
    "access_token": "atza-0",
    "aws_key": "AKID",
    "aws_secret": "aws-secret",
}
HOUR_AGO = timedelta(hours=1)


@pytest.fixture(autouse=True)
def loopback(settings):
    settings.OUTGOING_ALLOWED_NETWORKS = ["127.0.0.1/32"]


@pytest.fixture
def shop():
    with Marketplace() as server:
        yield server


def account(server, **credentials):
    settings = {
        "marketplaces": [GERMANY],
        "login": f"{server.address}/auth/o2/token",
        "queue": f"{server.address}/123/orders",
        "queue_arn": "arn:aws:sqs:eu-west-1:123:orders",
        "seconds": 1.5,
    }
    return Account(server.address, {**KEYS, **credentials}, settings)


def opened(server, **credentials):
    return providers.get("amazon").open(account(server, **credentials))


# The official pairs

READ = {
    "/orders/2026-01-01/orders": (
        limits.SEARCH_ORDERS,
        lambda told: [mapping.order(row) for row in told["orders"]],
    ),
    "/orders/2026-01-01/orders/{orderId}": (
        limits.GET_ORDER,
        lambda told: mapping.order(told["order"]),
    ),
    "/orders/v0/orders/{orderId}/shipmentConfirmation": (
        limits.CONFIRM_SHIPMENT,
        lambda told: told is None,
    ),
    "/listings/2021-08-01/items/{sellerId}": (
        limits.SEARCH_LISTINGS,
        lambda told: [mapping.listing(row, []) for row in told["items"]],
    ),
    "/listings/2021-08-01/items/{sellerId}/{sku}": (
        limits.PATCH_LISTING,
        lambda told: _verdict(told["sku"], told) if "status" in told else mapping.listing(told, []),
    ),
}


def exchanged(server, pair):
    """What the connector reads of a pair, asked by exactly its request; the error where it is refused."""
    path, query, body = asked_of(pair)
    path = path.replace("{sellerId}", "A3SELLER").replace("{sku}", "ANY")
    operation, read = READ[pair["path"]]
    connection = Client(account(server))
    try:
        if pair["method"] == "GET":
            return read(connection.read(operation, path, **query))
        return read(connection.send(pair["method"], operation, path, body, **query))
    except Invalid as error:
        return error


def test_each_official_pair_of_what_we_use_is_asked_by_its_exact_request_and_read():
    used = [
        pair for pair in PAIRS if pair["path"] in READ and pair["method"] not in ("PUT", "DELETE")
    ]
    with Replay() as server:
        found = [(pair, exchanged(server, pair)) for pair in used]
        assert len(server.requests) == len(used)

    assert Counter(pair["path"].split("/")[1] for pair in used) == {"orders": 10, "listings": 8}
    for pair, read in found:
        is_refused = pair["status"] == 400
        assert isinstance(read, Invalid) == is_refused, pair["path"]
        if is_refused:
            assert read.details["shop_code"] == pair["response"]["errors"][0]["code"]
    by_path = {}
    for pair, read in found:
        by_path.setdefault(pair["path"], []).append(read)
    verdicts = by_path["/listings/2021-08-01/items/{sellerId}/{sku}"]
    assert [each.verdict for each in verdicts if hasattr(each, "verdict")] == [
        Verdict.ACCEPTED,
        Verdict.LATER,
        Verdict.INVALID,
    ]


def test_what_the_official_orders_say():
    orders = {
        row["orderId"]: mapping.order(row)
        for pair in PAIRS
        if pair["api"].startswith("orders_2026") and pair["status"] == 200
        for row in pair["response"].get("orders", [pair["response"].get("order")])
    }
    assert len(orders) == 6
    assert {key[:3]: (each.currency, each.gross) for key, each in orders.items()} == {
        "250": ("JPY", D(19940)),
        "202": ("GBP", D("34.99")),
        "171": ("BRL", D("299.90")),
        "028": ("TRY", D("125.00")),
        "114": ("USD", D("49.99")),
    } | {"171": (orders["171-9876543-2109876"].currency, D("299.90"))}

    by_amazon = orders["250-1234567-8901234"]
    assert (by_amazon.stage, by_amazon.state) == (Stage.ELSEWHERE, "FBA SHIPPED")
    remitted = orders["028-1234567-8901234"]
    assert remitted.lines[0].is_remitted and not remitted.lines[0].is_tax_unknown
    taxed = orders["114-9876543-1234567"]
    assert (taxed.lines[0].net, taxed.lines[0].tax, taxed.prices_include_tax) == (
        D("39.99"),
        D("10.00"),
        False,
    )
    shipped = orders["202-7654321-1098765"]
    assert (shipped.stage, shipped.shipments[0].tracking) == (Stage.DONE, ("15501234567890123456",))
    gift = orders["171-9876543-2109876"]
    assert (gift.stage, gift.gift_message[:12]) == (Stage.SHIP, "Feliz Natal!")
    assert gift.ship_by == datetime(2024, 12, 27, 23, 59, 59, tzinfo=UTC)
    assert orders["171-2345678-9012345"].vat_number == "1234567890"
    assert orders["114-9876543-1234567"].doubts


def test_the_other_official_pairs_are_answers_that_can_be_told_apart():
    """Operations that aren't used: their refusals have the same form as those that are."""
    for pair in PAIRS:
        body = json.dumps(pair["response"]).encode() if pair["response"] else b""
        response = Response(pair["status"], {}, body)
        try:
            client.read(response, limits.GET_ORDER, is_write=False)
        except Invalid:
            assert pair["status"] == 400
        else:
            assert pair["status"] < 300


# Amounts


def item(*parts, total, tax=(), discount=(), pays=False):
    def rows(kind, details):
        value = sum((D(amount) for _k, amount in details), D(0))
        return [
            {
                "type": kind,
                "subtotal": money(value),
                "detailedBreakdowns": [
                    {"subtype": name, "value": money(amount)} for name, amount in details
                ],
            }
        ] * bool(details)

    breakdowns = [{"type": kind, "subtotal": money(value)} for kind, value in parts]
    breakdowns += rows("TAX", tax) + rows("DISCOUNT", discount)
    return {
        "proceeds": {"proceedsTotal": money(total), "breakdowns": breakdowns},
        **(PAYS if pays else {}),
    }


def money(value, currency="EUR"):
    return {"amount": str(value), "currencyCode": currency}


PAYS = {"tax": {"taxCollections": [{"model": "MARKETPLACE_FACILITATOR"}]}}
AMERICA = "ATVPDKIKX0DER"


def test_taxes_are_taken_as_amazon_counts_them():
    inside = amounts.of_item(
        item(
            ("ITEM", "20.00"),
            ("SHIPPING", "4.90"),
            total="22.90",
            tax=[("ITEM", "2.87"), ("SHIPPING", "0.78")],
            discount=[("ITEM", "2.00")],
        ),
        GERMANY,
    )
    assert (inside.goods.net, inside.goods.tax) == (D("15.13"), D("2.87"))
    assert (inside.charges["SHIPPING"].net, inside.charges["SHIPPING"].tax) == (
        D("4.12"),
        D("0.78"),
    )
    on_top = amounts.of_item(
        item(("ITEM", "20.00"), total="23.80", tax=[("ITEM", "3.80")]), GERMANY
    )
    assert (on_top.goods.net, on_top.goods.tax) == (D("20.00"), D("3.80"))
    unnamed = amounts.of_item(item(("ITEM", "20.00"), total="20.00"), GERMANY)
    assert (unnamed.goods.net, unnamed.is_tax_unknown) == (D("20.00"), True)
    paid_by_amazon = amounts.of_item(
        item(("ITEM", "20.00"), total="20.00", tax=[("ITEM", "1.60")], pays=True), AMERICA
    )
    assert (paid_by_amazon.goods.tax, paid_by_amazon.goods.remitted) == (0, D("1.60"))
    import_scheme = amounts.of_item(
        item(("ITEM", "11.90"), total="11.90", tax=[("ITEM", "1.90")], pays=True), GERMANY
    )
    assert (import_scheme.goods.net, import_scheme.goods.remitted) == (D("10.00"), D("1.90"))


# A seller's account


def test_an_account_is_tested_and_its_token_renewed(shop):
    health = opened(shop).check()
    assert (health.name, health.currency, list(health.missing)) == ("Mugs & Co", "EUR", [])
    assert health.notes == ["Amazon.de (A1PA6795UKMFR9)"]

    renewed, ends = opened(shop, access_token="").refresh()
    assert renewed["access_token"] in shop.tokens
    assert timedelta(minutes=59) < ends - datetime.now(UTC) <= timedelta(hours=1)
    with pytest.raises(AuthEnded, match="The token is gone"):
        opened(shop, refresh_token="atzr-0").refresh()
    with pytest.raises(AuthEnded, match="expired"):
        opened(shop, access_token="old").order("1")


@pytest.mark.parametrize(
    ("kind", "options", "read", "written"),
    [
        ("broken", {}, Unavailable, Unknown),
        ("lost", {}, Unavailable, Unknown),
        ("drip", {}, Unavailable, None),
        ("maintenance", {"status": 503}, Unavailable, Unknown),
        ("garbage", {}, Unavailable, Unknown),
        (
            "reply",
            {"status": 403, "body": {"errors": [{"code": "Unauthorized", "message": "denied"}]}},
            ScopeMissing,
            ScopeMissing,
        ),
        (
            "reply",
            {
                "status": 429,
                "body": {"errors": [{"code": "QuotaExceeded", "message": "slow"}]},
                "headers": {"x-amzn-RateLimit-Limit": "0.1"},
            },
            Throttled,
            Throttled,
        ),
        ("reply", {"status": 200, "body": {"order": {}}}, SchemaChanged, None),
    ],
)
def test_how_requests_fail(shop, kind, options, read, written):
    shop.item("MUG", 1)
    order = shop.buy(("MUG", 1, "9.99"))
    shop.fail(kind, "GET", "/orders/", **options)
    with pytest.raises(read) as caught:
        opened(shop).order(order["orderId"])
    if read is Throttled:
        assert (caught.value.after, caught.value.is_narrow) == (10, True)
    if written:
        shop.fail(kind, "POST", "/shipmentConfirmation", **options)
        connector = opened(shop)
        sold = connector.order(order["orderId"])
        with pytest.raises(written):
            connector.ship(sold, parcel(sold))


def parcel(sold, number="SHP-7-1", tracking="JD014"):
    return Parcel(number, {line.id: line.quantity for line in sold.lines}, "DHL", tracking)


def test_orders_are_searched_whole_page_by_page_with_their_state(shop):
    shop.item("MUG", 20)
    shop.page_size = 2
    shipped = shop.buy(("MUG", 1, "9.99"), ago=500)
    pending = shop.buy(("MUG", 2, "9.99"), status="PENDING", ago=400)
    for_amazon = shop.buy(("MUG", 1, "9.99"), by="AMAZON", ago=350)
    odd = shop.buy(("MUG", 1, "9.99"), status="INVENTED", ago=300)
    shop.buy(("MUG", 1, "9.99"), ago=10)  # too young to be asked for
    broken = shop.buy(("MUG", 1, "9.99"), ago=290)
    broken["orderItems"][0].pop("quantityOrdered")

    pages = list(every(lambda page: opened(shop).changed(datetime.now(UTC) - HOUR_AGO, page)))

    assert [len(page.changes) for page in pages] == [2, 2, 1]
    asked = [each.query for each in shop.requests if each.path.endswith("/orders")]
    assert len({each["lastUpdatedBefore"] for each in asked}) == 1
    found = {key: sold for page in pages for key, sold in page.orders.items()}
    assert broken["orderId"] not in found
    assert {key: each.stage for key, each in found.items()} == {
        shipped["orderId"]: Stage.SHIP,
        pending["orderId"]: Stage.RESERVE,
        for_amazon["orderId"]: Stage.ELSEWHERE,
        odd["orderId"]: Stage.HOLD,
    }
    sold = found[shipped["orderId"]]
    assert (sold.gross, sold.lines[0].gross, sold.charges[0].gross) == (
        D("14.89"),
        D("9.99"),
        D("4.90"),
    )
    assert (sold.charges[0].kind, sold.payments[0].amount) == (ChargeKind.SHIPPING, D("14.89"))
    assert sold == opened(shop).order(sold.id)
    waits = found[pending["orderId"]]
    assert (waits.gross, waits.ship_to, waits.lines[0].quantity) == (0, {}, 2)
    placed = opened(shop).placed(datetime.now(UTC) - HOUR_AGO, datetime.now(UTC))
    assert len(placed.changes) == 2
    with pytest.raises(NotFound):
        opened(shop).order("302-none")


def test_an_order_without_address_says_so(shop):
    shop.item("MUG", 1)
    shop.has_address = False
    sold = opened(shop).order(shop.buy(("MUG", 1, "9.99"))["orderId"])

    assert (sold.stage, sold.ship_to, len(sold.doubts)) == (Stage.SHIP, {}, 1)


def test_quantities_are_read_set_one_by_one_and_by_a_feed(shop):
    for number in range(25):
        shop.item(f"SKU {number}", number)
    shop.item("BY-AMAZON", 5, channel="AMAZON_EU")
    connector = opened(shop)

    listed = [each for page in every(connector.listings) for each in page.listings]
    assert (len(listed), sum(each.is_tracked for each in listed)) == (26, 25)
    assert (listed[3].variant, listed[3].quantity, listed[3].stock_id) == ("SKU 3", 3, "MUG")
    rows = [StockRow(each.variant, 50, stock_id=each.stock_id) for each in listed[:21]]
    assert connector.quantities(rows)["SKU 20"] == 20

    verdicts = connector.set_stock([rows[1], StockRow("GONE", 1), StockRow("SKU 2", -1)], "key")
    assert [each.verdict for each in verdicts] == [
        Verdict.ACCEPTED,
        Verdict.MISSING,
        Verdict.INVALID,
    ]
    assert shop.shown("SKU 1") == 50

    feed = connector.set_many([*rows, StockRow("GONE", 1)])
    assert connector.report(feed) is None
    shop.process()
    assert {key: each.verdict for key, each in connector.report(feed).items()} == {
        "GONE": Verdict.INVALID
    }
    assert shop.shown("SKU 20") == 50


def test_parcels_are_confirmed_once_by_their_number(shop):
    shop.item("MUG", 5)
    connector, order = opened(shop), shop.buy(("MUG", 3, "9.99"))
    sold = connector.order(order["orderId"])
    part = replace(parcel(sold), units={sold.lines[0].id: 1}, carrier="Bike Courier")

    assert connector.find_shipment(sold, part) is None
    assert connector.ship(sold, part).reference == "7001"
    connector.ship(sold, replace(part, tracking="JD015"))
    sold = connector.order(sold.id)

    assert [each.tracking for each in sold.shipments] == [("JD015",)]
    assert (sold.state, sold.shipments[0].carrier) == ("PARTIALLY_SHIPPED", "Bike Courier")
    assert connector.find_shipment(sold, part).reference == "7001"
    assert connector.find_shipment(sold, replace(part, units={sold.lines[0].id: 2})) is None
    assert notices.package_id("P 1") == notices.package_id("P 1") != notices.package_id("P 2")


def test_cancellations_and_refunds_are_feeds_whose_outcome_comes_later(shop):
    shop.item("MUG", 9)
    connector = opened(shop)
    sold = connector.order(shop.buy(("MUG", 2, "10.00"))["orderId"])

    canceled = connector.cancel(sold, "cancel", "")
    assert canceled.is_pending and connector.settled(canceled.reference).is_pending
    shop.process()
    assert not connector.settled(canceled.reference).is_pending
    assert connector.order(sold.id).stage == Stage.CANCELED

    sold = connector.order(shop.buy(("MUG", 2, "10.00"))["orderId"])
    late = connector.cancel(sold, "cancel", "")
    connector.ship(sold, parcel(sold))
    shop.process()
    with pytest.raises(Invalid, match="has shipped"):
        connector.settled(late.reference)
    with pytest.raises(Invalid, match="can't be canceled"):
        connector.cancel(connector.order(sold.id), "cancel", "")

    units = {sold.lines[0].id: 1}
    asked = RefundRequest("refund 1", D("12.00"), "EUR", units, asked_at=datetime.now(UTC))
    assert connector.find_refund(sold, asked) is None
    made = connector.refund(sold, asked)
    assert connector.find_refund(sold, asked) == made
    assert connector.find_refund(sold, replace(asked, others=[made.reference])) is None
    with pytest.raises(Unknown):
        connector.find_refund(sold, replace(asked, others=None))
    shop.process()
    assert shop.orders[sold.id]["refunds"] == [10.0, 2.0]  # goods, and the rest of shipping
    with pytest.raises(Invalid, match="too much"):
        connector.refund(sold, replace(asked, amount=D("99.00")))


# The queue


def test_requests_are_signed_as_the_vendor_describes():
    """The example of "Signature Version 4 signing process", and "get-vanilla" of its test suite."""
    keys = ("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "us-east-1")
    at = datetime(2015, 8, 30, 12, 36, tzinfo=UTC)
    form = "application/x-www-form-urlencoded; charset=utf-8"
    users = signed(
        "GET",
        "https://iam.amazonaws.com/?Action=ListUsers&Version=2010-05-08",
        {"content-type": form, "host": "iam.amazonaws.com"},
        b"",
        *keys,
        "iam",
        at=at,
    )
    vanilla = signed(
        "GET",
        "https://example.amazonaws.com/",
        {"Host": "example.amazonaws.com"},
        b"",
        *keys,
        "service",
        at=at,
    )

    assert [each["authorization"].rpartition("=")[2] for each in (users, vanilla)] == [
        "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7",
        "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
    ]


def test_notifications_wait_in_a_queue_until_they_are_stored(shop):
    shop.item("MUG", 9)
    orders = [shop.buy(("MUG", 1, "9.99")) for _number in range(2)]
    for order in orders:
        shop.notify(order)
    shop.messages.append({"NotificationType": "UNHEARD_OF"})
    connector = opened(shop)

    waiting = connector.waiting()
    told = [signal for message in waiting for signal in message.signals]
    assert [each.id for each in told] == [each["orderId"] for each in orders]
    assert len(connector.waiting()) == 3
    connector.remove([each.receipt for each in waiting])
    assert connector.waiting() == []
    with pytest.raises(AuthEnded):
        opened(shop, aws_secret="wrong").waiting()
    assert connector.subscribe("", "") == connector.subscribe("", "") == ["sub-1"]
    assert len(shop.destinations) == len(shop.subscriptions) == 1
    assert signals("{not json") == []
