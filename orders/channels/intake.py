"""The one door by which orders of channels come in: whole, as they were sold, once, and by difference ever after."""

import hashlib
import json
from datetime import date, timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from oms.core import states
from oms.core.errors import DomainError
from oms.core.locking import advisory_lock, atomic, attempt, lock_one, whole
from orders import as_sold, lifecycle, screening
from orders.channels import accounts, following, marking, translating
from orders.channels.connectors import Connector, Sold, SoldRefund, Stage
from orders.channels.connectors.errors import NotFound
from orders.channels.models import ChannelAccount, ChannelLine, ChannelOrder
from orders.channels.models.account import sealed_json
from orders.models import Order, OrderHold

RAW_DAYS = 30  # that a channel's own answer is kept
CLOSED = (Stage.DONE, Stage.CANCELED, Stage.ELSEWHERE)


def take_now(account: ChannelAccount, external_id: str) -> bool:
    """Read an order from its channel and take it over; whether that changed something. Raises ChannelError."""
    return take(account, accounts.open_connector(account), external_id)


def take(account: ChannelAccount, connector: Connector, external_id: str) -> bool:
    """The same, by a connector that is open. An order that is gone there is noted as such."""
    try:
        sold = connector.order(external_id)
    except NotFound:
        return record_gone(account, external_id)
    return take_over(account, sold)


def take_over(account: ChannelAccount, sold: Sold) -> bool:
    """Take over a whole order as it is now, under a lock of its own; whether it changed since it was looked at last.

    An order that came from us is not taken in again.
    """
    if sold.is_ours:
        return False
    mark = fingerprint(sold)
    if not _take_over(account, sold, mark):
        return False
    # Each refund is a transaction of its own, after what it may cancel: money is locked last.
    for refund in sold.refunds:
        _follow_refund(account, sold, refund)
    if sold.refunds:
        _note_taken(account, sold, mark)
    return True


@whole
def _take_over(account: ChannelAccount, sold: Sold, mark: str) -> bool:
    """The order itself; its fingerprint is noted once its refunds are done, too, so that what stops is done again."""
    row = _locked(account, sold)
    if row is not None and row.fingerprint == mark:
        ChannelOrder.objects.filter(pk=row.pk).update(looked_at=timezone.now())
        return False
    if row is None:
        _begin(account, sold)
    else:
        _go_on(account, row, sold)
    marking.doubt(account.channel_id, {line.variant for line in sold.lines})
    if not sold.refunds:
        _note_taken(account, sold, mark)
    return True


def _note_taken(account: ChannelAccount, sold: Sold, mark: str) -> None:
    ChannelOrder.objects.filter(channel=account.channel, external_id=sold.id).update(
        fingerprint=mark
    )


def _locked(account: ChannelAccount, sold: Sold) -> ChannelOrder | None:
    """What we know of an order, which nobody else takes over until the transaction ends."""
    advisory_lock(f"channel order {account.channel_id} {sold.id}")
    return ChannelOrder.objects.filter(channel=account.channel, external_id=sold.id).first()


@whole
def _follow_refund(account: ChannelAccount, sold: Sold, refund: SoldRefund) -> None:
    row = _locked(account, sold)
    if row is not None and row.order is not None:
        following.follow_refund(account, row, refund)


def fingerprint(sold: Sold) -> str:
    """What tells an order from itself at another time; the channel's raw answer is left out."""
    facts = {name: value for name, value in vars(sold).items() if name != "raw"}
    text = json.dumps(facts, default=_plain, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: Any) -> Any:
    return vars(value) if hasattr(value, "__dict__") else str(value)


def _begin(account: ChannelAccount, sold: Sold) -> None:
    row = ChannelOrder(
        channel=account.channel,
        external_id=sold.id,
        placed_at=sold.placed_at,
        looked_at=timezone.now(),
    )
    _note(row, account, sold)
    row.save()
    if translating.stage(account, sold) == Stage.ELSEWHERE:
        return  # shipped by the marketplace from its own stock: a record of the sale
    if translating.stage(account, sold) == Stage.CANCELED:
        return  # it was over before we heard of it, or isn't sold yet
    if not any(line.quantity for line in sold.lines):
        return  # fees alone: nothing is to be shipped
    entry = translating.entry(account, sold)
    order = as_sold.enter(entry.order, holds=entry.holds, at=sold.placed_at)
    row.order = order
    row.save(update_fields=["order"])
    lines = {line.position: line for line in order.lines.all()}
    ChannelLine.objects.bulk_create(
        [
            ChannelLine(
                channel_order=row,
                external_id=each.id,
                variant=each.variant,
                net=each.net,
                tax=each.tax,
                line=lines.get(entry.positions.get(each.id, 0)),
                quantity=each.quantity,
                factor=entry.factors.get(each.id, 1),
            )
            for each in sold.lines
        ]
    )
    following.book_payments(account, order, sold)
    screening.follow_payment(lock_one(order))
    _proceed(account, row, order, sold)


def _proceed(account: ChannelAccount, row: ChannelOrder, order: Order, sold: Sold) -> None:
    """Confirm what nothing speaks against; what is only reserved, or short, is held afterwards."""
    order = lock_one(order)
    if order.status != Order.Status.PLACED or not account.confirms:
        return
    is_reserved = translating.stage(account, sold) == Stage.RESERVE
    if is_reserved and not sold.ship_to:  # the channel names the address when it releases the order
        following.lift(
            order, OrderHold.Kind.ADDRESS, _("The channel keeps it until it releases it.")
        )
        order = lock_one(order)
    if order.holds.filter(released_at=None).exists():
        return
    try:
        with attempt():
            order = lifecycle.confirm(order, can_backorder=True)
    except DomainError as refused:
        as_sold.hold(lock_one(order), [(OrderHold.Kind.STATE, refused.message)])
        return
    holds = []
    if is_reserved:
        holds.append(
            (
                OrderHold.Kind.PENDING,
                _("Not released by the channel yet (%(state)s).") % {"state": sold.state},
            )
        )
    short = following.short(order)
    if short:
        holds.append(
            (OrderHold.Kind.OVERSOLD, _("Missing: %(units)s") % {"units": ", ".join(short)})
        )
    if holds:
        as_sold.hold(order, holds)


def _go_on(account: ChannelAccount, row: ChannelOrder, sold: Sold) -> None:
    before, gross = Stage(row.stage), row.gross
    _note(row, account, sold)
    row.looked_at = timezone.now()
    row.save()
    if row.order is None:
        if Stage(row.stage) not in CLOSED and before in CLOSED:
            row.delete()  # it came to life: taken in like a new one
            _begin(account, sold)
        return
    order = lock_one(row.order)
    following.follow(account, row, order, sold, before, sold.gross - gross)
    order = lock_one(row.order)
    if order.status == Order.Status.PLACED:
        _proceed(account, row, order, sold)


def _note(row: ChannelOrder, account: ChannelAccount, sold: Sold) -> None:
    """What is kept of an order as the channel knows it."""
    stage = translating.stage(account, sold)
    row.number, row.state, row.stage = sold.number[:80], sold.state[:40], stage
    row.fingerprint, row.is_open = "", stage not in CLOSED
    row.gross = sold.gross
    row.ship_by, row.link = sold.ship_by, sold.link[:300]
    row.source, row.campaign, row.partner = sold.source[:60], sold.campaign[:80], sold.partner[:80]
    row.gift_message = sold.gift_message
    row.tax_remitted = sum(
        (
            *(line.tax_remitted for line in sold.lines),
            *(charge.tax_remitted for charge in sold.charges),
        ),
        start=translating.NOTHING,
    )
    if sold.raw:
        row.raw, row.raw_until = sealed_json(sold.raw), _raw_until(account)


def _raw_until(account: ChannelAccount) -> date:
    days = int(account.settings.get("raw_days", RAW_DAYS))
    most = getattr(accounts.provider_of(account), "most_raw_days", days)
    days = min(days, most)
    return account.channel.company.today() + timedelta(days=days)


def record_gone(account: ChannelAccount, external_id: str) -> bool:
    """Note that the channel no longer has an order: a person decides what becomes of ours. Whether that is news."""
    with atomic():
        rows = ChannelOrder.objects.filter(channel=account.channel, external_id=external_id)
        row = rows.select_related("order").first()
        rows.update(is_open=False, looked_at=timezone.now())
        if row is None or not row.is_open:
            return False
        order = row.order
        if order is not None and order.status in (Order.Status.PLACED, Order.Status.CONFIRMED):
            order = lock_one(order)
            if order.shipped < order.units - order.canceled:
                as_sold.hold(
                    order, [(OrderHold.Kind.STATE, _("The channel no longer has this order."))]
                )
    return True


def retry_unmatched(account: ChannelAccount) -> int:
    """Give lines of unknown items the SKUs that their listings are matched to by now; how many orders that freed."""
    rows = ChannelOrder.objects.filter(
        channel=account.channel,
        order__status=Order.Status.PLACED,
        order__holds__kind=OrderHold.Kind.ITEM,
        order__holds__released_at=None,
    )
    return sum(_retry(account, row) for row in rows.select_related("order").order_by("pk"))


def _retry(account: ChannelAccount, row: ChannelOrder) -> bool:
    assert row.order is not None
    with atomic():
        order = lock_one(row.order)
        if not translating.match_lines(row, order):
            return False
        with states.change(
            order, event="order.hold_released", note=_("Its items are known.")
        ) as order:
            order.holds.filter(kind=OrderHold.Kind.ITEM, released_at=None).update(
                released_at=timezone.now()
            )
        ChannelOrder.objects.filter(pk=row.pk).update(
            fingerprint=""
        )  # looked at as if it had changed
    take_now(account, row.external_id)
    return True
