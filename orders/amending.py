"""Changing a confirmed order, with a preview of what it would do."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from inventory import demand, entrusting, sourcing
from oms.core import states
from oms.core.errors import Refused
from oms.core.locking import atomic, whole
from oms.core.models import User
from orders import fulfillment_progress, lifecycle, order_entry, pricing
from orders.models import Order, OrderLine
from orders.order_entry import Line


@dataclass(frozen=True)
class LineChange:
    """A line's new quantity and new unit price; None leaves it."""

    line: OrderLine
    quantity: int | None = None
    unit_price: Decimal | None = None


@dataclass(frozen=True)
class Amendment:
    """Changes of an order's lines, and new lines."""

    lines: list[LineChange]
    additions: list[Line] = field(default_factory=list, metadata={"blank": 3})


def unchanged(order: Order) -> Amendment:
    """The open lines of an order as they are."""
    return Amendment(
        [
            LineChange(line, line.quantity - line.canceled, line.unit_price)
            for line in order.lines.select_related("sku").order_by("position")
            if line.open_quantity
        ]
    )


@dataclass(frozen=True)
class Effect:
    """What an amendment does: the order's totals before and after, and units reserved before and after."""

    gross_before: Decimal
    gross_after: Decimal
    tax_before: Decimal
    tax_after: Decimal
    reserved_before: int
    reserved_after: int


class _Rehearsed(Exception):
    """Takes a rehearsal back."""


@whole
def amend(
    order: Order,
    lines: Sequence[LineChange] = (),
    additions: Sequence[Line] = (),
    *,
    by: User | None = None,
) -> Order:
    """Change a confirmed order: fewer units free their stock, more units and new lines are promised like new ones.

    A changed price holds for what is neither shipped nor invoiced, which becomes a line of its own.
    """
    with states.change(order, event="order.amended", by=by) as order:
        states.require_status(order, Order.Status.CONFIRMED)
        changes, extra = _differing(order, lines), list(additions)
        skus = [*(change.line.sku for change in changes), *(line.sku for line in extra)]
        sourcing.lock_change(order.number, skus)
        for change in changes:
            _apply(order, change, extra, by)
        if extra:
            lifecycle.promise(order, _append(order, extra), by=by)
        pricing.retotal(order)
        fulfillment_progress.summarize(order)
    return lifecycle.end_if_empty(order, by=by)


def preview(
    order: Order,
    lines: Sequence[LineChange] = (),
    additions: Sequence[Line] = (),
    *,
    by: User | None = None,
) -> Effect:
    """Rehearse an amendment and take it back. Raises what the amendment would raise."""
    try:
        with transaction.atomic(), atomic():
            after = amend(order, lines, additions, by=by)
            fulfillment_progress.follow(after)
            raise _Rehearsed
    except _Rehearsed:
        before = Order.objects.get(pk=order.pk)
    return Effect(before.gross, after.gross, before.tax, after.tax, before.reserved, after.reserved)


def _differing(order: Order, changes: Sequence[LineChange]) -> list[LineChange]:
    """The changes that say something else than a locked order's lines do. Raises Refused for another order's line."""
    own = {line.pk: line for line in order.lines.select_related("sku")}
    strange = [change.line for change in changes if change.line.pk not in own]
    if strange:
        raise Refused(
            _("%(line)s is not a line of order %(order)s.") % {"line": strange[0], "order": order}
        )
    return [
        change
        for change in changes
        for line in [own[change.line.pk]]
        if change.quantity not in (None, line.quantity - line.canceled)
        or change.unit_price not in (None, line.unit_price)
    ]


def _apply(order: Order, change: LineChange, extra: list[Line], by: User | None) -> None:
    line = order.lines.select_related("sku").get(pk=change.line.pk)
    current = line.quantity - line.canceled
    if change.quantity is not None and change.quantity < current:
        if change.quantity < line.shipped:
            raise Refused(
                _("You can't reduce %(sku)s below %(shipped)s: that many have already shipped.")
                % {"shipped": line.shipped, "sku": line.sku},
                line=line.pk,
            )
        _lower(order, line, current - change.quantity, by)
        line.refresh_from_db()
    if change.unit_price is not None and change.unit_price != line.unit_price:
        order_entry.require_price(line.sku, change.unit_price, line.position)
        _split_price(order, line, change.unit_price)
    if change.quantity is not None and change.quantity > current:
        new_price = change.unit_price if change.unit_price is not None else line.unit_price
        extra.append(
            Line(
                line.sku,
                change.quantity - current,
                new_price,
                line.discount_percent,
                line.description,
            )
        )


def _lower(order: Order, line: OrderLine, units: int, by: User | None) -> None:
    """Take units off a line; those that a partner was asked to cancel before are among them."""
    asked = entrusting.asked(order.number).get(line.pk, 0)
    if units < asked:
        raise Refused(
            _(
                "A partner was asked already to cancel %(asked)s of %(sku)s. Record their answer on the "
                "shipment first."
            )
            % {"asked": asked, "sku": line.sku},
            line=line.pk,
            code="cancellation_asked",
        )
    lifecycle.take_off(order, {line.pk: units - asked}, lowers_allowances=False, by=by)


def _split_price(order: Order, line: OrderLine, unit_price: Decimal) -> None:
    """Move what is neither shipped nor invoiced to a line of its own at the new price, with its demand."""
    rest = line.open_quantity
    if line.invoiced > line.shipped or not rest:
        raise Refused(
            _(
                "You can't change the price of %(sku)s: it's already shipped or invoiced. Issue a credit "
                "note instead."
            )
            % {"sku": line.sku},
            line=line.pk,
        )
    (new,) = _append(
        order,
        [Line(line.sku, rest, unit_price, line.discount_percent, line.description)],
        line.origin,
    )
    demand.hand_over(order.number, line.pk, new.pk)
    fulfillment_progress.record_canceled(order, {line.pk: rest}, lowers_allowances=False)
    fulfillment_progress.follow(order)
    fulfillment_progress.forget_unshipped(line)


def _append(order: Order, lines: Sequence[Line], origin: str = "") -> list[OrderLine]:
    last = max(order.lines.values_list("position", flat=True), default=0)
    new = order_entry.new_lines(order, lines, last + 1)
    for line in new:
        line.origin = origin
    pricing.price_new_lines(order, new)
    return OrderLine.objects.bulk_create(new)
