"""A folder as a channel: orders come in as files, stock, parcels and refunds are told as files."""

import csv
import json
import os
from decimal import Decimal as D

import pytest
from django.utils.translation import override

from fulfillment.carriers.models import Rate
from oms.core import attention, outbox
from orders import lifecycle
from orders.accounting.models import Invoice, Payment
from orders.channels import accounts
from orders.channels.connectors.drop_folder import mapping, tables
from orders.channels.connectors.errors import Invalid
from orders.channels.models import ChannelAccount, ChannelOrder, Listing
from orders.models import Order, OrderHold
from tests import builders as make
from tests.channels.conftest import compared, work

ADDRESS = {
    "name": "Jo Doe",
    "street": "Torstr. 1",
    "postal_code": "10115",
    "city": "Berlin",
    "country": "DE",
}
ORDER = {
    "id": "N/1001",
    "placed_at": "2026-11-02T14:05:00+01:00",
    "currency": "EUR",
    "state": "paid",
    "lines": [
        {
            "id": "1",
            "sku": "MUG",
            "name": "Mug",
            "quantity": 2,
            "net": "20.00",
            "tax": 3.80,
            "tax_percent": 19,
        }
    ],
    "charges": [{"kind": "shipping", "net": "4.12", "tax": "0.78"}],
    "ship_to": ADDRESS,
    "email": "jo@example.com",
}
EXCEL = (
    "Order;Placed at;Currency;State;SKU;Name;Quantity;Net;Tax;Tax percent;Shipping net;Shipping tax;"
    "Ship name;Ship street;Ship postal code;Ship city;Ship country\r\n"
    "A-1;2026-11-02 14:05;EUR;paid;MUG;Tasse grün;1;10,00;1,90;19;4,12;0,78;Jörg Groß;Hauptstr. 1;10115;Köln;DE\r\n"
    "A-2;2026-11-02 15:00;EUR;ship;CUP;;3;1.030,00;195,70;19;;;Eva;Weg 2;10115;Berlin;DE\r\n"
    "A-1;2026-11-02 14:05;EUR;paid;CUP;;1;5,00;0,95;19;;;;;;;\r\n"
)  # fmt: skip


@pytest.fixture
def folder(tmp_path, settings):
    settings.DATA_FOLDER = tmp_path
    return tmp_path / "channels" / "north"


@pytest.fixture
def account(company, german_taxes, folder):
    """A folder that lists a mug and a cup, both in stock, and writes as people in Germany do."""
    make.warehouse("BER", company=company, country="DE", postal_code="10115")
    Rate.objects.create(service=make.service(), country="DE", up_to_g=30_000, price=D("4.50"))
    for sku, quantity in (("MUG", 10), ("CUP", 4)):
        make.sku(sku, stock={"BER": quantity})
    made = ChannelAccount.objects.create(
        channel=make.channel("north", company=company, price_list=None),
        provider="drop_folder",
        settings={"decimal_comma": True, "time_zone": "Europe/Berlin"},
    )
    accounts.connect(made, {"folder": "north"})
    leave(folder, "listings.csv", "variant;sku\nM1;MUG\nC1;CUP\n")
    work(made)
    compared(made)
    work(made)
    return make.fresh(made)


def leave(folder, name, content, encoding="utf-8"):
    """Leave a file as a program does that finished it a minute ago."""
    file = folder / "in" / name
    file.write_bytes(
        (content if isinstance(content, str) else json.dumps(content)).encode(encoding)
    )
    os.utime(file, (file.stat().st_mtime - 60,) * 2)


def order_of(number):
    return ChannelOrder.objects.get(external_id=number).order


def shown(folder):
    with (folder / "out" / "stock.csv").open(encoding="utf-8-sig") as file:
        return {row["variant"]: int(row["quantity"]) for row in csv.DictReader(file)}


def told(folder, kind):
    return [json.loads(file.read_text()) for file in sorted((folder / "out" / kind).glob("*.json"))]


@pytest.mark.django_db
@pytest.mark.usefixtures("verified")
def test_an_order_comes_in_once_and_what_becomes_of_it_is_told(account, folder):
    assert shown(folder) == {"M1": 10, "C1": 4}
    leave(folder, "1.json", ORDER)
    leave(folder, "2.json", [ORDER, {**ORDER, "id": "N-2", "number": "2"}])
    work(account)

    order = order_of("N/1001")
    assert Order.objects.count() == 2
    assert (order.status, order.gross, order.is_as_sold) == ("confirmed", D("28.70"), True)
    assert Payment.objects.get(order=order).captured == D("28.70")
    assert shown(folder) == {"M1": 6, "C1": 4}

    make.ship_rest(order)
    lifecycle.cancel(order_of("N-2"), reason="out of stock")
    outbox.drain()
    work(account)

    (parcel,) = told(folder, "shipments")
    assert (parcel["order"], parcel["units"]) == ("N/1001", {"1": 2})
    assert [(each["order"], each["reason"]) for each in told(folder, "cancellations")] == [
        ("N-2", "out of stock")
    ]
    assert [(each["order"], each["amount"]) for each in told(folder, "refunds")] == [
        ("N-2", "28.70")
    ]
    assert Invoice.objects.get(kind="invoice").open_amount == 0

    leave(
        folder, "3.json", {**ORDER, "refunds": [{"id": "r1", "amount": "5.00", "units": {"1": 0}}]}
    )
    work(account)
    assert Invoice.objects.get(kind="credit").gross == 5
    assert len(list((folder / "in" / "taken").glob("*/*.json"))) == 3


@pytest.mark.django_db
@pytest.mark.usefixtures("verified")
def test_a_spreadsheet_saved_by_excel_is_orders_whose_rows_stand_apart(account, folder):
    leave(folder, "orders.csv", EXCEL, "cp1252")
    work(account)

    first, second = order_of("A-1"), order_of("A-2")
    assert (first.gross, first.units, first.ship_to["name"]) == (D("22.75"), 2, "Jörg Groß")
    assert (
        ChannelOrder.objects.get(order=first).placed_at.isoformat() == "2026-11-02T13:05:00+00:00"
    )
    assert (second.gross, second.reserved) == (D("1225.70"), 3)
    assert not Payment.objects.filter(order=second).exists()

    leave(
        folder,
        "orders.csv",
        EXCEL.replace("A-2;2026-11-02 15:00;EUR;ship", "A-2;2026-11-02 15:00;EUR;wait"),
        "cp1252",
    )
    work(account)
    assert {hold.kind for hold in order_of("A-2").holds.filter(released_at=None)} == {
        OrderHold.Kind.STATE
    }
    assert Order.objects.count() == 2


@pytest.mark.django_db
def test_a_refused_file_is_kept_whole_and_named_until_it_is_gone(account, folder):
    wrong = {**ORDER, "lines": [{**ORDER["lines"][0], "net": "20,00"}]}
    leave(folder, "both.json", [{**ORDER, "id": "N-3"}, wrong])
    leave(folder, "half.json", '{"id": "N')
    work(account)

    assert not Order.objects.exists()
    refused = folder / "in" / "refused"
    assert "N/1001: lines[0].net: “20,00” isn't a number" in (refused / "both.json.txt").read_text()
    assert "isn't JSON" in (refused / "half.json.txt").read_text()
    assert any("2 files were refused, such as both.json" in text for text in attention.alarms())

    for file in refused.iterdir():
        file.unlink()
    work(account)
    assert not any("refused" in text for text in attention.alarms())


@pytest.mark.django_db
def test_a_file_that_is_still_written_waits_and_a_lost_number_is_written_again(account, folder):
    (folder / "in" / "new.json").write_text(json.dumps(ORDER))
    (folder / "in" / "new.json.tmp").write_text("{")
    work(account)
    assert not Order.objects.exists()

    Listing.objects.filter(external_id="M1").update(shown=3)
    (folder / "kept" / "stock.json").write_text('{"M1": 3, "C1": 4}')
    compared(account)
    work(account)
    assert shown(folder) == {"M1": 10, "C1": 4}


WRONG = [
    ({"state": ""}, "state: is missing"),
    (
        {"placed_at": "2026-11-02T14:05:00"},
        "placed_at: “2026-11-02T14:05:00” isn't a time with its zone",
    ),
    ({"currency": "EURO"}, "currency: “EURO” isn't a currency"),
    ({"colour": "red"}, "colour: unknown"),
    ({"lines": []}, "lines: is missing"),
    ({"ship_to": {"zip": "1"}}, "ship_to.zip: unknown"),
    ({"charges": [{"kind": "postage", "net": 1}]}, "charges[0].kind: unknown"),
    (
        {"lines": [{"id": "1", "sku": "MUG", "quantity": 1.5, "net": 1}]},
        "quantity: “1.5” isn't a number of pieces",
    ),
    ({"lines": [{"id": "1", "sku": "MUG", "quantity": 1, "net": "1.000"}]}, None),
    (
        {"lines": [{"id": "1", "sku": "MUG", "quantity": 1, "net": "1.005"}]},
        "more decimals than EUR",
    ),
    ({"lines": [{"id": "1", "sku": "MUG", "quantity": 1, "net": "1e99"}]}, "isn't a number"),
    ({"prices_include_tax": "yes"}, "must be true or false"),
]


@pytest.mark.parametrize(("change", "message"), WRONG)
def test_what_is_wrong_is_named_by_its_path(change, message):
    with override("en"):
        if message is None:
            assert mapping.order({**ORDER, **change}, "").lines[0].net == 1
            return
        with pytest.raises(Invalid) as caught:
            mapping.order({**ORDER, **change}, "")
    assert message in caught.value.message


def test_tax_that_a_marketplace_remits_is_no_money_of_ours():
    line = {**ORDER["lines"][0], "net": "20.00", "tax": 0, "tax_remitted": "3.80"}
    known = {**ORDER, "lines": [line], "charges": [], "refunds": [{"id": "r", "amount": "11.90"}]}

    sold = mapping.order(known, "")

    assert (sold.gross, [each.amount for each in sold.payments]) == (D("23.80"), [D("20.00")])
    assert [each.amount for each in sold.refunds] == [D("10.00")]


ROWS = [
    ("sku,quantity\nMUG,1\n", "Row 2, order: is missing"),
    ("order,size\nA,1\n", "The column “size” is unknown"),
    ("order,net\nA,\"1,50\"\n", "Row 2, net: “1,50” isn't an amount, such as 12.50"),
    ("order,placed_at\nA,02/11/2026\n", "Row 2, placed_at: “02/11/2026” isn't a time"),
    ("order,placed_at\nA,2026-11-02 14:05\n", "has no zone"),
    ("order,state\nA,paid\nA,done\n", "Row 3, state: differs from an earlier row of order A"),
    ("order,gift_card\nA,maybe\n", "isn't yes or no"),
    ("order,net\nA,#N/A\n", "Row 2, net: This cell holds the error #N/A"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "message"), ROWS)
def test_what_is_wrong_in_a_spreadsheet_is_named_by_row_and_column(text, message, tmp_path):
    file = tmp_path / "orders.csv"
    file.write_text(text)
    with override("en"), pytest.raises(Invalid) as caught:
        tables.orders(file, tables.Writing())
    assert message in caught.value.message
