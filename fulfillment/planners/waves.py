"""Which shipments to pick together."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Candidate:
    """An open shipment: its urgency (lower first), its number of stops, and the aisles (x) that it touches."""

    key: int
    priority: int
    stops: int
    aisles: frozenset[int]


def batch(candidates: Sequence[Candidate], max_shipments: int, max_stops: int) -> list[list[int]]:
    """Waves of shipments: each begins with the most urgent one left and takes those that add the fewest new aisles."""
    left = sorted(candidates, key=lambda candidate: (candidate.priority, candidate.key))
    waves = []
    while left:
        wave = [left.pop(0)]
        aisles, stops = set(wave[0].aisles), wave[0].stops
        while left and len(wave) < max_shipments:
            best = min(left, key=lambda candidate: (len(candidate.aisles - aisles), candidate.priority, candidate.key))
            if stops + best.stops > max_stops:
                break
            left.remove(best)
            wave.append(best)
            aisles |= best.aisles
            stops += best.stops
        waves.append([candidate.key for candidate in wave])
    return waves
