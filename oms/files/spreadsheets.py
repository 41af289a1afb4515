"""Writing CSV and XLSX files as streams, in bounded memory (`importing.files` reads them).

Text that a spreadsheet would take for a formula is written with an apostrophe before it (OWASP, "CSV injection"), and
read without it again, so that what is written reads back unchanged.
"""

import csv
import io
import re
from codecs import BOM_UTF8
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from itertools import chain, islice, zip_longest
from pathlib import Path
from typing import IO, Any, Protocol

from django.utils import timezone
from django.utils.translation import gettext as _
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from rustpy_xlsxwriter import Format, write_worksheets

from oms.core.money_text import Amount

FORMATS = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
NUMBER_FORMATS = {
    "money": "#,##0.00##",
    "price": "0.00####",
    "count": "0",
    "percent": "General",
    "day": "yyyy-mm-dd",
}
WIDTHS = {"money": 14.0, "price": 11.0, "count": 9.0, "percent": 8.0, "day": 11.0}
MOST_MEASURED = 200
LONGEST_SHEET_NAME = 31
_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_ESCAPED = re.compile(r"'+[=+\-@\t\r]")
_RISKY = "'=+-@\t\r"  # what a text that must be escaped begins with
_NOT_IN_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")


def escape(text: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    return f"'{text}" if _FORMULA.match(text) else text


def unescape(text: str) -> str:
    """What `escape` was given."""
    return text[1:] if _ESCAPED.match(text) else text


class Writer(Protocol):
    def row(self, cells: Iterable[Any]) -> None: ...
    def close(self) -> None: ...


class CSVWriter:
    """Rows as CSV in UTF-8, with the mark by which Excel knows it."""

    def __init__(self, file: IO[bytes], heading: Sequence[str]) -> None:
        self.file = file
        self.file.write(BOM_UTF8)
        self.row(heading)

    def row(self, cells: Iterable[Any]) -> None:
        self.file.write(csv_line(cells))

    def close(self) -> None:
        self.file.flush()


def csv_line(cells: Iterable[Any]) -> bytes:
    """A row as CSV."""
    text = io.StringIO(newline="")
    csv.writer(text).writerow(
        [
            escape(cell) if isinstance(cell, str) and not isinstance(cell, Amount) else _plain(cell)
            for cell in cells
        ]
    )
    return text.getvalue().encode()


def csv_lines(rows: Iterable[Iterable[Any]]) -> Iterator[bytes]:
    """Rows as CSV, for an answer that is sent while it is written."""
    yield BOM_UTF8
    yield from map(csv_line, rows)


class XLSXWriter:
    """Rows as a sheet with real numbers and dates, its heading bold, frozen and with filters.

    `kinds` are those of its columns, where they say more than the values do. The widths are of the first rows.
    """

    def __init__(
        self, file: IO[bytes], heading: Sequence[str], title: str = "", kinds: Sequence[str] = ()
    ) -> None:
        self.file, self.book, self.heading = file, Workbook(write_only=True), heading
        self.formats = [NUMBER_FORMATS.get(kind, "") for kind in kinds] or [""] * len(heading)
        self.sheet: Any = self.book.create_sheet(sheet_name(title))
        self.sheet.freeze_panes = "A2"
        self.first: list[list[Any]] | None = []  # rows that are kept until the widths are known
        self.count = 1

    def row(self, cells: Iterable[Any]) -> None:
        values = list(cells)
        self.count += 1
        if self.first is None:
            self._write(values)
            return
        self.first.append(values)
        if len(self.first) == MOST_MEASURED:
            self._begin()

    def _begin(self) -> None:
        """Set the widths, and write the heading and the rows that were kept."""
        first, self.first = self.first or [], None
        for position, name in enumerate(self.heading):
            longest = max(
                (_length(row[position]) for row in first if position < len(row)), default=0
            )
            self.sheet.column_dimensions[get_column_letter(position + 1)].width = _within_reason(
                longest, name
            )
        cells = [WriteOnlyCell(self.sheet, value=escape(name)) for name in self.heading]
        for cell in cells:
            cell.font = Font(bold=True)
        self.sheet.append(cells)
        for row in first:
            self._write(row)

    def _write(self, row: Sequence[Any]) -> None:
        self.sheet.append(
            [
                self._made(value, number_format)
                for value, number_format in zip_longest(row, self.formats, fillvalue="")
            ]
        )

    def _made(self, value: Any, number_format: str) -> Any:
        if isinstance(value, Amount):
            number_format = "#,##0." + "0" * value.places if value.places else "#,##0"
        elif isinstance(value, datetime):
            number_format = "yyyy-mm-dd hh:mm"
        elif not isinstance(value, int | float | Decimal) or isinstance(value, bool):
            number_format = ""
        plain = value.value if isinstance(value, Amount) else _cell(value)
        if not number_format:
            return plain
        cell = WriteOnlyCell(self.sheet, value=plain)
        cell.number_format = number_format
        return cell

    def close(self) -> None:
        if self.first is not None:
            self._begin()
        self.sheet.auto_filter.ref = (
            f"A1:{get_column_letter(max(len(self.heading), 1))}{self.count}"
        )
        self.book.save(self.file)


def _length(value: Any) -> int:
    """How many characters of a cell are seen."""
    if isinstance(value, Amount):
        return len(f"{value.value:,.{value.places}f}")
    return 16 if isinstance(value, datetime) else len(str(value)) if value is not None else 0


def sheet_name(title: str) -> str:
    """A title as a sheet's name: at most 31 characters in whole words, and none that spreadsheet programs reserve."""
    name = re.sub(r"[\[\]:*?/\\]", " ", title).strip().strip("'")
    if len(name) > LONGEST_SHEET_NAME:
        start = name[: LONGEST_SHEET_NAME + 1]
        name = start.rpartition(",")[0] or start.rpartition(" ")[0] or name[:LONGEST_SHEET_NAME]
    return name[:1].upper() + name[1:] or _("Data")


def writer(
    file: IO[bytes], kind: str, heading: Sequence[str], title: str = "", kinds: Sequence[str] = ()
) -> Writer:
    """A writer of "csv" or "xlsx"."""
    return XLSXWriter(file, heading, title, kinds) if kind == "xlsx" else CSVWriter(file, heading)


Columns = Sequence[tuple[str, str]]
Rows = Iterable[Sequence[Any]]


def write_table(
    path: str, title: str, columns: Columns, rows: Rows, totals: tuple[Columns, Rows]
) -> None:
    """A large XLSX file of typed columns (heading, and text, day, count, money, price or percent), as a stream.

    Numbers come as float or int, days as date; texts are escaped. The heading is bold and frozen, with filters. Totals
    are read once the rows are written, and have a sheet of their own: no filter, sort or sum takes them for rows.
    """
    sheets = {sheet_name(title): (columns, rows), _("Totals"): totals}
    found = {name: _records(*table) for name, table in sheets.items()}
    first = {name: list(islice(found[name], MOST_MEASURED)) for name in (sheet_name(title),)}
    if not any(first.values()):  # the fast writer takes its heading from the first row
        with Path(path).open("wb") as file:
            XLSXWriter(file, [heading for heading, _kind in columns], title).close()
        return
    formats: Any = {
        name: {
            heading: Format().set_num_format(NUMBER_FORMATS[kind])
            for heading, kind in own
            if kind in NUMBER_FORMATS
        }
        for name, (own, _rows) in sheets.items()
    }
    widths: Any = {
        name: {
            heading: WIDTHS.get(kind) or _width(heading, first.get(name, []))
            for heading, kind in own
        }
        for name, (own, _rows) in sheets.items()
    }
    write_worksheets(
        [(name, chain(first.get(name, []), records)) for name, records in found.items()],
        path,
        bold_headers=True,
        freeze_panes={name: {"row": 1} for name in sheets},
        autofilter={sheet_name(title): True},
        column_formats=formats,
        column_widths=widths,
    )


def _records(columns: Columns, rows: Rows) -> Iterator[dict[str, Any]]:
    """Rows by their headings, their texts escaped."""
    headings = [heading for heading, _kind in columns]
    texts = [index for index, (_heading, kind) in enumerate(columns) if kind == "text"]
    for row in rows:
        cells = list(row)
        for index in texts:
            text = cells[index]
            if text and (text[0] in _RISKY or not text.isprintable()):
                cells[index] = _NOT_IN_XML.sub("", escape(text))
        yield dict(zip(headings, cells, strict=True))


def _width(heading: str, rows: Sequence[dict[str, Any]]) -> float:
    """As wide as the longest text of some rows, within reason."""
    return _within_reason(max((len(str(row[heading] or "")) for row in rows), default=0), heading)


def _within_reason(longest: int, heading: str) -> float:
    return float(min(max(longest, len(heading), 6) + 2, 46))


def _plain(value: Any) -> Any:
    """A value as CSV holds it."""
    if isinstance(value, Amount):
        return f"{value.value:.{value.places}f}"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value.isoformat() if isinstance(value, date) else "" if value is None else value


def _cell(value: Any) -> Any:
    """A value as a sheet's cell holds it: times as they are here, without their zone, which XLSX does not know."""
    if isinstance(value, str):
        return _NOT_IN_XML.sub("", escape(value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return (timezone.localtime(value) if timezone.is_aware(value) else value).replace(
            tzinfo=None
        )
    return (
        value
        if value is None or isinstance(value, int | float | Decimal | date)
        else _cell(str(value))
    )
