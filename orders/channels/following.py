"""What changed in a channel's order, taken over by difference; what can't be is on hold, saying what changed."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from inventory.models import SKU
from oms.core import money, money_text, states
from oms.core.errors import DomainError
from oms.core.locking import attempt, lock_one, whole
from orders import as_sold, fulfillment_progress, lifecycle, pricing, redirecting
from orders.accounting import channel_money
from orders.as_sold import SoldItem
from orders.channels import late_prices, translating
from orders.channels.connectors import Sold, SoldLine, SoldRefund, Stage
from orders.channels.models import ChannelAccount, ChannelCall, ChannelLine, ChannelOrder
from orders.models import Order, OrderHold, OrderLine

S = Order.Status
GONE = (Stage.CANCELED,)


@whole
def follow(
    account: ChannelAccount,
    row: ChannelOrder,
    order: Order,
    sold: Sold,
    before: Stage,
    dearer: Decimal,
) -> None:
    """Bring a locked order in line with its channel's. `dearer`: by how much its total changed there."""
    now = Stage(row.stage)
    if late_prices.are_due(row, order, sold):
        order, dearer = late_prices.take(account, row, order, sold), money.ZERO
    book_payments(account, order, sold)
    if now == Stage.CANCELED:
        _cancel(order, sold)
    elif order.status == S.CANCELED:
        if now in (Stage.SHIP, Stage.RESERVE):
            _hold_others(row, order, sold)
    else:
        gross = order.gross
        if _follow_lines(account, row, order, sold):
            _follow_total(lock_one(order), gross + dearer, len(sold.lines) + len(sold.charges))
        _follow_address(lock_one(order), sold)
        if now == Stage.SHIP and before == Stage.RESERVE:
            _release(order, sold)
        if now == Stage.HOLD and before != Stage.HOLD:
            _hold(
                order,
                OrderHold.Kind.STATE,
                _("The channel says “%(state)s”.") % {"state": sold.state},
            )
        if now == Stage.SHIP and before == Stage.HOLD:
            lift(
                lock_one(order),
                OrderHold.Kind.STATE,
                _("The channel says “%(state)s”.") % {"state": sold.state},
            )
        if sold.cancel_requested:
            _hold(order, OrderHold.Kind.CHANGED, _("The buyer asks to cancel."))
    _note_done(row, sold)


def _release(order: Order, sold: Sold) -> None:
    """Let an order go on that its channel released; a person looks first where there is a doubt."""
    for doubt in sold.doubts:
        _hold(order, OrderHold.Kind.STATE, doubt)
    lift(lock_one(order), OrderHold.Kind.PENDING, _("The channel released it."))


def _cancel(order: Order, sold: Sold) -> None:
    """Cancel what isn't picked; what is picked already waits for a person."""
    if order.status not in (S.PLACED, S.CONFIRMED):
        return
    if order.picked > order.shipped:
        _hold(order, OrderHold.Kind.CHANGED, _("Canceled in the channel, but picked already."))
        return
    reason = _("Canceled in the channel (%(state)s).") % {"state": sold.state}
    _try(order, lambda: lifecycle.cancel(order, reason=reason), reason)


def _hold_others(row: ChannelOrder, order: Order, sold: Sold) -> None:
    """An order that lives again after it was canceled here: new demand, and a person decides."""
    if order.shipped:
        return
    Order.objects.filter(pk=order.pk).update(external_id=f"{sold.id}~{order.pk}"[:80])
    entry = translating.entry(row.channel.account, sold)
    holds = [
        *entry.holds,
        (OrderHold.Kind.CHANGED, _("Canceled before, and alive in the channel again.")),
    ]
    new = as_sold.enter(entry.order, holds=holds, at=sold.placed_at)
    row.order = new
    row.save(update_fields=["order"])
    row.lines.all().delete()
    lines = {line.position: line for line in new.lines.all()}
    for each in sold.lines:
        link(row, each, lines.get(entry.positions.get(each.id, 0)), entry.factors.get(each.id, 1))


def link(row: ChannelOrder, each: SoldLine, line: OrderLine | None, factor: int) -> None:
    """Note which of our lines a channel's line became."""
    ChannelLine.objects.update_or_create(
        channel_order=row,
        external_id=each.id,
        defaults={
            "variant": each.variant,
            "line": line,
            "quantity": each.quantity,
            "factor": factor,
            "net": each.net,
            "tax": each.tax,
        },
    )


def _follow_total(order: Order, gross: Decimal, rows: int) -> None:
    """Have the total follow the channel's by a rounding of its own; more than that is for a person to see."""
    rest = gross - order.gross
    if not rest or order.status not in (S.PLACED, S.CONFIRMED):
        return
    if abs(rest) <= money.quantum(order.currency) * translating.CENT_A_LINE * max(1, rows):
        as_sold.round_off(order, rest)
        return
    _hold(
        order,
        OrderHold.Kind.AMOUNTS,
        _("The channel's total is %(there)s now, the order's %(here)s.")
        % {
            "there": money_text.display(gross, order.currency),
            "here": money_text.display(order.gross, order.currency),
        },
    )


def _follow_lines(account: ChannelAccount, row: ChannelOrder, order: Order, sold: Sold) -> bool:
    """Take over lines that changed; False where that must wait for a person."""
    known = {link.external_id: link for link in row.lines.select_related("line__sku")}
    changed = [
        line
        for line in sold.lines
        if line.id not in known or line.quantity != known[line.id].quantity
    ]
    gone = [
        each
        for key, each in known.items()
        if key not in {line.id for line in sold.lines} and each.quantity
    ]
    if not changed and not gone:
        return True
    if order.picked > order.shipped:
        _hold(
            order,
            OrderHold.Kind.CHANGED,
            _("Changed while picked: %(lines)s") % {"lines": _told(changed, gone)},
        )
        return False
    return _try(
        order,
        lambda: _apply(account, row, order, changed, gone, known),
        _("Its lines changed: %(lines)s") % {"lines": _told(changed, gone)},
    )


def _told(changed: Sequence[SoldLine], gone: Sequence[ChannelLine]) -> str:
    return ", ".join(
        [f"{line.quantity} × {line.sku or line.name}" for line in changed]
        + [f"0 × {each.variant}" for each in gone]
    )


def _apply(
    account: ChannelAccount,
    row: ChannelOrder,
    order: Order,
    changed: Sequence[SoldLine],
    gone: Sequence[ChannelLine],
    known: Mapping[str, ChannelLine],
) -> None:
    """Cancel units that went away, and add those that came with what the channel charges for them."""
    canceled: dict[int, int] = {}
    for each in gone:
        if each.line_id:
            canceled[each.line_id] = each.quantity * each.factor
        each.quantity = 0
        each.save(update_fields=["quantity"])
    added: list[SoldLine] = []
    for line in changed:
        before = known.get(line.id)
        if before is not None and before.line_id and line.quantity < before.quantity:
            canceled[before.line_id] = (before.quantity - line.quantity) * before.factor
            before.quantity, before.net, before.tax = line.quantity, line.net, line.tax
            before.save(update_fields=["quantity", "net", "tax"])
        else:
            added.append(line)
    canceled = {key: units for key, units in canceled.items() if units}
    if canceled:
        lifecycle.cancel_lines(order, canceled, reason=_("Changed in the channel."))
    if added:
        _add(account, row, lock_one(order), added, known)


def _add(
    account: ChannelAccount,
    row: ChannelOrder,
    order: Order,
    added: Sequence[SoldLine],
    known: Mapping[str, ChannelLine],
) -> None:
    listings = translating.listings_of(account, added)
    unknown = [line for line in added if listings[line.variant].sku is None]
    if unknown:
        _hold(
            order,
            OrderHold.Kind.ITEM,
            _("Unknown item: %(item)s") % {"item": unknown[0].sku or unknown[0].name},
        )
        return
    items = [
        _more(line, known.get(line.id), listings[line.variant].sku, listings[line.variant].factor)
        for line in added
    ]
    with states.change(order, event="order.amended") as order:
        lines = as_sold.append(order, items)
        if order.status == S.CONFIRMED:
            lifecycle.promise(order, lines, can_backorder=True)
        pricing.retotal(order)
        fulfillment_progress.summarize(order)
    for sold, line in zip(added, lines, strict=True):
        link(row, sold, line, listings[sold.variant].factor)


def _more(line: SoldLine, before: ChannelLine | None, sku: SKU | None, factor: int) -> SoldItem:
    """What is new of a line: the units and the amounts that came to what was known."""
    known = (before.quantity, before.net, before.tax) if before else (0, money.ZERO, money.ZERO)
    assert sku is not None
    return SoldItem(
        sku,
        (line.quantity - known[0]) * factor,
        line.net - known[1],
        line.tax - known[2],
        line.tax_percent,
        is_remitted=bool(line.tax_remitted),
        description=line.name,
    )


def _follow_address(order: Order, sold: Sold) -> None:
    ship_to = translating.address(sold.ship_to)
    if not ship_to or ship_to == order.ship_to or order.status not in (S.PLACED, S.CONFIRMED):
        return
    if all(order.ship_to.get(name) == value for name, value in ship_to.items()):
        return
    _try(
        order,
        lambda: redirecting.redirect(order, ship_to),
        _("The delivery address changed in the channel."),
    )


@whole
def book_payments(account: ChannelAccount, order: Order, sold: Sold) -> None:
    """Book what the buyer paid through the channel, each payment once; another amount later is for a person to see."""
    for payment in sold.payments:
        if not payment.is_captured or payment.amount <= 0:
            continue
        reference = f"{account.channel.code} {payment.id}"
        known = channel_money.received(reference)
        if known is None:
            on = order.company.day_of(payment.at) if payment.at else None
            channel_money.receive(order, payment.amount, reference=reference, on=on)
        elif known != payment.amount:
            _hold(
                order,
                OrderHold.Kind.CHANGED,
                _("The channel says that %(there)s was paid; %(here)s is booked.")
                % {
                    "there": money_text.display(payment.amount, order.currency),
                    "here": money_text.display(known, order.currency),
                },
            )


@whole
def follow_refund(account: ChannelAccount, row: ChannelOrder, refund: SoldRefund) -> None:
    """Book what the channel gave back, once: what wasn't shipped is canceled, the rest is credited."""
    assert row.order is not None
    reference = f"{account.channel.code} refund {refund.id}"
    if not refund.is_done or _is_ours(row, refund) or channel_money.is_refunded(reference):
        return
    order = lock_one(row.order)
    _try(
        order,
        lambda: _refund(row, order, refund, reference),
        _("A refund of %(amount)s in the channel can't be booked")
        % {"amount": money_text.display(refund.amount, order.currency)},
    )


def _is_ours(row: ChannelOrder, refund: SoldRefund) -> bool:
    """Whether we asked for a refund ourselves: it is booked already."""
    calls = row.calls.filter(kind=ChannelCall.Kind.REFUND)
    return calls.filter(Q(reference=refund.id) | Q(key=refund.key or None)).exists()


def _refund(row: ChannelOrder, order: Order, refund: SoldRefund, reference: str) -> None:
    links = {link.external_id: link for link in row.lines.all()}
    units = {
        links[key].line_id: count * links[key].factor
        for key, count in refund.units.items()
        if key in links and links[key].line_id and count
    }
    lines = {line.pk: line for line in order.lines.all()}
    rest: dict[int, int] = {}
    canceled: dict[int, int] = {}
    for key, count in units.items():
        assert key is not None
        open_now = min(count, lines[key].open_quantity)
        if open_now:
            canceled[key] = open_now
        if count > open_now:
            rest[key] = count - open_now
    if canceled and order.status in (S.PLACED, S.CONFIRMED):
        lifecycle.cancel_lines(order, canceled, reason=_("Refunded in the channel."))
    channel_money.give_back(
        lock_one(order), refund.amount, units=rest, reference=reference, note=refund.note
    )


def short(order: Order) -> list[str]:
    """What a locked, confirmed order lacks, as "2 × CODE"."""
    fulfillment_progress.follow(order)
    return [
        f"{missing} × {line.sku.code}"
        for line in order.lines.select_related("sku").order_by("position")
        if (missing := line.quantity - line.canceled - line.reserved) > 0
    ]


def _note_done(row: ChannelOrder, sold: Sold) -> None:
    """Where the channel says that all is done, and not all has left here, a person looks."""
    order = row.order
    if Stage(row.stage) != Stage.DONE or order is None:
        return
    order = lock_one(order)
    waits = order.status in (S.PLACED, S.CONFIRMED) and order.shipped < order.units - order.canceled
    if waits:
        _hold(
            order, OrderHold.Kind.CHANGED, _("Complete in the channel, but not shipped from here.")
        )


def _try(order: Order, act: Callable[[], object], trouble: str) -> bool:
    """Take a change over; where it is refused, the order is on hold and says so, and nothing of it is done."""
    try:
        with attempt():
            act()
            return True
    except DomainError as refused:
        _hold(order, OrderHold.Kind.CHANGED, f"{trouble}: {refused.message}")
        return False


def _hold(order: Order, kind: OrderHold.Kind, reason: str) -> None:
    order = lock_one(order)
    if order.status in (S.PLACED, S.CONFIRMED):
        as_sold.hold(order, [(kind, reason)])


def lift(order: Order, kind: OrderHold.Kind, note: str) -> None:
    """Lift a hold of one kind that the channel had placed."""
    if not order.holds.filter(kind=kind, released_at=None).exists():
        return
    with states.change(order, event="order.hold_released", note=note) as order:
        order.holds.filter(kind=kind, released_at=None).update(released_at=timezone.now())
