"""Columns of a sheet, read strictly: a doubtful cell is an error, never a guess."""

from collections.abc import Callable, Iterable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from re import compile as pattern
from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Model, QuerySet
from django.utils.translation import gettext as _
from import_export.widgets import Widget

from oms.core.limits import UNWRITABLE, bounds, require_day, require_number, require_text
from oms.core.models.coded import CodedField
from oms.files import notations
from oms.files.cells import Percent, Unreadable

MOST_DIGITS = 20  # far more than any column has
SURE_DIGITS = 15  # a spreadsheet program keeps no more of a number
YES, NO = {"yes", "true", "1", "y"}, {"no", "false", "0", "n"}
LONGEST_CODE = 14
SHORTENED = pattern(r"\d([.,]\d+)?E\+\d+")  # a long code as a spreadsheet program saves it


Value = TypeVar("Value")


def _within(value: Value, check: Callable[[Any], None]) -> Value:
    """The value, within the limits of all doors. Raises ValueError, which says what is wrong with it."""
    try:
        check(value)
    except ValidationError as error:
        raise ValueError(error.messages[0]) from None
    return value


class Column(Widget):
    """A column; what an empty cell means is `empty`, how its texts are written `notation` (see `notations`)."""

    kind = ""  # of its notations
    notation = ""

    def __init__(self, empty: Any = None) -> None:
        super().__init__(coerce_to_string=False)
        self.empty = empty

    def clean(self, value: Any, row: Any = None, **options: Any) -> Any:
        if isinstance(value, Unreadable):
            raise ValueError(value.message)
        if value is None or value == "":
            return self.empty() if callable(self.empty) else self.empty
        return self.read(value)

    def read(self, value: Any) -> Any:
        """The value of a cell that is not empty. Raises ValueError, which says what is wrong with it."""
        raise NotImplementedError

    def render(self, value: Any, obj: Any = None, **options: Any) -> Any:
        return value

    def in_notation(self, text: str, wrong: str) -> Any:
        """A text as the column's notation reads it. Raises ValueError where it is written otherwise, or doubtful."""
        found = notations.readings(self.kind, text)
        if self.notation:
            found = {self.notation: found[self.notation]} if self.notation in found else {}
        values = sorted(set(found.values()))
        if len(values) > 1:
            first, second = (notations.shown(each) for each in values)
            raise ValueError(
                _(
                    "“%(value)s” can mean %(first)s or %(second)s. Choose how this column is written where "
                    "you map the columns."
                )
                % {"value": text, "first": first, "second": second}
            )
        if not values:
            raise ValueError(wrong)
        return values[0]


class Text(Column):
    """Text of at most so many characters; a number as it reads."""

    def __init__(self, empty: Any = None, most: int | None = None) -> None:
        super().__init__(empty)
        self.most = most

    def read(self, value: Any) -> str:
        text = _within(self._as_text(value), require_text)
        if self.most is not None and len(text) > self.most:
            raise ValueError(
                _("Too long: %(text)s characters (maximum %(most)s).")
                % {"text": len(text), "most": self.most}
            )
        return text

    def _as_text(self, value: Any) -> str:
        """A cell as text. Raises ValueError for what a spreadsheet program may have made of a code."""
        if isinstance(value, bool | date | time | timedelta | Percent):
            raise ValueError(
                _(
                    "This cell holds a date, a time, a percentage or a truth value, not text. Format it as "
                    "text and enter it again."
                )
            )
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, int | float) and abs(value) >= 10**SURE_DIGITS:
            raise ValueError(
                _(
                    "This cell holds a number with more than %(digits)s digits, and the last ones are lost. "
                    "Format it as text and enter it again."
                )
                % {"digits": SURE_DIGITS}
            )
        text = f"{value:.15g}" if isinstance(value, float) else str(value).strip()
        if SHORTENED.fullmatch(text):
            raise ValueError(
                _(
                    "“%(value)s” is a long number in scientific notation, and its last digits may be lost. "
                    "Format the column as text and enter it again."
                )
                % {"value": text}
            )
        return text


class Exact(Column):
    """A decimal number, within limits if there are any; of a percentage, 5 means 5%."""

    kind = "number"

    def __init__(
        self,
        empty: Any = None,
        *,
        least: Any = None,
        most: Any = None,
        places: int | None = None,
        digits: int = MOST_DIGITS,
        is_percent: bool = False,
    ) -> None:
        super().__init__(empty)
        self.least, self.most, self.places, self.is_percent = least, most, places, is_percent
        self.digits = digits  # before the decimal point

    def read(self, value: Any) -> Any:
        return self.within_limits(self.number(value))

    def number(self, value: Any) -> Decimal:
        """The number of a cell."""
        if isinstance(value, Percent) and not self.is_percent:
            raise ValueError(
                _(
                    "This cell is formatted as a percentage. Format it as a number and enter it again."
                )
            )
        wrong = _("“%(value)s” isn't a number. Use the format 1234.56.") % {"value": value}
        if isinstance(value, bool | date | time | timedelta):
            raise ValueError(wrong)
        if isinstance(value, int | float | Decimal):
            number = Decimal(f"{value:.15g}") if isinstance(value, float) else Decimal(value)
            number *= 100 if isinstance(value, Percent) else 1
        else:
            text = str(value).strip()
            number = self.in_notation(
                text.removesuffix("%").strip() if self.is_percent else text, wrong
            )
        if not number.is_finite() or abs(number.adjusted()) > MOST_DIGITS:
            raise ValueError(wrong)
        return number

    def within_limits(self, number: Any) -> Any:
        """The number. Raises ValueError where it is beyond the column's limits."""
        told = {
            "value": f"{number:f}" if isinstance(number, Decimal) else number,
            "least": self.least,
            "most": self.most,
            "places": self.places,
            "digits": self.digits,
        }
        if abs(number) >= 10**self.digits:
            raise ValueError(
                _("%(value)s is too large; enter at most %(digits)s digits before the point.")
                % told
            )
        if (
            self.least is not None
            and self.most is not None
            and not self.least <= number <= self.most
        ):
            raise ValueError(_("%(value)s is not between %(least)s and %(most)s.") % told)
        if self.least is not None and number < self.least:
            raise ValueError(_("%(value)s is less than %(least)s.") % told)
        if self.places is not None and round(number, self.places) != number:
            raise ValueError(_("%(value)s has more than %(places)s decimal places.") % told)
        return number

    def render(self, value: Any, obj: Any = None, **options: Any) -> Any:
        return None if value is None else Decimal(f"{value.normalize():f}")


class Whole(Exact):
    """A whole number."""

    def read(self, value: Any) -> int:
        number = self.number(value)
        if number != int(number):
            raise ValueError(_("“%(value)s” isn't a whole number.") % {"value": value})
        return int(self.within_limits(_within(int(number), require_number)))

    def render(self, value: Any, obj: Any = None, **options: Any) -> Any:
        return value


class YesNo(Column):
    """Yes or no."""

    def read(self, value: Any) -> bool:
        text = str(value).strip().lower()
        if text not in YES | NO:
            raise ValueError(_("Enter yes or no, not “%(value)s”.") % {"value": value})
        return text in YES


class Day(Column):
    """A day, as a date or as 2027-01-31."""

    kind = "day"

    def read(self, value: Any) -> date:
        if isinstance(value, datetime):
            return _within(value.date(), require_day)
        if isinstance(value, date):
            return _within(value, require_day)
        wrong = _("“%(value)s” isn't a valid date. Use the format 2027-01-31.") % {"value": value}
        day: date = self.in_notation(str(value).strip(), wrong)
        return _within(day, require_day)


class Choice(Column):
    """One of a few values."""

    def __init__(self, values: Iterable[str], empty: Any = None) -> None:
        super().__init__(empty)
        self.values = list(values)

    def read(self, value: Any) -> str:
        text = str(value).strip()
        if text not in self.values:
            raise ValueError(
                _("“%(value)s” isn't valid. Use one of: %(values)s.")
                % {"value": value, "values": ", ".join(self.values)}
            )
        return text


class Coded(Text):
    """A code of a closed list; `code_of` reads usual spellings, too."""

    def __init__(self, code_of: Callable[[str], str], empty: Any = None) -> None:
        super().__init__(empty)
        self.code_of = code_of

    def read(self, value: Any) -> str:
        try:
            return self.code_of(super().read(value))
        except ValidationError as error:
            raise ValueError(error.messages[0]) from None

    def correction(self, value: Any) -> str:
        """What a cell was corrected to, or "" where it is empty or written rightly."""
        code = "" if value in (None, "") else self.clean(value)
        return code if code and code != str(value).strip() else ""


def with_zeros(name: str) -> list[str]:
    """What a code of digits may have been before a spreadsheet program took its leading zeros away."""
    return (
        [name.zfill(length) for length in range(len(name) + 1, LONGEST_CODE + 1)]
        if name.isdecimal()
        else []
    )


def lost_zeros(name: str, full: str) -> str:
    return _(
        "“%(name)s” may have lost its leading zeros: there is “%(full)s”. Format the column as text and enter it "
        "again."
    ) % {"name": name, "full": full}


class Reference(Column):
    """A record named by one of its columns; all that a batch of rows names are read at once."""

    def __init__(self, model: type[Model], by: str) -> None:
        super().__init__()
        self.model, self.by = model, by
        self.known: dict[str, Any] = {}

    def prepare(self, values: Iterable[Any], rows: "QuerySet[Any]") -> None:
        """Read the records that these values name, from what may be seen of them."""
        names = {name for value in values if (name := self._name(value))}
        self.known = self._by_name(names, rows)
        missing = {full for name in names - self.known.keys() for full in with_zeros(name)}
        self.known |= self._by_name(missing, rows) if missing else {}

    def _name(self, value: Any) -> str:
        """What a cell names; nothing where it can't be read."""
        cell = UNWRITABLE.sub("", value) if isinstance(value, str) else value
        try:
            return "" if cell in (None, "") or isinstance(cell, Unreadable) else Text().read(cell)
        except ValueError:
            return ""

    def _by_name(self, names: Iterable[str], rows: "QuerySet[Any]") -> dict[str, Any]:
        return {str(getattr(row, self.by)): row for row in rows.filter(**{f"{self.by}__in": names})}

    def read(self, value: Any) -> Any:
        name = Text().read(value)
        if name in self.known:
            return self.known[name]
        full = next((each for each in with_zeros(name) if each in self.known), "")
        raise ValueError(
            lost_zeros(name, full)
            if full
            else _("%(verbose_name)s “%(name)s” not found.")
            % {"verbose_name": self.model._meta.verbose_name, "name": name}
        )

    def render(self, value: Any, obj: Any = None, **options: Any) -> Any:
        return None if value is None else getattr(value, self.by)


def column_of(f: Any, **options: Any) -> Column:
    """The column that a field of a model becomes, with the field's limits; `empty` is what an empty cell means."""
    empty = (
        f.get_default
        if f.has_default()
        else None
        if f.null
        else ""
        if f.empty_strings_allowed
        else None
    )
    empty = options.get("empty", empty)
    if isinstance(f, CodedField):
        return Coded(type(f).read, empty)
    if f.choices:
        return Choice([value for value, _ in f.choices], empty)
    least, most = bounds(f)
    if isinstance(f, models.DecimalField):
        return Exact(
            empty,
            least=least,
            most=most,
            places=f.decimal_places,
            digits=f.max_digits - f.decimal_places,
            is_percent=f.name.endswith("percent"),
        )
    if isinstance(f, models.IntegerField):
        return Whole(empty, least=least, most=most, is_percent=f.name.endswith("percent"))
    kinds: tuple[tuple[type, type[Column]], ...] = (
        (models.BooleanField, YesNo),
        (models.DateField, Day),
    )
    return next((kind for field_type, kind in kinds if isinstance(f, field_type)), Text)(empty)
