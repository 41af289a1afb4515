"""Importing the Online Retail format: the report adds up, nothing is dropped, nothing comes twice."""

import csv
import gzip
import lzma
from decimal import Decimal as D

import pytest
from django.core.management import CommandError, call_command

from inventory.models import Move, Stock
from oms.core.models import Event
from orders.accounting.models import Invoice
from orders.channels.models import HistoryRecord
from orders.channels.online_retail.mapping import BadRow, Kind, classify, read_row
from orders.models import Customer, Order, TaxRate
from tests import builders as make

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("verified")]
HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"
ROWS = """\
536365,85123A,HEART HOLDER,6,2010-12-01 08:26:00,2.55,17850,United Kingdom
536365,71053,LANTERN,6,2010-12-01 08:26:00,3.395,17850,United Kingdom
536365,71053,LANTERN,6,2010-12-01 08:26:00,3.395,17850,United Kingdom
536365,POST,POSTAGE,1,2010-12-01 08:26:00,18.00,17850,United Kingdom
536366,22633,WARMER,2,2010-12-01 08:28:00,0.00,,France
536367,22633,,-5,2010-12-01 09:00:00,0.00,,United Kingdom
C536379,85123A,HEART HOLDER,-4,2010-12-02 09:41:00,2.55,17850,United Kingdom
C536380,85123A,HEART HOLDER,-4,2010-12-03 09:41:00,2.55,17850,United Kingdom
C536381,D,Discount,-1,2010-12-03 09:50:00,27.50,14527,United Kingdom
A563185,B,Adjust bad debt,1,2011-08-12 14:50:00,11062.06,,United Kingdom"""


@pytest.fixture
def run(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def import_rows(rows=ROWS, *flags, mode="history", name="orders.csv"):
        path = tmp_path / name
        opener = {"gz": gzip.open, "xz": lzma.open}.get(name.rsplit(".", 1)[-1], open)
        with opener(path, "wb") as file:
            file.write(f"{HEADER}\n{rows}\n".encode() if isinstance(rows, str) else rows)
        capsys.readouterr()
        call_command("import_orders", str(path), "--format", "online-retail", "--as", mode, *flags)
        return capsys.readouterr().out

    return import_rows


def together(report):
    (line,) = [line for line in report.splitlines() if line.startswith("together")]
    _, rows, money = line.split()
    return int(rows.replace(",", "")), D(money.replace(",", ""))


@pytest.mark.parametrize(
    "invoice, code, quantity, kind",
    [
        ("536365", "85123A", 6, Kind.GOODS),
        ("536365", "POST", 1, Kind.CARRIAGE),
        ("C1", "D", -1, Kind.DISCOUNT),
        ("1", "gift_0001_20", 1, Kind.VOUCHER),
        ("1", "PADS", 1, Kind.GOODS),
        ("1", "m", 1, Kind.FEE),
        ("1", "22633", -5, Kind.STOCK_ADJUSTMENT),
        ("A1", "B", 1, Kind.BAD_DEBT),
        ("C1", "85123A", -4, Kind.GOODS),
    ],
)
def test_classify(invoice, code, quantity, kind):
    assert classify(invoice, code, quantity) == kind


@pytest.mark.parametrize(
    "column, value",
    [
        ("Quantity", "six"),
        ("Quantity", "0"),
        ("UnitPrice", "NaN"),
        ("UnitPrice", "1.23456"),
        ("InvoiceDate", "0010-01-01"),
        ("InvoiceDate", "yesterday"),
        ("InvoiceNo", ""),
        ("Description", "\ufffd"),
    ],
)
def test_bad_cells_are_named_by_column(column, value):
    cells = dict(zip(HEADER.split(","), ROWS.splitlines()[0].split(","), strict=True)) | {
        column: value
    }

    bad = read_row(7, list(cells.values()))

    assert isinstance(bad, BadRow)
    assert (bad.number, bad.column) == (7, column)


def test_history_adds_up_and_touches_no_stock(run):
    report = run()

    assert together(report) == (10, D("11088.200"))
    order = Order.objects.get(external_id="536365")
    assert (order.status, order.units, order.shipped, order.invoiced, order.returned) == (
        "completed",
        18,
        18,
        18,
        6,
    )
    assert order.gross == D("74.04")  # 15.30 + 2 × 20.37 + 18.00
    events = Event.objects.filter(name="order.imported")
    assert (Move.objects.count(), Stock.objects.count(), events.count()) == (0, 0, 2)
    assert set(HistoryRecord.objects.values_list("kind", "code")) == {
        ("stock", "22633"),
        ("bad_debt", "B"),
    }


def test_returns_are_matched_as_far_as_earlier_lines_go(run):
    report = run()

    assert (
        "returns matched to earlier lines" in report
        and "returns partly credited on their own" in report
    )
    first, second = Invoice.objects.filter(kind="credit", customer__code="17850").order_by("number")
    assert [line.corrects is not None for line in first.lines.all()] == [True]
    assert [
        (line.quantity, line.corrects is not None) for line in second.lines.order_by("position")
    ] == [(2, True), (2, False)]


def test_what_was_paid_is_given_back_and_the_rest_stays_a_credit(run):
    run()

    assert make.balance(Customer.objects.get(code="17850")) == 0
    assert make.balance(Customer.objects.get(code="14527")) == D("-27.50")


def test_importing_again_adds_nothing(run):
    run()
    before = {model: model.objects.count() for model in (Order, Invoice, HistoryRecord, Event)}

    report = run()

    assert "0 added" in report and together(report) == (10, D("11088.200"))
    assert before == {model: model.objects.count() for model in before}


@pytest.mark.parametrize("name", ["orders.csv.gz", "orders.csv.xz"])
def test_compressed_files_are_read(run, name):
    assert together(run(name=name)) == (10, D("11088.200"))


def test_dry_run_changes_nothing(run):
    assert "would be added" in run(ROWS, "--dry-run")
    assert Order.objects.count() == 0


def test_limit_and_dates_leave_out_and_say_so(run):
    report = run(ROWS, "--limit", "1", "--from", "2010-12-01", "--to", "2010-12-01")

    assert together(report) == (10, D("11088.200"))
    assert "left out" in report and Order.objects.count() == 1


def test_bad_rows_are_listed_and_the_rest_is_imported(run, tmp_path):
    rows = ROWS + "\n536400,1,X,many,2010-12-01 08:26:00,1,1,France\n536401,1,X,1"

    report = run(rows)

    assert "bad rows" in report
    listed = list(csv.DictReader((tmp_path / "orders-bad-rows.csv").open()))
    assert [(row["row"], row["column"]) for row in listed] == [("12", "Quantity"), ("13", "")]
    assert Order.objects.count() == 2


def test_strict_imports_nothing_where_a_row_is_bad(run):
    with pytest.raises(CommandError, match="1 rows are bad"):
        run(ROWS + "\n536401,1,X,1", "--strict")

    assert Order.objects.count() == 0


def test_bytes_that_are_no_text_are_a_bad_row(run):
    content = (
        f"{HEADER}\n{ROWS}\n".encode() + b"536500,1,caf\xe9,1,2010-12-01 08:26:00,1,1,France\n"
    )

    assert "bad rows" in run(content)


def test_missing_columns_are_said(run):
    with pytest.raises(CommandError, match="The columns CustomerID, Country are missing"):
        run(b"InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice\n")


def test_open_orders_are_confirmed_against_stock(run):
    make.company()
    for country in ("GB", "FR"):
        TaxRate.objects.create(country=country, percent=0)
    make.sku("85123A", stock={"LON": 6})
    make.sku("71053", stock={"LON": 20})
    make.sku("22633")

    report = run(mode="open")

    orders = dict(Order.objects.values_list("external_id", "status"))
    assert orders == {"536365": "confirmed", "536366": "placed"}
    assert "orders placed, not confirmed: not_enough" in report
    assert together(report) == (10, D("11088.200"))
    assert "0 added" in run(mode="open")
