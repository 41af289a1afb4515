"""Amounts: Decimal with a currency, rounded half up at its minor units; parts add up to the whole."""

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, TypeVar

from django.db import models
from django.utils.formats import number_format

Units = TypeVar("Units", int, Decimal)
ZERO = Decimal(0)
# ISO 4217 minor units, where they are not two.
MINOR_UNITS = {
    "BIF": 0,
    "CLP": 0,
    "DJF": 0,
    "GNF": 0,
    "ISK": 0,
    "JPY": 0,
    "KMF": 0,
    "KRW": 0,
    "PYG": 0,
    "RWF": 0,
    "UGX": 0,
    "UYI": 0,
    "VND": 0,
    "VUV": 0,
    "XAF": 0,
    "XOF": 0,
    "XPF": 0,
    "BHD": 3,
    "IQD": 3,
    "JOD": 3,
    "KWD": 3,
    "LYD": 3,
    "OMR": 3,
    "TND": 3,
}


class AmountField(models.DecimalField):
    """An amount in the document's currency, at that currency's minor units."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"max_digits": 16, "decimal_places": 3, "default": ZERO, **options})

    def deconstruct(self) -> Any:
        name, path, args, options = super().deconstruct()
        for key in ("max_digits", "decimal_places"):
            options.pop(key, None)
        return name, path, args, options


class UnitPriceField(models.DecimalField):
    """A price or cost of one base unit, to four places."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"max_digits": 16, "decimal_places": 4, "default": ZERO, **options})

    def deconstruct(self) -> Any:
        name, path, args, options = super().deconstruct()
        for key in ("max_digits", "decimal_places"):
            options.pop(key, None)
        return name, path, args, options


AMOUNT_FIELDS = (AmountField, UnitPriceField)


def minor_units(currency: str) -> int:
    """How many decimal places amounts of a currency have."""
    return MINOR_UNITS.get(currency, 2)


def quantum(currency: str) -> Decimal:
    return Decimal(1).scaleb(-minor_units(currency))


def round_amount(amount: Decimal, currency: str) -> Decimal:
    """Round half up (commercially) at the currency's minor units; what rounds to nothing is 0, never -0."""
    return amount.quantize(quantum(currency), rounding=ROUND_HALF_UP) + ZERO


def part(whole: Decimal, quantity: Units, before: Units, after: Units, currency: str) -> Decimal:
    """The part of a whole amount that the units from `before` to `after` of `quantity` carry.

    round(whole × after ÷ quantity) − round(whole × before ÷ quantity): the parts of any cut add up to the whole.
    """

    def so_far(units: Units) -> Decimal:
        return round_amount(whole * units / quantity, currency)

    return so_far(after) - so_far(before) if quantity else ZERO


def spread(whole: Decimal, weights: Sequence[Decimal], currency: str) -> list[Decimal]:
    """Share an amount by weights; what rounding leaves goes to the largest remainders, so that shares add up."""
    total, unit = sum(weights, ZERO), quantum(currency)
    if not weights:
        return []
    if not total:
        weights, total = [Decimal(1)] * len(weights), Decimal(len(weights))
    exact = [whole * weight / total / unit for weight in weights]
    floors = [share.to_integral_value(rounding="ROUND_FLOOR") for share in exact]
    missing = int((whole / unit - sum(floors, ZERO)).to_integral_value(rounding=ROUND_HALF_UP))
    by_remainder = sorted(range(len(exact)), key=lambda i: (floors[i] - exact[i], i))
    for index in by_remainder[:missing]:
        floors[index] += 1
    return [share * unit + ZERO for share in floors]


class Amount(str):
    """An amount as people read it, which still knows its value and currency: a spreadsheet adds it up."""

    value: Decimal
    currency: str

    def __new__(cls, text: str, value: Decimal, currency: str) -> "Amount":
        """The text of an amount, with what it was made of."""
        made = super().__new__(cls, text)
        made.value, made.currency = value, currency
        return made

    @property
    def places(self) -> int:
        """Decimal places: the currency's, and more where they count."""
        return _places(self.value, self.currency)


def display(amount: Decimal, currency: str) -> Amount:
    """An amount for people: grouped, at the currency's minor units, with its code."""
    return Amount(f"{grouped(amount, currency)} {currency}", amount, currency)


def grouped(amount: Decimal, currency: str) -> Amount:
    """An amount or a price for people, as their language writes numbers, without its code.

    More places than the currency has only where they count.
    """
    text = str(number_format(amount, decimal_pos=_places(amount, currency), force_grouping=True))
    return Amount(text, amount, currency)


def _places(amount: Decimal, currency: str) -> int:
    return max(minor_units(currency), -int(amount.normalize().as_tuple().exponent))
