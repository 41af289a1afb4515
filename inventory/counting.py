"""Counting bins, and making the books follow what was found."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from inventory import adjusting, catalog, ledger, receiving
from inventory.ledger import Place
from inventory.models import SKU, Bin, BinStock, Count, CountLine, Move, Warehouse
from oms.core import states
from oms.core.errors import Refused
from oms.core.locking import atomic, lock
from oms.core.models import User

NOT_COUNTED = (*Bin.CUSTODY, Bin.Kind.MISSING)
CORRECTIONS = (
    Move.Reason.COUNT,
    Move.Reason.ADJUST,
    Move.Reason.MISSING,
)  # the books learned; no goods went anywhere


def countable(rows: Any, count: Count) -> Any:
    """The bins of the count's warehouse whose goods belong to nobody."""
    return rows.filter(warehouse=count.warehouse_id).exclude(kind__in=NOT_COUNTED)


@dataclass(frozen=True)
class Found:
    """Base units of a SKU (of one lot or serial number) found in a bin where the books have none.

    `expires_on`: of a lot that is new.
    """

    sku: SKU
    bin: Bin = field(metadata={"among": countable})
    quantity: int
    lot: str = field(
        default="",
        metadata={"most": 40, "help": gettext_lazy("Lot or serial number, where it has one.")},
    )
    expires_on: date | None = field(
        default=None, metadata={"help": gettext_lazy("Of a lot that is new, if its SKU expires.")}
    )


def plan(warehouse: Warehouse, bins: Iterable[Bin], *, by: User | None = None) -> Count:
    """Plan to count what lies in some bins."""
    with atomic():
        bins = list(bins)
        for place in bins:
            _require_countable(warehouse, place)
        count = states.create(Count(warehouse=warehouse), by=by)
        _add_lines(count, bins)
    return count


def add_bin(count: Count, bin: Bin, *, by: User | None = None) -> Count:
    """Count what the books have in one more bin, too."""
    with states.change(count, event="count.bin_added", by=by, bin=bin.code) as count:
        states.require_status(count, Count.Status.PLANNED)
        _require_countable(count.warehouse, bin)
        _add_lines(count, [bin])
    return count


def _add_lines(count: Count, bins: Sequence[Bin]) -> None:
    known = {_key(line) for line in count.lines.all()}
    lying = BinStock.objects.filter(bin__in=bins, on_hand__gt=0).order_by("bin__code")
    CountLine.objects.bulk_create(
        CountLine(count=count, sku_id=row.sku_id, bin_id=row.bin_id, lot_id=row.lot_id)
        for row in lying
        if (row.sku_id, row.bin_id, row.lot_id) not in known
    )


def _key(line: CountLine) -> Place:
    return Place(line.sku_id, line.bin_id, line.lot_id)


def _require_countable(warehouse: Warehouse, place: Bin) -> None:
    """Raise Refused for a bin of another warehouse, and for one whose goods belong to a shipment or a return."""
    if place.warehouse_id != warehouse.pk:
        raise Refused(
            _("%(bin)s isn't in %(warehouse)s. Count it there.")
            % {"bin": place, "warehouse": warehouse},
            code="other_warehouse",
        )
    if place.kind in NOT_COUNTED:
        raise Refused(
            _(
                "You can't count %(bin)s: its goods belong to shipments, returns or short picks. Count the "
                "storage bins."
            )
            % {"bin": place},
            code="not_countable",
        )


def key(
    count: Count, found: Mapping[int, int], *, also: Sequence[Found] = (), by: User | None = None
) -> Count:
    """Enter what was found, by line, and what was found besides; the books of this moment are what it is reserved
    against.
    """
    with states.advance(count, to=Count.Status.COUNTED, by=by) as count:
        quantities = dict(found) | _add_found(count, also)
        lines = list(count.lines.select_related("sku", "bin", "lot"))
        missing = [str(line) for line in lines if line.pk not in quantities]
        if missing:
            raise Refused(
                _("Enter counts for: %(missing)s.") % {"missing": ", ".join(missing)},
                code="incomplete",
            )
        places = ledger.lock_bins([_key(line) for line in lines])
        mark = Move.objects.aggregate(last=Max("id"))["last"] or 0
        for line in lines:
            line.found = quantities[line.pk]
            line.booked, line.mark, line.keyed_at = places[_key(line)].on_hand, mark, timezone.now()
            _require_sound(count, line)
        CountLine.objects.bulk_update(lines, ["booked", "found", "mark", "keyed_at"])
    return count


def _add_found(count: Count, also: Sequence[Found]) -> dict[int, int]:
    """Lines for what the plan did not name, with what was found of each; a place that is named twice is summed up."""
    quantities: dict[int, int] = defaultdict(int)
    for item in also:
        lot = receiving.lot_of(item.sku, item.lot, item.expires_on)
        line, _made = CountLine.objects.get_or_create(
            count=count, sku=item.sku, bin=item.bin, lot=lot
        )
        quantities[line.pk] += item.quantity
    return quantities


def _require_sound(count: Count, line: CountLine) -> None:
    _require_countable(count.warehouse, line.bin)
    found = line.found or 0
    if line.sku.is_kit:
        raise Refused(
            _("%(sku)s is a kit and has no stock of its own; count its components.")
            % {"sku": line.sku}
        )
    if found < 0 or (line.sku.tracking == SKU.Tracking.SERIAL and found > 1):
        text = (
            _(
                "%(found)s can't be the quantity of %(line)s. A serial number is one piece: enter 0 or 1."
            )
            if found > 0
            else _("%(found)s can't be the quantity of %(line)s. Enter 0 or more.")
        )
        raise Refused(text % {"found": found, "line": line}, line=line.pk)


def recount(count: Count, *, by: User | None = None) -> Count:
    """Set what was entered aside, to count the same bins again."""
    with states.advance(count, to=Count.Status.PLANNED, by=by) as count:
        count.lines.update(booked=None, found=None, mark=None, keyed_at=None)
    return count


def cancel(count: Count, *, by: User | None = None) -> Count:
    """Give up a count: nothing is posted."""
    with states.advance(count, to=Count.Status.CANCELED, by=by) as count:
        pass
    return count


def reconcile(count: Count, *, by: User | None = None) -> Count:
    """Post the differences: a find comes from *missing* first, a loss frees the least urgent holds.

    What went in or out since the count was keyed is not its difference, and what the books learned since (another
    count, an adjustment, a short pick) is not booked again.
    """
    with states.advance(count, to=Count.Status.RECONCILED, by=by) as count:
        lines = list(
            count.lines.select_related("sku", "bin", "lot", "bin__warehouse").order_by(
                "sku_id", "bin_id"
            )
        )
        skus = list({line.sku_id: line.sku for line in lines}.values())
        adjusting.lock_holds(skus, count.warehouse)
        places = {
            Place(row.sku_id, row.bin_id, row.lot_id): row.on_hand
            for row in lock(BinStock.objects.filter(sku__in=skus, bin__warehouse=count.warehouse))
        }
        _compare(lines, places)
        for line in sorted(
            lines, key=lambda line: line.posted or 0
        ):  # losses first: a serial number may have moved
            _post(count, line, by)
        CountLine.objects.bulk_update(lines, ["moved", "posted"])
        count.event_data["posted"] = {str(line): line.posted for line in lines if line.posted}
    return count


def _compare(lines: Sequence[CountLine], places: Mapping[Place, int]) -> None:
    """Fill in what moved since each line was keyed, and what is still to be posted of it."""
    since = _since(lines)
    superseded = _superseded(lines)
    for line in lines:
        corrected, line.moved = since[_key(line)]
        line.posted = (
            0 if line.pk in superseded else (line.found or 0) - (line.booked or 0) - corrected
        )
        there = places.get(_key(line), 0)
        if there + line.posted < 0:
            raise Refused(
                _(
                    "You can't post %(count)s: since it was counted, more left %(bin)s than the %(found)s × "
                    "%(sku)s that were found there. Count it again."
                )
                % {"count": line.count, "bin": line.bin, "found": line.found, "sku": line.sku},
                code="count_again",
                line=line.pk,
            )


def _since(lines: Sequence[CountLine]) -> dict[Place, tuple[int, int]]:
    """By place, what the books learned and what goods went in (positive) or out since the lines were keyed."""
    totals = {_key(line): (0, 0) for line in lines}
    marks = {_key(line): line.mark or 0 for line in lines}
    moves = Move.objects.filter(
        sku__in={line.sku_id for line in lines}, pk__gt=min(marks.values(), default=0)
    )
    for move in moves:
        for place, change in ((move.target_id, move.quantity), (move.source_id, -move.quantity)):
            where = Place(move.sku_id, place, move.lot_id)
            if where in totals and move.pk > marks[where]:
                corrected, moved = totals[where]
                is_correction = move.reason in CORRECTIONS
                totals[where] = (
                    (corrected + change, moved) if is_correction else (corrected, moved + change)
                )
    return totals


def _superseded(lines: Sequence[CountLine]) -> set[int]:
    """Lines whose place was counted again later, and that posted already."""
    later = CountLine.objects.filter(
        count__status=Count.Status.RECONCILED,
        sku__in={line.sku_id for line in lines},
        bin__in={line.bin_id for line in lines},
        keyed_at__isnull=False,
    )
    newest: dict[Place, list[object]] = defaultdict(list)
    for other in later.exclude(pk__in=[line.pk for line in lines]):
        newest[_key(other)].append(other.keyed_at)
    return {
        line.pk
        for line in lines
        if line.keyed_at and any(at > line.keyed_at for at in newest[_key(line)])  # type: ignore[operator]
    }


def _post(count: Count, line: CountLine, by: User | None) -> None:
    difference = line.posted or 0
    if difference < 0:
        adjusting.adjust(
            line.sku,
            line.bin,
            difference,
            lot=line.lot,
            reason=Move.Reason.COUNT,
            note=f"counted in {count}",
            reference=count.number,
            by=by,
        )
    elif difference > 0:
        _post_find(count, line, difference, by)


def _post_find(count: Count, line: CountLine, difference: int, by: User | None) -> None:
    missing = catalog.place(count.warehouse, Bin.Kind.MISSING)
    known = lock(BinStock.objects.filter(sku=line.sku, bin=missing, lot=line.lot))
    recovered = min(difference, known[0].on_hand) if known else 0
    sources = ((missing, recovered), (catalog.outside(Bin.Kind.ADJUSTMENT), difference - recovered))
    ledger.move_many(
        [
            ledger.Transport(line.sku, source, line.bin, quantity, line.lot)
            for source, quantity in sources
            if quantity
        ],
        reason=Move.Reason.COUNT,
        reference=count.number,
        note=f"counted in {count}",
        by=by,
    )
    if line.bin.is_sellable:
        receiving.announce_stock(count.warehouse, [line.sku], by=by)
