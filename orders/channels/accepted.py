"""Looking again at numbers that a channel accepted without saying whether they were applied."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta
from typing import cast

from django.utils import timezone

from orders.channels import accounts, marking
from orders.channels.connectors import Connector, InBulk, StockRow
from orders.channels.models import ChannelAccount, Listing

AFTER = timedelta(minutes=5)  # by then most are applied
MOST = 100  # listings of one look


def look_again() -> int:
    """Read what channels show of numbers that they accepted a while ago; how many were settled. What fails is noted."""
    found = 0
    for account in _waiting():
        try:
            found += _look(account)
        except accounts.FAILURES as error:
            accounts.record_failure(account, error)
    return found


def _waiting() -> list[ChannelAccount]:
    now = timezone.now()
    channels = Listing.objects.filter(
        verdict=Listing.Verdict.ACCEPTED, pushed_at__lt=now - AFTER
    ).values("channel")
    rows = ChannelAccount.objects.filter(
        channel__in=channels, stopped_at=None, connected_at__isnull=False, pushes_stock=True
    )
    return list(rows.exclude(wait_until__gt=now).select_related("channel__company"))


def _look(account: ChannelAccount) -> int:
    rows = list(
        Listing.objects.filter(
            channel=account.channel,
            verdict=Listing.Verdict.ACCEPTED,
            pushed_at__lt=timezone.now() - AFTER,
        ).order_by("pushed_at", "pk")[:MOST]
    )
    connector = accounts.open_connector(account)
    open_rows = _read_reports(connector, rows)
    shown = connector.quantities(
        [StockRow(row.external_id, row.shown or 0, row.external_sku) for row in open_rows]
    )
    for row in open_rows:
        _settle(row, shown.get(row.external_id))
    return len(open_rows)


def _read_reports(connector: Connector, rows: Sequence[Listing]) -> list[Listing]:
    """Note what reports of requests of many numbers refuse; the rows of which no report says so.

    Rows whose request is still processed are put off.
    """
    by_batch: dict[str, list[Listing]] = defaultdict(list)
    for row in rows:
        by_batch[row.batch].append(row)
    found = by_batch.pop("", [])
    for batch, part in by_batch.items():
        refused = cast("InBulk", connector).report(batch)
        for row in part:
            mine = Listing.objects.filter(pk=row.pk)
            if refused is None:
                mine.update(pushed_at=timezone.now() - AFTER / 2)
            elif row.external_id in refused:
                told = refused[row.external_id]
                mine.update(verdict=told.verdict.value, message=told.message[:300], batch="")
            else:
                found.append(row)
    return found


def _settle(row: Listing, number: int | None) -> None:
    """Note what a channel shows; another number than was sent is sent again."""
    mine = Listing.objects.filter(pk=row.pk, verdict=Listing.Verdict.ACCEPTED)
    if number == row.shown:
        mine.update(verdict=Listing.Verdict.SET, seen_at=timezone.now(), batch="")
        return
    mine.update(verdict=Listing.Verdict.STALE, shown=number, seen_at=timezone.now(), batch="")
    marking.mark_listings(Listing.objects.filter(pk=row.pk))
