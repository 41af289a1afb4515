"""Goods that come back."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from inventory import catalog, ledger
from inventory.models import Bin, Move
from inventory.transport import Transport
from oms.core import states
from oms.core.errors import Refused
from oms.core.models import User
from orders import progress
from returns import identity
from returns.models import ReturnLine, ReturnRequest


@dataclass(frozen=True)
class Arrived:
    """What came of a return line, in its units; the rest is missing.

    `lots` and `damaged_lots` name the lots or serial numbers that came, where several were shipped.
    """

    line: ReturnLine
    good: int
    damaged: int = 0
    lots: str = ""
    damaged_lots: str = ""


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
        came = [identity.came_back(line, item.lots, item.damaged_lots) for line in lines if line.came
                for item in [arrived[line.pk]]]
        ledger.move_many([each for good, damaged in came for each in _transports(request, good, damaged)],
                         reason=Move.Reason.RETURN, reference=request.number, by=by)
        progress.record_returned(request.order, {line.order_line_id: line.came for line in lines if line.came})
    return request


def _count(line: ReturnLine, item: Arrived) -> None:
    if min(item.good, item.damaged) < 0 or item.good + item.damaged > line.quantity:
        raise Refused(_("Of %(line)s announced, %(good)s cannot have come.")
                      % {"line": line, "good": item.good + item.damaged}, line=line.pk)
    line.good, line.damaged = item.good, item.damaged
    line.missing = line.quantity - item.good - item.damaged


def _transports(
    request: ReturnRequest, good: Iterable[identity.Goods], damaged: Iterable[identity.Goods],
) -> list[Transport]:
    customer = catalog.outside(Bin.Kind.CUSTOMER)
    return [Transport(goods.sku, customer, catalog.place(request.warehouse, kind), goods.quantity, goods.lot)
            for kind, several in ((Bin.Kind.RETURNS, good), (Bin.Kind.DAMAGED, damaged)) for goods in several]
