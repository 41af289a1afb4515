"""Goods that leave again for their supplier: receipts that were a mistake, and goods that are returned."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.utils.translation import gettext as _

from inventory import catalog, custody, displacing, ledger, lots
from inventory.ledger import Transport
from inventory.models import SKU, Bin, BinStock, Lot, Move
from inventory.purchasing import costs
from inventory.purchasing.models import PurchaseLine, PurchaseOrder
from oms.core import states
from oms.core.errors import Refused
from oms.core.locking import atomic, lock
from oms.core.models import User

S = PurchaseOrder.Status


@dataclass(frozen=True)
class Undone:
    """Base units of a purchase line that were received by mistake: as good, as damaged; of which lots or serials."""

    line: PurchaseLine
    good: int = 0
    damaged: int = 0
    lot: str = field(default="", metadata=lots.ASKED)
    damaged_lot: str = field(default="", metadata=lots.ASKED)


def _bins_with_goods(rows: Any, order: PurchaseOrder) -> Any:
    """The bins of the order's warehouse from which its goods can go back: where they are."""
    there = BinStock.objects.filter(sku__in=order.lines.values("sku"), on_hand__gt=0)
    return (
        rows.by_hand()
        .filter(warehouse=order.warehouse_id, pk__in=there.values("bin"))
        .exclude(kind=Bin.Kind.MISSING)
    )


@dataclass(frozen=True)
class GoingBack:
    """Base units of a purchase line that go back to the supplier, from which bin, and of which lots or serials."""

    line: PurchaseLine
    quantity: int = 0
    bin: Bin | None = field(default=None, metadata={"among": _bins_with_goods})
    lot: str = field(default="", metadata=lots.ASKED)


def undo_receipt(
    order: PurchaseOrder, goods: Sequence[Undone], *, by: User | None = None
) -> PurchaseOrder:
    """Take a mistaken receipt back, with its cost, as far as the goods are free; a closed order expects them again."""
    with atomic():
        with states.change(order, event="purchase_order.receipt_undone", by=by) as order:
            lines = _lines(order)
            undone = [item for item in goods if item.good or item.damaged]
            if not undone:
                raise Refused(_("Enter what was received by mistake."), code="nothing_to_undo")
            for item in undone:
                _take_off(order, lines, item)
            places = _lock_free(order, [(lines[item.line.pk], item.good) for item in undone])
            free = {row.pk: row.on_hand - row.allocated for row in places}
            came = _received_lots(order)
            worth = {item.line.pk: costs.received(order, lines[item.line.pk]) for item in undone}
            transports = [
                replace(each, unit_cost=worth[item.line.pk])
                for item in undone
                for each in _out_of_bins(lines[item.line.pk], item, places, free, came)
            ]
            ledger.move_many(
                transports,
                reason=Move.Reason.RECEIPT,
                reference=order.number,
                note=_("receipt undone"),
                by=by,
            )
            PurchaseLine.objects.bulk_update(lines.values(), ["received", "damaged"])
            order.event_data["undone"] = {
                lines[item.line.pk].sku.code: item.good + item.damaged for item in undone
            }
        return _expect_again(order, by)


def _lines(order: PurchaseOrder) -> dict[int, PurchaseLine]:
    states.require_status(order, S.SENT, S.CLOSED)
    return {line.pk: line for line in order.lines.select_related("sku")}


def _of(
    order: PurchaseOrder, lines: Mapping[int, PurchaseLine], line: PurchaseLine
) -> PurchaseLine:
    if line.pk not in lines:
        raise Refused(_("%(line)s isn't a line of %(order)s.") % {"line": line, "order": order})
    return lines[line.pk]


def _take_off(order: PurchaseOrder, lines: Mapping[int, PurchaseLine], item: Undone) -> None:
    line = _of(order, lines, item.line)
    good, damaged = line.received - line.damaged, line.damaged
    most = line.received - line.returned
    if (
        not (0 <= item.good <= good and 0 <= item.damaged <= damaged)
        or item.good + item.damaged > most
    ):
        raise Refused(
            _(
                "Of %(sku)s, %(good)s good and %(damaged)s damaged were received and %(returned)s were sent "
                "back. Undo no more than that."
            )
            % {"sku": line.sku, "good": good, "damaged": damaged, "returned": line.returned},
            code="not_received",
            line=line.pk,
        )
    line.received -= item.good + item.damaged
    line.damaged -= item.damaged


def _lock_free(order: PurchaseOrder, wanted: Iterable[tuple[PurchaseLine, int]]) -> list[BinStock]:
    """Lock stock and bins of the lines' SKUs. Raises Refused where less is free to leave than is wanted."""
    needed: dict[int, int] = defaultdict(int)
    codes: dict[int, str] = {}
    for line, quantity in wanted:
        needed[line.sku_id] += quantity
        codes[line.sku_id] = line.sku.code
    stock = ledger.lock_stock(sorted((sku, order.warehouse_id) for sku in needed))
    rows = lock(
        BinStock.objects.filter(sku__in=needed, bin__warehouse=order.warehouse).select_related(
            "bin", "lot"
        )
    )
    for (sku, _warehouse), row in stock.items():
        expired = sum(
            place.on_hand for place in rows if place.sku_id == sku and _is_quarantine(place)
        )
        free = max(0, row.available) + expired
        if needed[sku] > free:
            raise Refused(
                _(
                    "Only %(free)s of the %(needed)s × %(sku)s can leave %(warehouse)s: the others are "
                    "reserved for orders or gone."
                )
                % {
                    "free": free,
                    "needed": needed[sku],
                    "sku": codes[sku],
                    "warehouse": order.warehouse,
                },
                code="not_free",
                sku=codes[sku],
            )
    return rows


def _is_quarantine(place: BinStock) -> bool:
    """Whether this is where goods go that had expired when they came."""
    return place.bin.kind == Bin.Kind.QUARANTINE


def _received_lots(order: PurchaseOrder) -> Counter[Lot]:
    """Base units of each lot that came with an order and weren't sent back or undone."""
    came: Counter[Lot] = Counter()
    moves = Move.objects.filter(
        reference=order.number, reason__in=(Move.Reason.RECEIPT, Move.Reason.SEND_BACK)
    )
    for move in moves.filter(lot__isnull=False).select_related("lot", "source"):
        assert move.lot is not None
        came[move.lot] += move.quantity if move.source.kind == Bin.Kind.SUPPLIER else -move.quantity
    return came


def _out_of_bins(
    line: PurchaseLine,
    item: Undone,
    places: Sequence[BinStock],
    free: dict[int, int],
    came: Counter[Lot],
) -> list[Transport]:
    """From where goods come in first, then from the other bins in which they are free."""
    mine = [row for row in places if row.sku_id == line.sku_id]
    sellable = sorted(
        (row for row in mine if row.bin.is_sellable or _is_quarantine(row)),
        key=lambda row: (_is_quarantine(row), row.bin.kind != Bin.Kind.RECEIVING, row.pk),
    )
    damaged = [row for row in mine if row.bin.kind == Bin.Kind.DAMAGED]
    damaged_lot = item.damaged_lot or (
        "" if item.good and line.sku.tracking == SKU.Tracking.SERIAL else item.lot
    )
    transports = []
    for rows, quantity, text in (
        (sellable, item.good, item.lot),
        (damaged, item.damaged, damaged_lot),
    ):
        among = Counter(
            {
                lot: min(came[lot], sum(free[row.pk] for row in rows if row.lot_id == lot.pk))
                for lot in {row.lot for row in rows if row.lot}
            }
        )
        for lot, part in _lots(line.sku, text, quantity, among):
            own = [row for row in rows if row.lot_id == (lot.pk if lot else None)]
            transports += _from(own, free, line, part)
            came[lot] -= part if lot else 0  # type: ignore[index]
    return transports


def _lots(
    sku: SKU, text: str, quantity: int, among: Mapping[Lot, int]
) -> list[tuple[Lot | None, int]]:
    """Which lots leave, of those that are there: the named ones, or the only ones possible."""
    if sku.tracking == SKU.Tracking.NONE:
        return lots.incoming(sku, text, quantity)
    known = {lot.code for lot, left in among.items() if left > 0}
    unknown = (
        [named.code for named in lots.parse(sku, text) if named.code not in known]
        if quantity
        else []
    )
    if unknown:
        raise Refused(
            _("Lot %(lot)s of %(sku)s isn't available here. Possible: %(lots)s.")
            % {"lot": unknown[0], "sku": sku, "lots": lots.listed(known)},
            code="unknown_lot",
            lot=unknown[0],
        )
    question = _("Which of %(sku)s?") % {"sku": sku}
    return [
        (part.lot, part.quantity)
        for part in lots.choose(sku, text, quantity, among, question=question)
    ]


def _from(
    rows: Iterable[BinStock], free: dict[int, int], line: PurchaseLine, quantity: int
) -> list[Transport]:
    supplier, left, transports = catalog.outside(Bin.Kind.SUPPLIER), quantity, []
    for row in rows:
        part = min(left, free[row.pk])
        if part > 0:
            transports.append(Transport(line.sku, row.bin, supplier, part, row.lot))
            free[row.pk], left = free[row.pk] - part, left - part
    if left:
        raise Refused(
            _(
                "%(left)s of the %(quantity)s × %(sku)s aren't free in any bin. Check the lot, and what is "
                "being picked."
            )
            % {"left": left, "quantity": quantity, "sku": line.sku},
            code="not_free",
            line=line.pk,
        )
    return transports


def _expect_again(order: PurchaseOrder, by: User | None) -> PurchaseOrder:
    """A closed order of which something is due again is open."""
    if order.status != S.CLOSED or not any(line.outstanding for line in order.lines.all()):
        return order
    with states.advance(order, to=S.SENT, by=by, reopened=True) as order:
        pass
    return order


def return_to_supplier(
    order: PurchaseOrder,
    goods: Sequence[GoingBack],
    *,
    reason: str,
    is_replaced: bool = False,
    by: User | None = None,
) -> PurchaseOrder:
    """Send received goods back to the supplier, at what they cost; `is_replaced`: the supplier sends others."""
    if not reason.strip():
        raise Refused(_("Say why the goods go back."), field="reason")
    with atomic():
        with states.change(
            order, event="purchase_order.goods_returned", by=by, reason=reason
        ) as order:
            lines = _lines(order)
            going = [item for item in goods if item.quantity]
            if not going:
                raise Refused(_("Enter what goes back to the supplier."), code="nothing_to_return")
            transports = [
                each for item in going for each in _going_back(order, lines, item, is_replaced)
            ]
            displacing.move_out(
                transports,
                reason=Move.Reason.SEND_BACK,
                reference=order.number,
                note=reason[:200],
                by=by,
                keep=True,
            )
            PurchaseLine.objects.bulk_update(lines.values(), ["returned", "replacing"])
            order.event_data["returned"] = {
                lines[item.line.pk].sku.code: item.quantity for item in going
            }
        return _expect_again(order, by)


def _going_back(
    order: PurchaseOrder, lines: Mapping[int, PurchaseLine], item: GoingBack, is_replaced: bool
) -> list[Transport]:
    line = _of(order, lines, item.line)
    if not 0 < item.quantity <= line.received - line.returned:
        raise Refused(
            _("Of %(sku)s, %(most)s can go back: no more was received and kept.")
            % {"sku": line.sku, "most": line.received - line.returned},
            code="not_received",
            line=line.pk,
        )
    if item.bin is None:
        raise Refused(
            _("Choose the bin from which %(line)s goes back.") % {"line": line.sku}, field="bin"
        )
    if item.bin.warehouse_id != order.warehouse_id:
        raise Refused(
            _("%(bin)s isn't in %(warehouse)s.") % {"bin": item.bin, "warehouse": order.warehouse}
        )
    custody.require_sendable([item.bin])
    here = BinStock.objects.filter(
        sku=line.sku, bin=item.bin, on_hand__gt=0, lot__isnull=False
    ).select_related("lot")
    leaving = _lots(
        line.sku, item.lot, item.quantity, {row.lot: row.on_hand for row in here if row.lot}
    )
    line.returned += item.quantity
    line.replacing += item.quantity if is_replaced else 0
    supplier, cost = catalog.outside(Bin.Kind.SUPPLIER), costs.received(order, line)
    return [Transport(line.sku, item.bin, supplier, part, lot, cost) for lot, part in leaving]
