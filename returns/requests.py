"""Asking to give goods back, and what we say to it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from django.db.models import Max, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from fulfillment.models import Shipment
from inventory.models import SKU, Warehouse
from oms.core import decisions, states
from oms.core.errors import Refused
from oms.core.locking import atomic, lock_one
from oms.core.models import User
from orders.models import Order, OrderLine
from returns import components, exchanges, ownership
from returns.identity import made_of
from returns.models import ReturnLine, ReturnPolicy, ReturnRequest
from returns.planners import policy as planner
from returns.planners.policy import Facts, Verdict

S = ReturnRequest.Status


@dataclass(frozen=True)
class Asked:
    """Units of an order line to give back, why, and for an exchange the SKU wanted instead.

    With a `component`, pieces of it instead of whole kits, each worth `share_percent` of the kit's price.
    """

    line: OrderLine
    quantity: int = 0
    reason: ReturnLine.Reason = ReturnLine.Reason.UNWANTED
    exchange_for: SKU | None = None
    component: SKU | None = field(default=None, metadata={"asked": False})
    share_percent: Decimal | None = field(default=None, metadata={"asked": False})


def open_request(
    order: Order,
    asked: Sequence[Asked],
    *,
    resolution: str = ReturnRequest.Resolution.REFUND,
    warehouse: Warehouse | None = None,
    note: str = "",
    by: User | None = None,
) -> ReturnRequest:
    """Ask to give goods back. Never more than was shipped and is not on its way back already."""
    with atomic():
        order = lock_one(order)
        asked = [item for item in asked if item.quantity]
        if not asked:
            raise Refused(_("Choose at least one item to return."), code="no_lines")
        _require_returnable(order, asked)
        _require_wish(resolution, asked)
        wanted = exchange_of(asked) if resolution == ReturnRequest.Resolution.EXCHANGE else {}
        exchanges.require_sellable(order, wanted)
        warehouse = warehouse or _warehouse_of(order)
        require_warehouse(order, warehouse, asked)
        request = states.create(
            ReturnRequest(order=order, resolution=resolution, note=note, warehouse=warehouse), by=by
        )
        _write_lines(request, asked)
        if wanted:
            _record_exchange(request, wanted)
        verdict = judge(request)
        _record_verdict(request, verdict)
        return approve(request, by=by) if verdict.is_approved else request


def _write_lines(request: ReturnRequest, asked: Sequence[Asked]) -> None:
    ReturnLine.objects.bulk_create(
        ReturnLine(
            request=request,
            order_line=item.line,
            quantity=item.quantity,
            reason=item.reason,
            exchange_for=item.exchange_for,
            component=item.component,
            share_percent=item.share_percent,
        )
        for item in asked
    )


def _record_exchange(request: ReturnRequest, wanted: dict[SKU, int]) -> None:
    decisions.record(
        "exchange",
        subject_type=request.subject_type,
        subject_number=request.number,
        chosen=exchanges.in_stock(wanted, request.order.company),
        candidates=[],
        reasons=["what is not in stock when the return is settled waits until it comes"],
    )


def _record_verdict(request: ReturnRequest, verdict: Verdict) -> None:
    decisions.record(
        "return policy",
        subject_type=request.subject_type,
        subject_number=request.number,
        chosen="approved" if verdict.is_approved else "for a person",
        candidates=[],
        reasons=[verdict.reason],
    )


def require_warehouse(order: Order, warehouse: Warehouse | None, asked: Sequence[Asked]) -> None:
    """Raise Refused where what is asked back may not come to a warehouse."""
    if warehouse is not None:
        ownership.require_may_come(
            order,
            warehouse,
            [
                sku
                for item in asked
                for sku, _units in ([(item.component, 1)] if item.component else made_of(item.line))
            ],
        )


def exchange_of(asked: Sequence[Asked]) -> dict[SKU, int]:
    """What is wanted in exchange, summed up by SKU."""
    wanted: dict[SKU, int] = {}
    for item in asked:
        if item.exchange_for:
            wanted[item.exchange_for] = wanted.get(item.exchange_for, 0) + item.quantity
    return wanted


def returnable(order: Order) -> dict[int, int]:
    """Units of each line that were shipped and are in no live return, by the line's key."""
    under_way = dict(
        ReturnLine.objects.filter(request__order=order, component=None)
        .exclude(request__status__in=ReturnRequest.DEAD)
        .values_list("order_line")
        .annotate(Sum("quantity"))
    )
    never_came = dict(
        ReturnLine.objects.filter(request__order=order, component=None)
        .exclude(request__status__in=ReturnRequest.DEAD)
        .values_list("order_line")
        .annotate(Sum("missing"))
    )
    historical, torn = _returned_by_history(order), components.touched(order)
    return {
        line.pk: line.shipped
        - under_way.get(line.pk, 0)
        + never_came.get(line.pk, 0)
        - historical.get(line.pk, 0)
        - torn.get(line.pk, 0)
        for line in order.lines.all()
    }


def _returned_by_history(order: Order) -> dict[int, int]:
    """What an import counted as returned, for which there is no request here."""
    if not order.is_imported:
        return {}
    came = dict(
        ReturnLine.objects.filter(request__order=order, component=None)
        .exclude(request__status__in=ReturnRequest.DEAD)
        .values_list("order_line")
        .annotate(total=Sum("good") + Sum("damaged"))
    )
    return {line.pk: line.returned - came.get(line.pk, 0) for line in order.lines.all()}


def _require_returnable(order: Order, asked: Sequence[Asked]) -> None:
    left = returnable(order)
    if len({(item.line.pk, item.component) for item in asked}) != len(asked):
        raise Refused(_("The same line appears twice. Combine the quantities."))
    for item in asked:
        if item.component is not None:
            continue
        most = left.get(item.line.pk, 0)
        if not 0 < item.quantity <= most:
            raise Refused(
                _("You can return up to %(most)s × %(sku)s, not %(quantity)s.")
                % {"quantity": item.quantity, "sku": item.line.sku, "most": most},
                code="not_returnable",
                line=item.line.pk,
                returnable=most,
            )
        left[item.line.pk] = most - item.quantity
    parts = [
        components.new_line(
            item.line, item.component, item.quantity, item.share_percent, item.reason
        )
        for item in asked
        if item.component is not None
    ]
    if parts:
        components.require_returnable(order, parts, left)


def _require_wish(resolution: str, asked: Sequence[Asked]) -> None:
    if resolution not in ReturnRequest.Resolution.values:
        raise Refused(
            _("%(resolution)r isn't a valid resolution. Use one of: %(values)s.")
            % {"resolution": resolution, "values": ", ".join(ReturnRequest.Resolution.values)},
            field="resolution",
        )
    if resolution == ReturnRequest.Resolution.EXCHANGE and not all(
        item.exchange_for for item in asked
    ):
        raise Refused(_("Choose a replacement SKU for each line."), field="exchange_for")


def _warehouse_of(order: Order) -> Warehouse:
    """Goods go back to where most recently some came from, else to our first own warehouse."""
    shipment = (
        Shipment.objects.filter(order=order, shipped_at__isnull=False)
        .order_by("-shipped_at")
        .first()
    )
    if (
        shipment
        and shipment.warehouse.is_active
        and shipment.warehouse.company_id == order.company_id
    ):
        return shipment.warehouse
    own = (
        Warehouse.objects.active()
        .filter(kind=Warehouse.Kind.OWN, company=order.company)
        .order_by("priority", "pk")
        .first()
    )
    if own is None:
        raise Refused(_("No own warehouse can receive returns. Add or activate one."))
    return own


def policy_of(order: Order) -> ReturnPolicy:
    """The policy of the order's channel, else the general one, else the defaults."""
    rows = {
        row.channel_id: row
        for row in ReturnPolicy.objects.filter(channel=order.channel)
        | ReturnPolicy.objects.filter(channel=None)
    }
    return rows.get(order.channel_id) or rows.get(None) or ReturnPolicy()


def judge(request: ReturnRequest) -> Verdict:
    """What the policy says to a request."""
    policy = policy_of(request.order)
    shipped = Shipment.objects.filter(order=request.order).aggregate(last=Max("shipped_at"))["last"]
    days = (timezone.now() - shipped).days if shipped else None
    return planner.judge(Facts(days, policy.window_days, policy.auto_approve))


def approve(request: ReturnRequest, *, by: User | None = None) -> ReturnRequest:
    """Let the goods come."""
    with states.advance(request, to=S.APPROVED, by=by) as request:
        pass
    return request


def reject(request: ReturnRequest, *, reason: str, by: User | None = None) -> ReturnRequest:
    """Refuse to take the goods back, with the reason."""
    with states.advance(request, to=S.REJECTED, by=by, reason=reason) as request:
        if not reason.strip():
            raise Refused(_("Enter a reason for the rejection."), field="reason")
    return request


def cancel(request: ReturnRequest, *, by: User | None = None) -> ReturnRequest:
    """Note that the goods do not come after all."""
    with states.advance(request, to=S.CANCELED, by=by) as request:
        pass
    return request
