"""The shortest walk along the bins of a wave, through a block of parallel aisles."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

EXACT_STOPS = 11
Spot = tuple[int, int]


@dataclass(frozen=True)
class Stop:
    """A bin to visit; x along the front aisle and y into the picking aisle, in cm."""

    key: int
    x: int
    y: int


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


def distance(a: Spot, b: Spot, depth: int) -> int:
    """Walking distance in cm: within an aisle straight, else over the nearer of both cross aisles."""
    if a[0] == b[0]:
        return abs(a[1] - b[1])
    return abs(a[0] - b[0]) + min(a[1] + b[1], 2 * depth - a[1] - b[1])


def route(stops: Sequence[Stop], floor: Floor) -> Walk:
    """The shortest round from the start over all stops and back.

    Exact up to eleven different places (dynamic programming by Held and Karp, 1962); beyond, the nearest neighbour
    tour improved by 2-opt and Or-opt until neither finds more, which is no proof of the shortest.
    """
    places = sorted({(stop.x, stop.y) for stop in stops})
    nodes = [floor.start, *places]
    matrix = [[distance(a, b, floor.depth) for b in nodes] for a in nodes]
    tour = _held_karp(matrix) if len(places) <= EXACT_STOPS else _improve(_nearest_neighbour(matrix), matrix)
    return _walk(stops, nodes, tour, matrix)


def _walk(stops: Sequence[Stop], nodes: Sequence[Spot], tour: Sequence[int], matrix: Sequence[Sequence[int]]) -> Walk:
    keys: list[int] = []
    legs: list[int] = []
    for before, here in pairwise(tour):
        at_place = sorted(stop.key for stop in stops if (stop.x, stop.y) == nodes[here])
        keys += at_place
        legs += [matrix[before][here], *[0] * (len(at_place) - 1)]
    return Walk(tuple(keys), tuple(legs), _length([*tour, 0], matrix))


def _held_karp(matrix: Sequence[Sequence[int]]) -> list[int]:
    everything = (1 << len(matrix)) - 2

    @cache
    def best(here: int, left: int) -> tuple[int, int]:
        """The shortest way on over the nodes left (a bit mask) and back: its length and next node."""
        if not left:
            return matrix[here][0], 0
        return min((matrix[here][node] + best(node, left & ~(1 << node))[0], node)
                   for node in range(1, len(matrix)) if left >> node & 1)

    tour, left = [0], everything
    while left:
        tour.append(best(tour[-1], left)[1])
        left &= ~(1 << tour[-1])
    return tour


def _nearest_neighbour(matrix: Sequence[Sequence[int]]) -> list[int]:
    tour, left = [0], set(range(1, len(matrix)))
    while left:
        tour.append(min(left, key=lambda node: (matrix[tour[-1]][node], node)))
        left.remove(tour[-1])
    return tour


def _improve(tour: list[int], matrix: Sequence[Sequence[int]]) -> list[int]:
    improved = True
    while improved:
        improved = _two_opt(tour, matrix) or _or_opt(tour, matrix)
    return tour


def _two_opt(tour: list[int], matrix: Sequence[Sequence[int]]) -> bool:
    """Turn a stretch round where that is shorter."""
    size = len(tour)
    for i in range(1, size - 1):
        for j in range(i + 1, size):
            after = tour[(j + 1) % size]
            gain = (matrix[tour[i - 1]][tour[i]] + matrix[tour[j]][after]
                    - matrix[tour[i - 1]][tour[j]] - matrix[tour[i]][after])
            if gain > 0:
                tour[i:j + 1] = reversed(tour[i:j + 1])
                return True
    return False


def _or_opt(tour: list[int], matrix: Sequence[Sequence[int]]) -> bool:
    """Move up to three stops in a row to where they cost less."""
    before = _length([*tour, 0], matrix)
    for length in (1, 2, 3):
        for i in range(1, len(tour) - length + 1):
            rest, moved = tour[:i] + tour[i + length:], tour[i:i + length]
            for j in range(1, len(rest) + 1):
                changed = [*rest[:j], *moved, *rest[j:]]
                if _length([*changed, 0], matrix) < before:
                    tour[:] = changed
                    return True
    return False


def _length(tour: Sequence[int], matrix: Sequence[Sequence[int]]) -> int:
    return sum(matrix[a][b] for a, b in pairwise(tour))
