"""How a channel is: when it was heard of, what waits, what was refused, and what should worry somebody."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, F, Min, Q, Sum
from django.db.models.functions import TruncDate
from django.utils import timezone

from oms.core.money import ZERO
from orders.channels.models import ChannelAccount, ChannelCall, ChannelOrder, ChannelSignal, Listing
from orders.models import Order, OrderHold

MOST_SHOWN = 50
SILENCE = 5  # times the usual pause between orders, before silence is an alarm
USUAL_DAYS = 28


@dataclass
class Health:
    """What the page of a channel shows."""

    last_order: datetime | None = None
    oldest_signal: datetime | None = None
    signals: int = 0
    by_day: list[tuple[date, int]] = field(default_factory=list)
    changed: int = 0
    oldest_change: datetime | None = None
    unmatched: int = 0
    paused: int = 0
    refused: list[Listing] = field(default_factory=list)
    listings: int = 0
    unknown: int = 0
    calls_waiting: int = 0
    calls_failed: list[ChannelCall] = field(default_factory=list)
    held: list[tuple[str, int]] = field(default_factory=list)
    late: int = 0
    token_days: int | None = None
    is_silent: bool = False


def of(account: ChannelAccount) -> Health:
    """The figures of one channel."""
    found = Health()
    orders = ChannelOrder.objects.filter(channel=account.channel)
    found.last_order = orders.order_by("-placed_at").values_list("placed_at", flat=True).first()
    waiting = ChannelSignal.objects.filter(account=account, next_at__isnull=False)
    found.signals, found.oldest_signal = _count_and_oldest(waiting, "received_at")
    week = timezone.now() - timedelta(days=7)
    found.by_day = [
        (row["day"], row["count"])
        for row in orders.filter(placed_at__gt=week)
        .values(day=TruncDate("placed_at"))
        .annotate(count=Count("pk"))
        .order_by("day")
    ]
    _look_at_listings(found, account)
    calls = ChannelCall.objects.filter(channel_order__channel=account.channel)
    found.calls_waiting = calls.filter(next_at__isnull=False).count()
    found.calls_failed = list(
        calls.filter(state=ChannelCall.State.FAILED)
        .select_related("channel_order__order")
        .order_by("-pk")[:MOST_SHOWN]
    )
    found.held = _held(account)
    found.late = late(account)
    if account.authorized_until:
        found.token_days = (account.authorized_until - timezone.now()).days
    found.is_silent = is_silent(account)
    return found


def _look_at_listings(found: Health, account: ChannelAccount) -> None:
    rows = Listing.objects.filter(channel=account.channel)
    counts = rows.aggregate(
        listings=Count("pk"),
        unmatched=Count("pk", filter=Q(sku=None)),
        paused=Count("pk", filter=Q(is_paused=True)),
        unknown=Count("pk", filter=Q(verdict=Listing.Verdict.UNKNOWN)),
    )
    found.listings, found.unmatched = counts["listings"], counts["unmatched"]
    found.paused, found.unknown = counts["paused"], counts["unknown"]
    changed = rows.filter(changed_at__isnull=False, is_paused=False, sku__isnull=False)
    found.changed, found.oldest_change = _count_and_oldest(changed, "dirty_since")
    bad = (Listing.Verdict.INVALID, Listing.Verdict.MISSING)
    found.refused = list(
        rows.filter(verdict__in=bad).select_related("sku").order_by("-pushed_at")[:MOST_SHOWN]
    )


def _count_and_oldest(rows: Any, name: str) -> tuple[int, datetime | None]:
    found = rows.order_by().aggregate(count=Count("pk"), oldest=Min(name))
    return found["count"], found["oldest"]


def _held(account: ChannelAccount) -> list[tuple[str, int]]:
    """Open holds of the channel's orders by kind, the most first."""
    rows = (
        OrderHold.objects.filter(
            order__channel=account.channel,
            released_at=None,
            order__status__in=[Order.Status.PLACED, Order.Status.CONFIRMED],
        )
        .values("kind")
        .annotate(count=Count("pk"))
        .order_by("-count")
    )
    return [(str(OrderHold.Kind(row["kind"]).label), row["count"]) for row in rows]


def late(account: ChannelAccount) -> int:
    """Orders that must be shipped within a day, and are not."""
    return ChannelOrder.objects.filter(
        channel=account.channel,
        is_open=True,
        ship_by__lt=timezone.now() + timedelta(days=1),
        order__status__in=[Order.Status.PLACED, Order.Status.CONFIRMED],
    ).count()


def is_silent(account: ChannelAccount, now: datetime | None = None) -> bool:
    """Whether no order has come for much longer than usual: by the rate of the last four weeks, of at least ten."""
    now = now or timezone.now()
    rows = ChannelOrder.objects.filter(
        channel=account.channel, placed_at__gt=now - timedelta(days=USUAL_DAYS)
    )
    count = rows.count()
    last = rows.order_by("-placed_at").values_list("placed_at", flat=True).first()
    if count < 10 or last is None:
        return False
    return now - last > max(timedelta(hours=1), SILENCE * timedelta(days=USUAL_DAYS) / count)


@dataclass(frozen=True)
class Row:
    """A channel in the overview: today's orders and revenue, what waits and what is wrong."""

    account: ChannelAccount
    orders: int
    revenue: Any
    currency: str
    oversold: int
    late: int
    changed: int
    errors: int
    is_silent: bool


def overview(accounts: Any) -> list[Row]:
    """All channels with their figures of today."""
    return [_row(account) for account in accounts]


def _row(account: ChannelAccount) -> Row:
    company = account.channel.company
    orders = Order.objects.filter(channel=account.channel, placed_on=company.today())
    sums = orders.exclude(status=Order.Status.CANCELED).aggregate(
        count=Count("pk"), revenue=Sum(F("net") / F("exchange_rate"))
    )
    open_holds = OrderHold.objects.filter(
        order__channel=account.channel, kind=OrderHold.Kind.OVERSOLD, released_at=None
    )
    listings = Listing.objects.filter(channel=account.channel)
    calls = ChannelCall.objects.filter(channel_order__channel=account.channel)
    return Row(
        account,
        sums["count"],
        sums["revenue"] or ZERO,
        company.currency,
        open_holds.count(),
        late(account),
        listings.filter(changed_at__isnull=False, is_paused=False).count(),
        calls.filter(state=ChannelCall.State.FAILED).count()
        + listings.filter(verdict=Listing.Verdict.INVALID).count(),
        is_silent(account),
    )
