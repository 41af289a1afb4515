"""Correcting stock: moves between bins, losses and finds with a reason."""

from collections.abc import Sequence

from django.utils.translation import gettext as _

from inventory import catalog, custody, displacing, expiry, ledger, receiving
from inventory.holds import lock_holders
from inventory.ledger import Transport
from inventory.models import SKU, Bin, BinStock, Lot, Move, Warehouse
from oms.core.errors import Conflict, Refused
from oms.core.locking import atomic, lock, whole
from oms.core.models import User


def move_stock(
    sku: SKU,
    source: Bin,
    target: Bin,
    quantity: int,
    *,
    lot: Lot | None = None,
    note: str = "",
    by: User | None = None,
) -> Move:
    """Move stock from one bin of a warehouse to another; what is allocated to it is allocated to where it lies then."""
    if source.warehouse_id is None or source.warehouse_id != target.warehouse_id:
        raise Refused(
            _("%(source)s and %(target)s are in different warehouses. Create a transfer.")
            % {"source": source, "target": target}
        )
    custody.require_free(source, target)
    if source.pk == target.pk:
        raise Refused(
            _("%(sku)s is in %(bin)s already. Choose another bin.") % {"sku": sku, "bin": source},
            code="same_bin",
        )
    if not source.is_sellable:
        expiry.require_good(target, lot)
    with atomic():
        (moved,) = displacing.move_out(
            [Transport(sku, source, target, quantity, lot)],
            reason=Move.Reason.MOVE,
            note=note,
            by=by,
        )
        if target.is_sellable and not source.is_sellable:
            assert target.warehouse is not None
            receiving.announce_stock(target.warehouse, [sku], by=by)
        return moved


def adjust(
    sku: SKU,
    place: Bin,
    difference: int,
    *,
    reason: Move.Reason = Move.Reason.ADJUST,
    note: str,
    lot: Lot | None = None,
    reference: str = "",
    by: User | None = None,
) -> Move:
    """Book a find (positive) or a loss (negative) in a bin, with the reason why.

    A loss that takes what is reserved frees the holds of the lowest priority first; their demand waits again.
    """
    if not difference or not note.strip():
        raise Refused(_("Enter a quantity and a reason."))
    custody.require_free(place)
    outside = catalog.outside(
        Bin.Kind.SCRAP if reason == Move.Reason.SCRAP else Bin.Kind.ADJUSTMENT
    )
    with atomic():
        if difference < 0:
            return displacing.move_out(
                [Transport(sku, place, outside, -difference, lot)],
                reason=reason,
                note=note,
                reference=reference,
                by=by,
            )[0]
        moved = ledger.move(
            sku,
            outside,
            place,
            difference,
            lot=lot,
            reason=reason,
            note=note,
            reference=reference,
            by=by,
        )
        if place.is_sellable:
            assert place.warehouse is not None
            receiving.announce_stock(place.warehouse, [sku], by=by)
        return moved


def lock_holds(skus: Sequence[SKU], warehouse: Warehouse) -> None:
    """Lock all that changes of these SKUs in a warehouse may touch, for who makes several of them."""
    lock_holders([sku.pk for sku in skus], warehouse)


@whole
def quarantine_expired(sku: SKU, place: Bin, lot: Lot, *, by: User | None = None) -> Move:
    """Take an expired lot out of what can be sold."""
    assert place.warehouse is not None
    with atomic():
        lock_holders([sku.pk], place.warehouse)
        row = next(
            iter(lock(BinStock.objects.filter(sku=sku, bin=place, lot=lot, on_hand__gt=0))), None
        )
        if row is None:
            raise Conflict(
                _("Nothing of lot %(lot)s is left in %(place)s.") % {"lot": lot, "place": place}
            )
        quarantine = catalog.place(place.warehouse, Bin.Kind.QUARANTINE)
        return displacing.move_out(
            [Transport(sku, place, quarantine, row.on_hand, lot)], reason=Move.Reason.EXPIRED, by=by
        )[0]
