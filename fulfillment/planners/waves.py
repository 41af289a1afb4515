"""Which shipments to pick together: those that add the least walk to each other's, the urgent ones first."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import combinations, pairwise, product

from fulfillment.planners.pick_path import Floor, Spot, length

NEAR = 40  # shipments around a wave that are weighed against each other
FEW = 16  # of so many, other ways to share them out are tried; of more the first one is taken


@dataclass(frozen=True)
class Candidate:
    """An open shipment: its priority (lower first), its number of stops and where they are, in cm."""

    key: int
    priority: int
    stops: int
    spots: frozenset[Spot] = frozenset()
    is_urgent: bool = False

    @cached_property
    def aisles(self) -> dict[int, set[int]]:
        """How far into which aisles it goes."""
        found: dict[int, set[int]] = defaultdict(set)
        for x, y in self.spots:
            found[x].add(y)
        return dict(found)


@dataclass(frozen=True)
class Limits:
    """How much fits into one wave."""

    shipments: int
    stops: int

    def allow(self, wave: Sequence[Candidate]) -> bool:
        """Whether these make a wave; one shipment always does, however large."""
        return len(wave) == 1 or (
            len(wave) <= self.shipments and sum(each.stops for each in wave) <= self.stops
        )


def batch(candidates: Sequence[Candidate], floor: Floor, limits: Limits) -> list[list[int]]:
    """Waves of shipments by their keys, those with urgent ones first and filled up with others."""
    waves = _filled(candidates, floor, limits)
    if len(candidates) <= FEW:
        starts = [
            _filled(candidates, floor, limits, from_afar=far, by_saving=saving)
            for far, saving in product((True, False), repeat=2)
        ]
        waves = _Improver(floor, limits).best_of(starts)
    waves.sort(key=lambda wave: min(_rank(each) for each in wave))
    return [[each.key for each in sorted(wave, key=_rank)] for wave in waves]


def _rank(candidate: Candidate) -> tuple[bool, int, int]:
    return not candidate.is_urgent, candidate.priority, candidate.key


def _filled(
    candidates: Sequence[Candidate],
    floor: Floor,
    limits: Limits,
    *,
    from_afar: bool = True,
    by_saving: bool = True,
) -> list[list[Candidate]]:
    """Waves that each begin with an urgent or the farthest shipment that is left, and take what saves the most walk.

    To compare: beginning with the nearest instead, or taking what adds the least.
    """
    left, waves = _Left(candidates), []
    alone = {each.key: _walk(each.aisles, floor) for each in candidates}
    seeds = sorted(
        candidates,
        key=lambda each: (
            not each.is_urgent,
            -alone[each.key] if from_afar else alone[each.key],
            each.priority,
            each.key,
        ),
    )
    for seed in seeds:
        if seed.key not in left.by_key:
            continue
        wave = _Wave(floor, limits)
        found: Candidate | None = seed
        while found is not None:
            left.remove(found)
            wave.add(found)
            near = [each for each in left.around(wave.aisles) if wave.takes(each)]
            found = max(
                near,
                key=lambda each: (
                    each.is_urgent,
                    by_saving * alone[each.key] - wave.added(each),
                    -each.priority,
                    -each.key,
                ),
                default=None,
            )
        waves.append(wave.members)
    return waves


class _Left:
    """The shipments that are in no wave yet, by the aisles that they touch."""

    def __init__(self, candidates: Iterable[Candidate]) -> None:
        self.by_key = {each.key: each for each in candidates}
        self.urgent = {each.key: each for each in candidates if each.is_urgent}
        self.in_aisle: dict[int, dict[int, Candidate]] = defaultdict(dict)
        self.nowhere: dict[int, Candidate] = {}
        for each in self.by_key.values():
            for holder in self._holders(each):
                holder[each.key] = each
        self.columns = sorted(self.in_aisle)

    def _holders(self, each: Candidate) -> list[dict[int, Candidate]]:
        return [self.in_aisle[x] for x in each.aisles] or [self.nowhere]

    def remove(self, each: Candidate) -> None:
        del self.by_key[each.key]
        self.urgent.pop(each.key, None)
        for holder in self._holders(each):
            del holder[each.key]
        for x in each.aisles:
            if not self.in_aisle[x]:
                del self.columns[bisect_left(self.columns, x)]

    def around(self, aisles: Iterable[int]) -> list[Candidate]:
        """Some shipments in these aisles and beside them; urgent ones wherever they are, and ones without a place."""
        found = dict(list(self.urgent.items())[:NEAR])
        for x in self._nearest(sorted(aisles)):
            for key, each in self.in_aisle[x].items():
                found[key] = each
                if len(found) >= 2 * NEAR:
                    return list(found.values())
        for key, each in self.nowhere.items():
            if len(found) >= 2 * NEAR:
                break
            found[key] = each
        return list(found.values())

    def _nearest(self, aisles: Sequence[int]) -> Iterator[int]:
        """The aisles that still have shipments: these, and then the next ones on both sides."""
        columns = self.columns
        inside = [x for x in aisles if self.in_aisle.get(x)]
        yield from inside
        if not columns:
            return
        low = bisect_left(columns, aisles[0]) - 1 if aisles else -1
        high = bisect_left(columns, aisles[-1] + 1) if aisles else 0
        first, last = (aisles[0], aisles[-1]) if aisles else (0, 0)
        known = set(inside)
        yield from (x for x in columns[low + 1 : high] if x not in known)
        while low >= 0 or high < len(columns):
            if high >= len(columns) or (low >= 0 and first - columns[low] <= columns[high] - last):
                yield columns[low]
                low -= 1
            else:
                yield columns[high]
                high += 1


@dataclass
class _Wave:
    """A wave that is being filled, and about how far one walks for it: across, and into each aisle."""

    floor: Floor
    limits: Limits
    members: list[Candidate] = field(default_factory=list)
    aisles: dict[int, set[int]] = field(default_factory=dict)
    into: dict[int, int] = field(default_factory=dict)
    stops: int = 0

    def takes(self, each: Candidate) -> bool:
        return (
            len(self.members) < self.limits.shipments
            and self.stops + each.stops <= self.limits.stops
        )

    def add(self, each: Candidate) -> None:
        self.members.append(each)
        self.stops += each.stops
        for x, ys in each.aisles.items():
            self.aisles[x] = self.aisles.get(x, set()) | ys
            self.into[x] = _into(self.aisles[x], self.floor.depth)

    def added(self, each: Candidate) -> int:
        """About how much farther one walks with a shipment more."""
        more = _across([*self.aisles, *each.aisles], self.floor) - _across(self.aisles, self.floor)
        for x, ys in each.aisles.items():
            known = self.aisles.get(x)
            if known is None:
                more += _into(ys, self.floor.depth)
            elif not ys <= known:
                more += _into(known | ys, self.floor.depth) - self.into[x]
        return more


def _walk(aisles: Mapping[int, set[int]], floor: Floor) -> int:
    """About the shortest walk: along the front and back, and into each aisle all through or around its widest gap."""
    return _across(aisles, floor) + sum(_into(ys, floor.depth) for ys in aisles.values())


def _across(aisles: Iterable[int], floor: Floor) -> int:
    columns = [floor.start[0], *aisles]
    return 2 * (max(columns) - min(columns))


def _into(ys: set[int], depth: int) -> int:
    if len(ys) == 1:
        (y,) = ys
        return min(depth, 2 * min(y, depth - y))
    levels = [0, *sorted(ys), depth]
    return min(depth, 2 * (depth - max(high - low for low, high in pairwise(levels))))


class _Improver:
    """Moves and swaps few shipments between waves as long as that shortens the walks, which it knows exactly."""

    def __init__(self, floor: Floor, limits: Limits) -> None:
        self.floor, self.limits = floor, limits
        self.known: dict[frozenset[int], int] = {}

    def best_of(self, starts: Iterable[list[list[Candidate]]]) -> list[list[Candidate]]:
        return min((self.improved(start) for start in starts), key=self.total)

    def total(self, waves: Iterable[Sequence[Candidate]]) -> int:
        return sum(self.walk(wave) for wave in waves)

    def walk(self, wave: Sequence[Candidate]) -> int:
        keys = frozenset(each.key for each in wave)
        if keys not in self.known:
            self.known[keys] = length({spot for each in wave for spot in each.spots}, self.floor)
        return self.known[keys]

    def improved(self, waves: list[list[Candidate]]) -> list[list[Candidate]]:
        before = -1
        while before != (before := self.total(waves)):
            for one, other in combinations(range(len(waves)), 2):
                pairs = _others(waves[one], waves[other], self.limits)
                waves[one], waves[other] = min([(waves[one], waves[other]), *pairs], key=self.total)
            waves = [wave for wave in waves if wave]
        return waves


def _others(
    one: list[Candidate], other: list[Candidate], limits: Limits
) -> Iterator[tuple[list[Candidate], list[Candidate]]]:
    """Two waves with a shipment moved, or two swapped; an urgent one stays among the first, and never alone."""
    for here, there in product([None, *one], [None, *other]):
        if (here or there) and _alike(here, there):
            first = [each for each in one if each is not here] + ([there] if there else [])
            second = [each for each in other if each is not there] + ([here] if here else [])
            if all(not wave or limits.allow(wave) for wave in (first, second)):
                yield first, second


def _alike(here: Candidate | None, there: Candidate | None) -> bool:
    urgent = [each for each in (here, there) if each is not None and each.is_urgent]
    return not urgent or (here is not None and there is not None and len(urgent) == 2)
