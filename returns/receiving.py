"""Goods that come back."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from inventory import catalog, ledger
from inventory.models import SKU, Bin, Move
from inventory.transport import Transport
from oms.core import states
from oms.core.errors import Refused
from oms.core.models import User
from orders import fulfillment_progress
from returns import identity, keeping, ownership
from returns.models import ReturnLine, ReturnRequest
from returns.unannounced import Came, arriving, record


@dataclass(frozen=True)
class Arrived:
    """What came of a return line, in its units; the rest is missing.

    `lots` and `damaged_lots` name the lots or serial numbers that came, where several were shipped.
    """

    line: ReturnLine
    good: int = 0
    damaged: int = field(default=0, metadata=keeping.INTO_BIN)
    lots: str = field(default="", metadata=identity.LOTS)
    damaged_lots: str = field(default="", metadata=identity.LOTS)


def receive(
    request: ReturnRequest,
    goods: Sequence[Arrived],
    *,
    unannounced: Sequence[Came] = (),
    by: User | None = None,
) -> ReturnRequest:
    """Take returned goods in: good and damaged ones apart, to wait for their inspection; nothing is sold yet.

    More units than were announced, and what came unannounced, are recorded and wait for a decision.
    """
    with states.advance(
        request, to=ReturnRequest.Status.RECEIVED, by=by, first=request.order
    ) as request:
        arrived = {item.line.pk: item for item in goods}
        lines = list(request.lines.select_related("order_line__sku", "component"))
        more = [
            each for line in lines for each in _count(line, arrived.get(line.pk, Arrived(line)))
        ]
        if not any(line.came for line in lines) and not unannounced:
            raise Refused(
                _("Enter at least one received quantity, or cancel the return."),
                code="nothing_came",
            )
        ReturnLine.objects.bulk_update(lines, ["good", "damaged", "missing"])
        came = [
            identity.came_back(line, item.lots, item.damaged_lots)
            for line in lines
            if line.came
            for item in [arrived[line.pk]]
        ]
        unexpected = record(request, [*more, *unannounced])
        transports = [
            each for good, damaged in came for each in _transports(request, good, damaged)
        ]
        transports += arriving(unexpected)
        if transports:
            ledger.move_many(transports, reason=Move.Reason.RETURN, reference=request.number, by=by)
        request.event_data |= (
            {"unexpected": [str(item) for item in unexpected]} if unexpected else {}
        )
        fulfillment_progress.record_returned(
            request.order,
            {
                line.order_line_id: line.came
                for line in lines
                if line.came and line.component_id is None
            },
        )
    return request


def _count(line: ReturnLine, item: Arrived) -> list[Came]:
    """Count what came of a line; returns what is more than was announced."""
    sku = line.sku
    more = item.good + item.damaged - line.quantity
    if min(item.good, item.damaged) < 0:
        raise Refused(
            _("Quantities of %(line)s must not be negative.") % {"line": line}, line=line.pk
        )
    if more > 0 and sku.tracking != SKU.Tracking.NONE:
        raise Refused(
            _(
                "%(more)s more than announced came of %(line)s. Enter them as unannounced, with their lots."
            )
            % {"more": more, "line": line},
            code="more_than_announced",
            line=line.pk,
        )
    line.good = min(item.good, line.quantity)
    line.damaged = min(item.damaged, line.quantity - line.good)
    line.missing = line.quantity - line.good - line.damaged
    return (
        [Came(sku, good=item.good - line.good, damaged=item.damaged - line.damaged)]
        if more > 0
        else []
    )


def _transports(
    request: ReturnRequest, good: Iterable[identity.Goods], damaged: Iterable[identity.Goods]
) -> list[Transport]:
    customer = catalog.outside(Bin.Kind.CUSTOMER)
    return [
        Transport(
            goods.sku,
            customer,
            place,
            goods.quantity,
            goods.lot,
            ownership.cost_of(request, goods.sku, goods.lot),
        )
        for is_damaged, several in ((False, list(good)), (True, list(damaged)))
        if several
        for place in [keeping.bin_of(request, is_damaged=is_damaged)]
        for goods in several
    ]
