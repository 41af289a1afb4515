"""Goods that leave again for their supplier: receipts that were a mistake, and goods that are returned."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from inventory import catalog, custody, displacing, ledger
from inventory.ledger import Transport
from inventory.models import Bin, BinStock, Lot, Move, PurchaseLine, PurchaseOrder
from oms.core import states
from oms.core.errors import Refused
from oms.core.locking import atomic, lock
from oms.core.models import User

S = PurchaseOrder.Status


@dataclass(frozen=True)
class Undone:
    """Base units of a purchase line that were received by mistake: as good, as damaged; of which lot."""

    line: PurchaseLine
    good: int = 0
    damaged: int = 0
    lot: str = ""


@dataclass(frozen=True)
class GoingBack:
    """Base units of a purchase line that go back to the supplier, and from which bin."""

    line: PurchaseLine
    quantity: int
    bin: Bin
    lot: str = ""


def undo_receipt(order: PurchaseOrder, goods: Sequence[Undone], *, by: User | None = None) -> PurchaseOrder:
    """Take a mistaken receipt back, with its cost, as far as the goods are free; a closed order expects them again."""
    with atomic():
        with states.change(order, event="purchase order.receipt_undone", by=by) as order:
            lines = _lines(order)
            undone = [item for item in goods if item.good or item.damaged]
            if not undone:
                raise Refused(_("Enter what was received by mistake."), code="nothing_to_undo")
            for item in undone:
                _take_off(order, lines, item)
            places = _lock_free(order, [(lines[item.line.pk], item.good) for item in undone])
            free = {row.pk: row.on_hand - row.pinned for row in places}
            transports = [each for item in undone for each in _out_of_bins(lines[item.line.pk], item, places, free)]
            ledger.move_many(transports, reason=Move.Reason.RECEIPT, reference=order.number,
                             note=_("receipt undone"), by=by)
            PurchaseLine.objects.bulk_update(lines.values(), ["received", "damaged"])
            order.event_data["undone"] = {lines[item.line.pk].sku.code: item.good + item.damaged for item in undone}
        return _expect_again(order, by)


def _lines(order: PurchaseOrder) -> dict[int, PurchaseLine]:
    states.require_status(order, S.SENT, S.CLOSED)
    return {line.pk: line for line in order.lines.select_related("sku")}


def _of(order: PurchaseOrder, lines: Mapping[int, PurchaseLine], line: PurchaseLine) -> PurchaseLine:
    if line.pk not in lines:
        raise Refused(_("%(line)s is no line of %(order)s.") % {"line": line, "order": order})
    return lines[line.pk]


def _take_off(order: PurchaseOrder, lines: Mapping[int, PurchaseLine], item: Undone) -> None:
    line = _of(order, lines, item.line)
    good, damaged = line.received - line.damaged, line.damaged
    most = line.received - line.returned
    if not (0 <= item.good <= good and 0 <= item.damaged <= damaged) or item.good + item.damaged > most:
        raise Refused(_("Of %(sku)s, %(good)s good and %(damaged)s damaged were received and %(returned)s were sent "
                        "back. Undo no more than that.")
                      % {"sku": line.sku, "good": good, "damaged": damaged, "returned": line.returned},
                      code="not_received", line=line.pk)
    line.received -= item.good + item.damaged
    line.damaged -= item.damaged


def _lock_free(
    order: PurchaseOrder, wanted: Iterable[tuple[PurchaseLine, int]],
) -> list[BinStock]:
    """Lock stock and bins of the lines' SKUs. Raises Refused where less is free to leave than is wanted."""
    needed: dict[int, int] = defaultdict(int)
    codes: dict[int, str] = {}
    for line, quantity in wanted:
        needed[line.sku_id] += quantity
        codes[line.sku_id] = line.sku.code
    stock = ledger.lock_stock(sorted((sku, order.warehouse_id) for sku in needed))
    for (sku, _warehouse), row in stock.items():
        if needed[sku] > row.available:
            raise Refused(_("Only %(free)s of the %(needed)s × %(sku)s can leave %(warehouse)s: the others are "
                            "reserved for orders or gone.")
                          % {"free": max(0, row.available), "needed": needed[sku], "sku": codes[sku],
                             "warehouse": order.warehouse}, code="not_free", sku=codes[sku])
    rows = BinStock.objects.filter(sku__in=needed, bin__warehouse=order.warehouse)
    return lock(rows.select_related("bin", "lot"))


def _out_of_bins(
    line: PurchaseLine, item: Undone, places: Sequence[BinStock], free: dict[int, int],
) -> list[Transport]:
    """From where goods come in first, then from the other bins in which they are free."""
    mine = [row for row in places if row.sku_id == line.sku_id and (row.lot.code if row.lot else "") == item.lot]
    sellable = sorted((row for row in mine if row.bin.is_sellable),
                      key=lambda row: (row.bin.kind != Bin.Kind.RECEIVING, row.pk))
    damaged = [row for row in mine if row.bin.kind == Bin.Kind.DAMAGED]
    return [each for rows, quantity in ((sellable, item.good), (damaged, item.damaged)) if quantity
            for each in _from(rows, free, line, quantity)]


def _from(rows: Iterable[BinStock], free: dict[int, int], line: PurchaseLine, quantity: int) -> list[Transport]:
    supplier, left, transports = catalog.outside(Bin.Kind.SUPPLIER), quantity, []
    for row in rows:
        part = min(left, free[row.pk])
        if part > 0:
            transports.append(Transport(line.sku, row.bin, supplier, part, row.lot, line.unit_cost))
            free[row.pk], left = free[row.pk] - part, left - part
    if left:
        raise Refused(_("%(left)s of the %(quantity)s × %(sku)s aren't free in any bin. Check the lot, and what is "
                        "being picked.") % {"left": left, "quantity": quantity, "sku": line.sku}, code="not_free",
                      line=line.pk)
    return transports


def _expect_again(order: PurchaseOrder, by: User | None) -> PurchaseOrder:
    """A closed order of which something is due again is open."""
    if order.status != S.CLOSED or not any(line.outstanding for line in order.lines.all()):
        return order
    with states.advance(order, to=S.SENT, by=by, reopened=True) as order:
        pass
    return order


def return_to_supplier(
    order: PurchaseOrder, goods: Sequence[GoingBack], *, reason: str, is_replaced: bool = False,
    by: User | None = None,
) -> PurchaseOrder:
    """Send received goods back to the supplier, at what they cost; `is_replaced`: the supplier sends others."""
    if not reason.strip():
        raise Refused(_("Say why the goods go back."), field="reason")
    with atomic():
        with states.change(order, event="purchase order.goods_returned", by=by, reason=reason) as order:
            lines = _lines(order)
            going = [item for item in goods if item.quantity]
            if not going:
                raise Refused(_("Enter what goes back to the supplier."), code="nothing_to_return")
            transports = [_going_back(order, lines, item, is_replaced) for item in going]
            displacing.move_out(transports, reason=Move.Reason.SEND_BACK, reference=order.number, note=reason[:200],
                                by=by, keep=True)
            PurchaseLine.objects.bulk_update(lines.values(), ["returned", "replacing"])
            order.event_data["returned"] = {lines[item.line.pk].sku.code: item.quantity for item in going}
        return _expect_again(order, by)


def _going_back(
    order: PurchaseOrder, lines: Mapping[int, PurchaseLine], item: GoingBack, is_replaced: bool,
) -> Transport:
    line = _of(order, lines, item.line)
    if not 0 < item.quantity <= line.received - line.returned:
        raise Refused(_("Of %(sku)s, %(most)s can go back: no more was received and kept.")
                      % {"sku": line.sku, "most": line.received - line.returned}, code="not_received", line=line.pk)
    if item.bin.warehouse_id != order.warehouse_id:
        raise Refused(_("%(bin)s isn't in %(warehouse)s.") % {"bin": item.bin, "warehouse": order.warehouse})
    custody.require_sendable([item.bin])
    lot = Lot.objects.filter(sku=line.sku, code=item.lot).first() if item.lot else None
    if item.lot and lot is None:
        raise Refused(_("%(sku)s has no lot %(lot)s.") % {"sku": line.sku, "lot": item.lot}, code="unknown_lot")
    line.returned += item.quantity
    line.replacing += item.quantity if is_replaced else 0
    return Transport(line.sku, item.bin, catalog.outside(Bin.Kind.SUPPLIER), item.quantity, lot, line.unit_cost)
