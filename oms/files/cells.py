"""Cells whose meaning isn't in their value alone: errors, formulas, percentages, hidden and merged cells."""

import re
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

# Error values as spreadsheet programs write them, in English and German.
ERRORS = {
    "#N/A",
    "#REF!",
    "#VALUE!",
    "#DIV/0!",
    "#NAME?",
    "#NULL!",
    "#NUM!",
    "#SPILL!",
    "#CALC!",
    "#GETTING_DATA",
    "#NV",
    "#BEZUG!",
    "#WERT!",
    "#ZAHL!",
    "#ÜBERLAUF!",
    "ERR:502",
    "ERR:504",
    "ERR:508",
}
ZEROS = re.compile(r"0{2,}")
_QUOTED = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]')


@dataclass(frozen=True)
class Unreadable:
    """A cell that can't be imported: the text that people see, and the reason."""

    shown: str
    message: str
    is_of_row: bool = False  # whether it is about the whole row

    def __str__(self) -> str:
        return self.shown


class Percent(float):
    """A number formatted as a percentage: 0.05 is shown as 5%."""


def error(text: str) -> Unreadable:
    return Unreadable(
        text,
        _("This cell holds the error %(error)s. Enter a value or empty the cell.")
        % {"error": text},
    )


def formula(text: str) -> Unreadable:
    return Unreadable(
        text,
        _(
            "This cell is a formula without a value. Open the file in a spreadsheet program, "
            "save it, and upload it again."
        ),
    )


def merged(area: str) -> Unreadable:
    return Unreadable(
        "",
        _("This cell is part of the merged cells %(area)s. Unmerge them and enter each value.")
        % {"area": area},
    )


def hidden_row() -> Unreadable:
    return Unreadable(
        "",
        _("This row is hidden in the file. Show or delete it, then upload the file again."),
        is_of_row=True,
    )


def surplus() -> Unreadable:
    return Unreadable(
        "",
        _(
            "This row has more cells than the heading. Put quotation marks around values that contain "
            "the separator."
        ),
        is_of_row=True,
    )


def text(value: str) -> Any:
    """A cell's text, or Unreadable where it is an error value."""
    value = value.strip()
    return error(value) if value.upper() in ERRORS else value


def number(value: float, number_format: str) -> Any:
    """A cell's number by its format: a percentage, or a code filled up with zeros."""
    if ZEROS.fullmatch(number_format) and value == int(value) and value >= 0:
        return str(int(value)).zfill(len(number_format))
    return Percent(value) if "%" in _QUOTED.sub("", number_format) else value
