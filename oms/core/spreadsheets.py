"""Reading and writing CSV and XLSX files as streams, in bounded memory.

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
from itertools import chain, islice
from pathlib import Path
from typing import IO, Any, Protocol

from django.utils.translation import gettext as _
from openpyxl import Workbook, load_workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from rustpy_xlsxwriter import Format, write_worksheet

from oms.core.errors import Refused

FORMATS = {"csv": "text/csv", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}
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


def read(file: IO[bytes], name: str) -> Iterator[list[Any]]:
    """The rows of a file by its name's ending, the heading first; numbers and dates as XLSX holds them, CSV as text.

    Raises Refused where it is no such file.
    """
    kind = name.rpartition(".")[2].lower()
    if kind not in FORMATS:
        raise Refused(_("%(name)s is neither .csv nor .xlsx; save it as one of these.")
                      % {"name": name}, code="unknown_format")
    rows = _read_csv(file, name) if kind == "csv" else _read_xlsx(file, name)
    for row in rows:
        yield [unescape(cell.strip()) if isinstance(cell, str) else "" if cell is None else cell for cell in row]


def _read_csv(file: IO[bytes], name: str) -> Iterator[Sequence[Any]]:
    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
    try:
        first = text.readline()
        text.seek(0)
        delimiter = max(",;\t", key=first.count)
        yield from csv.reader(text, delimiter=delimiter)
    except UnicodeDecodeError as error:
        raise Refused(_("%(name)s is not encoded as UTF-8; save it as “CSV UTF-8”.")
                      % {"name": name}, code="not_utf8") from error
    except csv.Error as error:
        raise Refused(_("%(name)s cannot be read: %(error)s.")
                      % {"name": name, "error": error}, code="unreadable") from error
    finally:
        text.detach()


def _read_xlsx(file: IO[bytes], name: str) -> Iterator[Sequence[Any]]:
    try:
        book = load_workbook(file, read_only=True, data_only=True)
    except Exception as error:  # zipfile and its parsers raise what they like
        raise Refused(_("%(name)s is no XLSX file that can be read: %(error)s.")
                      % {"name": name, "error": error}, code="unreadable") from error
    try:
        yield from book.worksheets[0].iter_rows(values_only=True)
    finally:
        book.close()


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
    csv.writer(text).writerow([escape(cell) if isinstance(cell, str) else _plain(cell) for cell in cells])
    return text.getvalue().encode()


def csv_lines(rows: Iterable[Iterable[Any]]) -> Iterator[bytes]:
    """Rows as CSV, for an answer that is sent while it is written."""
    yield BOM_UTF8
    yield from map(csv_line, rows)


class XLSXWriter:
    """Rows as a sheet with real numbers and dates, its heading bold and frozen."""

    def __init__(self, file: IO[bytes], heading: Sequence[str]) -> None:
        self.file, self.book = file, Workbook(write_only=True)
        self.sheet: Any = self.book.create_sheet("Sheet1")
        self.sheet.freeze_panes = "A2"
        cells = [WriteOnlyCell(self.sheet, value=escape(name)) for name in heading]
        for cell in cells:
            cell.font = Font(bold=True)
        self.sheet.append(cells)

    def row(self, cells: Iterable[Any]) -> None:
        self.sheet.append([_cell(value) for value in cells])

    def close(self) -> None:
        self.book.save(self.file)


def writer(file: IO[bytes], kind: str, heading: Sequence[str]) -> Writer:
    """A writer of "csv" or "xlsx"."""
    return XLSXWriter(file, heading) if kind == "xlsx" else CSVWriter(file, heading)


NUMBER_FORMATS = {"money": "#,##0.00##", "price": "0.00####", "count": "0", "percent": "0.###", "day": "yyyy-mm-dd"}
WIDTHS = {"money": 14.0, "price": 11.0, "count": 9.0, "percent": 8.0, "day": 11.0}


def write_table(path: str, columns: Sequence[tuple[str, str]], rows: Iterable[Sequence[Any]]) -> None:
    """A large XLSX file of typed columns (heading, and text, day, count, money, price or percent), as a stream.

    Numbers come as float or int, days as date; texts are escaped. The heading is bold and frozen, with filters.
    """
    headings = [heading for heading, _kind in columns]
    texts = [index for index, (_heading, kind) in enumerate(columns) if kind == "text"]

    def records() -> Iterator[dict[str, Any]]:
        for row in rows:
            cells = list(row)
            for index in texts:
                text = cells[index]
                if text and (text[0] in _RISKY or not text.isprintable()):
                    cells[index] = _NOT_IN_XML.sub("", escape(text))
            yield dict(zip(headings, cells, strict=True))

    found = records()
    first = list(islice(found, 200))
    if not first:  # the fast writer takes its heading from the first row
        with Path(path).open("wb") as file:
            XLSXWriter(file, headings).close()
        return
    write_worksheet(
        chain(first, found), path, sheet_name="Sheet1", freeze_row=1, bold_headers=True, autofilter=True,
        column_widths={heading: WIDTHS.get(kind) or _width(heading, first) for heading, kind in columns},
        column_formats={heading: Format().set_num_format(NUMBER_FORMATS[kind])
                        for heading, kind in columns if kind in NUMBER_FORMATS})


def _width(heading: str, rows: Sequence[dict[str, Any]]) -> float:
    """As wide as the longest text of some rows, within reason."""
    longest = max(len(str(row[heading] or "")) for row in rows)
    return float(min(max(longest, len(heading), 6) + 2, 46))


def _plain(value: Any) -> Any:
    """A value as CSV holds it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value.isoformat() if isinstance(value, date) else "" if value is None else value


def _cell(value: Any) -> Any:
    """A value as a sheet's cell holds it: times without their zone, which XLSX does not know."""
    if isinstance(value, str):
        return _NOT_IN_XML.sub("", escape(value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return value.replace(tzinfo=None)
    return value if value is None or isinstance(value, int | float | Decimal | date) else _cell(str(value))
