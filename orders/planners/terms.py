"""When an invoice is due: the whole, or installments that add up to it; and the discount for paying early."""

from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from oms.core import money


@dataclass(frozen=True)
class Part:
    """A share in percent, due so many days after the day of issue, or after the end of its month."""

    percent: Decimal
    days: int
    end_of_month: bool = False


@dataclass(frozen=True)
class Terms:
    """The parts in their order, and the percentage off the whole for who pays within some days."""

    parts: tuple[Part, ...]
    discount_percent: Decimal = Decimal(0)
    discount_days: int = 0


@dataclass(frozen=True)
class Due:
    """An amount, in the document's currency, and the day by which it is to be paid."""

    day: date
    amount: Decimal


def schedule(terms: Terms, gross: Decimal, issued_on: date, currency: str) -> list[Due]:
    """The installments of a gross amount, by their days; together they are the amount.

    The percentages are taken as shares of their sum.
    """
    whole, dues, before = sum((part.percent for part in terms.parts), money.ZERO), [], money.ZERO
    for part in sorted(terms.parts, key=lambda part: due_day(part, issued_on)):
        after = before + part.percent
        dues.append(
            Due(due_day(part, issued_on), money.part(gross, whole, before, after, currency))
        )
        before = after
    return dues


def due_day(part: Part, issued_on: date) -> date:
    """The day of issue, or the last of its month, and so many days."""
    last = issued_on.replace(day=monthrange(issued_on.year, issued_on.month)[1])
    return (last if part.end_of_month else issued_on) + timedelta(days=part.days)


def next_due(dues: Sequence[Due], paid: Decimal) -> date:
    """The day of the first installment that what was paid does not cover; of the last where it covers all."""
    for due in dues:
        paid -= due.amount
        if paid < 0:
            return due.day
    return dues[-1].day
