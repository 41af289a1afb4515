"""Files as spreadsheet programs save them: each cell is imported rightly, or refused by its row and column."""

import io
import zipfile
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from openpyxl import Workbook

from inventory.models import SKU
from inventory.purchasing.models import SupplierItem
from oms.core.models import Job
from oms.files import reading, workbooks
from orders.models import Customer, Order, Price
from tests import builders as make
from tests.web.sheets import PAGES, faults, table

pytestmark = pytest.mark.django_db
CASES = Path(__file__).parent / "sheet_cases"


@pytest.fixture
def trade():
    """The codes that the cases name."""
    make.taxes()
    make.channel()
    make.customer("12375")
    make.priced("20723")
    make.sku("10135")
    Price.objects.create(
        sku=SKU.objects.get(code="10135"), price_list=make.price_list(), unit_price=2
    )


def book_of(rows, *, formats=(), title="Data", more=(), hidden=(), merge=(), hide_rows=(), hide=""):
    """An XLSX file; formats are (cell, number format)."""
    book, file = Workbook(), io.BytesIO()
    sheet = book.active
    sheet.title = title
    for row in rows:
        sheet.append(list(row))
    for cell, number_format in formats:
        sheet[cell].number_format = number_format
    for area in merge:
        sheet.merge_cells(area)
    for number in hide_rows:
        sheet.row_dimensions[number].hidden = True
    for letter in hide:
        sheet.column_dimensions[letter].hidden = True
    for name, cells in more:
        other = book.create_sheet(name)
        for row in cells:
            other.append(list(row))
        other.sheet_state = "hidden" if name in hidden else "visible"
    book.save(file)
    return file.getvalue()


def uploaded(client, slug, content, name):
    """The answer to an upload, and its job."""
    answer = client.post(
        reverse(f"admin:{PAGES[slug]}_import", args=[slug]),
        {"file": SimpleUploadedFile(name, content)},
    )
    return answer, Job.objects.order_by("pk").last()


# The shared cases


def test_a_price_without_optional_keys_is_in(trade, log_in, take):
    make.price_list("Trade")

    job = take(
        log_in("manager"), "prices", (CASES / "prices_without_optional_keys.csv").read_bytes()
    )

    price = Price.objects.get(price_list__name="Trade")
    assert (price.unit_price, price.customer, price.minimum, price.valid_from, price.valid_to) == (
        Decimal("77.77"),
        None,
        1,
        None,
        None,
    )
    assert (job.details["counts"], job.done, job.failed) == (
        {"new": 1, "changed": 0, "unchanged": 0},
        1,
        0,
    )
    again = take(
        log_in("manager"), "prices", (CASES / "prices_without_optional_keys.csv").read_bytes()
    )
    assert again.details["counts"] == {"new": 0, "changed": 0, "unchanged": 1}


def test_one_bad_discount_is_one_row(trade, log_in, take, verified):
    job = take(log_in("manager"), "orders", (CASES / "orders_one_bad_discount.csv").read_bytes())

    assert sorted(Order.objects.values_list("external_id", flat=True)) == ["HX-A1", "HX-A3"]
    assert faults(job) == [("3", "discount_percent", "150 is not between 0 and 100.")]
    assert (job.error, job.done, job.failed) == ("", 2, 1)


def test_a_quantity_beyond_all_is_one_row(trade, log_in, take):
    job = take(log_in("manager"), "orders", (CASES / "orders_quantity_1e15.csv").read_bytes())

    assert [fault[:2] for fault in faults(job)] == [("2", "quantity")]
    assert "is too large" in faults(job)[0][2] and not job.error and not Order.objects.exists()


def test_rows_of_an_order_apart_are_one_order(trade, log_in, take, verified):
    job = take(log_in("manager"), "orders", (CASES / "orders_rows_apart.csv").read_bytes())

    lines = {
        order.external_id: sorted(order.lines.values_list("sku__code", "quantity"))
        for order in Order.objects.all()
    }
    assert lines == {"HX-B1": [("10135", 5), ("20723", 1)], "HX-B2": [("20723", 1)]}
    assert (job.done, job.failed, faults(job)) == (3, 0, [])


def test_a_formula_without_a_value_is_refused(trade, log_in, take):
    job = take(
        log_in("manager"),
        "orders",
        (CASES / "orders_formula_price_no_cache.xlsx").read_bytes(),
        "f.xlsx",
    )

    assert [fault[:2] for fault in faults(job)] == [("2", "unit_price")]
    assert "formula without a value" in faults(job)[0][2] and not Order.objects.exists()


def test_an_error_cell_is_refused(log_in, take):
    job = take(
        log_in("manager"), "customers", (CASES / "customers_error_cell.xlsx").read_bytes(), "f.xlsx"
    )

    assert [fault[:2] for fault in faults(job)] == [("2", "name")]
    assert "the error #N/A" in faults(job)[0][2] and not Customer.objects.exists()


# Rows of one order, in all orders


def test_an_order_whose_rows_stand_apart_fails_whole_for_one_bad_row(
    trade, log_in, take, verified, monkeypatch
):
    from oms.files import runs

    monkeypatch.setattr(runs, "BATCH", 2)
    rows = [["B1", 1], ["B2", 1], ["B3", 1], [" B1", 2], ["B4", 1], ["B1 ", "x"], ["B5", 1]]

    job = take(
        log_in("manager"),
        "orders",
        table(
            ["order", "channel", "customer", "sku", "quantity"],
            *([name, "reps", "12375", "20723", quantity] for name, quantity in rows),
        ),
    )

    assert sorted(Order.objects.values_list("external_id", flat=True)) == ["B2", "B3", "B4", "B5"]
    assert sorted(fault[:2] for fault in faults(job)) == [("2", ""), ("5", ""), ("7", "quantity")]
    assert (job.done, job.failed, job.total) == (4, 3, 7)


def test_a_number_and_a_text_are_one_order(trade, log_in, take, verified):
    content = book_of(
        [
            ["order", "channel", "customer", "sku", "quantity"],
            [1001, "reps", 12375, 20723, 1],
            ["1001", "reps", "12375", "10135", 5],
        ]
    )

    job = take(log_in("manager"), "orders", content, "f.xlsx")

    assert faults(job) == [] and Order.objects.get().lines.count() == 2


def test_what_the_database_refuses_is_that_rows_error(trade, log_in, take, verified):
    job = take(
        log_in("manager"),
        "orders",
        table(
            ["order", "channel", "customer", "sku", "quantity", "unit_price"],
            ["A", "reps", "12375", "20723", 1, 1],
            ["B", "reps", "12375", "20723", 99999999, 999999999999],
            ["C", "reps", "12375", "20723", 1, 1],
        ),
    )

    assert sorted(Order.objects.values_list("external_id", flat=True)) == ["A", "C"]
    assert faults(job)[0][0] == "3" and len(faults(job)) == 1
    assert "becomes larger than can be stored" in faults(job)[0][2]


def test_what_is_of_the_whole_order_is_the_same_in_all_its_rows(trade, log_in, take, verified):
    job = take(
        log_in("manager"),
        "orders",
        table(
            ["order", "channel", "customer", "sku", "quantity", "note", "customer_reference"],
            ["A", "reps", "12375", "20723", 1, "by noon", "PO-1"],
            ["A", "reps", "12375", "10135", 1, "", "PO-1"],
            ["B", "reps", "12375", "20723", 1, "by noon", ""],
            ["B", "reps", "12375", "10135", 1, "at night", ""],
        ),
    )

    assert list(Order.objects.values_list("external_id", "note")) == [("A", "by noon")]
    assert [fault[0] for fault in faults(job)] == ["5", "4"] and "differ in “note”" in faults(job)[
        0
    ][2]


# Cells


def test_cells_are_read_by_their_formats_or_refused(log_in, take):
    """A percentage, a zero-filled code, a date in a code, a truth value, a code that lost digits, and more."""
    for code in ("00123", *(f"T{number}" for number in range(2, 13))):
        make.sku(code)
    make.supplier("mill")
    cells = [
        [123, "ok", 1.5, 0.05],
        ["T3", "ok", 0.1, 7],
        [123, "zeros", 1, 0],
        ["T5", date(2027, 1, 2), 1, 0],
        ["T6", True, 1, 0],
        ["T7", 5.01e18, 1, 0],
        ["T8", "5,01E+12", 1, 0],
        ["T9", "", 0.5, 0],
        ["T10", "", date(2027, 1, 2), 0],
        ["T11", "#REF!", 1, 0],
    ]
    content = book_of(
        [
            ["supplier", "sku", "code", "cost", "over_receipt_percent"],
            *(["mill", *row] for row in cells),
        ],
        formats=[("B2", "00000"), ("E2", "0%"), ("E3", "0.0"), ("D9", "0.00%")],
    )

    job = take(log_in("buyer"), "supplier-items", content, "f.xlsx")

    assert [fault[:2] for fault in faults(job)] == [
        ("4", "sku"),
        ("5", "code"),
        ("6", "code"),
        ("7", "code"),
        ("8", "code"),
        ("9", "cost"),
        ("10", "cost"),
        ("11", "code"),
    ]
    told = [message for _row, _column, message in faults(job)]
    assert "may have lost its leading zeros: there is “00123”" in told[0]
    assert (
        "more than 15 digits" in told[3]
        and "scientific notation" in told[4]
        and "a percentage" in told[5]
    )
    assert sorted(
        SupplierItem.objects.values_list("sku__code", "over_receipt_percent", "cost")
    ) == [("00123", 5, Decimal("1.5")), ("T3", 7, Decimal("0.1"))]


def test_merged_and_hidden_cells_are_refused_by_row_and_column(log_in, take):
    rows = [
        ["code", "name", "weight_g"],
        ["A", "one", 1],
        ["B", "two", 2],
        ["C", "three", 3],
        ["D", "four", 4],
    ]
    content = book_of(rows, merge=["B2:B3"], hide_rows=[4])

    job = take(log_in("buyer"), "skus", content, "f.xlsx")

    assert [fault[:2] for fault in faults(job)] == [("3", "name"), ("4", "code")]
    assert "merged cells B2:B3" in faults(job)[0][2] and "hidden" in faults(job)[1][2]
    assert list(SKU.objects.values_list("code", "name")) == [("A", "one"), ("D", "four")]


def test_a_hidden_column_is_named_and_read_only_if_chosen(log_in, worked, take):
    client = log_in("buyer")
    content = book_of(
        [["code", "name", "weight_g", "x", "origin"], ["A", "one", 5, "", "DE"]], hide="CDE"
    )

    answer, job = uploaded(client, "skus", content, "f.xlsx")
    text = client.get(answer.url).content.decode()
    assert "unless you choose them: weight_g, x, origin" in text and ">weight_g (hidden)<" in text
    assert job.details["mapping"] == {"code": "code", "name": "name"}
    with worked():
        client.post(answer.url, {**job.details["mapping"], "weight_g": "weight_g", "import": ""})

    assert list(SKU.objects.values_list("code", "weight_g", "origin")) == [("A", 5, "")]
    page = client.get(
        reverse("admin:core_job_change", args=[Job.objects.latest("pk").pk])
    ).content.decode()
    assert (
        "hidden column weight_g read; hidden column x not read; hidden column origin not read"
        in page
    )


def test_a_hidden_column_that_rows_are_known_by_is_asked_for(log_in):
    answer, job = uploaded(
        log_in("buyer"), "skus", book_of([["code", "name"], ["A", "one"]], hide="A"), "f.xlsx"
    )
    client = log_in("buyer")

    refused = client.post(answer.url, {**job.details["mapping"], "import": ""})

    assert (refused.status_code, refused.context["error"]) == (422, "Map a column to: code.")


def test_a_merged_or_double_heading_is_refused_before_the_file_is_kept(log_in):
    client = log_in("buyer")
    merged = book_of([["code", "name", "x"], ["A", "a", "b"]], merge=["B1:C1"])

    told = [
        uploaded(client, "skus", content, name)[0].content.decode()
        for content, name in (
            (merged, "f.xlsx"),
            (b"code,name,Name\nA,a,b\n", "f.csv"),
            (b"sku,Weight g,weight_g\nA,1,2\n", "f.csv"),
        )
    ]

    assert "merged cells B1:C1" in told[0]
    assert "named “Name” (B and C)" in told[1] and "named “weight_g” (B and C)" in told[2]
    assert not Job.objects.exists()


def test_of_several_sheets_one_is_chosen_and_hidden_ones_are_named(log_in, worked):
    client = log_in("buyer")
    content = book_of(
        [["note"], ["old"]],
        title="Notes",
        hidden=["Old"],
        more=[("Goods", [["code", "name"], ["A", "a"]]), ("Old", [["code", "name"], ["Z", "z"]])],
    )

    answer, job = uploaded(client, "skus", content, "f.xlsx")
    text = client.get(answer.url).content.decode()
    assert "Hidden sheets aren't read: Old" in text and ">Goods<" in text
    refused = client.post(answer.url, {"code": "note", "import": ""})
    assert (refused.status_code, "several sheets" in refused.content.decode()) == (422, True)

    client.post(answer.url, {"sheet": "Goods", "look": ""})
    job.refresh_from_db()
    with worked():
        client.post(answer.url, {"sheet": "Goods", **job.details["mapping"], "import": ""})
    assert list(SKU.objects.values_list("code", flat=True)) == ["A"]
    assert (
        "sheet Goods"
        in client.get(
            reverse("admin:core_job_change", args=[Job.objects.latest("pk").pk])
        ).content.decode()
    )


def test_a_hidden_sheet_is_not_read_in_place_of_the_visible_one(log_in, take):
    content = book_of(
        [["code", "name"], ["Z", "z"]],
        title="Old",
        more=[("Goods", [["code", "name"], ["A", "a"]])],
    )
    book = io.BytesIO(content)
    from openpyxl import load_workbook

    opened = load_workbook(book)
    opened["Old"].sheet_state, opened.active = "hidden", 1
    opened.save(book)

    take(log_in("buyer"), "skus", book.getvalue(), "f.xlsx")

    assert list(SKU.objects.values_list("code", flat=True)) == ["A"]


# How CSV files are written


@pytest.mark.parametrize(
    ("encoding", "told"),
    [
        ("cp1252", "Windows-1252"),
        ("utf-16", "UTF-16"),
        ("utf-16-le", "UTF-16 LE"),
        ("utf-8-sig", "UTF-8"),
    ],
)
def test_encoding_and_separator_are_recognized_and_told(log_in, take, encoding, told):
    client = log_in("buyer")
    content = "code;name;weight_g\nK;Köln – groß;5\n".encode(encoding)

    job = take(client, "skus", content, press="check")

    text = client.get(reverse("admin:core_job_change", args=[job.pk])).content.decode()
    assert (
        told in text
        and "semicolon" in text
        and (job.failed, job.details["counts"]["new"]) == (0, 1)
    )
    take(client, "skus", content)
    assert SKU.objects.get().name == "Köln – groß"


def test_another_encoding_can_be_chosen(log_in, worked):
    client = log_in("buyer")
    answer, _job = uploaded(client, "skus", "code,name\nL,Łódź\n".encode("cp1250"), "f.csv")
    assert "Windows-1252" in client.get(answer.url).content.decode()

    client.post(answer.url, {"encoding": "cp1250", "look": ""})
    assert "Łódź" in client.get(answer.url).content.decode()
    with worked():
        client.post(
            answer.url, {"encoding": "cp1250", "code": "code", "name": "name", "import": ""}
        )

    assert SKU.objects.get().name == "Łódź"


def test_a_row_with_more_cells_than_the_heading_is_refused(log_in, take):
    job = take(log_in("buyer"), "skus", b"code,name,weight_g\nA,a,1,50\nB,b,2\n")

    assert [fault[:2] for fault in faults(job)] == [("2", "code")]
    assert "more cells than the heading" in faults(job)[0][2]
    assert list(SKU.objects.values_list("code", flat=True)) == ["B"]


def test_a_decimal_comma_is_recognized_and_told(trade, log_in, take):
    job = take(
        log_in("manager"),
        "prices",
        b"sku;price_list;unit_price\n20723;wholesale;1.234,5\n10135;wholesale;7\n",
    )

    assert (faults(job), job.details["notations"]) == ([], {"unit_price": "comma"})
    assert Price.objects.get(sku__code="20723").unit_price == Decimal("1234.5")


@pytest.mark.parametrize(("notation", "price"), [("point", "1"), ("comma", "1000")])
def test_1000_with_a_point_is_asked_once_with_both_readings_shown(
    trade, log_in, take, worked, notation, price
):
    client = log_in("manager")
    answer, _job = uploaded(
        client, "prices", b"sku;price_list;unit_price\n20723;wholesale;1.000\n", "f.csv"
    )

    text = client.get(answer.url).content.decode()
    assert "1.000 = 1000<" in text and "1.000 = 1<" in text
    mapping = {"sku": "sku", "price_list": "price_list", "unit_price": "unit_price"}
    refused = client.post(answer.url, {**mapping, "import": ""})
    assert (refused.status_code, "unit_price" in refused.context["error"]) == (422, True)

    with worked():
        client.post(answer.url, {**mapping, "notation-unit_price": notation, "import": ""})
    assert Price.objects.get(sku__code="20723").unit_price == Decimal(price)


@pytest.mark.parametrize(
    ("notation", "day"), [("day_first", date(2026, 2, 1)), ("month_first", date(2026, 1, 2))]
)
def test_0102_is_asked_once_with_both_readings_shown(trade, log_in, worked, notation, day):
    client = log_in("manager")
    answer, _job = uploaded(
        client,
        "prices",
        b"sku,price_list,unit_price,valid_from\n"
        b"20723,wholesale,1.5,01/02/2026\n10135,wholesale,1.5,03/04/2026\n",
        "f.csv",
    )

    text = client.get(answer.url).content.decode()
    assert "01/02/2026 = 1 February 2026" in text and "01/02/2026 = 2 January 2026" in text
    with worked():
        client.post(
            answer.url,
            {
                **{name: name for name in ("sku", "price_list", "unit_price", "valid_from")},
                "notation-valid_from": notation,
                "import": "",
            },
        )
    assert Price.objects.get(sku__code="20723", valid_from__isnull=False).valid_from == day


def test_a_day_that_reads_one_way_decides_for_its_column(trade, log_in, take):
    job = take(
        log_in("manager"),
        "prices",
        b"sku,price_list,unit_price,valid_from\n"
        b"20723,wholesale,1.5,31.01.2026\n10135,wholesale,1.5,01.02.2026\n",
    )

    assert faults(job) == []
    assert sorted(Price.objects.exclude(valid_from=None).values_list("valid_from", flat=True)) == [
        date(2026, 1, 31),
        date(2026, 2, 1),
    ]


def test_a_cell_far_away_costs_nothing():
    book = Workbook()
    book.active.append(["code", "name"])
    book.active["A2"], book.active["XFD1048576"] = "A", "far"
    file = io.BytesIO()
    book.save(file)

    rows = list(reading.read(io.BytesIO(file.getvalue()), "f.xlsx"))

    assert rows == [(1, ["code", "name"]), (2, ["A", ""])]


def test_an_archive_that_unpacks_to_too_much_is_refused(monkeypatch, log_in):
    monkeypatch.setattr(workbooks, "MOST_UNPACKED", 1000)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b" " * 10**6)

    answer, _job = uploaded(log_in("buyer"), "skus", file.getvalue(), "f.xlsx")

    assert (answer.status_code, "unpacks to" in answer.content.decode()) == (422, True)
