"""When to get how much, and from where."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Position:
    """A SKU in a warehouse, in base units: sellable, reserved for orders, back-ordered, on order, and its rule.

    `coming` and `leaving` are transfers under way, drafts too.
    """

    sellable: int
    reserved: int
    back_ordered: int
    on_order: int
    point: int
    target: int
    pack: int = 1
    minimum: int = 1
    coming: int = 0
    leaving: int = 0


@dataclass(frozen=True)
class Advice:
    """How much to buy (base units; 0 = nothing), what to bring from which other warehouse, and why."""

    quantity: int
    reason: str
    transfers: Mapping[int, int] = field(default_factory=dict)


def projected(position: Position) -> int:
    """What there will be once orders are served and what is under way has come (the inventory position)."""
    return (
        position.sellable
        - position.reserved
        - position.back_ordered
        + position.on_order
        + position.coming
        - position.leaving
    )


def surplus(position: Position) -> int:
    """What a warehouse can give away: above its target, and free now."""
    free = position.sellable - position.reserved - position.leaving
    return max(0, min(free, projected(position) - position.target))


def advise(position: Position, spare: Mapping[int, int] | None = None) -> Advice:
    """Get up to the target once the inventory position is at or below the reorder point (an (s, S) policy).

    What other warehouses can spare (by their key, the largest first) is brought from there; the rest is bought,
    rounded up to the supplier's minimum and whole packs.
    """
    level = projected(position)
    if level > position.point:
        return Advice(0, f"{level} projected is above the point {position.point}")
    wanted = position.target - level
    transfers = {}
    for warehouse, quantity in sorted((spare or {}).items(), key=lambda item: (-item[1], item[0])):
        taken = min(quantity, wanted)
        if taken > 0:
            transfers[warehouse], wanted = taken, wanted - taken
    why = f"{level} projected ≤ point {position.point}: up to {position.target}"
    if transfers:
        why += f", {sum(transfers.values())} from other warehouses"
    if wanted <= 0:
        return Advice(0, why, transfers)
    wanted = max(wanted, position.minimum)
    quantity = -(-wanted // position.pack) * position.pack
    return Advice(
        quantity, f"{why}, minimum {position.minimum}, packs of {position.pack}", transfers
    )
