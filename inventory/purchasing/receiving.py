"""Goods coming in against purchase orders."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date

from django.utils.translation import gettext as _

from inventory import catalog, expiry, ledger, lots
from inventory.lots import lot_of as lot_of
from inventory.models import SKU, Bin, Move
from inventory.purchasing import costs
from inventory.purchasing import purchase_orders as purchasing
from inventory.purchasing.models import PurchaseLine, PurchaseOrder
from inventory.receiving import announce_stock
from oms.core import states
from oms.core.errors import Refused
from oms.core.locking import whole
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
