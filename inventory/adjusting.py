"""Correcting stock: moves between bins, losses and finds with a reason."""

from collections.abc import Sequence

from django.utils.translation import gettext as _

from inventory import catalog, custody, ledger, receiving, reservations
from inventory.models import SKU, Bin, BinStock, Demand, Lot, Move, Reservation, Stock, Warehouse
from oms.core.errors import Conflict, Refused
from oms.core.locking import atomic, lock, whole
from oms.core.models import User


def move_stock(
    sku: SKU, source: Bin, target: Bin, quantity: int, *, lot: Lot | None = None, note: str = "",
    by: User | None = None,
) -> Move:
    """Move unpinned stock from one bin of a warehouse to another."""
    if source.warehouse_id is None or source.warehouse_id != target.warehouse_id:
        raise Refused(_("%(source)s and %(target)s are not in one warehouse; make a transfer.")
                      % {"source": source, "target": target})
    custody.require_free(source, target)
    if source.pk == target.pk:
        raise Refused(_("%(sku)s is in %(bin)s already. Choose another bin.") % {"sku": sku, "bin": source},
                      code="same_bin")
    with atomic():
        if source.is_sellable and not target.is_sellable:
            make_room(sku, source, quantity, lot=lot, by=by)
        moved = ledger.move(sku, source, target, quantity, lot=lot, reason=Move.Reason.MOVE, note=note, by=by)
        if target.is_sellable and not source.is_sellable:
            assert target.warehouse is not None
            receiving.announce_stock(target.warehouse, [sku], by=by)
        return moved


def adjust(
    sku: SKU, place: Bin, difference: int, *, reason: Move.Reason = Move.Reason.ADJUST, note: str,
    lot: Lot | None = None, reference: str = "", by: User | None = None,
) -> Move:
    """Book a find (positive) or a loss (negative) in a bin, with the reason why.

    A loss that takes what is held frees the holds of the lowest priority first; their demand waits again.
    """
    if not difference or not note.strip():
        raise Refused(_("An adjustment needs a difference and a note that says why."))
    custody.require_free(place)
    outside = catalog.outside(Bin.Kind.SCRAP if reason == Move.Reason.SCRAP else Bin.Kind.ADJUSTMENT)
    with atomic():
        if difference < 0:
            if place.is_sellable:
                make_room(sku, place, -difference, lot=lot, by=by)
            return ledger.move(sku, place, outside, -difference, lot=lot, reason=reason, note=note,
                               reference=reference, by=by)
        moved = ledger.move(sku, outside, place, difference, lot=lot, reason=reason, note=note, reference=reference,
                            by=by)
        if place.is_sellable:
            assert place.warehouse is not None
            receiving.announce_stock(place.warehouse, [sku], by=by)
        return moved


def make_room(sku: SKU, place: Bin, quantity: int, *, lot: Lot | None = None, by: User | None = None) -> None:
    """Free what stands in the way of stock leaving a sellable bin: pins on that bin, then holds beyond what is left.

    The lowest priority goes first, then the youngest.
    """
    warehouse = place.warehouse
    assert warehouse is not None
    unpicked, stock = lock_holds([sku], warehouse)
    last = sorted(unpicked, key=lambda row: (row.demand.priority, row.demand_id, row.pk), reverse=True)
    here = [row for row in last if row.state == Reservation.State.PINNED and row.bin_id == place.pk
            and row.lot_id == (lot.pk if lot else None)]
    reservations.unpin_locked(_blocking(here, sku, place, quantity, lot))
    freed = _beyond(last, stock[sku.pk, warehouse.pk], quantity)
    reservations.free_locked(freed)
    reservations.announce_freed(freed, by=by)


def lock_holds(
    skus: Sequence[SKU], warehouse: Warehouse,
) -> tuple[list[Reservation], dict[tuple[int, int], Stock]]:
    """Lock all that a loss in a warehouse may touch: unpicked reservations after their demands, and the stock.

    Raises Conflict where an order got hold of the stock in between.
    """
    rows = Reservation.objects.filter(sku__in=skus, warehouse=warehouse, state__in=reservations.UNPICKED)
    lock(Demand.objects.filter(pk__in=list(rows.values_list("demand_id", flat=True))))
    unpicked = lock(rows.select_related(*reservations.WHOLE))
    stock = ledger.lock_stock(sorted((sku.pk, warehouse.pk) for sku in skus))
    for (sku_key, _warehouse), row in stock.items():
        if sum(held.quantity for held in unpicked if held.sku_id == sku_key) != row.held:
            raise Conflict(_("%(row)s was promised to an order just now; try again.") % {"row": row})
    return unpicked, stock


def _blocking(
    pinned: list[Reservation], sku: SKU, place: Bin, quantity: int, lot: Lot | None,
) -> list[Reservation]:
    """Pins to take off so that the quantity is free in the bin."""
    (row,) = lock(BinStock.objects.filter(sku=sku, bin=place, lot=lot)) or (None,)
    missing = quantity - (row.on_hand - row.pinned) if row else 0
    taken = []
    for reservation in pinned:
        if missing <= 0:
            break
        taken.append(reservation)
        missing -= reservation.quantity
    return taken


def _beyond(last: list[Reservation], stock: Stock, quantity: int) -> list[Reservation]:
    """Holds that the stock without this quantity no longer covers."""
    excess = stock.held - (stock.sellable - quantity)
    freed = []
    for reservation in last:
        if excess <= 0:
            break
        part = reservation if reservation.quantity <= excess else reservations.split(reservation, excess)
        freed.append(part)
        excess -= part.quantity
    return freed


@whole
def quarantine_expired(sku: SKU, place: Bin, lot: Lot, *, by: User | None = None) -> Move:
    """Take an expired lot out of what can be sold."""
    assert place.warehouse is not None
    with atomic():
        row = BinStock.objects.get(sku=sku, bin=place, lot=lot)
        make_room(sku, place, row.on_hand, lot=lot, by=by)
        return ledger.move(sku, place, catalog.place(place.warehouse, Bin.Kind.QUARANTINE), row.on_hand, lot=lot,
                           reason=Move.Reason.EXPIRED, by=by)
