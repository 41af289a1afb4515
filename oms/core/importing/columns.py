"""What a column of a spreadsheet holds, read strictly: what is doubtful is an error, never a guess."""

from collections.abc import Callable, Iterable
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet
from django.utils.translation import gettext as _
from import_export.widgets import Widget

from oms.core.limits import UNWRITABLE, require_day, require_number, require_text

MOST_DIGITS = 20  # far more than any column has
YES, NO = {"yes", "true", "1", "y"}, {"no", "false", "0", "n"}


def _within(value: Any, check: Callable[[Any], None]) -> Any:
    """The value, within the limits of all doors. Raises ValueError, which says what is wrong with it."""
    try:
        check(value)
    except ValidationError as error:
        raise ValueError(error.messages[0]) from None
    return value


class Column(Widget):
    """A column; what an empty cell means is `empty`."""

    def __init__(self, empty: Any = None) -> None:
        super().__init__(coerce_to_string=False)
        self.empty = empty

    def clean(self, value: Any, row: Any = None, **options: Any) -> Any:
        if value is None or value == "":
            return self.empty() if callable(self.empty) else self.empty
        return self.read(value)

    def read(self, value: Any) -> Any:
        """The value of a cell that is not empty. Raises ValueError, which says what is wrong with it."""
        raise NotImplementedError

    def render(self, value: Any, obj: Any = None, **options: Any) -> Any:
        return value


class Text(Column):
    """Text of at most so many characters; a number as it reads."""

    def __init__(self, empty: Any = None, most: int | None = None) -> None:
        super().__init__(empty)
        self.most = most

    def read(self, value: Any) -> str:
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        text = _within(str(value).strip(), require_text)
        if self.most is not None and len(text) > self.most:
            raise ValueError(_("This has %(text)s characters; %(most)s are the most.")
                              % {"text": len(text), "most": self.most})
        return text


class Whole(Column):
    """A whole number."""

    def read(self, value: Any) -> int:
        number = Exact().read(value)
        if number != int(number):
            raise ValueError(_("“%(value)s” is not a whole number.") % {"value": value})
        return _within(int(number), require_number)


class Exact(Column):
    """A decimal number, with a point."""

    def read(self, value: Any) -> Decimal:
        try:
            number = Decimal(str(value).strip())
        except InvalidOperation:
            raise ValueError(_("“%(value)s” is not a number; write it like 1234.56.") % {"value": value}) from None
        if not number.is_finite() or abs(number.adjusted()) > MOST_DIGITS:
            raise ValueError(_("“%(value)s” is not a number.") % {"value": value})
        return number

    def render(self, value: Any, obj: Any = None, **options: Any) -> Any:
        return None if value is None else Decimal(f"{value.normalize():f}")


class YesNo(Column):
    """Yes or no."""

    def read(self, value: Any) -> bool:
        text = str(value).strip().lower()
        if text not in YES | NO:
            raise ValueError(_("“%(value)s” is neither yes nor no.") % {"value": value})
        return text in YES


class Day(Column):
    """A day, as a date or as 2027-01-31."""

    def read(self, value: Any) -> date:
        if isinstance(value, datetime):
            return _within(value.date(), require_day)
        if isinstance(value, date):
            return _within(value, require_day)
        try:
            day = date.fromisoformat(str(value).strip())
        except ValueError:
            raise ValueError(_("“%(value)s” is not a day; write it like 2027-01-31.") % {"value": value}) from None
        return _within(day, require_day)


class Choice(Column):
    """One of a few values."""

    def __init__(self, values: Iterable[str], empty: Any = None) -> None:
        super().__init__(empty)
        self.values = list(values)

    def read(self, value: Any) -> str:
        text = str(value).strip()
        if text not in self.values:
            raise ValueError(_("“%(value)s” is none of %(values)s.")
                              % {"value": value, "values": ", ".join(self.values)})
        return text


class Reference(Column):
    """A record named by one of its columns; all that a batch of rows names are read at once."""

    def __init__(self, model: type[Model], by: str) -> None:
        super().__init__()
        self.model, self.by = model, by
        self.known: dict[str, Any] = {}

    def prepare(self, values: Iterable[Any], rows: "QuerySet[Any]") -> None:
        """Read the records that these values name, from what may be seen of them."""
        cells = [UNWRITABLE.sub("", value) if isinstance(value, str) else value for value in values]
        names = {Text().read(value) for value in cells if value not in (None, "")}
        self.known = {str(getattr(row, self.by)): row for row in rows.filter(**{f"{self.by}__in": names})}

    def read(self, value: Any) -> Any:
        name = Text().read(value)
        if name not in self.known:
            raise ValueError(_("There is no %(verbose_name)s “%(name)s”.")
                              % {"verbose_name": self.model._meta.verbose_name, "name": name})
        return self.known[name]

    def render(self, value: Any, obj: Any = None, **options: Any) -> Any:
        return None if value is None else getattr(value, self.by)
