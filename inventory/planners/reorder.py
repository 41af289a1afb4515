"""When to buy how much."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Position:
    """A SKU in a warehouse, in base units: sellable, held for orders, back-ordered and on order; and its rule."""

    sellable: int
    held: int
    back_ordered: int
    on_order: int
    point: int
    target: int
    pack: int = 1
    minimum: int = 1


@dataclass(frozen=True)
class Advice:
    """How much to buy (base units; 0 = nothing) and why."""

    quantity: int
    reason: str


def projected(position: Position) -> int:
    """What there will be once orders are served and what was bought has come (the inventory position)."""
    return position.sellable - position.held - position.back_ordered + position.on_order


def advise(position: Position) -> Advice:
    """Buy up to the target once the inventory position is at or below the reorder point (an (s, S) policy).

    Rounded up to the supplier's minimum and whole packs.
    """
    level = projected(position)
    if level > position.point:
        return Advice(0, f"{level} projected is above the point {position.point}")
    wanted = max(position.target - level, position.minimum)
    quantity = -(-wanted // position.pack) * position.pack
    return Advice(quantity, f"{level} projected ≤ point {position.point}: up to {position.target}, "
                            f"minimum {position.minimum}, packs of {position.pack}")
