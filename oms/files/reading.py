"""Reading files of rows: as CSV or XLSX, in the way that was recognized or chosen."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import IO, Any

from django.utils.translation import gettext as _

from oms.core.errors import Refused
from oms.files import cells, texts, workbooks
from oms.files.spreadsheets import FORMATS, unescape

Line = tuple[int, list[Any]]  # a row's number in the file, and its cells


@dataclass(frozen=True)
class Format:
    """How a file is read: the encoding and separator of a CSV file, the sheet of an XLSX file.

    `sheets` are those to choose from, `hidden` those that aren't read; `sheet` is "" until one of several is chosen.
    """

    encoding: str = ""
    delimiter: str = ""
    sheet: str = ""
    sheets: Sequence[str] = ()
    hidden: Sequence[str] = ()

    @property
    def is_complete(self) -> bool:
        return bool(self.sheet) or len(self.sheets) < 2

    def as_details(self) -> dict[str, Any]:
        return asdict(self)


def recognize(file: IO[bytes], name: str) -> Format:
    """Recognize the format of a file. Raises Refused if it has no rows."""
    if _kind(name) == "xlsx":
        sheets, hidden = workbooks.sheet_names(file, name)
        file.seek(0)
        return Format(sheets=sheets, hidden=hidden, sheet=sheets[0] if len(sheets) == 1 else "")
    encoding = texts.encoding_of(file)
    return Format(encoding=encoding, delimiter=texts.delimiter_of(file, encoding))


def chosen(known: Format, choices: Any) -> Format:
    """A format with what somebody chose in its stead; what isn't on offer is left out."""
    allowed = {
        "encoding": texts.ENCODINGS if known.encoding else (),
        "sheet": known.sheets,
        "delimiter": texts.DELIMITERS if known.delimiter else (),
    }
    wanted = {
        name: choices.get(name) for name, values in allowed.items() if choices.get(name) in values
    }
    return replace(known, **wanted)


def told(how: Format) -> list[str]:
    """How a file is read, in words."""
    sheet = (
        [_("sheet %(name)s") % {"name": how.sheet}]
        if how.sheet and len(how.sheets) + len(how.hidden) > 1
        else []
    )
    return (
        [
            str(texts.ENCODINGS[how.encoding]),
            str(texts.DELIMITERS.get(how.delimiter, how.delimiter)),
        ]
        if how.encoding
        else sheet
    )


def _kind(name: str) -> str:
    kind = name.rpartition(".")[2].lower()
    if kind not in FORMATS:
        raise Refused(
            _("%(name)s isn't a .csv or .xlsx file. Save it as one of these.") % {"name": name},
            code="unknown_format",
        )
    return kind


def read(file: IO[bytes], name: str, how: Format | None = None) -> Iterator[Line]:
    """The rows of a file, the heading first, without empty ones; numbers and dates as XLSX holds them, CSV as text.

    A cell that can't be taken is `cells.Unreadable`. Raises Refused where the file can't be read.
    """
    how = how or recognize(file, name)
    found = _read_csv(file, name, how) if _kind(name) == "csv" else _read_xlsx(file, name, how)
    for number, row in found:
        yield number, [unescape(cell) if isinstance(cell, str) else cell for cell in row]


def _read_csv(file: IO[bytes], name: str, how: Format) -> Iterator[Line]:
    width = 0
    for number, row in texts.rows(file, name, how.encoding, how.delimiter):
        values = [cells.text(cell) for cell in row]
        if not any(values):
            continue
        width = width or len(values)
        if any(values[width:]):
            values[0] = cells.surplus()
        yield number, [*values[:width], *[""] * (width - len(values))]


def _read_xlsx(file: IO[bytes], name: str, how: Format) -> Iterator[Line]:
    width = 0
    for row in workbooks.rows(file, name, how.sheet or next(iter(how.sheets), "")):
        if not row.cells:
            continue
        width = width or max(row.cells) + 1
        values = [row.cells.get(column, "") for column in range(min(width, workbooks.MOST_COLUMNS))]
        if row.is_hidden:
            values[0] = cells.hidden_row()
        if any(cell != "" for cell in values):
            yield row.number, values


def heading_of(file: IO[bytes], name: str, how: Format) -> list[str]:
    """The names in a file's first row. Raises Refused where they are missing, merged, or twice the same."""
    number, row = next(read(file, name, how), (1, []))
    names = [str(cell).strip() for cell in row]
    wrong = next((cell for cell in row if isinstance(cell, cells.Unreadable)), None)
    if wrong is not None:
        raise Refused(
            _("The heading in row %(row)s can't be read: %(reason)s")
            % {"row": number, "reason": wrong.message},
            code="no_heading",
        )
    if not any(names):
        raise Refused(
            _("%(name)s has no heading. Name the columns in its first row.") % {"name": name},
            code="no_heading",
        )
    seen: dict[str, str] = {}
    for position, each in enumerate(names):
        if each and plain(each) in seen:
            raise Refused(
                _(
                    "Two columns are named “%(heading)s” (%(first)s and %(second)s). Rename or delete one."
                )
                % {"heading": each, "first": seen[plain(each)], "second": letters(position)},
                code="duplicate_heading",
            )
        seen[plain(each)] = letters(position)
    return names


def hidden_columns(file: IO[bytes], name: str, how: Format, heading: Sequence[str]) -> list[str]:
    """The names of the columns that the file hides."""
    if _kind(name) != "xlsx":
        return []
    hidden = workbooks.hidden_columns(file, name, how.sheet or next(iter(how.sheets), ""))
    return [title for position, title in enumerate(heading) if title and position in hidden]


def plain(name: str) -> str:
    """A heading without case, spaces and signs, by which columns are matched."""
    return "".join(letter for letter in name.lower() if letter.isalnum()) or name


def letters(position: int) -> str:
    """A column's letters in a spreadsheet: A, B, … AA."""
    name, rest = "", position + 1
    while rest:
        rest, digit = divmod(rest - 1, 26)
        name = chr(65 + digit) + name
    return name
