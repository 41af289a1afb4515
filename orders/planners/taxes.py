"""Net, tax and gross of lines, rounded per line or per document, so that the parts add up."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal


@dataclass(frozen=True)
class Taxable:
    """An amount of a line in the document's price mode, at minor units, and its rate in percent."""

    amount: Decimal
    percent: Decimal


@dataclass(frozen=True)
class Taxed:
    """A line's amounts; gross = net + tax."""

    net: Decimal
    tax: Decimal

    @property
    def gross(self) -> Decimal:
        return self.net + self.tax


def compute(
    lines: Sequence[Taxable], *, includes_tax: bool, per_line: bool, places: int = 2
) -> list[Taxed]:
    """The tax of each line at `places` decimals.

    Exclusive: net × rate. Inclusive: gross × rate ÷ (100 + rate). Per document, the tax of a rate is rounded once
    over its lines and spread over them by largest remainder.
    """
    unit = Decimal(1).scaleb(-places)
    exact = [_tax(line, includes_tax) for line in lines]
    rounded = [tax.quantize(unit, ROUND_HALF_UP) for tax in exact]
    taxes = rounded if per_line else _rounded_per_rate(lines, exact, unit)
    taxes = [
        tax + 0 for tax in taxes
    ]  # half a cent below zero rounds to -0, which a document would keep as its text
    return [
        Taxed(line.amount - tax if includes_tax else line.amount, tax)
        for line, tax in zip(lines, taxes, strict=True)
    ]


def _tax(line: Taxable, includes_tax: bool) -> Decimal:
    return line.amount * line.percent / (100 + line.percent if includes_tax else Decimal(100))


def _rounded_per_rate(
    lines: Sequence[Taxable], exact: Sequence[Decimal], unit: Decimal
) -> list[Decimal]:
    taxes = [Decimal(0)] * len(lines)
    for percent in {line.percent for line in lines}:
        members = [index for index, line in enumerate(lines) if line.percent == percent]
        total = sum((exact[index] for index in members), Decimal(0)).quantize(unit, ROUND_HALF_UP)
        floors = {
            index: (exact[index] / unit).to_integral_value("ROUND_FLOOR") * unit
            for index in members
        }
        missing = int((total - sum(floors.values(), Decimal(0))) / unit)
        by_remainder = sorted(members, key=lambda index: (floors[index] - exact[index], index))
        for index in members:
            taxes[index] = floors[index] + (unit if index in by_remainder[:missing] else 0)
    return taxes


@dataclass(frozen=True)
class TaxGroup:
    """What is taxed at a category (UNCL 5305) and rate, and the tax on it; why none is charged."""

    category: str
    percent: Decimal
    net: Decimal
    tax: Decimal
    note: str = ""
