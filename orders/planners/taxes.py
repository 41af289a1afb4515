"""Net, tax and gross of lines, rounded per line or per document, so that the parts add up."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from oms.core import money


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
    lines: Sequence[Taxable], *, includes_tax: bool, per_line: bool, currency: str
) -> list[Taxed]:
    """The tax of each line at the currency's minor units.

    Exclusive: net × rate. Inclusive: gross × rate ÷ (100 + rate). Per document, the tax of a rate is rounded once
    over its lines and spread over them by largest remainder.
    """
    exact = [money.tax_of(line.amount, line.percent, includes_tax=includes_tax) for line in lines]
    if per_line:
        taxes = [money.round_amount(tax, currency) for tax in exact]
    else:
        taxes = _rounded_per_rate(lines, exact, currency)
    return [
        Taxed(line.amount - tax if includes_tax else line.amount, tax)
        for line, tax in zip(lines, taxes, strict=True)
    ]


def _rounded_per_rate(
    lines: Sequence[Taxable], exact: Sequence[Decimal], currency: str
) -> list[Decimal]:
    taxes = [money.ZERO] * len(lines)
    for percent in {line.percent for line in lines}:
        members = [index for index, line in enumerate(lines) if line.percent == percent]
        own = [exact[index] for index in members]
        rounded = money.round_together(own, sum(own, money.ZERO), currency)
        for index, tax in zip(members, rounded, strict=True):
            taxes[index] = tax
    return taxes


@dataclass(frozen=True)
class TaxGroup:
    """What is taxed at a category (UNCL 5305) and rate, and the tax on it; why none is charged."""

    category: str
    percent: Decimal
    net: Decimal
    tax: Decimal
    note: str = ""
