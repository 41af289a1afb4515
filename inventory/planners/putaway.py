"""Where received goods should lie."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Spot:
    """A storage bin: whether it holds this SKU already, how many other SKUs lie there, and its walk in cm."""

    bin: int
    has_same: bool
    other_skus: int
    walking_distance_cm: int


def suggest(spots: Sequence[Spot]) -> Spot | None:
    """The bin that has the SKU already, else the emptiest, else the nearest."""
    return min(
        spots,
        key=lambda spot: (not spot.has_same, spot.other_skus, spot.walking_distance_cm, spot.bin),
        default=None,
    )
