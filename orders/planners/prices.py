"""Which price and which discount apply."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal


@dataclass(frozen=True)
class Offer:
    """A price per base unit that may apply: from a quantity on, within its days (None = open)."""

    unit_price: Decimal
    minimum: int
    is_customers_own: bool
    source: str
    valid_from: date | None = None
    valid_to: date | None = None


@dataclass(frozen=True)
class Rebate:
    """A percentage off that may apply, within its days."""

    percent: Decimal
    source: str
    valid_from: date | None = None
    valid_to: date | None = None


def applies(valid_from: date | None, valid_to: date | None, on: date) -> bool:
    """Whether a day lies within a span, both ends included."""
    return (valid_from is None or valid_from <= on) and (valid_to is None or on <= valid_to)


def choose_price(offers: Sequence[Offer], quantity: int, on: date) -> Offer | None:
    """The customer's own price beats the list's; among those, the highest break reached, then the lowest price."""
    possible = [
        offer
        for offer in offers
        if offer.minimum <= quantity and applies(offer.valid_from, offer.valid_to, on)
    ]
    return min(
        possible,
        key=lambda offer: (not offer.is_customers_own, -offer.minimum, offer.unit_price),
        default=None,
    )


def choose_rebate(rebates: Sequence[Rebate], on: date) -> Rebate | None:
    """The highest percentage; discounts are not added up."""
    possible = [rebate for rebate in rebates if applies(rebate.valid_from, rebate.valid_to, on)]
    return max(possible, key=lambda rebate: (rebate.percent, rebate.source), default=None)
