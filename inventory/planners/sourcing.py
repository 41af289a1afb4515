"""Which warehouse sends what: stock, cost, days, on-time share and the price of splitting, weighed together."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations

EARTH_RADIUS_KM = 6371.0
KM_PER_DAY = 500.0
UNKNOWN_KM = 2000.0
MOST_PARCELS = 3


@dataclass(frozen=True)
class Part:
    """A SKU that one unit of a want takes, and how many base units of it."""

    sku: int
    per_unit: int = 1


@dataclass(frozen=True)
class Want:
    """A line's demand in its own units. A kit has several parts, which come from one warehouse whole."""

    key: int
    parts: tuple[Part, ...]
    quantity: int


@dataclass(frozen=True)
class Source:
    """A warehouse as a candidate.

    `available` in base units by SKU; `cost` of one parcel there in the company's currency, None where no rate is known;
    `distance_km` and `days` to the customer; `on_time_share` from 0 to 1; lower `priority` wins ties.
    """

    warehouse: int
    available: Mapping[int, int]
    cost: float | None
    days: float
    distance_km: float
    on_time_share: float = 1.0
    priority: int = 100


@dataclass(frozen=True)
class Weights:
    """What a kilometre, a day, a late parcel and an extra parcel are worth, in the company's currency."""

    km: float = 0.002
    day: float = 1.0
    late: float = 10.0
    split: float = 4.0


@dataclass(frozen=True)
class Assignment:
    """So many units of a want from a warehouse."""

    key: int
    warehouse: int
    quantity: int


@dataclass(frozen=True)
class Parts:
    """What a score is made of, each in the company's currency: rates, kilometers, days, lateness and extra parcels."""

    cost: float = 0.0
    distance: float = 0.0
    days: float = 0.0
    lateness: float = 0.0
    split: float = 0.0

    def __add__(self, other: "Parts") -> "Parts":
        return Parts(
            self.cost + other.cost,
            self.distance + other.distance,
            self.days + other.days,
            self.lateness + other.lateness,
            self.split + other.split,
        )

    @property
    def score(self) -> float:
        return self.cost + self.distance + self.days + self.lateness + self.split


@dataclass(frozen=True)
class Candidate:
    """A combination of warehouses that was weighed; `km` and `priorities` are of its warehouses."""

    warehouses: tuple[int, ...]
    units: int
    parts: Parts
    km: tuple[float, ...] = ()
    priorities: tuple[int, ...] = ()

    @property
    def score(self) -> float:
        return round(self.parts.score, 3)


@dataclass(frozen=True)
class Plan:
    """What is sent from where, what is short (units by key), and what else was weighed, best first."""

    assignments: tuple[Assignment, ...]
    short: dict[int, int] = field(default_factory=dict)
    candidates: tuple[Candidate, ...] = ()


def plan(wants: Sequence[Want], sources: Sequence[Source], weights: Weights | None = None) -> Plan:
    """Choose the combination of warehouses that sends the most units, and among those the cheapest.

    A combination's score is the sum of its parcels' scores plus `split` for each parcel after the first. Up to three
    warehouses are combined; what they cannot fill is then taken from the others by score. Scores that are equal to the
    cent are a tie, which the priority decides. A cost that is not known counts as the highest that is.
    """
    weights = weights or Weights()
    ranked = sorted(
        _with_costs(sources),
        key=lambda source: (
            round(parcel_score(source, weights), 2),
            source.priority,
            source.warehouse,
        ),
    )
    tried = [_fill(wants, combination) for combination in _combinations(ranked)]
    if not tried:
        return Plan((), {want.key: want.quantity for want in wants})
    candidates = sorted({_weigh(filled, ranked, weights) for filled in tried}, key=_rank)
    best = next(filled for filled in tried if _weigh(filled, ranked, weights) == candidates[0])
    short = {want.key: want.quantity - _filled(best, want.key) for want in wants}
    return Plan(
        tuple(best), {key: units for key, units in short.items() if units}, tuple(candidates[:10])
    )


def plan_in_turn(wants: Sequence[Want], turns: Iterable[Sequence[Source]]) -> Plan:
    """Plan with the first sources, and what they can't send with the next ones."""
    found = Plan((), {want.key: want.quantity for want in wants if want.quantity > 0})
    for sources in turns:
        left = [
            replace(want, quantity=found.short[want.key])
            for want in wants
            if want.key in found.short
        ]
        if left and sources:
            more = plan(left, sources)
            found = Plan(
                (*found.assignments, *more.assignments),
                more.short,
                (*found.candidates, *more.candidates),
            )
    return found


def weigh(
    assignments: Sequence[Assignment], sources: Sequence[Source], weights: Weights | None = None
) -> Candidate:
    """What assignments are worth as they are; units from a warehouse that is no source do not count."""
    known = _with_costs(sources)
    there = {source.warehouse for source in known}
    return _weigh(
        [each for each in assignments if each.warehouse in there], known, weights or Weights()
    )


def _with_costs(sources: Sequence[Source]) -> list[Source]:
    known = [source.cost for source in sources if source.cost is not None]
    return [
        source if source.cost is not None else replace(source, cost=max(known, default=0.0))
        for source in sources
    ]


def parcel_parts(source: Source, weights: Weights) -> Parts:
    """What a parcel from this warehouse is worth, part by part; lower is better."""
    return Parts(
        source.cost or 0.0,
        weights.km * source.distance_km,
        weights.day * source.days,
        weights.late * (1 - source.on_time_share),
    )


def parcel_score(source: Source, weights: Weights) -> float:
    """What a parcel from this warehouse is worth; lower is better."""
    return parcel_parts(source, weights).score


def _combinations(ranked: Sequence[Source]) -> Iterator[tuple[Source, ...]]:
    for size in range(1, min(MOST_PARCELS, len(ranked)) + 1):
        yield from combinations(ranked, size)
    if len(ranked) > MOST_PARCELS:
        yield tuple(ranked)


def _fill(wants: Sequence[Want], sources: Iterable[Source]) -> list[Assignment]:
    """Serve the wants in their order from the sources in theirs; wants that share a SKU share its stock."""
    sources = list(sources)
    left = {source.warehouse: dict(source.available) for source in sources}
    assignments = []
    for want in wants:
        missing = want.quantity
        for source in _whole_first(want, sources, left):
            units = min(missing, _possible(want, left[source.warehouse]))
            if units > 0:
                _take(want, left[source.warehouse], units)
                assignments.append(Assignment(want.key, source.warehouse, units))
                missing -= units
    return assignments


def _whole_first(
    want: Want, sources: list[Source], left: dict[int, dict[int, int]]
) -> list[Source]:
    """A warehouse that can send the whole line comes before those that would split it."""
    return sorted(
        sources, key=lambda source: _possible(want, left[source.warehouse]) < want.quantity
    )


def _possible(want: Want, available: Mapping[int, int]) -> int:
    return max(0, min(available.get(part.sku, 0) // part.per_unit for part in want.parts))


def _take(want: Want, available: dict[int, int], units: int) -> None:
    for part in want.parts:
        available[part.sku] = available.get(part.sku, 0) - units * part.per_unit


def _weigh(filled: list[Assignment], ranked: Sequence[Source], weights: Weights) -> Candidate:
    keys = {assignment.warehouse for assignment in filled}
    used = sorted(
        (source for source in ranked if source.warehouse in keys),
        key=lambda source: source.warehouse,
    )
    parts = sum(
        (parcel_parts(source, weights) for source in used),
        Parts(split=weights.split * max(0, len(used) - 1)),
    )
    return Candidate(
        tuple(source.warehouse for source in used),
        sum(assignment.quantity for assignment in filled),
        parts,
        tuple(source.distance_km for source in used),
        tuple(sorted(source.priority for source in used)),
    )


def _rank(candidate: Candidate) -> tuple[int, float, int, tuple[int, ...], tuple[int, ...]]:
    return (
        -candidate.units,
        round(candidate.score, 2),
        len(candidate.warehouses),
        candidate.priorities,
        candidate.warehouses,
    )


def _filled(assignments: list[Assignment], key: int) -> int:
    return sum(assignment.quantity for assignment in assignments if assignment.key == key)


def distance_km(a: tuple[float, float] | None, b: tuple[float, float] | None) -> float:
    """Great-circle distance between two points (latitude, longitude in degrees), by the haversine formula.

    Where a point is not known, a distance that loses against any known neighbor.
    """
    if a is None or b is None:
        return UNKNOWN_KM
    (lat1, lon1), (lat2, lon2) = ((math.radians(x), math.radians(y)) for x, y in (a, b))
    h = (
        math.sin((lat2 - lat1) / 2) ** 2
        + math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    )
    return 2 * EARTH_RADIUS_KM * math.asin(math.sqrt(h))
