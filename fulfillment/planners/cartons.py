"""Which cartons to take for what."""

from collections.abc import Sequence
from dataclasses import dataclass, field

FILL = 0.85


@dataclass(frozen=True)
class Item:
    """A line to pack: units, and the size (mm, sorted or not) and weight (g) of one."""

    key: int
    quantity: int
    size: tuple[int, int, int]
    weight_g: int

    @property
    def volume(self) -> int:
        """Of one unit, in mm³."""
        return self.size[0] * self.size[1] * self.size[2]


@dataclass(frozen=True)
class Box:
    """A kind of carton: inner size in mm, own weight and max. content weight in g."""

    key: int
    size: tuple[int, int, int]
    weight_g: int
    max_weight_g: int

    @property
    def volume(self) -> int:
        return self.size[0] * self.size[1] * self.size[2]

    def takes(self, item: Item) -> bool:
        """Whether one unit fits an empty carton of this kind."""
        sides = zip(sorted(item.size), sorted(self.size), strict=True)
        return (
            all(side <= inner for side, inner in sides)
            and item.volume <= FILL * self.volume
            and item.weight_g <= self.max_weight_g
        )


@dataclass(frozen=True)
class Packed:
    """A parcel: its carton (None where nothing fits), units by line, and its weight in g."""

    box: int | None
    contents: tuple[tuple[int, int], ...]
    weight_g: int


@dataclass
class _Open:
    """A parcel that still takes something: its units by item, and the cartons that would hold them."""

    boxes: Sequence[Box]
    items: dict[Item, int] = field(default_factory=dict)
    volume: int = 0
    weight_g: int = 0

    def room(self, item: Item) -> int:
        """How many more units of an item the roomiest carton for all of it takes."""
        fitting = [box for box in self.boxes if box.takes(item)]
        return max((self._room_in(box, item) for box in fitting), default=0)

    def _room_in(self, box: Box, item: Item) -> int:
        by_volume = (
            int(FILL * box.volume - self.volume) // item.volume if item.volume else item.quantity
        )
        by_weight = (
            (box.max_weight_g - self.weight_g) // item.weight_g if item.weight_g else item.quantity
        )
        if self.volume > FILL * box.volume or self.weight_g > box.max_weight_g:
            return 0
        return max(0, min(by_volume, by_weight))

    def add(self, item: Item, units: int) -> None:
        self.items[item] = self.items.get(item, 0) + units
        self.volume += units * item.volume
        self.weight_g += units * item.weight_g
        self.boxes = [box for box in self.boxes if box.takes(item)]

    def close(self) -> Packed:
        """Put it into the smallest carton that holds it all."""
        holding = [
            box
            for box in self.boxes
            if self.volume <= FILL * box.volume and self.weight_g <= box.max_weight_g
        ]
        box = min(holding, key=lambda box: (box.volume, box.key), default=None)
        contents = tuple(sorted((item.key, units) for item, units in self.items.items()))
        return Packed(
            box.key if box else None, contents, self.weight_g + (box.weight_g if box else 0)
        )


def suggest(items: Sequence[Item], boxes: Sequence[Box]) -> list[Packed]:
    """Lines into few, small cartons: the bulkiest first, each into the first open parcel that takes all of it.

    First-fit decreasing by volume, 85 % of a carton counted as usable. A line stays whole where a carton takes it
    whole, else it fills cartons and its rest is packed like a line. A unit that fits no carton is a parcel of its own
    without one; without any cartons all is one parcel.
    """
    if not items:
        return []
    parcels: list[_Open] = []
    if not boxes:
        parcels.append(_Open(()))
        for item in items:
            parcels[0].add(item, item.quantity)
        return [parcels[0].close()]
    for item in sorted(items, key=_bulk):
        _place(item, parcels, boxes)
    return [parcel.close() for parcel in parcels]


def _bulk(item: Item) -> tuple[int, int, int]:
    return -item.volume * item.quantity, -item.weight_g * item.quantity, item.key


def _place(item: Item, parcels: list[_Open], boxes: Sequence[Box]) -> None:
    """Fill cartons of its own as long as it fills one, then put the rest into the first parcel that takes it."""
    left, full = item.quantity, _Open(boxes).room(item)
    if not full:
        for _unit in range(left):
            parcels.append(_Open(()))
            parcels[-1].add(item, 1)
        return
    while left > full:
        parcels.append(_Open(boxes))
        parcels[-1].add(item, full)
        left -= full
    taking = next((parcel for parcel in parcels if parcel.room(item) >= left), None)
    if taking is None:
        taking = _Open(boxes)
        parcels.append(taking)
    taking.add(item, left)


def loose(items: Sequence[Item], boxes: Sequence[Box]) -> list[int]:
    """The lines of which no unit fits any carton; none where there are no cartons at all."""
    return [item.key for item in items if boxes and not any(box.takes(item) for box in boxes)]
