"""Looking what changed at channels: since the cursor, with overlap; open orders each hour; ids of a day."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType

from django.db.models import Q
from django.utils import timezone

from oms.core.errors import DomainError
from orders.channels import accounts, incoming, intake
from orders.channels.connectors import Change, Connector, Sold, every
from orders.channels.models import ChannelAccount, ChannelOrder

LOOK_EVERY = timedelta(seconds=60)
SWEEP_EVERY = timedelta(hours=1)
LEASE = timedelta(minutes=10)  # that a look may take
OPEN_FOR = timedelta(
    days=90
)  # younger orders are read again, too: refunds may not move the shop's own mark
MOST_SWEPT = 200  # orders that one sweep reads


def pull(account: ChannelAccount) -> int:
    """Take over what changed since the last look; returns how many orders changed here.

    The cursor is a hint: each look begins before it by the provider's overlap, and what is known already is told
    apart by its fingerprint. It moves on only after all pages were read.
    """
    connector = accounts.open_connector(account)
    started = timezone.now()
    overlap = timedelta(minutes=connector.abilities.overlap_minutes)
    since = (account.cursor or started) - overlap
    changed, latest, seen = 0, account.cursor or started, set[Change]()
    notes, pages = list[str](), 0
    for page in every(lambda page: connector.changed(since, page)):
        read_at, pages = timezone.now(), pages + 1
        for change in page.changes:
            if change not in seen and _is_new(account, change, overlap):
                changed += _take(account, connector, change.id, page.orders, read_at)
            seen.add(change)  # pages overlap
            latest = max(latest, min(change.changed_at, started))
        notes += page.notes
    pause = max(LOOK_EVERY, timedelta(seconds=pages / connector.abilities.budget.per_second))
    ChannelAccount.objects.filter(pk=account.pk).update(
        cursor=latest, pulled_at=timezone.now(), pull_at=timezone.now() + pause
    )
    accounts.record_success(account, " ".join(notes))
    return changed


def _take(
    account: ChannelAccount,
    connector: Connector,
    external_id: str,
    given: Mapping[str, Sold] = MappingProxyType({}),
    read_at: datetime | None = None,
) -> bool:
    """Take an order over; one that can't be must not stand in the way of others, and is tried again like a signal.

    `given`: orders that a list gave whole, read at a time; one that was looked at since then is read again.
    """
    try:
        sold = given.get(external_id)
        if sold is not None and not _is_looked_at(account, external_id, read_at):
            return intake.take_over(account, sold)
        return intake.take(account, connector, external_id)
    except DomainError as error:
        if not incoming.is_of_one_order(error):
            raise
        incoming.note_failed(account, external_id, error)
        return False


def _is_new(account: ChannelAccount, change: Change, overlap: timedelta) -> bool:
    """Whether an order is to be read: not if it was read after it changed, with room for a shop's slow clock."""
    looked = (
        ChannelOrder.objects.filter(channel=account.channel, external_id=change.id)
        .values_list("looked_at", flat=True)
        .first()
    )
    return looked is None or change.changed_at + min(overlap, timedelta(minutes=2)) > looked


def _is_looked_at(account: ChannelAccount, external_id: str, since: datetime | None) -> bool:
    return ChannelOrder.objects.filter(
        channel=account.channel, external_id=external_id, looked_at__gte=since
    ).exists()


def sweep(account: ChannelAccount) -> int:
    """Read open orders again, those not looked at for the longest first; whole, and compared by fingerprint.

    Where single orders have a budget of their own, half of what it allows at once is read; the next look goes on.
    """
    connector = accounts.open_connector(account)
    budget = connector.abilities.order_budget
    most = min(MOST_SWEPT, budget.burst // 2) if budget else MOST_SWEPT
    now = timezone.now()
    rows = ChannelOrder.objects.filter(
        Q(is_open=True) | Q(placed_at__gt=now - OPEN_FOR), channel=account.channel
    ).filter(looked_at__lt=now - SWEEP_EVERY)
    changed = 0
    found = list(rows.order_by("looked_at")[:most])
    for row in found:
        changed += _take(account, connector, row.external_id)
    if budget is None or len(found) < most:
        ChannelAccount.objects.filter(pk=account.pk).update(swept_at=now)
    return changed


def missing_ids(connector: Connector, account: ChannelAccount, day: datetime) -> list[str]:
    """Ids that the channel has of a day and we don't."""
    until = day + timedelta(days=1)
    there = {
        change.id
        for page in every(lambda page: connector.placed(day, until, page))
        for change in page.changes
    }
    known = ChannelOrder.objects.filter(channel=account.channel, external_id__in=there).values_list(
        "external_id", flat=True
    )
    return sorted(there - set(known))


def compare(account: ChannelAccount, days: int = 7) -> dict[str, list[str]]:
    """Compare the ids of the last days with ours, and take over what is missing; the ids by day that were missing."""
    connector = accounts.open_connector(account)
    today = timezone.now().replace(hour=0, minute=0, second=0, microsecond=0)
    found = {}
    for ago in range(days):
        day = today - timedelta(days=ago)
        missing = missing_ids(connector, account, day)
        for external_id in missing:
            _take(account, connector, external_id)
        if missing:
            found[day.date().isoformat()] = missing
    return found


def due() -> list[ChannelAccount]:
    """Accounts that are to be looked at now."""
    now = timezone.now()
    rows = ChannelAccount.objects.filter(
        Q(pull_at=None) | Q(pull_at__lte=now),
        Q(wait_until=None) | Q(wait_until__lte=now),
        connected_at__isnull=False,
        stopped_at=None,
        pulls_orders=True,
    )
    return list(rows.select_related("channel__company").order_by("pull_at"))


def look(account: ChannelAccount) -> None:
    """Pull an account; sweep it where an hour has passed. What fails is noted, and tried again later."""
    try:
        pull(account)
        if account.swept_at is None or account.swept_at < timezone.now() - SWEEP_EVERY:
            sweep(account)
    except accounts.FAILURES as error:
        accounts.record_failure(account, error)


def claim(account: ChannelAccount) -> bool:
    """Put the next look off, so that no other worker looks meanwhile; whether this one may."""
    now = timezone.now()
    free = ChannelAccount.objects.filter(Q(pull_at=None) | Q(pull_at__lte=now), pk=account.pk)
    return bool(free.update(pull_at=now + LEASE))
