"""Arithmetic of amounts: Decimal with a currency, rounded half up at its minor units; parts add up to the whole.

Pure, so that planners use it, too. Model fields are in `oms.core.models.money`, texts in `oms.core.money_text`.
"""

from collections.abc import Sequence
from decimal import ROUND_DOWN, ROUND_FLOOR, ROUND_HALF_UP, Decimal
from typing import TypeVar

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


def minor_units(currency: str) -> int:
    """How many decimal places amounts of a currency have."""
    return MINOR_UNITS.get(currency, 2)


def quantum(currency: str) -> Decimal:
    """The smallest amount of a currency, such as 0.01."""
    return Decimal(1).scaleb(-minor_units(currency))


def round_amount(amount: Decimal, currency: str) -> Decimal:
    """Round half up (commercially) at the currency's minor units; what rounds to nothing is 0, never -0."""
    return amount.quantize(quantum(currency), rounding=ROUND_HALF_UP) + ZERO


def round_down(amount: Decimal, currency: str) -> Decimal:
    """Round toward zero at the currency's minor units."""
    return amount.quantize(quantum(currency), rounding=ROUND_DOWN) + ZERO


def part(whole: Decimal, quantity: Units, before: Units, after: Units, currency: str) -> Decimal:
    """The part of a whole amount that the units from `before` to `after` of `quantity` carry.

    round(whole × after ÷ quantity) − round(whole × before ÷ quantity): the parts of any cut add up to the whole.
    """

    def so_far(units: Units) -> Decimal:
        return round_amount(whole * units / quantity, currency)

    return so_far(after) - so_far(before) if quantity else ZERO


def spread(whole: Decimal, weights: Sequence[Decimal], currency: str) -> list[Decimal]:
    """Share an amount by weights (equally if they add up to 0), so that the shares add up."""
    if not weights:
        return []
    total = sum(weights, ZERO)
    if not total:
        weights, total = [Decimal(1)] * len(weights), Decimal(len(weights))
    return round_together([whole * weight / total for weight in weights], whole, currency)


def round_together(exact: Sequence[Decimal], whole: Decimal, currency: str) -> list[Decimal]:
    """Round amounts down, then up by largest remainder until they add up to the rounded whole."""
    unit = quantum(currency)
    floors = [(amount / unit).to_integral_value(ROUND_FLOOR) for amount in exact]
    missing = int((whole / unit - sum(floors, ZERO)).to_integral_value(ROUND_HALF_UP))
    by_remainder = sorted(range(len(exact)), key=lambda i: (floors[i] - exact[i] / unit, i))
    for index in by_remainder[:missing]:
        floors[index] += 1
    return [floor * unit + ZERO for floor in floors]


def tax_of(amount: Decimal, percent: Decimal, *, includes_tax: bool) -> Decimal:
    """The exact tax of a net amount (× percent ÷ 100), or in a gross one (× percent ÷ (100 + percent))."""
    return amount * percent / (100 + percent if includes_tax else Decimal(100))
