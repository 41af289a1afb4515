"""Committing to orders, changing them, and ending them."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from django.db.models import Prefetch, prefetch_related_objects
from django.utils.translation import gettext as _

from inventory import entrusting, reservations, sourcing
from inventory.models import Reservation
from inventory.sourcing import Terms
from oms.core import states
from oms.core.errors import Refused
from oms.core.locking import whole
from oms.core.models import User
from orders import accounts, fulfillment_progress, retaxing, screening
from orders.models import Order, OrderLine

S = Order.Status
LINES = Prefetch("lines", OrderLine.objects.select_related("sku").order_by("position"))


def confirm(
    order: Order,
    *,
    can_backorder: bool | None = None,
    by: User | None = None,
    at: datetime | None = None,
) -> Order:
    """Commit to the order: from here its stock is promised.

    `can_backorder`: whether what is not there waits until it comes; None leaves it to the channel.
    """
    with states.advance(order, to=S.CONFIRMED, by=by, at=at) as order:
        screening.require_clear(order)
        prefetch_related_objects([order], LINES)
        promise(order, list(order.lines.all()), can_backorder=can_backorder, by=by)
        accounts.require_confirmable(order)  # said now rather than when the goods have left
    return order


@whole
def promise(
    order: Order,
    lines: Sequence[OrderLine],
    *,
    can_backorder: bool | None = None,
    by: User | None = None,
) -> None:
    """Promise what lines of a locked order want, that have not been promised before; their taxes follow."""
    waits = order.channel.allow_backorders if can_backorder is None else can_backorder
    life = max(order.customer.min_life_days, order.channel.min_life_days)
    terms = Terms(
        waits,
        order.priority,
        order.requested_on,
        order.channel.reserve_from(order.requested_on),
        life,
    )
    sent_from = sourcing.promise(
        order.number, order.company, order.demands(lines), order.destination, terms, by=by
    )
    retaxing.follow(order, sent_from, by=by)


def reschedule(order: Order, *, requested_on: date | None = None, by: User | None = None) -> Order:
    """Change the day for which an order is requested; empty: as soon as possible.

    A day far ahead frees what nobody has begun with, where the channel reserves late; a near one reserves at once.
    """
    with states.change(order, event="order.rescheduled", by=by) as order:
        states.require_status(order, S.PLACED, S.CONFIRMED)
        if requested_on is not None and requested_on < order.company.today():
            raise Refused(
                _("%(day)s is past. Choose today or a later day.") % {"day": requested_on},
                field="requested_on",
            )
        order.event_data |= {
            "before": str(order.requested_on or ""),
            "after": str(requested_on or ""),
        }
        order.requested_on = requested_on
        order.save(update_fields=["requested_on"])
        if order.status == S.CONFIRMED:
            sourcing.reschedule(
                order.number,
                requested_on=requested_on,
                reserve_from=order.channel.reserve_from(requested_on),
                by=by,
            )
    return order


@whole
def cancel(order: Order, *, reason: str = "", by: User | None = None) -> Order:
    """Cancel an order. Of a partly shipped one the rest is canceled, and it is completed.

    What is picked already must be put back; the canceled units and all charges that are not billed fall away. Where a
    partner has some of it, they are asked, and the order stays confirmed until their answer.
    """
    with states.change(order, event="order.cancel_requested", by=by, reason=reason) as order:
        states.require_status(order, S.DRAFT, S.QUOTED, S.PLACED, S.CONFIRMED)
        asked = entrusting.asked(order.number) if order.status == S.CONFIRMED else {}
        rest = {
            line.pk: left
            for line in order.lines.all()
            if (left := line.open_quantity - asked.get(line.pk, 0))
        }
        if order.status == S.CONFIRMED:
            _require_cancellable(order, rest, asked)
            rest = _stop(order, rest, reason, by)
            asked = entrusting.asked(order.number)
        if not asked:
            order.charges.filter(is_invoiced=False).update(is_canceled=True)
        fulfillment_progress.record_canceled(order, rest)
    return order if asked else _end(order, by=by)


def _require_cancellable(order: Order, rest: Mapping[int, int], asked: Mapping[int, int]) -> None:
    if not rest and asked:
        raise Refused(
            _(
                "A partner was asked already to cancel what is left of order %(number)s. Record their answer "
                "on the shipment."
            )
            % {"number": order.number},
            code="cancellation_asked",
        )
    if not rest and order.shipped:
        raise Refused(
            _("Order %(number)s has already shipped. Create a return instead.")
            % {"number": order.number},
            code="shipped",
        )


def _stop(order: Order, units: Mapping[int, int], reason: str, by: User | None) -> dict[int, int]:
    """Free the stock of units of a locked order, by line, and return what of them is canceled by that.

    A partner is asked about the others, and the order's `news` says so.
    """
    asked = reservations.cancel(order.number, dict(units), reason=reason, by=by)
    if asked:
        order.news = _(
            "%(order)s: a partner has %(units)s of these units already and must agree. They stay on the "
            "order until you record the answer on the shipment."
        ) % {"order": order, "units": sum(asked.values())}
    return {key: left for key, quantity in units.items() if (left := quantity - asked.get(key, 0))}


def _end(order: Order, *, by: User | None) -> Order:
    if order.shipped:
        return complete_if_done(order, by=by)
    with states.advance(order, to=S.CANCELED, by=by) as order:
        pass
    return order


@whole
def cancel_lines(
    order: Order, units: Mapping[int, int], *, reason: str = "", by: User | None = None
) -> Order:
    """Cancel units of lines that are not shipped yet."""
    with states.change(order, event="order.lines_canceled", by=by, reason=reason) as order:
        states.require_status(order, S.PLACED, S.CONFIRMED)
        take_off(order, units, reason=reason, by=by)
    return end_if_empty(order, by=by)


@whole
def end_if_empty(order: Order, *, by: User | None = None) -> Order:
    """Complete a locked order of which nothing is left to ship; cancel it, with its charges, if nothing was shipped."""
    if any(line.open_quantity for line in order.lines.all()):
        return order
    if order.shipped:
        return complete_if_done(order, by=by)
    order.charges.filter(is_invoiced=False).update(is_canceled=True)
    fulfillment_progress.record_canceled(order, {})
    return _end(order, by=by)


def take_off(
    order: Order,
    units: Mapping[int, int],
    *,
    reason: str = "",
    lowers_allowances: bool = True,
    by: User | None = None,
) -> None:
    """Cancel units of a locked order's lines, and free their stock; what a partner has is asked of them."""
    lines = {line.pk: line for line in order.lines.select_related("sku")}
    wanted = {key: quantity for key, quantity in units.items() if quantity}
    asked = entrusting.asked(order.number) if order.status == S.CONFIRMED else {}
    for key, quantity in wanted.items():
        open_now = lines[key].open_quantity - asked.get(key, 0) if key in lines else 0
        if not 0 < quantity <= open_now:
            raise Refused(
                _("You can cancel up to %(open_now)s units of line %(line)s, not %(quantity)s.")
                % {"quantity": quantity, "line": lines.get(key, key), "open_now": open_now}
                + _said_of_asked(asked.get(key, 0)),
                line=key,
                open=open_now,
            )
    if order.status == S.CONFIRMED:
        wanted = _stop(order, wanted, reason, by)
    fulfillment_progress.record_canceled(order, wanted, lowers_allowances=lowers_allowances)


def _said_of_asked(units: int) -> str:
    return (
        " " + _("A partner was asked already to cancel %(units)s.") % {"units": units}
        if units
        else ""
    )


@whole
def cancel_agreed(
    order: Order, agreed: Sequence[Reservation], *, reason: str = "", by: User | None = None
) -> Order:
    """Cancel what a partner agreed not to send."""
    with states.change(order, event="order.lines_canceled", by=by, reason=reason) as order:
        fulfillment_progress.record_canceled(order, entrusting.free_asked(agreed, by=by))
    return end_if_empty(order, by=by)


def is_done(order: Order) -> bool:
    """Whether nothing of an order is left to ship or to bill."""
    shipped = all(
        not line.open_quantity and line.invoiced >= line.shipped for line in order.lines.all()
    )
    return shipped and not order.charges.filter(is_invoiced=False, is_canceled=False).exists()


@whole
def complete_if_done(order: Order, *, by: User | None = None) -> Order:
    """Complete a confirmed order of which everything is shipped and billed, or canceled."""
    if order.status != S.CONFIRMED or not is_done(order):
        return order
    if not order.shipped:
        return _end(order, by=by)
    with states.advance(order, to=S.COMPLETED, by=by) as order:
        pass
    return order
