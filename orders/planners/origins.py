"""Which units of a line are taxed from where, once it is known which warehouses hold them."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Line:
    """A line as it is taxed now: the place that it leaves from, and its units that are kept, shipped and billed."""

    origin: str
    kept: int
    shipped: int
    invoiced: int


@dataclass(frozen=True)
class Leaving:
    """The place that a line is taxed from, the units that become lines of other places, and those billed wrongly."""

    origin: str
    apart: dict[str, int] = field(default_factory=dict)
    stuck: int = 0


def leave(line: Line, reserved: Mapping[str, int]) -> Leaving:
    """Decide from the units that are held in each place.

    A line of which nothing is shipped, billed or held where it is taxed moves as a whole to the place that holds most
    of it; what is held in others goes on lines of their own. What is billed already can't move.
    """
    others = {place: units for place, units in reserved.items() if units and place != line.origin}
    is_free = others and not (line.shipped or line.invoiced or reserved.get(line.origin))
    origin = max(others, key=lambda place: (others[place], place)) if is_free else line.origin
    apart = {place: units for place, units in sorted(others.items()) if place != origin}
    return Leaving(origin, apart, max(0, line.invoiced - (line.kept - sum(apart.values()))))
