"""Which boxes to take for what."""

from collections.abc import Sequence
from dataclasses import dataclass

FILL = 0.85


@dataclass(frozen=True)
class Item:
    """A line to pack: units, and the size (mm, sorted or not) and weight (g) of one."""

    key: int
    quantity: int
    size: tuple[int, int, int]
    weight_g: int


@dataclass(frozen=True)
class Box:
    """A kind of carton: inner size in mm, own weight and heaviest content in g."""

    key: int
    size: tuple[int, int, int]
    weight_g: int
    max_weight_g: int

    @property
    def volume(self) -> int:
        return self.size[0] * self.size[1] * self.size[2]


@dataclass(frozen=True)
class Packed:
    """A parcel: its box (None where nothing fits), what is in it, and its weight in g."""

    box: int | None
    keys: tuple[int, ...]
    weight_g: int


def suggest(items: Sequence[Item], boxes: Sequence[Box]) -> list[Packed]:
    """Lines into few, small boxes: the bulkiest first, each into the first open parcel whose largest box takes it.

    First-fit decreasing by volume, 85 % of a box counted as usable; lines stay whole. The box of each parcel is then
    the smallest that holds it. A line that fits no box becomes a parcel without one; without any boxes
    all is one parcel.
    """
    if items and not boxes:
        return [_close(items, boxes)]
    parcels: list[list[Item]] = []
    for item in sorted(items, key=lambda item: (-_volume(item), item.key)):
        open_parcel = next((parcel for parcel in parcels if _smallest([*parcel, item], boxes)), None)
        if open_parcel is None:
            parcels.append([item])
        else:
            open_parcel.append(item)
    return [_close(parcel, boxes) for parcel in parcels]


def _volume(item: Item) -> int:
    return item.quantity * item.size[0] * item.size[1] * item.size[2]


def _weight(items: Sequence[Item]) -> int:
    return sum(item.quantity * item.weight_g for item in items)


def _smallest(items: Sequence[Item], boxes: Sequence[Box]) -> Box | None:
    fitting = [box for box in boxes if _fits(items, box)]
    return min(fitting, key=lambda box: (box.volume, box.key), default=None)


def _fits(items: Sequence[Item], box: Box) -> bool:
    each_fits = all(side <= inner for item in items
                    for side, inner in zip(sorted(item.size), sorted(box.size), strict=True))
    return each_fits and sum(map(_volume, items)) <= FILL * box.volume and _weight(items) <= box.max_weight_g


def _close(items: Sequence[Item], boxes: Sequence[Box]) -> Packed:
    box = _smallest(items, boxes)
    own = box.weight_g if box else 0
    return Packed(box.key if box else None, tuple(sorted(item.key for item in items)), _weight(items) + own)
