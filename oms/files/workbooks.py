"""Rows of XLSX files as a stream, cell by cell as they are there: a cell far away costs nothing."""

import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any

from django.utils.translation import gettext as _
from openpyxl import load_workbook
from openpyxl.styles.numbers import BUILTIN_FORMATS, BUILTIN_FORMATS_MAX_SIZE
from openpyxl.utils import range_boundaries
from openpyxl.worksheet._reader import FORMULA_TAG, VALUE_TAG, WorkSheetParser

from oms.core.errors import Refused
from oms.files import cells

MOST_UNPACKED = 2 * 2**30
CHUNK = 2**20
MOST_COLUMNS = 500
MERGED = re.compile(rb'<(?:\w+:)?mergeCell\s[^>]*?ref="([^"]+)"')
Area = tuple[int, int, int, int]  # first column, first row, last column, last row


@dataclass(frozen=True)
class Row:
    """A row's number, its cells by column (from 0), and whether the file hides it."""

    number: int
    cells: dict[int, Any]
    is_hidden: bool = False


@contextmanager
def opened(file: IO[bytes], name: str) -> Iterator[Any]:
    """The workbook of a file. Raises Refused where it can't be read, or unpacks to too much."""
    try:
        with zipfile.ZipFile(file) as archive:
            size = sum(each.file_size for each in archive.infolist())
        if size > MOST_UNPACKED:
            raise Refused(
                _("%(name)s unpacks to %(size)s MiB; the limit is %(most)s MiB. Split the file.")
                % {"name": name, "size": size // 2**20, "most": MOST_UNPACKED // 2**20},
                code="too_large",
            )
        file.seek(0)
        book: Any = load_workbook(file, read_only=True, data_only=True)
    except Refused:
        raise
    except Exception as error:  # zipfile and its parsers raise what they like
        raise _unreadable(name, error) from error
    try:
        yield book
    finally:
        book.close()


def _unreadable(name: str, error: Exception) -> Refused:
    return Refused(
        _(
            "%(name)s can't be read as an XLSX file: %(error)s. Save it again in a spreadsheet program."
        )
        % {"name": name, "error": error},
        code="unreadable",
    )


def sheet_names(file: IO[bytes], name: str) -> tuple[list[str], list[str]]:
    """The visible sheets that hold anything, and the hidden ones."""
    with opened(file, name) as book:
        sheets = [
            (sheet.title, sheet.sheet_state == "visible", _is_empty(book, sheet, name))
            for sheet in book.worksheets
        ]
    return (
        [title for title, is_visible, is_empty in sheets if is_visible and not is_empty],
        [title for title, is_visible, _is_empty in sheets if not is_visible],
    )


def _is_empty(book: Any, sheet: Any, name: str) -> bool:
    return next((row for row in _rows(book, sheet, name) if row.cells), None) is None


def rows(file: IO[bytes], name: str, sheet_name: str = "") -> Iterator[Row]:
    """The rows of a sheet that hold anything, the first visible sheet's by default."""
    with opened(file, name) as book:
        sheets = [
            each
            for each in book.worksheets
            if (each.title == sheet_name if sheet_name else each.sheet_state == "visible")
        ]
        if not sheets:
            raise Refused(_("%(name)s has no visible sheet.") % {"name": name}, code="no_sheet")
        yield from _without_merged(_rows(book, sheets[0], name), _merged(book, sheets[0]))


def hidden_columns(file: IO[bytes], name: str, sheet_name: str) -> set[int]:
    """The columns (from 0) that a sheet hides."""
    with opened(file, name) as book:
        sheet = next((each for each in book.worksheets if each.title == sheet_name), None)
        if sheet is None:
            return set()
        with book._archive.open(sheet._worksheet_path) as source:
            parser = _Parser(source, book, sheet)
            next(iter(_parsed(parser, name)), None)  # the columns stand before the rows
    hidden = [
        each for each in parser.column_dimensions.values() if each.get("hidden") in ("1", "true")
    ]
    return {
        column - 1
        for each in hidden
        for column in range(int(each["min"]), min(int(each["max"]), MOST_COLUMNS) + 1)
    }


def _rows(book: Any, sheet: Any, name: str) -> Iterator[Row]:
    with book._archive.open(sheet._worksheet_path) as source:
        yield from _parsed(_Parser(source, book, sheet), name)


def _parsed(parser: "_Parser", name: str) -> Iterator[Row]:
    try:
        for number, found in parser.parse():
            hidden = parser.row_dimensions.pop(str(number), {}).get("hidden") in ("1", "true")
            values = {
                cell["column"] - 1: cell["value"]
                for cell in found
                if cell["value"] not in (None, "")
            }
            yield Row(number, values, hidden)
    except Exception as error:  # a broken part of the archive
        raise _unreadable(name, error) from error


class _Parser(WorkSheetParser):
    """openpyxl's parser, with the meaning of each cell."""

    def __init__(self, source: IO[bytes], book: Any, sheet: Any) -> None:
        super().__init__(
            source,
            sheet._shared_strings,
            data_only=True,
            epoch=book.epoch,
            date_formats=book._date_formats,
            timedelta_formats=book._timedelta_formats,
        )
        self.formats = [_format_of(book, style) for style in book._cell_styles]

    def parse_cell(self, element: Any) -> dict[str, Any]:
        cell: dict[str, Any] = super().parse_cell(element)
        value, kind = cell["value"], cell["data_type"]
        if (
            element.find(FORMULA_TAG) is not None
            and value is None
            and not _holds_empty_text(element)
        ):
            cell["value"] = cells.formula("=" + (element.findtext(FORMULA_TAG) or ""))
        elif kind == "e" and value is not None:
            cell["value"] = cells.error(str(value))
        elif isinstance(value, str):
            cell["value"] = cells.text(value)
        elif kind == "n" and isinstance(value, int | float):
            style = cell["style_id"]
            cell["value"] = cells.number(
                value, self.formats[style] if style < len(self.formats) else ""
            )
        return cell


def _holds_empty_text(element: Any) -> bool:
    return element.get("t") == "str" and element.find(VALUE_TAG) is not None


def _format_of(book: Any, style: Any) -> str:
    number = style.numFmtId
    if number < BUILTIN_FORMATS_MAX_SIZE:
        return str(BUILTIN_FORMATS.get(number, ""))
    known = book._number_formats
    return (
        str(known[number - BUILTIN_FORMATS_MAX_SIZE])
        if number - BUILTIN_FORMATS_MAX_SIZE < len(known)
        else ""
    )


def _merged(book: Any, sheet: Any) -> list[tuple[str, Area]]:
    """The merged areas of a sheet, by their first rows; they stand at the end of its XML."""
    found, rest = [], b""
    with book._archive.open(sheet._worksheet_path) as source:
        while chunk := source.read(CHUNK):
            part = rest + chunk
            found += MERGED.findall(part)
            rest = part[part.rfind(b"<") :] if b">" not in part[part.rfind(b"<") :] else b""
    areas = [(ref.decode(), range_boundaries(ref.decode())) for ref in found]
    return sorted(areas, key=lambda each: each[1][1])


def _without_merged(found: Iterator[Row], areas: list[tuple[str, Area]]) -> Iterator[Row]:
    """The rows, with each cell that a merged area covers marked; its first cell has the value."""
    active: list[tuple[str, Area]] = []
    for row in found:
        while areas and areas[0][1][1] <= row.number:
            ref, area = areas.pop(0)
            if area[1] == row.number and area[0] - 1 in row.cells:
                active.append((ref, area))
        active = [each for each in active if each[1][3] >= row.number]
        for ref, (left, top, right, _bottom) in active:
            first = left + 1 if row.number == top else left
            for column in range(first, min(right, MOST_COLUMNS) + 1):
                row.cells[column - 1] = cells.merged(ref)
        yield row
