"""The connector of Shopify against a shop on this machine that runs its documents by Shopify's official schema."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal as D

import pytest
from graphql import parse
from graphql.execution.values import get_variable_values

from orders.channels.connectors import (
    Account,
    ChargeKind,
    Paid,
    Parcel,
    RefundRequest,
    Stage,
    StockRow,
    Verdict,
    every,
    providers,
)
from orders.channels.connectors.errors import (
    AlreadyDone,
    AuthEnded,
    BadSignature,
    Invalid,
    NotFound,
    SchemaChanged,
    ScopeMissing,
    Throttled,
    Unavailable,
    Unknown,
)
from orders.channels.connectors.shopify import mapping
from orders.channels.connectors.shopify.client import VERSIONS, gid, tail
from orders.channels.connectors.shopify.connector import ends_on
from tests.channels.schemas import shopify as schemas
from tests.channels.shops import shopify_acts as acts
from tests.channels.shops.shopify import Shop

HOUR_AGO = timedelta(hours=1)
TOKEN = "shpat_given"


@pytest.fixture
def shop():
    with Shop() as server:
        server.tokens.add(TOKEN)
        yield server
        for request in server.requests:
            if "graphql" in request.path:
                assert_valid(request.body)


def assert_valid(body):
    """What was sent is valid in every version that we support, its variables included."""
    (operation,) = parse(body["query"]).definitions
    for version in VERSIONS:
        schema, given = schemas.schema(version), body["variables"]
        found = get_variable_values(schema, operation.variable_definitions or (), given)
        assert not isinstance(found, list), (version, found)


def opened(shop, **settings):
    credentials = {"client_id": "app", "client_secret": "shpss_test", "access_token": TOKEN}
    return providers.get("shopify").open(
        Account(shop.address, credentials, {"seconds": 1.5, **settings})
    )


def read(shop, made, **settings):
    return opened(shop, **settings).order(tail(made["id"]))


# What a shop is, its tokens, and how it fails


def test_a_shop_is_tested_with_its_scopes_places_clock_and_version(shop):
    shop.scopes.discard("write_inventory")
    shop.scopes.discard("read_all_orders")
    shop.place("Berlin")["isActive"] = True

    health = opened(shop).check()

    assert (health.name, health.currency) == ("Test shop", "EUR")
    assert list(health.missing) == ["read_all_orders", "write_inventory"]
    assert sorted(health.locations.values()) == ["Berlin", "Place 1"]
    assert abs(health.skew_seconds) <= 2
    assert ["2027-10-01" in note for note in health.notes] == [True]
    assert ends_on("2026-01").isoformat() == "2027-01-01"


def test_tokens_come_of_the_app_s_credentials_or_of_a_refresh_token_that_is_new_each_time(shop):
    plain = {"client_id": "app", "client_secret": "shpss_test"}
    open_ = providers.get("shopify").open
    given, ends = open_(Account(shop.address, plain)).refresh()
    assert timedelta(hours=23) < ends - datetime.now(UTC) < timedelta(hours=24)
    assert open_(Account(shop.address, plain | given)).check().name == "Test shop"

    shop.refresh_token = "first"
    first, ends = open_(Account(shop.address, plain | {"refresh_token": "first"})).refresh()
    assert ends - datetime.now(UTC) < timedelta(hours=1)
    assert first["refresh_token"] == shop.refresh_token != "first"
    with pytest.raises(AuthEnded, match="Token is used"):
        open_(Account(shop.address, plain | {"refresh_token": "first"})).refresh()
    with pytest.raises(AuthEnded):
        open_(Account(shop.address, plain | given)).check()  # replaced
    second, _ends = open_(Account(shop.address, plain | first)).refresh()
    assert open_(Account(shop.address, plain | second)).check().name == "Test shop"

    with pytest.raises(AuthEnded, match="invalid_client"):
        open_(Account(shop.address, plain | {"client_secret": "old"})).refresh()
    with pytest.raises(AuthEnded, match="Connect"):
        open_(Account(shop.address, plain)).check()


@pytest.mark.parametrize(
    ("kind", "options", "of_read", "of_write"),
    [
        ("throttled", {"after": 7}, Throttled, Throttled),
        ("broken", {}, Unavailable, Unknown),
        ("broken_after", {"status": 502}, Unavailable, Unknown),
        ("broken", {"status": 503}, Unavailable, Unavailable),
        ("lost", {}, Unavailable, Unknown),
        ("drip", {}, Unavailable, Unknown),
        ("garbage", {}, Unavailable, Unknown),
        ("denied", {}, ScopeMissing, ScopeMissing),
        ("redirect", {}, Unavailable, Unavailable),
        ("reply", {"body": {"errors": "Not Found"}, "status": 404}, Unavailable, Unavailable),
        ("reply", {"body": {"data": None}}, SchemaChanged, SchemaChanged),
        (
            "reply",
            {"body": {"errors": [{"message": "No such field"}]}},
            SchemaChanged,
            SchemaChanged,
        ),
        (
            "reply",
            {"body": {"errors": [{"extensions": {"code": "INTERNAL_SERVER_ERROR"}}]}},
            Unavailable,
            Unknown,
        ),
    ],
)
def test_what_fails_says_how(shop, kind, options, of_read, of_write):
    shop.product("MUG", 5)
    connector, made = opened(shop), shop.buy(("MUG", 1))
    order = connector.order(tail(made["id"]))

    shop.fail(kind, path="/Order$", **options)
    with pytest.raises(of_read):
        connector.order(order.id)
    shop.fail(kind, path="/Cancel$", **options)
    with pytest.raises(of_write) as failed:
        connector.cancel(order, "key", "")

    if kind == "throttled":
        assert failed.value.after == 7


def test_points_that_a_document_lacks_come_back_in_the_seconds_that_are_waited(shop):
    shop.product("MUG", 5)
    made = shop.buy(("MUG", 1))
    shop.points, shop.most, shop.rate = 100, 2000, 100

    with pytest.raises(Throttled) as failed:
        read(shop, made)

    assert 4 < failed.value.after < 9


def test_no_document_costs_more_than_a_shop_allows(shop):
    shop.product("MUG", 500)
    made = shop.buy(*[("MUG", 1)] * 60)
    acts.refund(shop, made, "1.00", {made["lineItems"][0]["id"]: 1})
    connector = opened(shop)
    order = connector.order(tail(made["id"]))
    connector.ship(order, Parcel("S-1", {line.id: 1 for line in order.lines[1:]}, "DHL", "T1"))

    assert len(order.lines) == 60
    assert len({line.id for line in order.lines}) == 60
    assert made["displayFulfillmentStatus"] == "FULFILLED"
    again = connector.order(order.id)
    assert sum(again.shipments[0].units.values()) == 59


# Orders


def test_changed_orders_are_paged_by_their_own_mark_and_days_by_their_span(shop):
    shop.product("MUG", 500)
    start = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=5)
    made = [shop.buy(("MUG", 1), at=start + timedelta(seconds=n)) for n in range(205)]
    connector, seen, page = opened(shop), [], None
    while True:
        found = connector.changed(start, page)
        seen += [change.id for change in found.changes]
        if page is None:
            for each in made[:3]:
                shop.changed(each)  # moves to the end meanwhile
        page = found.next
        if page is None:
            break

    assert {tail(each["id"]) for each in made} == set(seen)
    assert connector.changed(start + timedelta(seconds=204)).changes[0].id == tail(made[204]["id"])
    span = start + timedelta(seconds=10), start + timedelta(seconds=20)
    found = [each for part in every(lambda p: connector.placed(*span, p)) for each in part.changes]
    assert [each.id for each in found] == [tail(each["id"]) for each in made[10:20]]


def rich(shop):
    """An order with all that an order can have."""
    shop.product("MUG", 9)
    shop.product("CARD", None, "25.00")
    tip = acts.line(shop, {**shop.variants["CARD"], "price": "2.00"}, 1)
    tip |= {"title": "Tip", "sku": None, "variant": None, "requiresShipping": False, "taxLines": []}
    card = acts.line(shop, shop.variants["CARD"], 1)
    card |= {"isGiftCard": True, "requiresShipping": False, "taxLines": []}
    made = shop.buy(
        ("MUG", 3, "1.00"),
        lines=[tip, card],
        sourceName="instagram",
        discountCodes=["SAVE"],
        note="Ring twice",
        customAttributes=[
            {"key": "Gift message", "value": "For you"},
            {"key": "VAT ID", "value": "DE123456789"},
        ],
        additionalFees=[
            {
                "id": shop.id("AdditionalFee"),
                "name": "Delivery fee",
                "price": acts.bag("1.19"),
                "taxLines": acts.taxed(shop, D("1.19")),
            }
        ],
    )
    made["totalTipReceivedSet"] = acts.bag("2.00")
    made["totalCashRoundingAdjustment"] = {"paymentSet": acts.bag("-0.02")}
    made["lineItems"][2]["duties"] = [
        {"id": shop.id("Duty"), "price": acts.bag("3.00"), "taxLines": []}
    ]
    due = acts.amount(made["totalPriceSet"]) + D("4.19")
    made["totalPriceSet"] = made["currentTotalPriceSet"] = acts.bag(due)
    made["transactions"].clear()
    acts.pay(shop, made, "20.00", "gift_card")
    acts.pay(shop, made, "9.99", status="FAILURE")
    acts.pay(shop, made, due - 20)["amountRoundingSet"] = acts.bag("-0.02")
    return made


def test_an_order_is_read_with_what_the_buyer_paid_in_their_own_currency(shop):
    made = rich(shop)
    made["lineItems"][2]["customAttributes"] = [
        {"key": "Engraving", "value": "For Jo"},
        {"key": "_bundle", "value": "x"},
    ]

    order = read(shop, made)

    assert (order.stage, order.paid, order.state) == (Stage.SHIP, Paid.YES, "PAID")
    assert (order.currency, order.prices_include_tax) == ("EUR", True)
    assert order.gross == D("65.04")  # 2 + 25 + 28.97 + 4.90 + 1.19 + 3 − 0.02
    assert sum(row.gross for row in [*order.lines, *order.charges]) == order.gross
    kinds = {each.kind: each.gross for each in order.charges}
    assert kinds == {
        ChargeKind.SHIPPING: D("4.90"),
        ChargeKind.FEE: D("1.19"),
        ChargeKind.DUTY: 3,
        ChargeKind.TIP: 2,
        ChargeKind.ROUNDING: D("-0.02"),
    }
    card, mug = order.lines
    assert (card.is_gift_card, card.needs_shipping, card.gross, card.tax) == (True, False, 25, 0)
    assert (mug.quantity, mug.gross, mug.unit_price) == (3, D("28.97"), D("9.99"))
    assert (mug.tax, mug.tax_percent, mug.note) == (D("4.63"), 19, "Engraving: For Jo")
    assert [(each.method, each.amount) for each in order.payments] == [
        ("gift_card", 20),
        ("shopify_payments", order.gross - 20),
    ]
    assert (order.source, order.campaign, order.gift_message, order.vat_number) == (
        "instagram",
        "SAVE",
        "For you",
        "DE123456789",
    )
    assert int(order.id) > 2**53
    assert order.ship_to == {
        "name": "Jo Doe",
        "street": "Hauptstr. 1",
        "postal_code": "10115",
        "city": "Berlin",
        "country": "DE",
    }


def test_what_prices_don_t_include_and_what_the_channel_pays_is_told_apart():
    with Shop(currency="USD", tax_percent="7.25", taxes_included=False) as shop:
        shop.tokens.add(TOKEN)
        shop.product("MUG", 9, "10.00")
        remitted = acts.line(shop, shop.variants["MUG"], 1, channel_liable=True)
        made = shop.buy(("MUG", 2), lines=[remitted], freight="")

        order = read(shop, made)

    liable, own = order.lines
    assert (liable.net, liable.tax, liable.tax_remitted) == (10, 0, D("0.73"))
    assert (own.net, own.tax, own.tax_percent) == (20, D("1.45"), D("7.25"))
    assert order.gross == D("32.18")


@pytest.mark.parametrize(
    ("currency", "price", "tax", "discount", "gross", "net"),
    [
        ("JPY", "1000", "182", "1", "1999", "1817"),
        ("KWD", "1.125", "0.205", "0.001", "2.249", "2.044"),
        ("EUR", "10.005", "3.19", "0.01", "20.00", "16.81"),
    ],
)
def test_amounts_are_in_the_coins_of_their_currency(currency, price, tax, discount, gross, net):
    """Of the order alone; the second of two rates leaves the percentage open."""
    made = unasked(Shop.__new__(Shop)) | {"presentmentCurrencyCode": currency, "shippingLines": []}
    (line,) = made["lineItems"]
    line["originalUnitPriceSet"] = acts.bag(price)
    line["discountAllocations"] = [{"allocatedAmountSet": acts.bag(discount)}]
    half = acts.bag(D(tax) / 2)
    line["taxLines"] = [{**line["taxLines"][0], "priceSet": half}] * 2
    made["currentTotalPriceSet"] = acts.bag(gross)

    order = mapping.order(made, "", {})

    (sold,) = order.lines
    assert (sold.net, sold.tax, sold.tax_percent) == (D(net), D(tax), None)
    assert (sold.gross, order.gross) == (D(gross), D(gross))


@pytest.mark.parametrize(
    ("fields", "state", "stage"),
    [
        ({}, "PAID", Stage.SHIP),
        ({"displayFinancialStatus": "PENDING"}, "PENDING", Stage.RESERVE),
        ({"displayFinancialStatus": "AUTHORIZED"}, "AUTHORIZED", Stage.RESERVE),
        ({"displayFinancialStatus": "PARTIALLY_PAID"}, "PARTIALLY_PAID", Stage.RESERVE),
        ({"displayFinancialStatus": "PARTIALLY_REFUNDED"}, "PARTIALLY_REFUNDED", Stage.SHIP),
        ({"displayFinancialStatus": "REFUNDED"}, "REFUNDED", Stage.CANCELED),
        ({"displayFinancialStatus": "VOIDED"}, "VOIDED", Stage.HOLD),
        ({"displayFinancialStatus": "EXPIRED"}, "EXPIRED", Stage.HOLD),
        ({"displayFinancialStatus": None}, "UNKNOWN", Stage.HOLD),
        ({"displayFulfillmentStatus": "FULFILLED"}, "FULFILLED", Stage.DONE),
        ({"displayFulfillmentStatus": "ON_HOLD"}, "ON_HOLD", Stage.RESERVE),
        ({"confirmed": False}, "UNCONFIRMED", Stage.HOLD),
        ({"cancelledAt": "2026-11-30T10:00:00Z"}, "CANCELLED", Stage.CANCELED),
        (
            {
                "displayFinancialStatus": "PENDING",
                "paymentGatewayNames": ["Cash on Delivery (COD)"],
            },
            "PENDING",
            Stage.SHIP,
        ),
    ],
)
def test_states_are_mapped_and_unknown_ones_are_held(fields, state, stage):
    """Of the order alone: nothing is asked."""
    shop = Shop.__new__(Shop)
    made = unasked(shop) | fields

    order = mapping.order(made, "", {"ships_unpaid": ["cash on delivery (cod)"]})

    assert (order.state, order.stage) == (state, stage)


def unasked(shop):
    """An order as the connector has read it whole, without a server."""
    shop.orders, shop.hooks, shop.queue, shop.taxes_included = {}, {}, [], True
    shop.variants, shop.places, shop.currency, shop.tax_percent = {}, {}, "EUR", D(19)
    shop._ids, shop._events, shop.ahead = iter(range(10**6)), iter(range(10**6)), timedelta()
    shop.place("Berlin")
    shop.product("MUG", 9)
    return acts.order(shop, [("MUG", 2)])


def test_units_that_were_edited_away_are_none_and_refunded_ones_are(shop):
    shop.product("MUG", 9)
    shop.product("CUP", 9, "5.00")
    made = shop.buy(("MUG", 3, "3.00"), ("CUP", 2))
    acts.edit(shop, made, 0, 2)
    acts.edit(shop, made, 1, 3)

    order = read(shop, made)

    assert [(line.quantity, line.gross) for line in order.lines] == [
        (2, D("17.98")),
        (2, 10),
        (1, 5),
    ]
    assert (order.refunds, order.gross) == ([], D("37.88"))

    acts.refund(shop, made, "8.99", {made["lineItems"][0]["id"]: 1}, note="broken (refund 7)")
    order = read(shop, made)

    (refund,) = order.refunds
    assert (refund.amount, refund.units, refund.key, refund.is_done) == (
        D("8.99"),
        {order.lines[0].id: 1},
        "refund 7",
        True,
    )
    assert [(line.quantity, line.refunded) for line in order.lines] == [(2, 1), (2, 0), (1, 0)]
    assert order.gross == D("37.88")
    assert sum(row.gross for row in [*order.lines, *order.charges]) == order.gross
    made["refunds"][-1]["transactions"][0]["status"] = "PENDING"
    assert not read(shop, made).refunds[0].is_done


def test_test_orders_guests_bundles_custom_items_and_masked_addresses(shop):
    shop.product("MUG", 9)
    group = {"id": "gid://shopify/LineItemGroup/1", "title": "Set", "quantity": 1}
    part = acts.line(shop, shop.variants["MUG"], 1, lineItemGroup=group)
    custom = acts.line(shop, shop.variants["MUG"], 1) | {"variant": None, "sku": None}
    custom["title"] = "Favor"
    made = shop.buy(lines=[part, custom], test=True, customer=None)
    shop.shows_personal = False

    order = read(shop, made)

    assert (order.is_test, order.payments, order.buyer, order.is_ours) == (True, [], "", False)
    assert (order.ship_to, order.bill_to, order.email) == ({}, {}, "")
    assert [line.variant for line in order.lines] == [
        tail(shop.variants["MUG"]["id"]),
        "custom/Favor",
    ]
    with pytest.raises(NotFound):
        opened(shop).order("5")
    shop.scopes.discard("read_orders")
    with pytest.raises(ScopeMissing, match="order field"):
        read(shop, made)


# Stock


def row_of(shop, sku, quantity, seen=None, **more):
    variant = shop.variants[sku]
    item = tail(variant["inventoryItem"]["id"])
    return StockRow(tail(variant["id"]), quantity, sku, stock_id=item, seen=seen, **more)


def verdicts(connector, *rows, key="key"):
    return [each.verdict for each in connector.set_stock(rows, key)]


def test_listings_are_variants_with_what_each_place_has(shop):
    shop.product("MUG", 5, barcode="4006381333931")
    shop.product("SERVICE")
    shop.product("SET", 3, bundle=True)
    places = [shop.place(f"Place {number}")["id"] for number in range(5)]
    for place in places:
        shop.variants["MUG"]["inventoryItem"]["levels"][place] = 2
    for number in range(60):
        shop.product(f"P-{number}", 1)

    pages = [page.listings for page in every(opened(shop).listings)]
    rows = {row.sku: row for page in pages for row in page}

    assert len(rows) == 63
    mug = rows["MUG"]
    assert (mug.quantity, mug.barcode, mug.is_tracked, len(mug.by_location)) == (
        15,
        "4006381333931",
        True,
        6,
    )
    assert mug.title == "Product MUG"
    assert [rows[sku].is_tracked for sku in ("SERVICE", "SET")] == [False, False]
    chosen = opened(shop, location=tail(places[0])).listings().listings[0]
    assert chosen.quantity == 2


def test_stock_is_set_only_where_it_still_is_what_was_seen(shop):
    shop.product("MUG", 5)
    shop.product("CUP", 7)
    connector = opened(shop)
    mug, cup = row_of(shop, "MUG", 4, seen=5), row_of(shop, "CUP", 1, seen=9)

    assert verdicts(connector, mug, cup) == [Verdict.STALE, Verdict.SET]
    assert (shop.stock("MUG"), shop.stock("CUP")) == (4, 7)
    assert connector.quantities([mug, cup]) == {mug.variant: 4, cup.variant: 7}
    assert verdicts(connector, row_of(shop, "CUP", 1, seen=7), row_of(shop, "MUG", -2)) == [
        Verdict.SET,
        Verdict.SET,
    ]
    assert (shop.stock("MUG"), shop.stock("CUP")) == (-2, 1)
    sent = shop.asked_for("POST", "SetStock")[-1]["variables"]["input"]
    assert [each["changeFromQuantity"] for each in sent["quantities"]] == [7, None]


def test_rows_that_the_shop_refuses_don_t_stand_in_the_way_of_others(shop):
    for sku in ("MUG", "CUP"):
        shop.product(sku, 5)
    shop.product("SET", 1, bundle=True)
    gone = StockRow("77", 1, stock_id="88")
    found = opened(shop).set_stock(
        [
            row_of(shop, "MUG", 3),
            row_of(shop, "SET", 3),
            gone,
            row_of(shop, "CUP", 3, location="99"),
            StockRow(tail(shop.variants["CUP"]["id"]), 2),
            StockRow("55", 2),
        ],
        "key",
    )

    by_message = {(each.variant, each.verdict) for each in found}
    cup = tail(shop.variants["CUP"]["id"])
    assert by_message == {
        (tail(shop.variants["MUG"]["id"]), Verdict.SET),
        (tail(shop.variants["SET"]["id"]), Verdict.INVALID),
        ("77", Verdict.MISSING),
        ("55", Verdict.MISSING),
        (cup, Verdict.INVALID),
        (cup, Verdict.SET),
    }
    assert (shop.stock("MUG"), shop.stock("CUP")) == (3, 2)


def test_a_place_that_doesn_t_stock_an_item_yet_does_so_then(shop):
    shop.product("MUG", 5)
    second = tail(shop.place("Berlin")["id"])
    first = tail(next(iter(shop.places)))
    connector = opened(shop)

    rows = [row_of(shop, "MUG", 3, location=first), row_of(shop, "MUG", 8, location=second)]
    assert set(verdicts(connector, *rows)) == {Verdict.SET}
    assert shop.stock("MUG") == 11
    assert connector.quantities(rows) == {rows[0].variant: 11}
    (verdict,) = connector.set_stock([row_of(shop, "MUG", 3)], "key")
    assert (verdict.verdict, "several locations" in verdict.message) == (Verdict.INVALID, True)


def test_keys_make_a_push_happen_once_and_never_stand_for_two(shop):
    shop.product("MUG", 5)
    connector, row = opened(shop), row_of(shop, "MUG", 3)
    shop.fail("lost", path="SetStock")
    with pytest.raises(Unknown):
        connector.set_stock([row], "key")
    acts.take(shop, {"variant": shop.variants["MUG"]}, 1)  # sold meanwhile
    assert verdicts(connector, row) == [Verdict.SET]
    assert shop.stock("MUG") == 2  # the first one counts

    shop.busy = True
    with pytest.raises(Throttled) as failed:
        connector.set_stock([row], "other")
    assert failed.value.after == 2
    verdicts(connector, row, key="third")
    shop.keys = dict.fromkeys(shop.keys, "failed")
    assert verdicts(connector, row_of(shop, "MUG", 3), key="third") == [Verdict.SET]
    assert verdicts(connector, row_of(shop, "MUG", 9), key="third") == [Verdict.SET]
    assert shop.stock("MUG") == 9


# Shipments, cancellations, refunds


def parcel_of(order, number="SH-1-1", tracking="TR1", **units):
    lines = {line.id: line.quantity for line in order.lines}
    return Parcel(number, units or lines, "DHL", tracking, f"https://t.example/{tracking}")


@pytest.mark.parametrize("fault", [None, "lost", "broken_after"])
def test_a_parcel_is_shown_once_even_if_the_answer_was_lost(shop, fault):
    shop.product("MUG", 5)
    made = shop.buy(("MUG", 2))
    connector = opened(shop, carriers={"DHL": "DHL Express"})
    parcel = parcel_of(connector.order(tail(made["id"])))
    if fault:
        shop.fail(fault, path="Fulfill$")
    for _attempt in range(3):
        order = connector.order(tail(made["id"]))
        if connector.find_shipment(order, parcel):
            break
        try:
            connector.ship(order, parcel)
        except Unknown:
            continue

    assert len(made["fulfillments"]) == 1
    (shipment,) = connector.order(order.id).shipments
    assert (shipment.carrier, list(shipment.tracking)) == ("DHL Express", ["TR1"])
    assert shipment.units == parcel.units
    assert shop.notified == [False]


def test_parcels_list_their_lines_by_place_and_leave_what_others_hold(shop):
    shop.product("MUG", 9)
    shop.product("CUP", 9)
    made = shop.buy(("MUG", 3), ("CUP", 1))
    mug, cup = (tail(line["id"]) for line in made["lineItems"])
    there = shop.place("Berlin")
    made["fulfillmentOrders"][0]["lineItems"][1:] = []
    moved = acts.fulfillment_order(shop, made["lineItems"][1:], there)
    made["fulfillmentOrders"].append(moved)
    connector = opened(shop)
    read = lambda: connector.order(tail(made["id"]))  # noqa: E731

    connector.ship(read(), Parcel("S-1", {mug: 1}))
    assert made["displayFulfillmentStatus"] == "PARTIALLY_FULFILLED"
    assert [list(each.tracking) for each in read().shipments] == [["S-1"]]
    moved["status"] = "ON_HOLD"
    both = Parcel("S-2", {mug: 2, cup: 1}, "DHL", "T2")
    with pytest.raises(Invalid, match="Release them there"):
        connector.ship(read(), both)
    assert len(made["fulfillments"]) == 1
    moved["status"] = "OPEN"
    shop.fail("broken", path="Fulfill$")
    with pytest.raises(Unknown):
        connector.ship(read(), both)
    connector.ship(read(), both)
    assert [each.units for each in read().shipments] == [{mug: 1}, {mug: 2}, {cup: 1}]
    assert connector.find_shipment(read(), both) is not None
    connector.ship(read(), both)
    assert len(made["fulfillments"]) == 3
    with pytest.raises(AlreadyDone):
        connector.ship(read(), Parcel("S-3", {mug: 1}, "DHL", "T3"))


def test_a_parcel_half_told_is_completed(shop):
    shop.product("MUG", 9)
    made = shop.buy(("MUG", 3))
    (line,) = (tail(each["id"]) for each in made["lineItems"])
    part = made["fulfillmentOrders"][0]["lineItems"][0]
    acts.fulfilled(shop, made, [(part["lineItem"], 1)], {"trackingInfo": {"number": "T1"}})
    part["remainingQuantity"] -= 1
    connector = opened(shop)
    order, parcel = connector.order(tail(made["id"])), Parcel("S-1", {line: 3}, "DHL", "T1")

    assert connector.find_shipment(order, parcel) is None
    connector.ship(order, parcel)

    assert part["remainingQuantity"] == 0
    with pytest.raises(Invalid, match="fewer"):
        part["remainingQuantity"] = 1
        connector.ship(connector.order(order.id), Parcel("S-2", {line: 2}, "DHL", "T2"))


def test_a_cancellation_moves_neither_money_nor_stock_and_is_a_job(shop):
    shop.product("MUG", 5)
    made, shipped = shop.buy(("MUG", 2)), shop.buy(("MUG", 1))
    shop.waits = 2
    connector = opened(shop)
    order = connector.order(tail(made["id"]))

    assert connector.cancel(order, "cancel SO-1", "out of stock").is_pending
    assert made["cancelledAt"] is None
    assert connector.cancel(order, "cancel SO-1", "").is_pending
    acts.finish_cancel(shop, next(iter(shop.jobs.values())))
    order = connector.order(order.id)
    assert not connector.cancel(order, "cancel SO-1", "").is_pending
    assert (order.stage, shop.stock("MUG"), made["displayFinancialStatus"]) == (
        Stage.CANCELED,
        2,
        "PAID",
    )

    whole = RefundRequest("refund 1", D("24.88"), "EUR", {line.id: 2 for line in order.lines})
    done = connector.refund(order, whole)
    assert connector.find_refund(connector.order(order.id), whole).reference == done.reference
    acts.fulfilled(shop, shipped, [(shipped["lineItems"][0], 1)], {})
    with pytest.raises(Invalid, match="Cannot cancel"):
        connector.cancel(connector.order(tail(shipped["id"])), "key", "")


def test_a_refund_goes_back_once_by_its_payments_and_never_too_much(shop):
    shop.product("MUG", 5)
    made = shop.buy(("MUG", 2))
    made["transactions"].clear()
    acts.pay(shop, made, "10.00", "gift_card")
    acts.pay(shop, made, "14.88")
    connector = opened(shop)
    order = connector.order(tail(made["id"]))
    line = order.lines[0].id
    request = RefundRequest("refund 7", D("17.88"), "EUR", {line: 1}, D("2.00"), "broken")
    assert connector.find_refund(order, request) is None
    shop.fail("broken_after", path="Refund$")

    with pytest.raises(Unknown):
        connector.refund(order, request)
    again = connector.refund(order, request)  # the same key: the same refund
    found = connector.find_refund(connector.order(order.id), request)

    assert (len(made["refunds"]), found.reference) == (1, again.reference)
    sent = shop.asked_for("POST", "Refund$")[0]["variables"]["input"]
    assert [(each["gateway"], each["amount"]) for each in sent["transactions"]] == [
        ("shopify_payments", "14.88"),
        ("gift_card", "3.00"),
    ]
    assert sent["refundLineItems"] == [
        {"lineItemId": gid("LineItem", line), "quantity": 1, "restockType": "NO_RESTOCK"}
    ]
    assert (sent["currency"], sent["shipping"]["amount"]) == ("EUR", "2.00")
    assert "allowOverRefunding" not in sent
    with pytest.raises(Invalid, match=r"7\.00"):
        connector.refund(connector.order(order.id), RefundRequest("refund 8", D("9.00"), "EUR", {}))
    with pytest.raises(Invalid, match="paid in EUR"):
        connector.refund(order, RefundRequest("refund 9", D("1.00"), "USD", {}))


def test_a_refund_may_wait_for_its_payment_or_be_refused_by_it(shop):
    shop.product("MUG", 5)
    made = shop.buy(("MUG", 2))
    connector = opened(shop)
    request = RefundRequest("refund 7", D("5.00"), "EUR", {})
    read = lambda: connector.order(tail(made["id"]))  # noqa: E731

    shop.refund_status = "PENDING"
    assert connector.refund(read(), request).is_pending
    order = read()
    assert [(each.amount, each.is_done) for each in order.refunds] == [(5, False)]
    assert connector.find_refund(order, request).is_pending
    made["refunds"][0]["transactions"][0]["status"] = "FAILURE"
    with pytest.raises(Invalid, match="payment provider refused"):
        connector.find_refund(read(), request)
    shop.refund_status = "FAILURE"
    with pytest.raises(Invalid, match="payment provider refused"):
        connector.refund(read(), RefundRequest("refund 8", D("6.00"), "EUR", {}))
    assert read().refunds == []


# Webhooks


def test_only_what_the_app_s_secret_signed_is_heard(shop):
    connector, body = opened(shop), b'{"id": 9007199254740993}'
    headers = shop.headers_of("ORDERS_UPDATED", body, "event-1")

    (signal,) = connector.received(headers, body)
    (created,) = connector.received(shop.headers_of("ORDERS_CREATE", body, "event-1"), body)

    assert (signal.kind, signal.id) == ("order", "9007199254740993")
    assert signal.key == created.key  # one event, told twice
    for topic, told, id in (
        ("REFUNDS_CREATE", b'{"id": 1, "order_id": 12}', "12"),
        ("ORDERS_EDITED", b'{"order_edit": {"order_id": 12}}', "12"),
    ):
        (other,) = connector.received(shop.headers_of(topic, told), told)
        assert (other.kind, other.id) == ("order", id)
    (gone,) = connector.received(shop.headers_of("APP_UNINSTALLED", b"{}"), b"{}")
    assert gone.kind == "account"
    assert connector.received(shop.headers_of("SHOP_UPDATE", b"[]"), b"[]") == []
    for altered in (body.replace(b"3}", b"4}"), body + b" ", b""):
        with pytest.raises(BadSignature):
            connector.received(headers, altered)
    with pytest.raises(BadSignature):
        connector.received(shop.headers_of("ORDERS_PAID", body, secret="old"), body)
    with pytest.raises(BadSignature):
        connector.received({}, body)
    bare = providers.get("shopify").open(Account(shop.address, {}))
    with pytest.raises(BadSignature):
        bare.received(shop.headers_of("ORDERS_PAID", body, secret=""), body)


def test_a_subscription_that_the_shop_deleted_is_made_again(shop):
    connector, address = opened(shop), "https://oms.example/channels/abc/"
    first = connector.subscribe(address, "unused")
    shop.hooks.pop(gid("WebhookSubscription", first[0]))

    second = connector.subscribe(address, "unused")

    assert (first[1:], len(shop.hooks)) == (second[1:], 8)
    assert second[0] != first[0]
    created = next(each for each in shop.hooks.values() if each["topic"] == "ORDERS_CREATE")
    assert created["includeFields"] == ["id", "updated_at"]  # no personal data is sent
