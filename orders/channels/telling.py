"""Telling channels what was shipped, canceled and refunded: asked in a row, said outside of transactions, recorded.

Before anything is said again after an unknown outcome, the channel is asked whether it knows it already.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, cast

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from oms.core import attention, money
from oms.core.event_handlers import WORLD_PAUSES
from orders.channels import accounts, marking
from orders.channels.connectors import Connector, Deferring, Done, Parcel, RefundRequest, Sold
from orders.channels.connectors.errors import (
    AlreadyDone,
    AuthEnded,
    ChannelError,
    Invalid,
    ScopeMissing,
    Throttled,
    Unknown,
)
from orders.channels.models import ChannelAccount, ChannelCall, ChannelOrder
from orders.models import Order

PENDING_PAUSE = timedelta(minutes=1)
LEASE = timedelta(minutes=10)  # for a call and what is asked before it, each of which may time out
Kind, State = ChannelCall.Kind, ChannelCall.State


@dataclass(frozen=True)
class ShippedParcel:
    """A parcel that left, as plain data: our number of it, and base units by the key of the order's line."""

    number: str
    units: Mapping[int, int]
    carrier: str = ""
    tracking: str = ""
    tracking_url: str = ""
    shipped_at: datetime | None = None


def shipped(order: Order, parcels: Sequence[ShippedParcel]) -> None:
    """Ask that a channel is told of parcels of its order; each once."""
    row = _row(order)
    if row is None:
        return
    for parcel in parcels:
        units = _pieces(row, parcel.units)
        if units:
            _ask(
                row,
                Kind.SHIP,
                f"ship {parcel.number}",
                number=parcel.number,
                units=units,
                carrier=parcel.carrier,
                tracking=parcel.tracking,
                tracking_url=parcel.tracking_url,
                shipped_at=parcel.shipped_at.isoformat() if parcel.shipped_at else "",
            )


def canceled(order: Order, reason: str) -> None:
    """Ask that a channel cancels its order, which was canceled here."""
    row = _row(order)
    if row is not None and row.is_open:
        _ask(row, Kind.CANCEL, f"cancel {order.number}", reason=reason)


def refunded(
    order: Order, refund: int, amount: Decimal, units: Mapping[int, int], reason: str
) -> None:
    """Ask that a channel gives money back; `units` by the key of the order's line."""
    row = _row(order)
    if row is not None:
        _ask(
            row,
            Kind.REFUND,
            f"refund {refund}",
            refund=refund,
            amount=str(amount),
            units=_pieces(row, units),
            reason=reason,
        )


def _row(order: Order) -> ChannelOrder | None:
    return (
        ChannelOrder.objects.filter(order=order, channel__account__connected_at__isnull=False)
        .select_related("channel__account")
        .first()
    )


def _pieces(row: ChannelOrder, units: Mapping[int, int]) -> dict[str, int]:
    """Listed pieces by the id of the channel's line; a part of a pack counts with the parcel that completes it."""
    return {
        link.external_id: pieces
        for link in row.lines.filter(line__in=units)
        if link.line_id and (pieces := units[link.line_id] // link.factor)
    }


def _ask(row: ChannelOrder, kind: str, key: str, **body: Any) -> None:
    ChannelCall.objects.bulk_create(
        [ChannelCall(channel_order=row, kind=kind, key=key[:80], body=body)], ignore_conflicts=True
    )


def send_due() -> int:
    """Make the calls that are due, those of an order in their order; how many were told."""
    told = 0
    for account in _with_due():
        try:
            connector = accounts.open_connector(account)
            while (call := _claim(account)) is not None:
                told += _make(account, connector, call)
        except accounts.FAILURES as error:
            accounts.record_failure(account, error)
    return told


def _due(now: datetime) -> "QuerySet[ChannelCall]":
    """Calls that may be made: of each order the oldest that isn't over."""
    before = ChannelCall.objects.filter(
        channel_order=OuterRef("channel_order"), pk__lt=OuterRef("pk"), next_at__isnull=False
    )
    return ChannelCall.objects.filter(
        ~Exists(before),
        Q(channel_order__channel__account__wait_until=None)
        | Q(channel_order__channel__account__wait_until__lte=now),
        next_at__lte=now,
        channel_order__channel__account__tells_back=True,
        channel_order__channel__account__stopped_at=None,
        channel_order__channel__account__connected_at__isnull=False,
    )


def _with_due() -> list[ChannelAccount]:
    channels = _due(timezone.now()).values("channel_order__channel")
    return list(
        ChannelAccount.objects.filter(channel__in=channels).select_related("channel__company")
    )


def _claim(account: ChannelAccount) -> ChannelCall | None:
    """Take the oldest call that is due, and commit that it is being made before it is made."""
    now = timezone.now()
    due = _due(now).filter(channel_order__channel=account.channel_id).order_by("pk")
    for key in due.values_list("pk", flat=True)[:20]:
        taken = ChannelCall.objects.filter(pk=key, next_at__lte=now).update(next_at=now + LEASE)
        if taken:
            return ChannelCall.objects.select_related("channel_order__order").get(pk=key)
    return None


def _make(account: ChannelAccount, connector: Connector, call: ChannelCall) -> bool:
    """Say it, unless the channel knows it already; record what became of it."""
    was_called = call.state == State.CALLED
    try:
        if call.state == State.PENDING:
            return _settle(call, _settled(connector, call))
        order = connector.order(call.channel_order.external_id)
        known = _find(connector, order, call) if was_called else None
        if known is None:
            ChannelCall.objects.filter(pk=call.pk).update(state=State.CALLED)
            known = _say(connector, order, call)
        return _settle(call, known)
    except AlreadyDone:
        _record_told(call, Done(call.reference))
        return True
    except Throttled as error:
        wait = timedelta(seconds=error.after if error.is_narrow else 0)
        ChannelCall.objects.filter(pk=call.pk).update(next_at=timezone.now() + wait)
        if error.is_narrow:
            return False
        raise
    except ChannelError as error:
        _record_failed(account, call, error, was_called or isinstance(error, Unknown))
        return False


def _settled(connector: Connector, call: ChannelCall) -> Done:
    """How far a pending call is: by its reference, or as the order shows it."""
    if connector.abilities.defers:
        return cast("Deferring", connector).settled(call.reference)
    order = connector.order(call.channel_order.external_id)
    return _find(connector, order, call) or Done(call.reference, is_pending=True)


def _settle(call: ChannelCall, done: Done) -> bool:
    """Record what is done; what is pending is asked for again, and is shown after three days."""
    if not done.is_pending:
        _record_told(call, done)
        return True
    attempts = call.attempts + 1 if call.state == State.PENDING else 0
    if attempts > len(WORLD_PAUSES):
        raise Invalid(_("The channel hasn't processed this for three days. Look there."))
    ChannelCall.objects.filter(pk=call.pk).update(
        state=State.PENDING,
        reference=done.reference[:120],
        attempts=attempts,
        next_at=timezone.now() + max(WORLD_PAUSES[max(0, attempts - 1)], PENDING_PAUSE),
        error="",
    )
    return False


def _find(connector: Connector, order: Sold, call: ChannelCall) -> Done | None:
    if call.kind == Kind.SHIP:
        return connector.find_shipment(order, parcel_of(call))
    if call.kind == Kind.REFUND:
        return connector.find_refund(order, refund_of(call, order, _others(call)))
    return Done("") if order.stage == "canceled" else None


def _say(connector: Connector, order: Sold, call: ChannelCall) -> Done:
    if call.kind == Kind.SHIP:
        return connector.ship(order, parcel_of(call))
    if call.kind == Kind.REFUND:
        return connector.refund(order, refund_of(call, order))
    if order.stage == "canceled":
        return Done("")
    return connector.cancel(order, call.key, call.body.get("reason", ""))


def parcel_of(call: ChannelCall) -> Parcel:
    """The parcel that a call tells of."""
    body = call.body
    return Parcel(
        body["number"],
        body["units"],
        body["carrier"],
        body["tracking"],
        body["tracking_url"],
        parse_datetime(body["shipped_at"]) if body["shipped_at"] else None,
    )


def refund_of(call: ChannelCall, order: Sold, others: Collection[str] | None = ()) -> RefundRequest:
    """The refund that a call asks for, its amount with the decimals of its currency."""
    body = call.body
    return RefundRequest(
        call.key,
        money.round_amount(Decimal(body["amount"]), order.currency),
        order.currency,
        body["units"],
        reason=body["reason"],
        asked_at=call.asked_at,
        others=others,
    )


def _others(call: ChannelCall) -> list[str] | None:
    """What the channel's other refunds since a call was asked for are known as; None while one has no outcome."""
    rows = ChannelCall.objects.filter(
        channel_order__channel=call.channel_order.channel_id, kind=Kind.REFUND
    ).exclude(pk=call.pk)
    if rows.filter(state=State.CALLED).exists():
        return None
    since = call.asked_at - PENDING_PAUSE
    return list(
        rows.filter(Q(told_at=None) | Q(told_at__gte=since))
        .exclude(reference="")
        .values_list("reference", flat=True)
    )


def _record_told(call: ChannelCall, done: Done) -> None:
    ChannelCall.objects.filter(pk=call.pk).update(
        state=State.DONE,
        reference=done.reference[:120],
        told_at=timezone.now(),
        next_at=None,
        error="",
    )
    if call.kind != Kind.SHIP:  # the channel may have put stock back by itself
        row = call.channel_order
        marking.doubt(row.channel_id, set(row.lines.values_list("variant", flat=True)))
    for follow in _told:
        follow(call, done)


def _record_failed(
    account: ChannelAccount, call: ChannelCall, error: ChannelError, is_unknown: bool
) -> None:
    """Try again later; what the channel refuses for good is shown, and so is what has failed for three days."""
    attempts = call.attempts + 1
    waits_for_person = isinstance(error, AuthEnded | ScopeMissing)
    is_over = (error.permanent and not waits_for_person) or attempts > len(WORLD_PAUSES)
    ChannelCall.objects.filter(pk=call.pk).update(
        attempts=attempts,
        error=error.message[:300],
        state=State.FAILED if is_over else State.CALLED if is_unknown else call.state,
        next_at=None if is_over else timezone.now() + WORLD_PAUSES[attempts - 1],
    )
    if waits_for_person or not error.permanent:
        accounts.record_failure(account, error)
    for follow in _failed if is_over else ():
        follow(call, error)


_told: list[Any] = []
_failed: list[Any] = []


def after_telling(told: Any, failed: Any) -> None:
    """Name functions of a call and its answer, or its error, for what follows from it."""
    _told.append(told)
    _failed.append(failed)


def again(call: ChannelCall) -> None:
    """Say it again: what was asked before an unknown outcome is looked up first."""
    ChannelCall.objects.filter(pk=call.pk).exclude(state=State.DONE).update(
        state=State.CALLED if call.attempts else State.ASKED,
        attempts=0,
        next_at=timezone.now(),
        error="",
    )


def failed() -> "QuerySet[ChannelCall]":
    """What channels refused, or could not be told."""
    return ChannelCall.objects.filter(state=State.FAILED)


def late_orders(hours: int = 24) -> "QuerySet[ChannelOrder]":
    """Orders that must be shipped within hours, and are not."""
    return ChannelOrder.objects.filter(
        is_open=True,
        ship_by__lt=timezone.now() + timedelta(hours=hours),
        order__status__in=[Order.Status.PLACED, Order.Status.CONFIRMED],
    )


def _told_failed(count: int) -> str:
    return ngettext(
        "A channel refused %(count)s message.", "Channels refused %(count)s messages.", count
    ) % {"count": count}


def _told_late(count: int) -> str:
    return ngettext(
        "%(count)s order must be shipped within a day, says its channel.",
        "%(count)s orders must be shipped within a day, say their channels.",
        count,
    ) % {"count": count}


attention.watch(failed, _told_failed)
attention.watch(late_orders, _told_late)
