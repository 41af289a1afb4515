"""How much of a credit becomes money."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True)
class Came:
    """Units of an order line that came back good and damaged."""

    line: int
    good: int
    damaged: int


@dataclass(frozen=True)
class Payable:
    """A payment, and what of it can still be given back (captured − refunded − requested)."""

    payment: int
    left: Decimal


@dataclass(frozen=True)
class Share:
    """An amount to give back of a payment."""

    payment: int
    amount: Decimal


def creditable(came: Sequence[Came], *, credit_damaged: bool) -> dict[int, int]:
    """Units to credit, by order line: the good ones, and the damaged ones where the policy says so."""
    units = {each.line: each.good + (each.damaged if credit_damaged else 0) for each in came}
    return {line: count for line, count in units.items() if count}


def compute(amount: Decimal, payables: Sequence[Payable]) -> list[Share]:
    """Give an amount back over payments in their order, at most what is left of each; the rest stays a credit."""
    shares = []
    for payable in payables:
        share = min(amount, payable.left)
        if share > 0:
            shares.append(Share(payable.payment, share))
            amount -= share
    return shares
