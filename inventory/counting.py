"""Counting bins, and making the books follow what was found."""

from collections.abc import Mapping, Sequence

from django.utils.translation import gettext as _

from inventory import adjusting, catalog, ledger, receiving
from inventory.models import Bin, BinStock, Count, CountLine, Move, Warehouse
from oms.core import states
from oms.core.errors import Refused
from oms.core.locking import atomic, lock
from oms.core.models import User


def plan(warehouse: Warehouse, bins: Sequence[Bin], *, by: User | None = None) -> Count:
    """Plan to count what lies in some bins."""
    with atomic():
        count = states.create(Count(warehouse=warehouse), by=by)
        lying = BinStock.objects.filter(bin__in=bins, bin__warehouse=warehouse, on_hand__gt=0).order_by("bin__code")
        CountLine.objects.bulk_create(
            CountLine(count=count, sku_id=row.sku_id, bin_id=row.bin_id, lot_id=row.lot_id) for row in lying
        )
    return count


def key(count: Count, found: Mapping[int, int], *, by: User | None = None) -> Count:
    """Enter what was found, by line; the booked quantity is frozen at this moment."""
    with states.advance(count, to=Count.Status.COUNTED, by=by) as count:
        lines = list(count.lines.select_related("sku"))
        missing = [line.sku.code for line in lines if line.pk not in found]
        if missing:
            raise Refused(_("Not counted yet: %(missing)s.") % {"missing": ", ".join(missing)}, code="incomplete")
        places = {(row.sku_id, row.bin_id, row.lot_id): row.on_hand
                  for row in lock(BinStock.objects.filter(bin__in={line.bin_id for line in lines}))}
        for line in lines:
            line.booked = places.get((line.sku_id, line.bin_id, line.lot_id), 0)
            line.found = found[line.pk]
        CountLine.objects.bulk_update(lines, ["booked", "found"])
    return count


def reconcile(count: Count, *, by: User | None = None) -> Count:
    """Post the differences: a find comes from *missing* first, a loss frees the least urgent holds."""
    with states.advance(count, to=Count.Status.RECONCILED, by=by) as count:
        lines = list(count.lines.select_related("sku", "bin", "lot", "bin__warehouse").order_by("sku_id", "bin_id"))
        skus = list({line.sku_id: line.sku for line in lines}.values())
        adjusting.lock_holds(skus, count.warehouse)
        lock(BinStock.objects.filter(sku__in=skus, bin__warehouse=count.warehouse))
        for line in lines:
            difference = (line.found or 0) - (line.booked or 0)
            if difference < 0:
                adjusting.adjust(line.sku, line.bin, difference, lot=line.lot, reason=Move.Reason.COUNT,
                                 note=f"counted in {count}", reference=count.number, by=by)
            elif difference > 0:
                _post_find(count, line, difference, by)
    return count


def _post_find(count: Count, line: CountLine, difference: int, by: User | None) -> None:
    missing = catalog.place(count.warehouse, Bin.Kind.MISSING)
    known = lock(BinStock.objects.filter(sku=line.sku, bin=missing, lot=line.lot))
    recovered = min(difference, known[0].on_hand) if known else 0
    sources = ((missing, recovered), (catalog.outside(Bin.Kind.ADJUSTMENT), difference - recovered))
    ledger.move_many(
        [ledger.Transport(line.sku, source, line.bin, quantity, line.lot) for source, quantity in sources if quantity],
        reason=Move.Reason.COUNT, reference=count.number, note=f"counted in {count}", by=by,
    )
    if line.bin.is_sellable:
        receiving.announce_stock(count.warehouse, [line.sku], by=by)
