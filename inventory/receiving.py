"""Goods coming in: against purchase orders, as opening stock, and put away."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from django.utils.translation import gettext as _

from inventory import catalog, costs, custody, displacing, expiry, ledger, lots, purchasing
from inventory.lots import lot_of as lot_of
from inventory.models import SKU, Bin, BinStock, Lot, Move, PurchaseLine, PurchaseOrder, Warehouse
from inventory.planners import putaway
from inventory.planners.putaway import Spot
from oms.core import events, states
from oms.core.errors import Refused
from oms.core.locking import atomic, whole
from oms.core.models import User


@dataclass(frozen=True)
class Received:
    """What came of a purchase line, in base units: good, damaged; of which lots, or with which serial numbers.

    Damaged goods are of the same lot, unless `damaged_lot` names another. `expires_on`: of lots that are new.
    """

    line: PurchaseLine
    good: int = 0
    damaged: int = 0
    lot: str = field(default="", metadata=lots.ASKED)
    damaged_lot: str = field(default="", metadata=lots.ASKED)
    expires_on: date | None = None


@whole
def receive(
    order: PurchaseOrder,
    goods: Sequence[Received],
    *,
    accept_more: bool = False,
    by: User | None = None,
) -> PurchaseOrder:
    """Take goods in against a purchase order: partly, over, or damaged. Once all has come the order is closed.

    More than ordered and than the supplier item's tolerance allows is taken only where `accept_more` says so.
    """
    with states.change(order, event="purchase_order.received", by=by) as order:
        states.require_status(order, PurchaseOrder.Status.SENT)
        lines = {line.pk: line for line in order.lines.select_related("sku")}
        counted = [item for item in goods if item.good or item.damaged]
        if not counted:
            raise Refused(_("Enter at least one received quantity."))
        transports = [
            transport for item in counted for transport in _transports(order, lines, item)
        ]
        ledger.move_many(transports, reason=Move.Reason.RECEIPT, reference=order.number, by=by)
        _count(lines, counted)
        if not accept_more:
            purchasing.require_expected(order, lines.values())
        order.event_data["received"] = _received(lines, counted)
        announce_stock(order.warehouse, [lines[item.line.pk].sku for item in counted], by=by)
    if all(not line.outstanding for line in lines.values()):
        with states.advance(order, to=PurchaseOrder.Status.CLOSED, by=by) as order:
            pass
    return order


def _transports(
    order: PurchaseOrder, lines: dict[int, PurchaseLine], item: Received
) -> list[ledger.Transport]:
    if item.line.pk not in lines:
        raise Refused(
            _("%(line)s isn't a line of %(order)s.") % {"line": item.line, "order": order}
        )
    line, supplier = lines[item.line.pk], catalog.outside(Bin.Kind.SUPPLIER)
    if min(item.good, item.damaged) < 0:
        raise Refused(_("Quantities for %(sku)s can't be negative.") % {"sku": line.sku})
    cost = costs.arriving(order, line)
    goods = lots.incoming(line.sku, item.lot, item.good, expires_on=item.expires_on)
    damaged = lots.incoming(
        line.sku, _damaged_lot(line.sku, item), item.damaged, expires_on=item.expires_on
    )
    return [
        ledger.Transport(line.sku, supplier, expiry.arriving(place, lot), quantity, lot, cost)
        for kind, several in ((Bin.Kind.RECEIVING, goods), (Bin.Kind.DAMAGED, damaged))
        if several
        for place in [catalog.place(order.warehouse, kind)]
        for lot, quantity in several
    ]


def _damaged_lot(sku: SKU, item: Received) -> str:
    """Damaged pieces are of the lot that came; serial numbers that are damaged are named."""
    if item.damaged_lot or (sku.tracking == SKU.Tracking.SERIAL and item.good):
        return item.damaged_lot
    return item.lot


def _received(lines: dict[int, PurchaseLine], goods: Iterable[Received]) -> dict[str, int]:
    """What came, by SKU code."""
    came: Counter[str] = Counter()
    for item in goods:
        came[lines[item.line.pk].sku.code] += item.good + item.damaged
    return dict(came)


def _count(lines: dict[int, PurchaseLine], goods: Iterable[Received]) -> None:
    for item in goods:
        line = lines[item.line.pk]
        line.received += item.good + item.damaged
        line.damaged += item.damaged
    PurchaseLine.objects.bulk_update(lines.values(), ["received", "damaged"])


def announce_stock(warehouse: Warehouse, skus: Iterable[SKU], *, by: User | None = None) -> None:
    """Tell that sellable stock came, for whatever waits for it."""
    events.record(
        "stock.added",
        subject_type="warehouse",
        subject_number=warehouse.code,
        by=by,
        skus=sorted({sku.pk for sku in skus}),
    )


@dataclass(frozen=True)
class Opening:
    """Stock that a company brings along: so many base units of a SKU in a bin, at a cost."""

    sku: SKU
    bin: Bin
    quantity: int
    unit_cost: Decimal
    lot: Lot | None = None


def open_stock(
    warehouse: Warehouse,
    stock: Sequence[Opening],
    *,
    by: User | None = None,
    at: datetime | None = None,
) -> list[Move]:
    """Book the stock with which a warehouse starts."""
    outside = catalog.outside(Bin.Kind.ADJUSTMENT)
    with atomic():
        moves = ledger.move_many(
            [
                ledger.Transport(
                    item.sku,
                    outside,
                    expiry.arriving(item.bin, item.lot),
                    item.quantity,
                    item.lot,
                    item.unit_cost,
                )
                for item in stock
            ],
            reason=Move.Reason.OPENING,
            reference=warehouse.code,
            by=by,
            at=at,
        )
        announce_stock(warehouse, [item.sku for item in stock], by=by)
    return moves


def put_away(
    sku: SKU,
    source: Bin,
    target: Bin,
    quantity: int,
    *,
    lot: Lot | None = None,
    by: User | None = None,
) -> Move:
    """Bring received goods to their bin."""
    if source.warehouse_id != target.warehouse_id:
        raise Refused(
            _("%(source)s and %(target)s are in different warehouses. Create a transfer.")
            % {"source": source, "target": target}
        )
    custody.require_put_away(source, target)
    return displacing.move_out(
        [ledger.Transport(sku, source, target, quantity, lot)], reason=Move.Reason.PUT_AWAY, by=by
    )[0]


@dataclass(frozen=True)
class PutAway:
    """Base units of a SKU that go from receiving to a bin."""

    sku: SKU
    bin: Bin
    quantity: int
    lot: Lot | None = None


def put_away_all(
    warehouse: Warehouse, goods: Sequence[PutAway], *, by: User | None = None
) -> list[Move]:
    """Bring many received goods to their bins at once."""
    source = catalog.place(warehouse, Bin.Kind.RECEIVING)
    if any(item.bin.warehouse_id != warehouse.pk for item in goods):
        raise Refused(_("Some bins aren't in %(warehouse)s.") % {"warehouse": warehouse})
    for item in goods:
        custody.require_put_away(source, item.bin)
    moved = [
        ledger.Transport(item.sku, source, item.bin, item.quantity, item.lot) for item in goods
    ]
    return displacing.move_out(moved, reason=Move.Reason.PUT_AWAY, by=by) if moved else []


def suggest_bin(sku: SKU, warehouse: Warehouse) -> Bin | None:
    """Where received goods of a SKU should lie."""
    bins = {
        place.pk: place for place in Bin.objects.filter(warehouse=warehouse, kind=Bin.Kind.STORAGE)
    }
    lying = (
        BinStock.objects.filter(bin__in=bins, on_hand__gt=0)
        .values_list("bin_id", "sku_id")
        .distinct()
    )
    skus: dict[int, set[int]] = {}
    for place, there in lying:
        skus.setdefault(place, set()).add(there)
    spots = [
        Spot(
            key,
            sku.pk in skus.get(key, ()),
            len(skus.get(key, set()) - {sku.pk}),
            (place.x_cm or 0) + (place.y_cm or 0),
        )
        for key, place in bins.items()
    ]
    best = putaway.suggest(spots)
    return bins[best.bin] if best else None
