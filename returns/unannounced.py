"""Goods that came with a return and were not announced: recorded when they come, and decided by a person."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from inventory import catalog, expiry, ledger, lots, receiving
from inventory.models import SKU, Bin, Lot, Move
from inventory.transport import Transport
from oms.core import states
from oms.core.errors import Refused
from oms.core.models import User
from orders import fulfillment_progress
from returns import identity, keeping, ownership, requests
from returns.models import ReturnedLot, ReturnLine, ReturnRequest, Unexpected

Decision = Unexpected.Decision


@dataclass(frozen=True)
class Came:
    """What came besides: a SKU of ours (and its lots), or something that is described; good and damaged units."""

    sku: SKU | None = None
    description: str = field(
        default="", metadata={"help": gettext_lazy("What it is, if it isn't ours.")}
    )
    good: int = 0
    damaged: int = field(default=0, metadata=keeping.INTO_BIN)
    lots: str = field(default="", metadata=identity.LOTS)


@dataclass(frozen=True)
class Decided:
    """What becomes of unexpected goods."""

    goods: Unexpected
    decision: Unexpected.Decision = Decision.OPEN
    note: str = ""


def record(request: ReturnRequest, came: Iterable[Came]) -> list[Unexpected]:
    """Note what came besides with a locked return."""
    return Unexpected.objects.bulk_create(row for each in came for row in _rows(request, each))


def arriving(items: Iterable[Unexpected]) -> list[Transport]:
    """How noted goods of ours come in, to wait for what is decided."""
    customer = catalog.outside(Bin.Kind.CUSTOMER)
    return [
        replace(each, unit_cost=ownership.cost_of(item.request, each.sku, each.lot))
        for item in items
        for each in _transports([(item, customer, _bin_of(item))])
    ]


def _rows(request: ReturnRequest, came: Came) -> list[Unexpected]:
    if min(came.good, came.damaged) < 0 or not came.good + came.damaged:
        raise Refused(
            _("Enter how many came of each thing that wasn't announced."), field="unannounced"
        )
    if came.sku is None and not came.description.strip():
        raise Refused(
            _("Name the SKU that wasn't announced, or describe what isn't ours."),
            field="unannounced",
        )
    if (
        came.sku is not None
        and came.sku.tracking != SKU.Tracking.NONE
        and came.good
        and came.damaged
    ):
        raise Refused(
            _("Enter good and damaged pieces of %(sku)s on rows of their own, each with its lots.")
            % {"sku": came.sku},
            field="unannounced",
        )
    return [
        Unexpected(
            request=request,
            sku=came.sku,
            lot=lot,
            description=came.description.strip(),
            quantity=part,
            is_damaged=is_damaged,
        )
        for quantity, is_damaged in ((came.good, False), (came.damaged, True))
        if quantity
        for lot, part in _lots(came, quantity)
    ]


def _lots(came: Came, quantity: int) -> list[tuple[Lot | None, int]]:
    if came.sku is None or came.sku.tracking == SKU.Tracking.NONE:
        return [(None, quantity)]
    return list(lots.incoming(came.sku, came.lots, quantity))


def _bin_of(item: Unexpected) -> Bin:
    return keeping.bin_of(item.request, is_damaged=item.is_damaged)


def _parts(item: Unexpected) -> list[tuple[SKU, int, Lot | None]]:
    """Base units of what goods of ours are made of; nothing of what isn't ours."""
    return [
        (sku, per_unit * item.quantity, item.lot if sku == item.sku else None)
        for sku, per_unit in _composition(item)
    ]


def _composition(item: Unexpected) -> list[tuple[SKU, int]]:
    """What a unit of unexpected goods is made of: kits of the order's as they were shipped, others as they are now."""
    if item.sku is None:
        return []
    line = (
        item.request.order.lines.filter(sku=item.sku).order_by("position").first()
        if item.sku.is_kit
        else None
    )
    return identity.made_of(line) if line else identity.parts_of(item.sku)


def _transports(moves: Iterable[tuple[Unexpected, Bin, Bin]]) -> list[Transport]:
    return [
        Transport(sku, source, expiry.arriving(target, lot), quantity, lot)
        for item, source, target in moves
        for sku, quantity, lot in _parts(item)
        if source.pk != target.pk
    ]


def require_decided(request: ReturnRequest) -> None:
    """Raise Refused while nobody has said what becomes of what came unannounced."""
    waiting = Unexpected.objects.filter(request=request, decision=Decision.OPEN).select_related(
        "sku", "lot"
    )
    undecided = [str(item) for item in waiting.order_by("pk")]
    if undecided:
        raise Refused(
            _("Decide first what becomes of what wasn't announced: %(goods)s.")
            % {"goods": ", ".join(undecided)},
            code="undecided",
        )


def decide(
    request: ReturnRequest, decisions: Sequence[Decided], *, by: User | None = None
) -> ReturnRequest:
    """Keep and credit, keep without credit, send back or scrap what came unannounced."""
    with states.change(
        request, event="return.unexpected_decided", by=by, first=request.order
    ) as request:
        states.require_status(request, ReturnRequest.Status.RECEIVED)
        items = {
            item.pk: item
            for item in Unexpected.objects.filter(request=request).select_related("sku", "lot")
        }
        chosen = [(_open(items, each), each) for each in decisions if each.decision]
        if not chosen:
            raise Refused(_("Choose what becomes of the goods."), code="nothing_decided")
        for item, each in chosen:
            _require_possible(item, each.decision)
            item.decision, item.note, item.decided_by, item.decided_at = (
                each.decision,
                each.note,
                by,
                timezone.now(),
            )
        _send_on(request, [item for item, _each in chosen], by)
        _credit(request, [item for item, _each in chosen if item.decision == Decision.CREDIT])
        Unexpected.objects.bulk_update(
            [item for item, _each in chosen], ["decision", "note", "decided_by", "decided_at"]
        )
        request.event_data["decided"] = {str(item): item.decision for item, _each in chosen}
    return request


def _open(items: Mapping[int, Unexpected], each: Decided) -> Unexpected:
    item = items.get(each.goods.pk)
    if item is None or item.decision:
        raise Refused(
            _("%(item)s isn't waiting for a decision. Reload to see what changed.")
            % {"item": each.goods},
            code="not_open",
        )
    return item


def _require_possible(item: Unexpected, decision: str) -> None:
    if decision not in Decision.values:
        raise Refused(
            _("Choose one of: %(choices)s.")
            % {"choices": ", ".join(value for value in Decision.values if value)},
            field="decision",
        )
    if item.sku is None and decision not in (Decision.SEND_BACK, Decision.SCRAP):
        raise Refused(
            _("%(item)s isn't ours: send it back or scrap it.") % {"item": item}, code="not_ours"
        )


def _send_on(request: ReturnRequest, items: Sequence[Unexpected], by: User | None) -> None:
    """Bring goods to where the decision says; those that are credited wait for their inspection."""
    targets = {
        Decision.KEEP: lambda item: catalog.place(
            request.warehouse, Bin.Kind.DAMAGED if item.is_damaged else Bin.Kind.RECEIVING
        ),
        Decision.SEND_BACK: lambda item: catalog.outside(Bin.Kind.CUSTOMER),
        Decision.SCRAP: lambda item: catalog.outside(Bin.Kind.SCRAP),
    }
    moves = [
        (item, _bin_of(item), targets[Decision(item.decision)](item))
        for item in items
        if item.decision in targets
    ]
    ledger.lock_ends(_transports(moves))
    for reason in (Move.Reason.SCRAP, Move.Reason.RETURN):
        transports = _transports(
            each
            for each in moves
            if (each[0].decision == Decision.SCRAP) == (reason == Move.Reason.SCRAP)
        )
        if transports:
            ledger.move_many(transports, reason=reason, reference=request.number, by=by)
    kept = [
        sku
        for item, _source, target in moves
        if target.is_sellable
        for sku, _quantity, _lot in _parts(item)
    ]
    if kept:
        receiving.announce_stock(request.warehouse, kept, by=by)


def _credit(request: ReturnRequest, items: Sequence[Unexpected]) -> None:
    """Take goods up into the return, as if they had been announced: on a line of the order that was shipped."""
    for item in items:
        line = _line_for(request, item)
        line.quantity += item.quantity
        line.good += 0 if item.is_damaged else item.quantity
        line.damaged += item.quantity if item.is_damaged else 0
        line.save()
        if item.lot is not None:
            known, is_new = ReturnedLot.objects.get_or_create(
                line=line,
                lot=item.lot,
                is_damaged=item.is_damaged,
                defaults={"quantity": item.quantity},
            )
            if not is_new:
                known.quantity += item.quantity
                known.save(update_fields=["quantity"])
        fulfillment_progress.record_returned(request.order, {line.order_line_id: item.quantity})


def _line_for(request: ReturnRequest, item: Unexpected) -> ReturnLine:
    """The return line that takes unexpected goods; a new one for an order line that was not announced."""
    left = requests.returnable(request.order)
    for order_line in request.order.lines.filter(sku=item.sku).order_by("position"):
        line = request.lines.filter(order_line=order_line, component=None).first() or ReturnLine(
            request=request, order_line=order_line, quantity=0, reason=ReturnLine.Reason.OTHER
        )
        if (
            left.get(order_line.pk, 0) >= item.quantity
            and _was_shipped(line, item)
            and dict(identity.made_of(order_line)) == dict(_composition(item))
        ):
            return line
    raise Refused(
        _(
            "%(item)s can't be credited: not as many were shipped with %(order)s and are still out. Keep them "
            "without credit, send them back or scrap them."
        )
        % {"item": item, "order": request.order},
        code="not_returnable",
    )


def _was_shipped(line: ReturnLine, item: Unexpected) -> bool:
    """Whether the lot that came was shipped on the order line and is still out; true where lots are not known."""
    if item.lot is None or item.sku is None:
        return True
    out = identity.still_out(line, item.sku)
    return not out or out[item.lot] >= item.quantity
