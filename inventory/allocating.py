"""Binding what is reserved to bins: locks demands, then reservations, then stock per warehouse, then stock per bin."""

from collections.abc import Sequence

from django.utils.translation import gettext as _

from inventory import entrusting, ledger, shelf_life
from inventory.amounts import Amounts
from inventory.giving_back import split
from inventory.holds import Holds
from inventory.models import Bin, BinStock, Lot, Reservation
from inventory.reservations import lock_with_demands, require_state
from oms.core import events
from oms.core.errors import Refused
from oms.core.locking import atomic, lock

State = Reservation.State


def allocate(reservations: Sequence[Reservation]) -> list[tuple[Reservation, Reservation]]:
    """Bind what is reserved to bins: first what expires first, then whole quantities, then the fullest bins.

    A reservation that needs several bins is cut; returns each cut as (reservation, what was cut off it). What was
    unreserved meanwhile is left out.
    """
    with atomic():
        locked = [row for row in lock_with_demands(reservations) if row.state != State.UNRESERVED]
        require_state(locked, State.RESERVED)
        entrusting.require_not_asked(locked)
        cuts, unplaced = _allocate_locked(locked)
        if unplaced:
            raise Refused(
                _("No pickable bin in %(warehouse)s has %(sku)s. Count the bins.")
                % {"sku": unplaced[0].sku, "warehouse": unplaced[0].warehouse}
            )
        return cuts


def allocate_elsewhere(
    rows: Sequence[Reservation],
    holds: Holds,
    *,
    avoid: Sequence[Bin] = (),
    avoid_lot: Lot | None = None,
) -> list[Reservation]:
    """Bind locked, reserved reservations to other bins; return what lies nowhere else, still reserved."""
    cuts, unplaced = _allocate_locked(rows, avoid, avoid_lot)
    holds.rows.extend(cut for _, cut in cuts)
    placed = [row for row in [*rows, *(cut for _, cut in cuts)] if row.state == State.ALLOCATED]
    for document in sorted({row.demand.document for row in placed}):
        events.record_once(
            "demand.reallocated",
            subject_type="demand",
            subject_number=document,
            order_number=document,
            skus=sorted({row.sku_id for row in placed if row.demand.document == document}),
        )
    return unplaced


def _allocate_locked(
    rows: Sequence[Reservation], avoid: Sequence[Bin] = (), avoid_lot: Lot | None = None
) -> tuple[list[tuple[Reservation, Reservation]], list[Reservation]]:
    """Bind locked, reserved reservations to bins; return the cuts, and what found no bin."""
    ledger.lock_stock(sorted({(row.sku_id, row.warehouse_id) for row in rows}))
    candidates = lock(
        BinStock.objects.filter(
            sku__in={row.sku_id for row in rows},
            bin__is_sellable=True,
            bin__warehouse__in={row.warehouse_id for row in rows},
        )
        .exclude(bin__in=avoid)
        .select_related("bin", "lot")
    )
    candidates = [
        place for place in candidates if avoid_lot is None or place.lot_id != avoid_lot.pk
    ]
    cuts: list[tuple[Reservation, Reservation]] = []
    amounts = Amounts()
    unplaced = [
        rest
        for row in rows
        if (
            rest := _allocate_one(
                row,
                [
                    place
                    for place in candidates
                    if place.sku_id == row.sku_id
                    and place.bin.warehouse_id == row.warehouse_id
                    and shelf_life.suits(place, row)
                ],
                cuts,
                amounts,
            )
        )
    ]
    amounts.write()
    Reservation.objects.bulk_update([*rows, *(cut for _, cut in cuts)], ["state", "bin", "lot"])
    return cuts, unplaced


def _allocate_one(
    row: Reservation,
    candidates: list[BinStock],
    cuts: list[tuple[Reservation, Reservation]],
    amounts: Amounts,
) -> Reservation | None:
    """Bind one reservation to as many bins as it needs; return what found none, still reserved."""
    original = row
    while True:
        place = min(
            (place for place in candidates if place.on_hand > place.allocated),
            key=lambda place: _allocation_rank(place, row.quantity),
            default=None,
        )
        if place is None:
            return row
        free_here = place.on_hand - place.allocated
        rest = split(row, row.quantity - free_here) if row.quantity > free_here else None
        row.state, row.bin, row.lot = State.ALLOCATED, place.bin, place.lot
        amounts.allocate(place, row.quantity)
        if rest is None:
            return None
        rest.state, rest.bin, rest.lot = State.RESERVED, None, None
        cuts.append((original, rest))
        row = rest


def _allocation_rank(place: BinStock, quantity: int) -> tuple[bool, str, bool, int, int]:
    expires = place.lot.expires_on if place.lot else None
    free_here = place.on_hand - place.allocated
    fits = free_here >= quantity
    return expires is None, str(expires), not fits, free_here if fits else -free_here, place.pk
