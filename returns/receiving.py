"""Goods that come back."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from inventory import catalog, ledger
from inventory.models import SKU, Bin, Demand, Lot, Move, Reservation
from oms.core import states
from oms.core.errors import Refused
from oms.core.models import User
from orders import progress
from returns.models import ReturnLine, ReturnRequest


@dataclass(frozen=True)
class Arrived:
    """What came of a return line, in its units; the rest is missing."""

    line: ReturnLine
    good: int
    damaged: int = 0


def receive(request: ReturnRequest, goods: Sequence[Arrived], *, by: User | None = None) -> ReturnRequest:
    """Take returned goods in: good ones to the returns place, damaged ones to theirs; nothing is sold yet."""
    with states.advance(request, to=ReturnRequest.Status.RECEIVED, by=by, first=request.order) as request:
        arrived = {item.line.pk: item for item in goods}
        lines = list(request.lines.select_related("order_line__sku"))
        for line in lines:
            _count(line, arrived.get(line.pk, Arrived(line, 0)))
        if not any(line.came for line in lines):
            raise Refused(_("Nothing came; cancel the return instead."), code="nothing_came")
        ReturnLine.objects.bulk_update(lines, ["good", "damaged", "missing"])
        customer = catalog.outside(Bin.Kind.CUSTOMER)
        ledger.move_many(
            [ledger.Transport(sku, customer, catalog.place(request.warehouse, kind), quantity * per_unit, lot)
             for line in lines for kind, quantity in ((Bin.Kind.RETURNS, line.good), (Bin.Kind.DAMAGED, line.damaged))
             if quantity for sku, per_unit, lot in parts(line)],
            reason=Move.Reason.RETURN, reference=request.number, by=by,
        )
        progress.record_returned(request.order, {line.order_line_id: line.came for line in lines if line.came})
    return request


def _count(line: ReturnLine, item: Arrived) -> None:
    if min(item.good, item.damaged) < 0 or item.good + item.damaged > line.quantity:
        raise Refused(_("Of %(line)s announced, %(good)s cannot have come.")
                      % {"line": line, "good": item.good + item.damaged}, line=line.pk)
    line.good, line.damaged = item.good, item.damaged
    line.missing = line.quantity - item.good - item.damaged


def parts(line: ReturnLine) -> list[tuple[SKU, int, Lot | None]]:
    """What one unit of a return line is made of: SKUs, base units of each, and the lot last shipped of it."""
    order_line = line.order_line
    demands = Demand.objects.filter(document=order_line.order.number, line=order_line.pk).select_related("sku")
    made_of = [(demand.sku, demand.per_unit) for demand in demands]
    if not made_of:
        kit = catalog.components([order_line.sku]).get(order_line.sku_id)
        made_of = [(part.component, part.quantity) for part in kit] if kit else [(order_line.sku, 1)]
    return [(sku, per_unit, _lot(line, sku)) for sku, per_unit in made_of]


def _lot(line: ReturnLine, sku: SKU) -> Lot | None:
    if sku.tracking == SKU.Tracking.NONE:
        return None
    shipped = Reservation.objects.filter(demand__document=line.order_line.order.number, demand__line=line.order_line_id,
                                         sku=sku, state=Reservation.State.SHIPPED, lot__isnull=False)
    last = shipped.select_related("lot").order_by("-pk").first()
    if last is None:
        raise Refused(_("%(sku)s is tracked %(tracking)s, and no shipped one is known.")
                      % {"sku": sku, "tracking": sku.get_tracking_display()})
    return last.lot
