"""Which carrier service to take."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True)
class Offer:
    """A service for all parcels of a shipment: price in the company's currency, days, share that came on time."""

    service: int
    name: str
    price: Decimal
    days: Decimal
    on_time_share: Decimal = Decimal(1)


@dataclass(frozen=True)
class Choice:
    """The offer taken (None where there is none), and why."""

    offer: Offer | None
    reason: str


def choose(offers: Sequence[Offer], within_days: int | None) -> Choice:
    """The cheapest that keeps the promise; where none does, the fastest."""
    if not offers:
        return Choice(None, "no service covers this weight and destination")
    in_time = [offer for offer in offers if within_days is None or offer.days <= within_days]
    if in_time:
        best = min(
            in_time,
            key=lambda offer: (offer.price, -offer.on_time_share, offer.days, offer.service),
        )
        return Choice(
            best,
            "the cheapest" if within_days is None else f"the cheapest within {within_days} days",
        )
    best = min(offers, key=lambda offer: (offer.days, offer.price, offer.service))
    return Choice(best, f"none is within {within_days} days; this is the fastest")
