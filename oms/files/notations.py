"""How numbers and days are written in a column: decimal point or comma, day or month first. Never guessed."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils import formats
from django.utils.translation import gettext_lazy as _

POINT, COMMA = "point", "comma"
DAY_FIRST, MONTH_FIRST = "day_first", "month_first"
ASK = "ask"
_NUMBERS = {
    POINT: re.compile(r"[+-]?(\d+|[1-9]\d{0,2}(,\d{3})+)?(\.\d*)?(e[+-]?\d{1,4})?", re.IGNORECASE),
    COMMA: re.compile(r"[+-]?(\d+|[1-9]\d{0,2}(\.\d{3})+)?(,\d*)?(e[+-]?\d{1,4})?", re.IGNORECASE),
}
_GROUPED = re.compile(r"([+-]?[1-9]\d{0,2})((?:[ \u00a0\u202f'’]\d{3})+)(?![\d])")
_DAY = re.compile(r"(\d{1,2})([./-])(\d{1,2})\2(\d{4})")
_YEAR_FIRST = re.compile(r"(\d{4})[/.-](\d{1,2})[/.-](\d{1,2})")


def number(text: str, notation: str) -> Decimal | None:
    """A number as one notation reads it; none where it isn't written so."""
    text = _GROUPED.sub(lambda found: found[1] + re.sub(r"\D", "", found[2]), text)
    if not any(letter.isdigit() for letter in text) or not _NUMBERS[notation].fullmatch(text):
        return None
    return Decimal(
        text.replace(",", "") if notation == POINT else text.replace(".", "").replace(",", ".")
    )


def day(text: str, notation: str) -> date | None:
    """A day as one notation reads it; none where it isn't written so."""
    found, parts = _YEAR_FIRST.fullmatch(text), _DAY.fullmatch(text)
    try:
        if found:
            return date(int(found[1]), int(found[2]), int(found[3]))
        if parts:
            first, second, year = int(parts[1]), int(parts[3]), int(parts[4])
            return date(year, second, first) if notation == DAY_FIRST else date(year, first, second)
    except ValueError:
        pass
    return None


Reader = Callable[[str, str], Any]
READERS: dict[str, tuple[Reader, tuple[str, str]]] = {
    "number": (number, (POINT, COMMA)),
    "day": (day, (DAY_FIRST, MONTH_FIRST)),
}


def readings(kind: str, text: str) -> dict[str, Any]:
    """What a text can mean, by notation."""
    reader, notations = READERS[kind]
    found = {notation: reader(text, notation) for notation in notations}
    return {notation: value for notation, value in found.items() if value is not None}


def shown(value: Decimal | date) -> str:
    """A reading, written so that nobody can take it for the other: 1000, 1 March 2027."""
    if isinstance(value, date):
        return f"{value.day} {formats.date_format(value, 'F Y')}"
    return f"{value.normalize():f}"


NAMES = {
    POINT: _("decimal point (1,234.56)"),
    COMMA: _("decimal comma (1.234,56)"),
    DAY_FIRST: _("day first (31/01/2027)"),
    MONTH_FIRST: _("month first (01/31/2027)"),
}


@dataclass(frozen=True)
class Found:
    """What a column's texts tell of their notation: one of two, "" (all read one way) or ASK, with an example."""

    notation: str = ""
    example: str = ""

    @property
    def readings(self) -> dict[str, Any]:
        """What the example means, by notation."""
        return next((found for kind in READERS if (found := readings(kind, self.example))), {})


def of_column(kind: str, texts: Iterable[Any]) -> Found:
    """The notation that a column's texts prove; ASK where they prove none, or both."""
    proven: set[str] = set()
    doubtful = told = ""
    for text in texts:
        if not isinstance(text, str) or not text or text.isdigit():
            continue
        values = readings(kind, text)
        if len(values) == 1:
            proven |= values.keys()
            told = told or text
        elif len(set(values.values())) == 2:
            doubtful = doubtful or text
    if len(proven) == 1:
        return Found(proven.pop(), told)
    return Found(ASK, doubtful or told) if doubtful or proven else Found()
