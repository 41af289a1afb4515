"""Stock that leaves its bin, whatever is allocated there or reserved against it: allocated elsewhere, else it waits
again.
"""

from collections import defaultdict
from collections.abc import Sequence

from django.utils.translation import gettext as _

from inventory import allocating, ledger, unservable
from inventory.giving_back import (
    announce_unreserved,
    deallocate_locked,
    level,
    split,
    unreserve_locked,
)
from inventory.holds import UNPICKED, Holds, lock_holders
from inventory.ledger import Transport
from inventory.models import BinStock, Move, Reservation, Stock
from oms.core.errors import Refused
from oms.core.locking import atomic, lock
from oms.core.models import User

ALLOCATED = Reservation.State.ALLOCATED
MOST_NAMED = 5


def move_out(
    transports: Sequence[Transport],
    *,
    reason: Move.Reason,
    reference: str = "",
    note: str = "",
    by: User | None = None,
    first: Reservation | None = None,
    keep: bool = False,
) -> list[Move]:
    """Move stock out of bins of one warehouse, and allocate elsewhere what was allocated to it.

    What is reserved beyond the stock that is left is unreserved, of kits their other parts too: the lowest priority
    first, then the youngest. `first`: an allocated reservation that found nothing in its bin; it gives way before all
    others, and is not allocated to that bin again. `keep`: raise Refused instead of freeing anything (allocates may
    still change their bins).
    """
    with atomic():
        holds = lock_for(transports)
        last = _last_first(holds, transports, first)
        loose = _unpin(holds, last, transports, first)
        gone = _free_beyond(holds, last, transports)
        gone += level(holds)
        moves = ledger.move_many(transports, reason=reason, reference=reference, note=note, by=by)
        gone += _allocate_elsewhere(holds, loose, transports if first else ())
        gone += _free_unservable(holds, transports)
        if keep:
            _require_kept(gone, transports)
        announce_unreserved(gone, by=by)
        return moves


def _free_unservable(holds: Holds, transports: Sequence[Transport]) -> list[Reservation]:
    """Free what no lot that stays lives long enough for."""
    tracked = {each.sku.pk for each in transports if each.lot is not None}
    warehouse = transports[0].source.warehouse
    return unservable.unreserve(holds, tracked, warehouse) if tracked and warehouse else []


def _require_kept(gone: Sequence[Reservation], transports: Sequence[Transport]) -> None:
    """Raise Refused, with the orders, where a move that nobody is forced to would take what is reserved for them."""
    skus = {each.sku.pk for each in transports}
    for sku in [row.sku for row in gone if row.sku_id in skus][:1]:
        mine = [row for row in gone if row.sku_id == sku.pk]
        numbers = sorted({row.demand.document for row in mine})
        raise Refused(
            _(
                "%(quantity)s × %(sku)s of these in %(warehouse)s are reserved for %(orders)s. Send less, or "
                "re-route or cancel what is reserved."
            )
            % {
                "quantity": sum(row.quantity for row in mine),
                "sku": sku,
                "warehouse": mine[0].warehouse,
                "orders": ", ".join(numbers[:MOST_NAMED])
                + (" …" if len(numbers) > MOST_NAMED else ""),
            },
            code="reserved",
            sku=sku.code,
        )


def lock_for(transports: Sequence[Transport]) -> Holds:
    """Lock all that stock leaving these places may touch."""
    warehouse = transports[0].source.warehouse
    assert warehouse is not None and {each.source.warehouse_id for each in transports} == {
        warehouse.pk
    }
    return lock_holders({each.sku.pk for each in transports}, warehouse)


def _last_first(
    holds: Holds, transports: Sequence[Transport], first: Reservation | None
) -> list[Reservation]:
    """What is reserved of the leaving SKUs in their warehouse, in the order in which it gives way."""
    skus, warehouse = {each.sku.pk for each in transports}, transports[0].source.warehouse_id
    rows = [
        row
        for row in holds.rows
        if row.sku_id in skus and row.warehouse_id == warehouse and row.state in UNPICKED
    ]
    return sorted(
        rows,
        key=lambda row: (
            first is not None and row.pk == first.pk,
            *_ease(row),
            row.demand.priority,
            row.demand_id,
            row.pk,
        ),
        reverse=True,
    )


def _ease(row: Reservation) -> tuple[bool, bool]:
    """What a partner was asked to cancel gives way before all others; what they have taken on besides, after them."""
    return row.put_back_reason == Reservation.PutBackReason.ASKED, not row.is_entrusted


def _unpin(
    holds: Holds,
    last: list[Reservation],
    transports: Sequence[Transport],
    first: Reservation | None,
) -> list[Reservation]:
    """Take off the leaving bins what is allocated there and stands in the way; return it, reserved."""
    leaving: dict[tuple[int, int, int | None], int] = defaultdict(int)
    for each in transports:
        if each.source.is_sellable:
            leaving[each.sku.pk, each.source.pk, each.lot.pk if each.lot else None] += each.quantity
    places = {
        (row.sku_id, row.bin_id, row.lot_id): row
        for row in lock(
            BinStock.objects.filter(
                sku__in={key[0] for key in leaving}, bin__in={key[1] for key in leaving}
            )
        )
    }
    loose = []
    for key, quantity in leaving.items():
        free = places[key].on_hand - places[key].allocated if key in places and first is None else 0
        here = [
            row
            for row in last
            if row.state == ALLOCATED and (row.sku_id, row.bin_id, row.lot_id) == key
        ]
        loose += _cut_off(holds, last, here, quantity - free)
    deallocate_locked(loose)
    return loose


def _free_beyond(
    holds: Holds, last: list[Reservation], transports: Sequence[Transport]
) -> list[Reservation]:
    """Free what the stock that stays in the warehouse no longer covers."""
    lost: dict[int, int] = defaultdict(int)
    for each in transports:
        stays = each.target.is_sellable and each.target.warehouse_id == each.source.warehouse_id
        lost[each.sku.pk] += each.quantity * (each.source.is_sellable - stays)
    stock = lock(Stock.objects.filter(sku__in=lost, warehouse=transports[0].source.warehouse_id))
    unreserved = []
    for row in stock:
        reserved = [each for each in last if each.sku_id == row.sku_id]
        unreserved += _cut_off(
            holds, last, reserved, row.reserved - (row.sellable - lost[row.sku_id])
        )
    unreserve_locked(unreserved)
    return unreserved


def _cut_off(
    holds: Holds, last: list[Reservation], rows: Sequence[Reservation], amount: int
) -> list[Reservation]:
    """So many base units off the first of these reservations."""
    taken = []
    for row in rows:
        if amount <= 0:
            break
        part = row
        if row.quantity > amount:
            part = split(row, amount)
            holds.rows.append(part)
            last.insert(last.index(row), part)
        taken.append(part)
        amount -= part.quantity
    return taken


def _allocate_elsewhere(
    holds: Holds, loose: Sequence[Reservation], avoid: Sequence[Transport]
) -> list[Reservation]:
    """Allocate what lost its bin to others; what finds none is unreserved, of kits their other parts too. Returns
    what is.
    """
    still_reserved = [row for row in loose if row.state == Reservation.State.RESERVED]
    if not still_reserved:
        return []
    unplaced = allocating.allocate_elsewhere(
        still_reserved, holds, avoid=[each.source for each in avoid]
    )
    unreserve_locked(unplaced)
    return [*unplaced, *level(holds)]
