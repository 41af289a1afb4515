"""Which reservations to let go, so that kits stay whole: what was reserved together leaves together or not at all."""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Need:
    """A demand: the line that it is of, and base units per unit of the line; a kit's line has several needs."""

    demand: int
    line: Hashable
    per_unit: int = 1


@dataclass(frozen=True)
class Piece:
    """A reservation that may be let go; the lower its stage (reserved, allocated, picked), the easier."""

    key: int
    demand: int
    bundle: Hashable
    quantity: int
    stage: int


def excess(needs: Iterable[Need], pieces: Sequence[Piece]) -> dict[int, int]:
    """What bundles have beyond whole units of their lines: base units to let go, by piece."""
    lines = _by_line(needs)
    gone: dict[int, int] = {}
    for bundle in _bundles(pieces):
        parts = lines[_line_of(bundle, lines)]
        whole = _whole(parts, bundle)
        for need in parts:
            _take(bundle, need.demand, _total(bundle, need.demand) - whole * need.per_unit, gone)
    return gone


def choose(
    needs: Iterable[Need], pieces: Sequence[Piece], units: Mapping[Any, int]
) -> dict[int, int]:
    """Let so many units of each line go, the easiest first, the youngest of those; kits by whole bundles."""
    lines = _by_line(needs)
    gone: dict[int, int] = {}
    for line, wanted in units.items():
        parts = lines.get(line, [])
        own = [piece for piece in pieces if piece.demand in {need.demand for need in parts}]
        bundles = _bundles(own) if len(parts) > 1 else [own]
        for bundle in sorted(bundles, key=_ease):
            taken = min(wanted, _whole(parts, bundle))
            for need in parts:
                _take(bundle, need.demand, taken * need.per_unit, gone)
            wanted -= taken
    return gone


def _by_line(needs: Iterable[Need]) -> dict[Hashable, list[Need]]:
    lines: dict[Hashable, list[Need]] = {}
    for need in needs:
        lines.setdefault(need.line, []).append(need)
    return lines


def _bundles(pieces: Iterable[Piece]) -> list[list[Piece]]:
    bundles: dict[Hashable, list[Piece]] = {}
    for piece in pieces:
        bundles.setdefault(piece.bundle, []).append(piece)
    return list(bundles.values())


def _line_of(bundle: Sequence[Piece], lines: Mapping[Hashable, list[Need]]) -> Hashable:
    return next(
        line for line, parts in lines.items() if bundle[0].demand in {need.demand for need in parts}
    )


def _total(bundle: Iterable[Piece], demand: int) -> int:
    return sum(piece.quantity for piece in bundle if piece.demand == demand)


def _whole(parts: Sequence[Need], bundle: Sequence[Piece]) -> int:
    return min((_total(bundle, need.demand) // need.per_unit for need in parts), default=0)


def _ease(bundle: Sequence[Piece]) -> tuple[int, int]:
    return max((piece.stage for piece in bundle), default=0), -max(
        (piece.key for piece in bundle), default=0
    )


def _take(bundle: Iterable[Piece], demand: int, amount: int, gone: dict[int, int]) -> None:
    for piece in sorted(bundle, key=lambda piece: (piece.stage, -piece.key)):
        if piece.demand == demand and amount > 0:
            gone[piece.key] = min(amount, piece.quantity)
            amount -= gone[piece.key]
