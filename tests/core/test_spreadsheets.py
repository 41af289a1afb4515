"""Files of rows: what is written reads back unchanged, and no cell is taken for a formula."""

import io
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from oms.core.errors import Refused
from oms.files import reading, spreadsheets


def written(kind, heading, rows):
    file = io.BytesIO()
    writer = spreadsheets.writer(file, kind, heading)
    for row in rows:
        writer.row(row)
    writer.close()
    file.seek(0)
    return file


@given(st.text())
def test_a_text_is_escaped_so_that_it_is_no_formula_and_unescaped_to_what_it_was(text):
    escaped = spreadsheets.escape(text)

    assert not escaped.startswith(("=", "+", "-", "@", "\t", "\r"))
    assert spreadsheets.unescape(escaped) == text


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_texts_read_back_as_they_were(kind):
    texts = ["=1+1", "'=1+1", "-5 off", "@home", "O'Neill", "plain", 'ä; ö, "ü"', "00123", ""]

    (_, heading), *rows = reading.read(
        written(kind, ["text"], [[text] for text in texts]), f"file.{kind}"
    )

    assert heading == ["text"]
    assert [row[0] for _, row in rows] == [text for text in texts if text]


def test_xlsx_holds_real_numbers_and_days():
    row = [Decimal("12.5"), 7, date(2027, 1, 31), None, True]

    _, (_, read) = reading.read(written("xlsx", list("abcde"), [row]), "file.xlsx")

    assert (read[0], read[1], read[2].date(), read[3], read[4]) == (
        12.5,
        7,
        date(2027, 1, 31),
        "",
        "yes",
    )


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_csv_is_read_whatever_separates_its_cells(delimiter):
    file = io.BytesIO(f"\ufeffcode{delimiter}name\r\nA{delimiter}B\r\n".encode())

    assert list(reading.read(file, "x.CSV")) == [(1, ["code", "name"]), (2, ["A", "B"])]


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("x.ods", b"", "unknown_format"),
        ("x.csv", b'code\n"K', "unreadable"),
        ("x.xlsx", b"PK no zip", "unreadable"),
    ],
)
def test_what_is_no_table_is_refused(name, content, code):
    with pytest.raises(Refused) as refused:
        list(reading.read(io.BytesIO(content), name))

    assert refused.value.code == code


def test_a_sheet_is_as_wide_as_its_texts_and_has_filters_over_its_rows():
    file = written(
        "xlsx",
        ["code", "a longer heading", "at"],
        [["T" * 30, Decimal("1.5"), datetime(2027, 7, 1, 10, tzinfo=UTC)], ["U" * 300, 2, None]],
    )

    sheet = load_workbook(file).active

    assert [sheet.column_dimensions[letter].width for letter in "ABC"] == [46, 18, 18]
    assert (sheet.auto_filter.ref, sheet.freeze_panes) == ("A1:C3", "A2")
    assert sheet["C2"].value == timezone.localtime(datetime(2027, 7, 1, 10, tzinfo=UTC)).replace(
        tzinfo=None
    )
