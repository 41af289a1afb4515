"""The shortest walk along the bins of a wave, through a block of parallel aisles."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

Spot = tuple[int, int]
Edge = tuple[Spot, Spot]


@dataclass(frozen=True)
class Stop:
    """A bin to visit by its name; x along the front aisle and y into the picking aisle, in cm, None where unknown."""

    key: int
    x: int | None
    y: int | None
    name: str = ""


@dataclass(frozen=True)
class Floor:
    """A block of aisles that run in y between a front (y = 0) and a back (y = depth) cross aisle; the start in cm."""

    depth: int
    start: Spot = (0, 0)


@dataclass(frozen=True)
class Walk:
    """The stops in the order of the walk, the distance to each from the one before, and in all with the way back."""

    keys: tuple[int, ...]
    legs: tuple[int, ...]
    total: int


class Ends(NamedTuple):
    """What a part of the walk, from the first aisle on, leaves open at the front and the back end of its last aisle.

    Times that it touches each end, as 0 (not), 1 (an odd number) or 2 (an even number), and whether it joins them.
    """

    front: int = 0
    back: int = 0
    joined: bool = False


class Part(NamedTuple):
    """A part of a walk: its length in cm, and its edges, newest first, as a chain."""

    length: int
    edges: tuple[Edge, ...] = ()
    before: "Part | None" = None


def distance(a: Spot, b: Spot, depth: int) -> int:
    """Walking distance in cm: within an aisle straight, else over the nearer of both cross aisles."""
    if a[0] == b[0]:
        return abs(a[1] - b[1])
    return abs(a[0] - b[0]) + min(a[1] + b[1], 2 * depth - a[1] - b[1])


def length(spots: Iterable[Spot], floor: Floor) -> int:
    """The length in cm of the shortest round from the start over all spots and back."""
    return sum(
        abs(a[0] - b[0]) + abs(a[1] - b[1])
        for a, b in _shortest({*spots, floor.start}, floor.depth)
    )


def route(stops: Sequence[Stop], floor: Floor) -> Walk:
    """The shortest round from the start over all stops and back, exactly, in time linear in the number of aisles.

    Of both ways around, as long as each other, it takes the one to the lower bin first. Stops without coordinates
    follow the others in the order of their names, without a distance.
    ValueError where a stop or the start lies outside the aisles (y < 0 or y > depth). Dynamic programming over the
    aisles by Ratliff and Rosenthal, "Order-Picking in a Rectangular Warehouse", Operations Research 31 (1983).
    """
    at: dict[Spot, list[int]] = defaultdict(list)
    unknown, named = [], sorted(stops, key=_by_name)
    for stop in named:
        if stop.x is None or stop.y is None:
            unknown.append(stop.key)
        else:
            at[stop.x, stop.y].append(stop.key)
    spots = {*at, floor.start}
    if outside := [spot for spot in spots if not 0 <= spot[1] <= floor.depth]:
        raise ValueError(
            f"{outside[0]} lies outside the aisles, which go from 0 to {floor.depth} cm."
        )
    tour = [spot for spot in _round(_shortest(spots, floor.depth), floor.start) if spot in at]
    tour = _by_bins(tour, at, {stop.key: place for place, stop in enumerate(named)}, floor.start)
    walk = _walk(tour, at, floor)
    return Walk((*walk.keys, *unknown), (*walk.legs, *[0] * len(unknown)), walk.total)


def _by_bins(
    tour: list[Spot], at: dict[Spot, list[int]], order: dict[int, int], start: Spot
) -> list[Spot]:
    """A round, or the same the other way, whichever begins with the lower bin; what is at the start stays first."""
    fixed, rest = (tour[:1], tour[1:]) if tour[:1] == [start] else ([], tour)
    if rest and order[at[rest[-1]][0]] < order[at[rest[0]][0]]:
        rest = rest[::-1]
    return fixed + rest


def _by_name(stop: Stop) -> tuple[list[tuple[int, int, str]], int]:
    """As people count: A-2 before A-10."""
    parts = re.findall(r"[0-9]+|[^0-9]+", stop.name.upper())
    return [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in parts], stop.key


def _walk(tour: Sequence[Spot], at: dict[Spot, list[int]], floor: Floor) -> Walk:
    keys: list[int] = []
    legs: list[int] = []
    for before, here in pairwise([floor.start, *tour]):
        keys += at[here]
        legs += [distance(before, here, floor.depth), *[0] * (len(at[here]) - 1)]
    return Walk(
        tuple(keys),
        tuple(legs),
        sum(legs) + (distance(tour[-1], floor.start, floor.depth) if tour else 0),
    )


def _shortest(spots: Iterable[Spot], depth: int) -> list[Edge]:
    """The edges, each as often as it is walked, of the shortest closed walk over all spots."""
    aisles: dict[int, set[int]] = defaultdict(set)
    for x, y in spots:
        aisles[x].add(y)
    columns = sorted(aisles)
    parts = {Ends(): Part(0)}
    for here, after in pairwise([*columns, columns[-1]]):
        inside = list(_inside(here, aisles[here], depth))
        parts = _best(
            (_enter(ends, change), _longer(part, edges))
            for ends, part in parts.items()
            for change, edges in inside
        )
        if here != after:
            across = list(_across(here, after, depth))
            parts = _best(
                (left, _longer(part, edges))
                for ends, part in parts.items()
                for change, edges in across
                if (left := _leave(ends, change))
            )
    return list(
        _edges(
            min(
                (part for ends, part in parts.items() if _is_closed(ends)),
                key=lambda part: part.length,
            )
        )
    )


def _inside(x: int, ys: set[int], depth: int) -> Iterator[tuple[Ends, tuple[Edge, ...]]]:
    """The ways to visit an aisle: all through, once or twice, or in from both ends leaving out one gap."""
    levels = sorted({0, depth, *ys})
    steps = [((x, low), (x, high)) for low, high in pairwise(levels)]
    yield Ends(1, 1, True), tuple(steps)
    yield Ends(2, 2, True), (*steps, *steps)
    for gap, ((_, low), (_, high)) in enumerate(steps):
        rest = (*steps[:gap], *steps[gap + 1 :])
        yield Ends(2 * any(y <= low for y in ys), 2 * any(y >= high for y in ys)), (*rest, *rest)


def _across(here: int, after: int, depth: int) -> Iterator[tuple[Ends, tuple[Edge, ...]]]:
    """The ways to go on to the next aisle: along the front, the back or both."""
    front, back = ((here, 0), (after, 0)), ((here, depth), (after, depth))
    for fronts, backs in ((1, 1), (2, 0), (0, 2), (2, 2)):
        yield Ends(fronts, backs), (front,) * fronts + (back,) * backs


def _enter(ends: Ends, change: Ends) -> Ends:
    """The open ends after an aisle was visited."""
    return Ends(
        _times(ends.front + change.front),
        _times(ends.back + change.back),
        ends.joined or change.joined,
    )


def _leave(ends: Ends, change: Ends) -> Ends | None:
    """The open ends at the next aisle; none where an end stays odd or a part would be left behind unjoined."""
    if (ends.front + change.front) % 2 or (ends.back + change.back) % 2:
        return None
    front_lost, back_lost = ends.front and not change.front, ends.back and not change.back
    if (front_lost or back_lost) and not ends.joined:
        return None
    return Ends(change.front, change.back, ends.joined and bool(change.front and change.back))


def _times(count: int) -> int:
    return count if count < 2 else 2 - count % 2


def _is_closed(ends: Ends) -> bool:
    return (
        not ends.front % 2 and not ends.back % 2 and (ends.joined or not (ends.front and ends.back))
    )


def _best(found: Iterable[tuple[Ends, Part]]) -> dict[Ends, Part]:
    best: dict[Ends, Part] = {}
    for ends, part in found:
        if ends not in best or part.length < best[ends].length:
            best[ends] = part
    return best


def _longer(part: Part, edges: tuple[Edge, ...]) -> Part:
    return Part(
        part.length + sum(abs(a[0] - b[0]) + abs(a[1] - b[1]) for a, b in edges), edges, part
    )


def _edges(part: Part | None) -> Iterator[Edge]:
    while part:
        yield from part.edges
        part = part.before


def _round(edges: Iterable[Edge], start: Spot) -> list[Spot]:
    """The spots in the order in which a closed walk over all edges first comes by them (Hierholzer, 1873)."""
    ways: dict[Spot, list[Spot]] = defaultdict(list)
    for a, b in edges:
        ways[a].append(b)
        ways[b].append(a)
    path: list[Spot] = [start]
    walk: list[Spot] = []
    while path:
        if ways[path[-1]]:
            after = ways[path[-1]].pop()
            ways[after].remove(path[-1])
            path.append(after)
        else:
            walk.append(path.pop())
    return list(dict.fromkeys(walk))
