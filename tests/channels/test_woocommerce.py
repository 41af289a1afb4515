"""The connector of WooCommerce against a shop on this machine: each method, and each way in which a shop fails."""

import base64
import json
import re
import ssl
from datetime import UTC, datetime, timedelta
from decimal import Decimal as D
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

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
from orders.channels.connectors.woocommerce import mapping
from orders.channels.connectors.woocommerce.client import Client, signature
from orders.channels.connectors.woocommerce.connector import is_signed
from tests.channels.shops.woocommerce import Shop

HOUR_AGO = timedelta(hours=1)


@pytest.fixture(autouse=True)
def loopback(settings):
    settings.OUTGOING_ALLOWED_NETWORKS = ["127.0.0.1/32"]


@pytest.fixture
def shop():
    with Shop() as server:
        yield server


def opened(shop, **settings):
    credentials = {
        "consumer_key": shop.key,
        "consumer_secret": "cs_test",
        "webhook_secret": "whsec",
    }
    account = Account(shop.address, credentials, {"seconds": 1.5, **settings})
    return providers.get("woocommerce").open(account)


def ids(connector, since=None):
    since = since or datetime.now(UTC) - HOUR_AGO
    pages = every(lambda page: connector.changed(since, page))
    return [change.id for page in pages for change in page.changes]


# What a shop is, and how it fails


def test_a_shop_is_tested_by_what_each_scope_gives(shop):
    shop.ahead = timedelta(0)
    health = opened(shop).check()

    assert (health.name, health.currency, list(health.missing)) == ("Test shop", "EUR", [])
    assert abs(health.skew_seconds) <= 2


def test_a_key_that_may_only_read_lacks_a_scope(shop):
    shop.permission = "read"

    assert list(opened(shop).check().missing) == ["write products"]
    with pytest.raises(ScopeMissing, match="write permissions"):
        opened(shop).set_stock([StockRow("10", 1)], "key")


def test_a_wrong_key_or_secret_ends_the_credentials(shop):
    shop.secret = "another"
    with pytest.raises(AuthEnded, match="Invalid signature"):
        opened(shop).order("1")
    connector = opened(shop)
    shop.key = "ck_renewed"
    with pytest.raises(AuthEnded):
        connector.order("1")


@pytest.mark.parametrize(
    ("kind", "options", "error"),
    [
        ("throttled", {"after": 7}, Throttled),
        ("throttled", {}, Throttled),
        ("broken", {}, Unavailable),
        ("broken", {"status": 503}, Unavailable),
        ("lost", {}, Unavailable),
        ("drip", {}, Unavailable),
        ("maintenance", {}, Unavailable),
        ("maintenance", {"status": 503}, Unavailable),
        ("denied", {}, Unavailable),
        ("redirect", {}, Unavailable),
        ("garbage", {}, Unavailable),
        ("warned", {}, Unavailable),
        ("reply", {"body": {"id": 1}}, SchemaChanged),
        ("reply", {"body": []}, SchemaChanged),
    ],
)
def test_a_read_that_fails_says_how(shop, kind, options, error):
    shop.product("MUG", 5)
    order = shop.buy(("MUG", 1))
    shop.fail(kind, **options)

    with pytest.raises(error) as failed:
        opened(shop).order(str(order["id"]))

    if error is Throttled:
        assert failed.value.after == options.get("after", 30)
    if kind == "redirect":
        assert "https://elsewhere.example/" in failed.value.message


@pytest.mark.parametrize(
    ("kind", "options", "error"),
    [
        ("throttled", {"after": 7}, Throttled),
        ("broken", {}, Unknown),
        ("broken_after", {"status": 502}, Unknown),
        ("lost", {}, Unknown),
        ("drip", {}, Unknown),
        ("warned", {}, Unknown),
        ("garbage", {}, Unknown),
        ("maintenance", {}, Unavailable),
        ("denied", {}, Unavailable),
        ("redirect", {}, Unavailable),
    ],
)
def test_a_write_without_a_verdict_is_unknown(shop, kind, options, error):
    shop.product("MUG", 5)
    order = opened(shop).order(str(shop.buy(("MUG", 1))["id"]))
    shop.fail(kind, **options)

    with pytest.raises(error):
        opened(shop).cancel(order, "key", "")


def test_where_nobody_answers_nothing_was_written(shop):
    shop.product("MUG", 5)
    connector = opened(shop)
    order = connector.order(str(shop.buy(("MUG", 1))["id"]))
    shop.__exit__()

    with pytest.raises(Unavailable):
        connector.cancel(order, "key", "")


def test_a_private_address_is_never_called(shop, settings):
    settings.OUTGOING_ALLOWED_NETWORKS = []

    with pytest.raises(Unavailable, match="isn't allowed"):
        opened(shop).order("1")
    assert shop.requests == []


def test_keys_are_in_a_header_over_https_and_nowhere_over_http():
    keys = {"consumer_key": "ck_a", "consumer_secret": "cs_b"}
    url, headers = Client(Account("https://s.example", keys))._signed(
        "GET", "https://s.example/", {}
    )
    assert headers["Authorization"] == "Basic " + base64.b64encode(b"ck_a:cs_b").decode()
    assert "ck_a" not in url

    url, headers = Client(Account("http://s.example", keys))._signed("GET", "http://s.example/", {})
    assert "Authorization" not in headers
    assert "cs_b" not in url
    assert "oauth_signature=" in url


@pytest.fixture
def secure_shop(tmp_path, monkeypatch):
    """A shop behind TLS, with a certificate that this machine trusts."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - HOUR_AGO)
        .not_valid_after(now + HOUR_AGO)
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), False
        )
        .sign(key, hashes.SHA256())
    )
    pem, secret = tmp_path / "shop.pem", tmp_path / "shop.key"
    pem.write_bytes(certificate.public_bytes(Encoding.PEM))
    secret.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem, secret)
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    with Shop(tls=context) as server:
        yield server


def test_a_shop_behind_tls_takes_the_keys_in_a_header(secure_shop):
    secure_shop.product("MUG", 5)
    made = secure_shop.buy(("MUG", 1))

    assert opened(secure_shop).order(str(made["id"])).id == str(made["id"])
    secure_shop.secret = "another"
    with pytest.raises(AuthEnded):
        opened(secure_shop).order(str(made["id"]))


def test_a_shop_whose_certificate_nobody_knows_is_told_nothing(secure_shop, monkeypatch):
    monkeypatch.delenv("SSL_CERT_FILE")

    with pytest.raises(Unavailable, match="certificate"):
        opened(secure_shop).order("1")
    assert secure_shop.requests == []


def test_the_signature_is_that_of_the_standard_s_example():
    """RFC 5849, section 1.2, without its token secret and with SHA-256, calculated by openssl."""
    given = {"file": "vacation.jpg", "size": "original", "oauth_nonce": "chapoH"}

    assert signature("GET", "http://photos.example.net/photos", given, "kd94hf93k423kf44") == (
        "G8l5o+1l1bSUtt9lCdzOUlJEtAmD8ovBlQfZ533Cvag="
    )


# Orders


def test_changes_are_read_from_the_last_second_on_and_none_is_skipped(shop):
    """Orders that change while pages are read move to the end; an offset would skip those that move up."""
    shop.product("MUG", 500)
    start = datetime.now(UTC) - HOUR_AGO
    made = [shop.buy(("MUG", 1)) for _ in range(120)]
    for number, order in enumerate(made):
        order["date_modified_gmt"] = (
            (start + timedelta(seconds=number)).replace(microsecond=0, tzinfo=None).isoformat()
        )
    connector, seen, page = opened(shop), set(), None
    while True:
        found = connector.changed(start, page)
        seen |= {change.id for change in found.changes}
        if page is None:
            for order in made[:10]:
                shop.set_status(order, "completed")
        page = found.next
        if page is None:
            break

    assert seen == {str(order["id"]) for order in made}


def test_more_orders_of_one_second_than_a_page_has_are_all_read(shop):
    shop.product("MUG", 500)
    at = shop.now()
    made = [shop.buy(("MUG", 1), at=at) for _ in range(130)]
    for order in made:
        order["date_modified_gmt"] = at.isoformat()

    assert set(ids(opened(shop), at.replace(tzinfo=UTC))) == {str(order["id"]) for order in made}


def test_orders_of_a_day_are_listed_with_its_first_second_and_without_its_last(shop):
    shop.product("MUG", 500)
    day = datetime(2026, 11, 20, tzinfo=UTC)
    inside = [shop.buy(("MUG", 1), at=day), shop.buy(("MUG", 1), at=day + timedelta(hours=23))]
    shop.buy(("MUG", 1), at=day + timedelta(days=1))
    shop.buy(("MUG", 1), at=day - timedelta(seconds=1))

    page = opened(shop).placed(day, day + timedelta(days=1))

    assert [change.id for change in page.changes] == [str(order["id"]) for order in inside]
    assert page.next is None


def test_an_order_is_read_with_what_the_buyer_paid(shop):
    shop.product("MUG", 5, "9.99")
    made = shop.buy(("MUG", 3), fees=[("Tip for the team", "2.00"), ("Gift wrap", "1.00")])
    shop.discount(made, 10)
    made["meta_data"] = [{"key": "_billing_vat_number", "value": "DE123456789"}]
    made["line_items"][0]["meta_data"] = [
        {"key": "pa_size", "value": "L"},
        {"key": "Engraving", "value": "For Jo"},
    ]

    order = opened(shop).order(str(made["id"]))

    assert (order.stage, order.paid, order.prices_include_tax) == (Stage.SHIP, Paid.YES, True)
    assert order.gross == D(made["total"])
    assert sum(row.gross for row in [*order.lines, *order.charges]) == order.gross
    line = order.lines[0]
    assert (line.quantity, line.tax_percent, line.note) == (3, 19, "Engraving: For Jo")
    assert line.unit_price == D("9.99")
    assert {charge.kind for charge in order.charges} == {
        ChargeKind.SHIPPING,
        ChargeKind.TIP,
        ChargeKind.FEE,
    }
    assert (order.vat_number, order.campaign) == ("DE123456789", "SAVE")
    assert [payment.amount for payment in order.payments] == [order.gross]
    assert order.ship_to["city"] == "Berlin"


def test_the_given_order_of_a_real_shop_is_mapped_to_the_cent():
    """Cash on delivery: it is to be shipped, though nobody has paid yet."""
    row = json.loads(Path("tests/channels/woocommerce_order.json").read_text())

    order = mapping.order(row, [], [], "", {})

    assert (order.id, order.number, order.state, order.stage) == (
        "13",
        "13",
        "processing",
        Stage.SHIP,
    )
    assert (order.paid, order.payments) == (Paid.NO, [])
    assert order.placed_at == datetime(2026, 11, 25, 14, 36, 50, tzinfo=UTC)
    assert (order.gross, order.currency) == (D("14.89"), "EUR")
    line, freight = order.lines[0], order.charges[0]
    assert (line.sku, line.variant, line.quantity) == ("MUG-617388", "10", 1)
    assert (line.net, line.tax, line.tax_percent, line.unit_price) == (
        D("8.39"),
        D("1.60"),
        19,
        D("9.99"),
    )
    assert (freight.kind, freight.net, freight.tax) == (ChargeKind.SHIPPING, D("4.12"), D("0.78"))
    assert line.gross + freight.gross == order.gross
    assert order.ship_to == {
        "name": "Jo Doe",
        "street": "Hauptstr. 1",
        "postal_code": "10115",
        "city": "Berlin",
        "country": "DE",
        "phone": "030",
    }
    assert (order.email, order.buyer, order.is_ours) == ("a@example.com", "", False)


@pytest.mark.parametrize(
    ("state", "stage"),
    [
        ("pending", Stage.RESERVE),
        ("on-hold", Stage.RESERVE),
        ("processing", Stage.SHIP),
        ("completed", Stage.DONE),
        ("cancelled", Stage.CANCELED),
        ("refunded", Stage.CANCELED),
        ("failed", Stage.CANCELED),
        ("checkout-draft", Stage.CANCELED),
        ("awaiting-artwork", Stage.HOLD),
    ],
)
def test_states_are_mapped_and_unknown_ones_are_held(shop, state, stage):
    shop.product("MUG", 5)
    made = shop.buy(("MUG", 1))
    made["status"] = state

    assert opened(shop).order(str(made["id"])).stage == stage


def test_orders_that_came_from_us_are_known_by_our_mark_alone(shop):
    shop.product("MUG", 5)
    other = shop.buy(("MUG", 1), created_via="rest-api")
    ours = shop.buy(
        ("MUG", 1), created_via="rest-api", meta_data=[{"key": "_oms_order", "value": "SO-1"}]
    )

    assert not opened(shop).order(str(other["id"])).is_ours
    assert opened(shop).order(str(ours["id"])).is_ours


def test_refunds_are_read_by_the_lines_of_the_order(shop):
    shop.product("MUG", 5)
    made = shop.buy(("MUG", 2))
    line = made["line_items"][0]["id"]
    shop.refund(made, "9.99", {line: 1}, reason="broken")

    order = opened(shop).order(str(made["id"]))

    (refund,) = order.refunds
    assert (refund.amount, refund.units, refund.note, refund.key) == (
        D("9.99"),
        {str(line): 1},
        "broken",
        "",
    )
    assert (order.lines[0].quantity, order.lines[0].refunded) == (2, 1)
    assert order.gross == D(made["total"])


def test_an_order_that_is_gone_is_not_found(shop):
    with pytest.raises(NotFound):
        opened(shop).order("999")


# Stock


def rows_of(connector):
    return [row for page in every(connector.listings) for row in page.listings]


def test_listings_are_products_and_variations_with_their_parent(shop):
    shop.product("MUG", 5, barcode="4006381333931")
    shop.product("SERVICE")
    shirt = shop.variable("Shirt", ("S", "SHIRT-S", 3, "20"), ("L", "SHIRT-L", 4, "20"))
    for number in range(60):
        shop.product(f"P-{number}", 1)

    rows = {row.sku: row for row in rows_of(opened(shop))}

    assert len(rows) == 64
    assert (rows["MUG"].quantity, rows["MUG"].barcode, rows["MUG"].is_tracked) == (
        5,
        "4006381333931",
        True,
    )
    assert (rows["SERVICE"].quantity, rows["SERVICE"].is_tracked) == (None, False)
    assert (rows["SHIRT-S"].parent, rows["SHIRT-S"].title) == (str(shirt["id"]), "Shirt – S")


def test_stock_is_set_row_by_row_and_each_has_its_own_verdict(shop):
    shop.product("MUG", 5)
    shop.product("SERVICE")
    shop.variable("Shirt", ("S", "SHIRT-S", 3, "20"))
    connector = opened(shop)
    known = {row.sku: row for row in rows_of(connector)}
    rows = [StockRow(row.variant, 7, sku, row.parent) for sku, row in known.items()]
    stray = StockRow(known["SHIRT-S"].variant + "0", 7)
    without_parent = StockRow(known["SHIRT-S"].variant, 7)

    verdicts = {each.variant: each.verdict for each in connector.set_stock([*rows, stray], "key")}
    (wrong,) = connector.set_stock([without_parent], "key")

    assert verdicts == {
        known["MUG"].variant: Verdict.SET,
        known["SERVICE"].variant: Verdict.INVALID,
        known["SHIRT-S"].variant: Verdict.SET,
        stray.variant: Verdict.MISSING,
    }
    assert wrong.verdict == Verdict.INVALID
    assert (shop.stock("MUG"), shop.stock("SHIRT-S")) == (7, 7)
    assert connector.quantities([*rows, stray]) == {
        known["MUG"].variant: 7,
        known["SHIRT-S"].variant: 7,
    }


def test_the_shop_s_own_counting_is_switched_on_where_the_company_wants_it(shop):
    row = shop.product("SERVICE")
    connector = opened(shop, manages_stock=True)

    assert rows_of(connector)[0].is_tracked
    (verdict,) = connector.set_stock([StockRow(str(row["id"]), 4)], "key")
    assert (verdict.verdict, shop.stock("SERVICE")) == (Verdict.SET, 4)


def test_more_rows_than_a_batch_takes_are_invalid(shop):
    rows = [StockRow(str(shop.product(f"P-{number}", 1)["id"]), 2) for number in range(101)]

    verdicts = opened(shop).set_stock(rows, "key")

    assert {each.verdict for each in verdicts} == {Verdict.INVALID}


def test_what_comes_after_a_request_without_a_verdict_waits_for_its_turn(shop):
    first = shop.product("MUG", 5)
    parents = [shop.variable(f"Shirt {n}", ("S", f"SHIRT-{n}", 3, "20")) for n in range(2)]
    rows = [StockRow(str(first["id"]), 7)] + [
        StockRow(str(each["variations"][0]), 7, parent=str(each["id"])) for each in parents
    ]
    shop.fail("lost", "POST", "variations/batch")

    verdicts = [each.verdict for each in opened(shop).set_stock(rows, "key")]

    assert verdicts == [Verdict.SET, Verdict.UNKNOWN, Verdict.LATER]
    assert [shop.stock(f"SHIRT-{n}") for n in range(2)] == [7, 3]


def test_a_batch_whose_first_request_has_no_verdict_is_unknown(shop):
    row = shop.product("MUG", 5)
    shop.fail("lost", "POST")

    with pytest.raises(Unknown):
        opened(shop).set_stock([StockRow(str(row["id"]), 7)], "key")


def test_the_shop_oversells_and_a_push_loses_what_was_sold_meanwhile(shop):
    """No fault of the connector: the reason why orders are pulled first, and looked at again after."""
    row = shop.product("LAST", 1)
    assert len(shop.race(4, ("LAST", 1))) > 1
    assert shop.stock("LAST") < 0

    opened(shop).set_stock([StockRow(str(row["id"]), 10)], "key")
    shop.buy(("LAST", 2))
    opened(shop).set_stock([StockRow(str(row["id"]), 10)], "key")
    assert shop.stock("LAST") == 10


# Shipments, cancellations, refunds


def parcel_of(order, number="SH-1-1", tracking="TR1", **units):
    lines = {line.id: line.quantity for line in order.lines}
    return Parcel(number, units or lines, "DHL", tracking, f"https://t.example/{tracking}")


@pytest.mark.parametrize("way", ["status", "fulfillments", "tracking"])
@pytest.mark.parametrize("fault", [None, "lost", "broken_after"])
def test_a_parcel_is_shown_once_even_if_the_answer_was_lost(way, fault):
    with Shop(fulfillments=way == "fulfillments") as shop:
        shop.product("MUG", 5)
        made = shop.buy(("MUG", 2))
        connector = opened(shop, shipments=way)
        order = connector.order(str(made["id"]))
        parcel = parcel_of(order)
        assert connector.find_shipment(order, parcel) is None
        if fault:
            shop.fail(fault, "PUT", "orders/")
            shop.fail(fault, "POST", "orders/")
        for _attempt in range(4):
            order = connector.order(str(made["id"]))
            if connector.find_shipment(order, parcel):
                break
            try:
                connector.ship(order, parcel)
            except Unknown:
                continue

        order = connector.order(str(made["id"]))
        assert [(each.reference, list(each.tracking)) for each in order.shipments] == [
            ("SH-1-1", ["TR1"])
        ]
        assert order.state == "completed"
        assert len(made["fulfillments"]) == (way == "fulfillments")
        assert len(made["notes"]) == (way == "status")


def test_an_order_is_completed_with_its_last_parcel(shop):
    shop.product("MUG", 9)
    shop.product("CUP", 9)
    made = shop.buy(("MUG", 2), ("CUP", 1))
    mug, cup = (str(line["id"]) for line in made["line_items"])
    connector = opened(shop)

    connector.ship(connector.order(str(made["id"])), Parcel("S-1", {mug: 1}, "DHL", "T1"))
    assert made["status"] == "processing"
    connector.ship(connector.order(str(made["id"])), Parcel("S-2", {mug: 1, cup: 1}, "DHL", "T2"))

    assert made["status"] == "completed"
    order = connector.order(str(made["id"]))
    assert [each.reference for each in order.shipments] == ["S-1", "S-2"]
    assert [note["customer_note"] for note in made["notes"]] == [False, False]


def test_units_that_were_refunded_are_not_waited_for(shop):
    shop.product("MUG", 9)
    made = shop.buy(("MUG", 2))
    line = made["line_items"][0]["id"]
    shop.refund(made, "5.00", {line: 1})
    connector = opened(shop)

    connector.ship(connector.order(str(made["id"])), Parcel("S-1", {str(line): 1}))

    assert made["status"] == "completed"


def test_a_tracking_plugin_s_own_entries_stay(shop):
    shop.product("MUG", 9)
    made = shop.buy(("MUG", 2))
    theirs = {"tracking_number": "OLD", "tracking_provider": "ups", "tracking_id": "x"}
    made["meta_data"] = [{"key": mapping.TRACKING_PLUGIN, "value": [theirs]}]
    connector = opened(shop, shipments="tracking")

    connector.ship(connector.order(str(made["id"])), parcel_of(connector.order(str(made["id"]))))

    kept = mapping.metas(made)[mapping.TRACKING_PLUGIN]
    assert [each["tracking_number"] for each in kept] == ["OLD", "TR1"]


def test_an_order_is_canceled_once_and_not_after_it_was_completed(shop):
    shop.product("MUG", 5)
    made, done = shop.buy(("MUG", 1)), shop.buy(("MUG", 1))
    shop.set_status(done, "completed")
    connector = opened(shop)

    connector.cancel(connector.order(str(made["id"])), "key", "")
    connector.cancel(connector.order(str(made["id"])), "key", "")
    with pytest.raises(Invalid, match="completed"):
        connector.cancel(connector.order(str(done["id"])), "key", "")

    assert (made["status"], done["status"]) == ("cancelled", "completed")
    assert len(shop.asked_for("PUT", "orders/")) == 1
    assert shop.stock("MUG") == 4


def test_a_refund_says_what_moves_and_is_found_again(shop):
    shop.product("MUG", 5)
    made = shop.buy(("MUG", 2))
    line = str(made["line_items"][0]["id"])
    connector = opened(shop)
    request = RefundRequest("refund 7", D("9.99"), "EUR", {line: 1}, reason="broken")
    order = connector.order(str(made["id"]))
    assert connector.find_refund(order, request) is None
    shop.fail("broken_after", "POST", "refunds")

    with pytest.raises(Unknown):
        connector.refund(order, request)
    found = connector.find_refund(connector.order(str(made["id"])), request)

    (body,) = shop.asked_for("POST", "refunds")
    assert (body["api_refund"], body["api_restock"], body["amount"]) == (True, False, "9.99")
    assert body["line_items"] == [
        {
            "id": int(line),
            "quantity": 1,
            "refund_total": 8.4,
            "refund_tax": [{"id": 1, "refund_total": 1.6}],
        }
    ]
    assert found.reference == str(made["refunds"][0]["id"])
    assert (shop.money_moved, shop.stock("MUG")) == ([(made["id"], "9.99")], 3)


def test_a_refund_is_found_by_its_reason_where_its_mark_was_not_written(shop):
    shop.product("MUG", 5)
    made = shop.buy(("MUG", 2))
    shop.refund(made, "5.00", reason=mapping.reason_with("broken", "refund 7"))
    connector = opened(shop)
    request = RefundRequest("refund 7", D("5.00"), "EUR", {})

    assert connector.find_refund(connector.order(str(made["id"])), request) is not None


def test_too_much_is_invalid_though_the_shop_says_500(shop):
    shop.product("MUG", 5)
    made = shop.buy(("MUG", 1))
    connector = opened(shop)

    with pytest.raises(Invalid, match="Invalid refund amount"):
        connector.refund(
            connector.order(str(made["id"])), RefundRequest("refund 7", D("99.00"), "EUR", {})
        )
    assert made["refunds"] == []


def test_money_that_the_shop_can_t_give_back_is_noted_where_the_company_wants_that(shop):
    shop.product("MUG", 5)
    made = shop.buy(("MUG", 1), gateway="bacs")
    request = RefundRequest("refund 7", D("5.00"), "EUR", {})

    with pytest.raises(Invalid, match="does not support automatic refunds"):
        opened(shop).refund(opened(shop).order(str(made["id"])), request)
    noting = opened(shop, refunds_money=False)
    noting.refund(noting.order(str(made["id"])), request)

    assert ([each["total"] for each in made["refunds"]], shop.money_moved) == (["-5.00"], [])


# Webhooks


def signed_by(shop, secret, body=b'{"id": 12, "status": "processing"}', topic="order.updated"):
    return shop.headers_of({"id": 1, "secret": secret}, topic, body), body


def test_a_signed_message_names_an_order(shop):
    (signal,) = opened(shop).received(*signed_by(shop, "whsec"))

    assert (signal.kind, signal.id) == ("order", "12")


def test_signatures_are_hmac_sha256():
    """RFC 4231, test case 2."""
    digest = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"

    assert is_signed(
        base64.b64encode(bytes.fromhex(digest)).decode(), b"what do ya want for nothing?", "Jefe"
    )


def test_a_message_is_checked_as_it_came(shop):
    """base64(HMAC-SHA256("whsec", body)), calculated by openssl."""
    headers = {"X-WC-Webhook-Signature": "BpTbdILVa+bfVqKoLHh09XOWDvovk6M+9Bvc0PwRl0E="}

    (signal,) = opened(shop).received(headers, b'{"id":13}')

    assert signal.id == "13"


@pytest.mark.parametrize("secret", ["old", "", "whsec "])
def test_a_wrong_or_an_old_secret_is_refused(shop, secret):
    with pytest.raises(BadSignature):
        opened(shop).received(*signed_by(shop, secret))


def test_an_altered_byte_is_refused(shop):
    headers, body = signed_by(shop, "whsec")

    for altered in (body.replace(b"12", b"13"), body + b" ", b""):
        with pytest.raises(BadSignature):
            opened(shop).received(headers, altered)
    with pytest.raises(BadSignature):
        opened(shop).received({}, body)
    with pytest.raises(BadSignature):
        opened(shop).received({"X-WC-Webhook-Signature": "ü"}, body)


def test_without_a_secret_nothing_is_believed(shop):
    account = Account(shop.address, {"consumer_key": "a", "consumer_secret": "b"})
    connector = providers.get("woocommerce").open(account)

    with pytest.raises(BadSignature):
        connector.received(*signed_by(shop, ""))


def test_an_unsigned_ping_is_a_ping_and_no_more(shop):
    (signal,) = opened(shop).received({}, b"webhook_id=17")

    assert signal.kind == "ping"
    with pytest.raises(BadSignature):
        opened(shop).received({}, b"webhook_id=17&id=12")


def test_two_orders_of_one_second_have_one_delivery_id_and_two_keys(shop):
    first = signed_by(shop, "whsec", b'{"id": 12}')
    second = signed_by(shop, "whsec", b'{"id": 13}')
    again = signed_by(shop, "whsec", b'{"id": 12}')

    keys = [opened(shop).received(*each)[0].key for each in (first, second, again)]

    assert keys[0] == keys[2] != keys[1]


def test_subscribing_twice_leaves_one_webhook_for_each_topic_and_revives_it(shop):
    connector = opened(shop)
    address = "https://oms.example/channels/abc/"

    first = connector.subscribe(address, "one")
    next(iter(shop.webhooks.values()))["status"] = "disabled"
    second = connector.subscribe(address, "two")

    assert list(first) == list(second)
    assert len(shop.webhooks) == 4
    assert {(hook["status"], hook["secret"]) for hook in shop.webhooks.values()} == {
        ("active", "two")
    }
    assert all(re.fullmatch(rb"webhook_id=\d+", body) for _url, body in shop.pings)


def test_a_webhook_that_fails_six_times_is_disabled(shop):
    shop.product("MUG", 99)
    opened(shop).subscribe("https://oms.example/channels/abc/", "one")
    for _ in range(7):
        shop.buy(("MUG", 1))
    shop.deliver(lambda *_told: 500)

    created = next(each for each in shop.webhooks.values() if each["topic"] == "order.created")
    assert created["status"] == "disabled"
