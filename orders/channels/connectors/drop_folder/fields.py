"""Reading the fields of an order's JSON: each has a type, a wrong one is named by its path."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from oms.core import money
from orders.channels.connectors.errors import Invalid


@dataclass(frozen=True)
class Fields:
    """An object of a file; `path` names it in errors."""

    values: Mapping[str, Any]
    path: str

    def only(self, *names: str) -> "Fields":
        """Raise Invalid for fields that have no meaning: a misspelled one would be lost."""
        unknown = sorted(set(self.values) - set(names))
        if unknown:
            raise self.wrong(
                unknown[0], _("unknown. Use these: %(names)s") % {"names": ", ".join(names)}
            )
        return self

    def wrong(self, name: str, problem: str) -> Invalid:
        """The error of a field."""
        return Invalid(f"{self.path}{name}: {problem}.")

    def text(self, name: str, *, required: bool = False) -> str:
        value = self.values.get(name)
        if isinstance(value, list | dict):
            raise self.wrong(name, _("must be a text"))
        text = "" if value is None else str(value).strip()
        if required and not text:
            raise self.wrong(name, _("is missing"))
        return text

    def flag(self, name: str, default: bool) -> bool:
        value = self.values.get(name, default)
        if not isinstance(value, bool):
            raise self.wrong(name, _("must be true or false"))
        return value

    def count(self, name: str, *, required: bool = False) -> int:
        """A number of pieces, 0 or more."""
        text = self.text(name, required=required)
        if text and not (text.isascii() and text.isdigit()):
            raise self.wrong(name, _("“%(value)s” isn't a number of pieces") % {"value": text})
        return int(text or 0)

    def amount(self, name: str, currency: str, *, required: bool = False) -> Decimal:
        """An amount in the order's currency. More decimals than that has are refused: they may be a comma's work."""
        value = self.number(name, required=required) or money.ZERO
        if value != money.round_amount(value, currency):
            raise self.wrong(
                name,
                _("“%(value)s” has more decimals than %(currency)s")
                % {"value": value, "currency": currency},
            )
        return value

    def number(self, name: str, *, required: bool = False) -> Decimal | None:
        text = self.text(name, required=required)
        if not text:
            return None
        try:
            value = Decimal(text)
        except InvalidOperation:
            value = Decimal("NaN")
        if not value.is_finite() or abs(value) >= Decimal("1e12"):
            raise self.wrong(name, _("“%(value)s” isn't a number, such as 12.50") % {"value": text})
        return value

    def moment(self, name: str, *, required: bool = False) -> datetime | None:
        """A time with its zone, in ISO 8601."""
        text = self.text(name, required=required)
        if not text:
            return None
        try:
            value = parse_datetime(text)
        except ValueError:
            value = None
        if value is None or value.tzinfo is None:
            raise self.wrong(
                name,
                _("“%(value)s” isn't a time with its zone, such as 2026-11-02T14:05:00+01:00")
                % {"value": text},
            )
        return value

    def one(self, name: str) -> "Fields":
        """An object within; one without fields where it is left out."""
        value = self.values.get(name) or {}
        if not isinstance(value, dict):
            raise self.wrong(name, _("must be an object"))
        return Fields(value, f"{self.path}{name}.")

    def many(self, name: str, *, required: bool = False) -> Iterator["Fields"]:
        """The objects of a list."""
        value = self.values.get(name) or []
        if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
            raise self.wrong(name, _("must be a list of objects"))
        if required and not value:
            raise self.wrong(name, _("is missing"))
        for position, each in enumerate(value):
            yield Fields(each, f"{self.path}{name}[{position}].")
