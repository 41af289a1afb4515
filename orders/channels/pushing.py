"""Showing stock at channels: what changed is marked; one sender per channel computes it at the moment of sending."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import cast

from django.db.models import Q, QuerySet
from django.utils import timezone

from inventory import stock_changes
from oms.core.locking import atomic
from orders.channels import accounts, availability, budgets, marking, outcomes, pulling
from orders.channels.connectors import Abilities, Connector, InBulk, StockRow
from orders.channels.connectors.errors import Throttled, Unknown
from orders.channels.models import ChannelAccount, Listing
from orders.channels.outcomes import Planned
from orders.channels.planners import shown as planner
from orders.channels.planners.shown import Push

MOST = 5000  # listings of one round
PULL_AGAIN = timedelta(seconds=5)  # a look at the channel's orders that is younger counts
RESERVE = 50  # revisions of a day that are kept for going to and from 0
LATER = timedelta(minutes=10)
QUICK = 1  # looks a second that a channel must allow to be looked at before and after each push


def fan_out() -> int:
    """Mark the listings of SKUs whose stock changed, kits with them included; how many SKUs that were."""
    with atomic():
        skus = stock_changes.take()
        if skus:
            marking.mark(skus)
    return len(skus)


def due() -> list[ChannelAccount]:
    """Accounts with something to send."""
    now = timezone.now()
    rows = ChannelAccount.objects.filter(
        Q(wait_until=None) | Q(wait_until__lte=now),
        Q(pushing_until=None) | Q(pushing_until__lte=now),
        Q(stock_wait_until=None) | Q(stock_wait_until__lte=now),
        pushes_stock=True,
        stopped_at=None,
        connected_at__isnull=False,
    )
    return [row for row in rows.select_related("channel__company") if _dirty(row, now).exists()]


def _dirty(account: ChannelAccount, now: datetime) -> "QuerySet[Listing]":
    return Listing.objects.filter(
        Q(retry_at=None) | Q(retry_at__lte=now),
        channel=account.channel_id,
        changed_at__isnull=False,
        is_paused=False,
    )


def push(account: ChannelAccount) -> int:
    """Send what changed, as the channel's only sender; how many numbers were sent. What fails is noted.

    It takes the channel's own changed orders in first, where the budget allows it, and computes at the moment of
    sending; what must not wait goes first. Afterwards it has the channel looked at again.
    """
    if not _claim(account):
        return 0
    sent = 0
    try:
        connector = accounts.open_connector(account)
        while True:
            _pull_first(account, connector)
            count, more = _round(account, connector)
            sent += count
            if not more:
                break
        if sent and connector.abilities.budget.per_second >= QUICK:
            ChannelAccount.objects.filter(pk=account.pk).update(pull_at=timezone.now())
        accounts.record_success(account)
    except Throttled as error:
        if not error.is_narrow:
            accounts.record_failure(account, error)
        until = timezone.now() + timedelta(seconds=error.after)
        ChannelAccount.objects.filter(pk=account.pk).update(stock_wait_until=until)
    except accounts.FAILURES as error:
        accounts.record_failure(account, error)
    finally:
        ChannelAccount.objects.filter(pk=account.pk).update(pushing_until=None)
    return sent


def _claim(account: ChannelAccount) -> bool:
    now = timezone.now()
    free = ChannelAccount.objects.filter(
        Q(pushing_until=None) | Q(pushing_until__lte=now), pk=account.pk
    )
    return bool(free.update(pushing_until=now + budgets.LEASE))


def _pull_first(account: ChannelAccount, connector: Connector) -> None:
    """Take the channel's changed orders in before its stock is computed, where one look costs little of its budget."""
    account.refresh_from_db(fields=["pulled_at", "cursor"])
    is_fresh = account.pulled_at and account.pulled_at > timezone.now() - PULL_AGAIN
    if account.pulls_orders and not is_fresh and connector.abilities.budget.per_second >= QUICK:
        pulling.pull(account)


def _round(account: ChannelAccount, connector: Connector) -> tuple[int, bool]:
    """Send one round; how many numbers, and whether more waits that may be sent now."""
    now = timezone.now()
    most = _most(connector.abilities)
    listings, more = listings_of_round(_dirty(account, now).select_related("sku", "channel"), most)
    if not listings:
        return 0, False
    planned = _plan(account, connector.abilities, listings)
    outcomes.settle([each for each in planned if not _differs(each)])
    unmatched = [row.pk for row in listings if row.sku is None or not row.is_tracked]
    with atomic():
        outcomes.listings(unmatched).update(changed_at=None, dirty_since=None)
    by_key = {each.listing.pk: each for each in planned if _differs(each)}
    ordered = planner.in_order(
        Push(key, each.listing.shown, each.total) for key, each in by_key.items()
    )
    ordered, put_off = _within_revisions(connector.abilities, ordered, by_key, account)
    with atomic():
        outcomes.listings(put_off).update(retry_at=now + LATER, verdict=Listing.Verdict.LATER)
    sent, ordered = _send_many(account, connector, ordered, by_key)
    batch = connector.abilities.batch
    for start in range(0, len(ordered), batch):
        if not budgets.spend(account, connector.abilities):
            return sent, False
        part = [by_key[push.key] for push in ordered[start : start + batch]]
        sent += _send(account, connector, part)
    return sent, more


def _send_many(
    account: ChannelAccount,
    connector: Connector,
    ordered: Sequence[Push],
    by_key: Mapping[int, Planned],
) -> tuple[int, list[Push]]:
    """Have many numbers set by one request, where the channel takes such; how many, and what is sent one by one.

    What must not wait isn't among them: the channel processes them when it likes.
    """
    bulk, now = connector.abilities.bulk, timezone.now()
    slow = [push for push in ordered if not planner.is_crossing(push)]
    if bulk is None or len(slow) < bulk.rows_from or (account.bulk_at and account.bulk_at > now):
        return 0, list(ordered)
    account.bulk_at = now + timedelta(seconds=1 / bulk.budget.per_second)
    ChannelAccount.objects.filter(pk=account.pk).update(bulk_at=account.bulk_at)
    part = [by_key[push.key] for push in slow[: bulk.most]]
    outcomes.record_unknown(part)
    reference = cast("InBulk", connector).set_many([_row_of(each, "") for each in part])
    outcomes.record_accepted(part, reference, account.channel.company.today())
    left = {push.key for push in slow[: bulk.most]}
    return len(part), [push for push in ordered if push.key not in left]


def _row_of(each: Planned, location: str) -> StockRow:
    row = each.listing
    return StockRow(
        row.external_id,
        each.wanted[location],
        row.external_sku,
        row.parent,
        row.stock_id,
        location,
        row.shown if len(each.wanted) == 1 else None,
    )


def _most(abilities: Abilities) -> int:
    """Listings of one round: what the budget lets leave within two seconds, so that urgent ones wait no longer."""
    if abilities.bulk is not None:
        return MOST
    allowed = int(2 * abilities.batch * abilities.stock_budget.per_second)
    return max(abilities.batch, min(allowed, MOST))


def listings_of_round(dirty: "QuerySet[Listing]", most: int) -> tuple[list[Listing], bool]:
    """The listings of a round, and whether there are more.

    Of many it is half those that wait longest, half those that changed last: among the latter are sales of last units,
    which must not wait for a long backlog.
    """
    oldest = list(dirty.order_by("changed_at", "pk")[:most])
    if len(oldest) < most:
        return oldest, False
    newest = dirty.order_by("-changed_at", "-pk")[: most // 2]
    known = {row.pk: row for row in [*oldest[: most - most // 2], *newest]}
    return list(known.values()), True


def _plan(
    account: ChannelAccount, abilities: Abilities, listings: Sequence[Listing]
) -> list[Planned]:
    known = [row for row in listings if row.sku is not None and row.is_tracked]
    numbers = availability.quantities(account, known, abilities.meaning)
    wanted: dict[int, dict[str, int]] = {row.pk: {} for row in known}
    for (key, location), pieces in numbers.items():
        wanted[key][location] = pieces
    return [Planned(row, wanted[row.pk], row.changed_at) for row in known if row.changed_at]


def _differs(each: Planned) -> bool:
    return each.listing.shown != each.total or each.listing.verdict in (
        Listing.Verdict.UNKNOWN,
        Listing.Verdict.STALE,
    )


def _within_revisions(
    abilities: Abilities,
    ordered: Sequence[Push],
    by_key: Mapping[int, Planned],
    account: ChannelAccount,
) -> tuple[list[Push], list[int]]:
    """What a channel's limit of revisions a day allows; the last ones are kept for going to and from 0."""
    most, today = abilities.revisions_a_day, account.channel.company.today()
    if most is None:
        return list(ordered), []
    now, later = list[Push](), list[Push]()
    for push in ordered:
        row = by_key[push.key].listing
        used = row.revisions if row.revised_on == today else 0
        may = used < most - (0 if planner.is_crossing(push) else RESERVE)
        (now if may else later).append(push)
    return now, [push.key for push in later]


def _send(account: ChannelAccount, connector: Connector, part: Sequence[Planned]) -> int:
    rows = [_row_of(each, location) for each in part for location in each.wanted]
    key = hashlib.sha256(
        "|".join(f"{row.variant}/{row.location}/{row.quantity}" for row in rows).encode()
        + (part[0].changed_at.isoformat()).encode()
    ).hexdigest()[:32]
    outcomes.record_unknown(part)  # until the answer is there
    try:
        verdicts = connector.set_stock(rows, key)
    except Unknown:
        outcomes.read_back(connector, part, rows)
        return len(rows)
    except Throttled:
        outcomes.put_back(part)
        raise
    doubtful = outcomes.record(account, part, verdicts)
    if doubtful:
        variants = {each.listing.external_id for each in doubtful}
        outcomes.read_back(connector, doubtful, [row for row in rows if row.variant in variants])
    return len(rows)


def preview(account: ChannelAccount, listings: Sequence[Listing]) -> dict[int, int]:
    """What would be shown of listings now, by their key."""
    abilities = accounts.provider_of(account).open(account.plain()).abilities
    return {
        each.listing.pk: each.total
        for each in _plan(account, abilities, [_as_marked(row) for row in listings])
    }


def _as_marked(row: Listing) -> Listing:
    row.changed_at = row.changed_at or timezone.now()
    return row
