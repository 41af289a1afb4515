"""Holds that no lot can serve anymore, since lots expired or left: their units wait again. And picking another lot."""

from collections import Counter
from collections.abc import Iterable, Sequence

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from inventory import allocating, reservations, shelf_life
from inventory.amounts import Amounts
from inventory.giving_back import (
    announce_unreserved,
    deallocate_locked,
    level,
    split,
    unreserve_locked,
)
from inventory.holds import UNPICKED, WHOLE, Holds, lock_holds
from inventory.models import SKU, BinStock, Demand, Reservation, Stock, Warehouse
from inventory.planners.shelf_life import Layers
from oms.core.errors import Refused
from oms.core.locking import atomic, lock
from oms.core.models import User

State = Reservation.State


def release(
    skus: Iterable[SKU],
    warehouse: Warehouse,
    *,
    also: Sequence[Reservation] = (),
    by: User | None = None,
) -> list[Reservation]:
    """Free what is reserved of SKUs in a warehouse and can't be served by their lots; it waits again.

    The lowest priority goes first, then the youngest. `also`: reservations that the caller locks and allocates next.
    """
    tracked = {sku.pk for sku in skus if sku.tracking != SKU.Tracking.NONE}
    if not tracked:
        return []
    with atomic():
        holds = _lock(tracked, warehouse, also)
        gone = unreserve(holds, tracked, warehouse)
        announce_unreserved(gone, by=by)
        return gone


def expiring(reserved: QuerySet[Reservation]) -> QuerySet[SKU]:
    """The SKUs of reservations that have lots which expire."""
    return SKU.objects.filter(
        pk__in=reserved.order_by().values("sku"), lots__expires_on__isnull=False
    ).distinct()


def lock_with(demands: Q, skus: Iterable[int], warehouse: Warehouse) -> Holds:
    """Lock demands, and what is reserved of SKUs in a warehouse: whoever goes on to `release` locks it all at once."""
    skus = set(skus)
    holders = Q(
        reservations__sku__in=skus,
        reservations__warehouse=warehouse,
        reservations__state__in=UNPICKED,
    )
    return lock_holds(Demand.objects.filter(holders | demands), skus=skus, warehouse=warehouse)


def _lock(skus: set[int], warehouse: Warehouse, also: Sequence[Reservation] = ()) -> Holds:
    return lock_with(Q(pk__in={row.demand_id for row in also}), skus, warehouse)


def unreserve(holds: Holds, skus: Iterable[int], warehouse: Warehouse) -> list[Reservation]:
    """Free what is reserved under these locks and can't be served by the lots that are there; kits whole."""
    stock = lock(
        Stock.objects.filter(sku__in=set(skus), warehouse=warehouse).select_related(
            "sku", "warehouse"
        )
    )
    shelf_life.attach(stock)
    gone: list[Reservation] = []
    for row in stock:
        if row.layers is not None and row.layers.lacking:
            gone += _excess(holds, row, Layers(row.layers.today, row.layers.stock, Counter()))
    unreserve_locked(gone)
    return [*gone, *level(holds)] if gone else []


def _excess(holds: Holds, stock: Stock, layers: Layers) -> list[Reservation]:
    """The parts of what is reserved that find no lot, once what goes first has found its own."""
    reserved = [
        row
        for row in holds.rows
        if row.state == State.RESERVED
        and (row.sku_id, row.warehouse_id) == (stock.sku_id, stock.warehouse_id)
    ]
    gone = []
    for row in sorted(reserved, key=_claim):
        kept = min(row.quantity, layers.available(row.demand.min_life_days))
        layers.reserve(row.demand.min_life_days, kept)
        if kept < row.quantity:
            part = split(row, row.quantity - kept) if kept else row
            if part is not row:
                holds.rows.append(part)
            gone.append(part)
    return gone


def _claim(row: Reservation) -> tuple[bool, bool, int, int, int]:
    """What finds its lot first: what a partner has taken on, then by priority and age; what is being canceled last."""
    asked = row.put_back_reason == Reservation.PutBackReason.ASKED
    return asked, not row.is_entrusted, row.demand.priority, row.demand_id, row.pk


def change_lot(
    reservation: Reservation, to: BinStock | None = None, *, by: User | None = None
) -> None:
    """Allocate a reservation to another lot: to the one that is chosen, else to what expires next and will do.

    What finds no other lot waits again. Raises Refused for a lot that isn't free, or isn't allowed for the order.
    """
    with atomic():
        holds = _lock({reservation.sku_id}, reservation.warehouse, [reservation])
        row = next((row for row in holds.rows if row.pk == reservation.pk), None)
        reservations.require_allocated(
            row or Reservation.objects.select_related(*WHOLE).get(pk=reservation.pk)
        )
        assert row is not None and row.bin is not None
        if to is not None:
            return _swap(row, to)
        avoid = row.lot
        deallocate_locked([row])
        unplaced = allocating.allocate_elsewhere([row], holds, avoid_lot=avoid)
        unreserve_locked(unplaced)
        announce_unreserved([*unplaced, *level(holds)] if unplaced else [], by=by)
    return None


def _swap(row: Reservation, to: BinStock) -> None:
    """Allocate a locked reservation to a chosen lot in a bin, if it is free there and nobody else needs it."""
    stock = lock(
        Stock.objects.filter(sku=row.sku, warehouse=row.warehouse).select_related(
            "sku", "warehouse"
        )
    )
    shelf_life.attach(stock)
    places = lock(
        BinStock.objects.filter(
            Q(pk=to.pk) | Q(bin=row.bin, lot=row.lot), sku=row.sku, bin__warehouse=row.warehouse
        ).select_related("bin", "lot")
    )
    old = next(
        place for place in places if place.bin_id == row.bin_id and place.lot_id == row.lot_id
    )
    new = next((place for place in places if place.pk == to.pk), None)
    if new is None or not new.bin.is_sellable:
        raise Refused(
            _("%(to)s isn't %(sku)s that can be picked in %(warehouse)s.")
            % {"to": to, "sku": row.sku, "warehouse": row.warehouse},
            code="wrong_lot",
        )
    if new.pk == old.pk:
        return
    free_there = new.on_hand - new.allocated
    if free_there < row.quantity:
        raise Refused(
            _("Only %(free)s of lot %(lot)s are free in %(bin)s; the others are for other orders.")
            % {"free": max(0, free_there), "lot": new.lot, "bin": new.bin},
            code="lot_not_free",
        )
    _require_allowed(row, old, new, stock[0])
    amounts = Amounts()
    amounts.allocate(old, -row.quantity)
    amounts.allocate(new, row.quantity)
    amounts.write()
    row.bin, row.lot = new.bin, new.lot
    row.save(update_fields=["bin", "lot"])


def _require_allowed(row: Reservation, old: BinStock, new: BinStock, stock: Stock) -> None:
    if not shelf_life.suits(new, row):
        raise Refused(
            _("Lot %(lot)s expires on %(day)s: too early for this order.")
            % {"lot": new.lot, "day": new.lot and new.lot.expires_on},
            code="lot_expired",
        )
    if stock.layers is None:
        return
    swapped = Counter(stock.layers.stock)
    swapped[shelf_life.expires(old)] += row.quantity
    swapped[shelf_life.expires(new)] -= row.quantity
    if Layers(stock.layers.today, swapped, stock.layers.reserved).lacking > stock.layers.lacking:
        raise Refused(
            _("Lot %(lot)s is needed for orders that ask for a longer remaining life.")
            % {"lot": new.lot},
            code="lot_needed",
        )
