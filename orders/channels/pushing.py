"""Showing stock at channels: what changed is marked; one sender per channel computes it at the moment of sending."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, cast

from django.db.models import F, Q, QuerySet
from django.utils import timezone

from inventory import stock_changes
from oms.core.locking import atomic
from orders.channels import accounts, availability, marking, pulling
from orders.channels.connectors import Abilities, Connector, InBulk, RowVerdict, StockRow, Verdict
from orders.channels.connectors.errors import Throttled, Unknown
from orders.channels.models import ChannelAccount, Listing
from orders.channels.planners import shown as planner
from orders.channels.planners.shown import Push

LEASE = timedelta(minutes=3)
MOST = 1000  # listings of one round
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
    return bool(free.update(pushing_until=now + LEASE))


def _pull_first(account: ChannelAccount, connector: Connector) -> None:
    """Take the channel's changed orders in before its stock is computed, where one look costs little of its budget."""
    account.refresh_from_db(fields=["pulled_at", "cursor"])
    is_fresh = account.pulled_at and account.pulled_at > timezone.now() - PULL_AGAIN
    if account.pulls_orders and not is_fresh and connector.abilities.budget.per_second >= QUICK:
        pulling.pull(account)


@dataclass(frozen=True)
class _Planned:
    """A listing, what it should show by location, and the mark that this answers."""

    listing: Listing
    wanted: Mapping[str, int]
    changed_at: datetime

    @property
    def total(self) -> int:
        return sum(self.wanted.values())


def _round(account: ChannelAccount, connector: Connector) -> tuple[int, bool]:
    """Send one round; how many numbers, and whether more waits that may be sent now."""
    now = timezone.now()
    listings = list(
        _dirty(account, now).select_related("sku", "channel").order_by("changed_at", "pk")[:MOST]
    )
    if not listings:
        return 0, False
    planned = _plan(account, connector.abilities, listings)
    _settle([each for each in planned if not _differs(each)])
    unmatched = [row for row in listings if row.sku is None or not row.is_tracked]
    Listing.objects.filter(pk__in=[row.pk for row in unmatched]).update(
        changed_at=None, dirty_since=None
    )
    by_key = {each.listing.pk: each for each in planned if _differs(each)}
    ordered = planner.in_order(
        Push(key, each.listing.shown, each.total) for key, each in by_key.items()
    )
    ordered, put_off = _within_revisions(connector.abilities, ordered, by_key, account)
    Listing.objects.filter(pk__in=put_off).update(
        retry_at=now + LATER, verdict=Listing.Verdict.LATER
    )
    sent, ordered = _send_many(account, connector, ordered, by_key)
    batch = connector.abilities.batch
    for start in range(0, len(ordered), batch):
        if not _spend(account, connector.abilities, now):
            return sent, False
        part = [by_key[push.key] for push in ordered[start : start + batch]]
        sent += _send(account, connector, part)
    return sent, len(listings) == MOST


def _send_many(
    account: ChannelAccount,
    connector: Connector,
    ordered: Sequence[Push],
    by_key: Mapping[int, _Planned],
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
    listings = Listing.objects.filter(pk__in=[each.listing.pk for each in part])
    listings.update(verdict=Listing.Verdict.UNKNOWN)
    reference = cast("InBulk", connector).set_many([_row_of(each, "") for each in part])
    today = account.channel.company.today()
    for each in part:
        Listing.objects.filter(pk=each.listing.pk).update(
            verdict=Listing.Verdict.ACCEPTED,
            message="",
            batch=reference,
            shown=each.total,
            wanted=each.total,
            pushed_at=now,
            revised_on=today,
            revisions=_revisions(each.listing, today),
        )
        _settle([each])
    left = {push.key for push in slow[: bulk.most]}
    return len(part), [push for push in ordered if push.key not in left]


def _row_of(each: _Planned, location: str) -> StockRow:
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


def _revisions(row: Listing, today: date) -> Any:
    """How often a listing was revised today, once more."""
    return F("revisions") + 1 if row.revised_on == today else 1


def _plan(
    account: ChannelAccount, abilities: Abilities, listings: Sequence[Listing]
) -> list[_Planned]:
    known = [row for row in listings if row.sku is not None and row.is_tracked]
    numbers = availability.quantities(account, known, abilities.meaning)
    wanted: dict[int, dict[str, int]] = {row.pk: {} for row in known}
    for (key, location), pieces in numbers.items():
        wanted[key][location] = pieces
    return [_Planned(row, wanted[row.pk], row.changed_at) for row in known if row.changed_at]


def _differs(each: _Planned) -> bool:
    return each.listing.shown != each.total or each.listing.verdict in (
        Listing.Verdict.UNKNOWN,
        Listing.Verdict.STALE,
    )


def _settle(planned: Sequence[_Planned]) -> None:
    """Listings that show the right number already are no longer marked, unless they changed again."""
    for each in planned:
        Listing.objects.filter(pk=each.listing.pk, changed_at=each.changed_at).update(
            changed_at=None, dirty_since=None
        )


def _within_revisions(
    abilities: Abilities,
    ordered: Sequence[Push],
    by_key: Mapping[int, _Planned],
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


def _spend(account: ChannelAccount, abilities: Abilities, now: datetime) -> bool:
    """Take one request off the budget, which fills up again as time goes by; whether there was one."""
    budget, at = abilities.stock_budget, timezone.now()
    last = account.tokens_at or at - timedelta(days=1)
    tokens = min(
        float(budget.burst), account.tokens + (at - last).total_seconds() * budget.per_second
    )
    allowed = tokens >= 1
    account.tokens, account.tokens_at = tokens - 1 if allowed else tokens, at
    ChannelAccount.objects.filter(pk=account.pk).update(
        tokens=account.tokens, tokens_at=at, pushing_until=at + LEASE
    )
    if not allowed:
        wait = (1 - tokens) / budget.per_second
        ChannelAccount.objects.filter(pk=account.pk).update(
            stock_wait_until=at + timedelta(seconds=wait)
        )
    return allowed


def _send(account: ChannelAccount, connector: Connector, part: Sequence[_Planned]) -> int:
    rows = [_row_of(each, location) for each in part for location in each.wanted]
    key = hashlib.sha256(
        "|".join(f"{row.variant}/{row.location}/{row.quantity}" for row in rows).encode()
        + (part[0].changed_at.isoformat()).encode()
    ).hexdigest()[:32]
    Listing.objects.filter(pk__in=[each.listing.pk for each in part]).update(
        verdict=Listing.Verdict.UNKNOWN
    )  # until the answer is there
    try:
        verdicts = connector.set_stock(rows, key)
    except Unknown:
        _read_back(connector, part, rows)
        return len(rows)
    except Throttled:
        _put_back(part)
        raise
    _record(account, connector, part, rows, verdicts)
    return len(rows)


def _put_back(part: Sequence[_Planned]) -> None:
    """Nothing was sent: the listings wait as before."""
    for each in part:
        Listing.objects.filter(pk=each.listing.pk).update(verdict=each.listing.verdict)


def _read_back(connector: Connector, part: Sequence[_Planned], rows: Sequence[StockRow]) -> None:
    """Read what the channel shows after an unknown outcome: what isn't as wanted stays marked and is sent again."""
    shown = connector.quantities(rows)
    now = timezone.now()
    for each in part:
        number = shown.get(each.listing.external_id)
        if number is None:
            continue
        is_set = number == each.total
        verdict = Listing.Verdict.SET if is_set else Listing.Verdict.STALE
        Listing.objects.filter(pk=each.listing.pk).update(
            shown=number, seen_at=now, verdict=verdict
        )
        if is_set:
            _settle([each])


def _record(
    account: ChannelAccount,
    connector: Connector,
    part: Sequence[_Planned],
    rows: Sequence[StockRow],
    verdicts: Sequence[RowVerdict],
) -> None:
    """Note what became of each row: the worst verdict of a listing's locations counts."""
    now, today = timezone.now(), account.channel.company.today()
    told: dict[str, RowVerdict] = {}
    for verdict in verdicts:
        known = told.get(verdict.variant)
        if known is None or _rank(verdict.verdict) > _rank(known.verdict):
            told[verdict.variant] = verdict
    stale = []
    for each in part:
        row = each.listing
        verdict = told.get(row.external_id) or RowVerdict(row.external_id, Verdict.UNKNOWN)
        changes: dict[str, object] = {
            "verdict": verdict.verdict.value,
            "message": verdict.message[:300],
            "wanted": each.total,
            "pushed_at": now,
            "revised_on": today,
            "revisions": _revisions(row, today),
        }
        if verdict.verdict in (Verdict.SET, Verdict.ACCEPTED):
            changes |= {"shown": each.total, "seen_at": now}
        Listing.objects.filter(pk=row.pk).update(**changes)
        if verdict.verdict in (Verdict.SET, Verdict.ACCEPTED, Verdict.INVALID, Verdict.MISSING):
            _settle([each])
        else:
            stale.append(each)
    # What changed while it was sent is still marked, and the number may be another by now.
    Listing.objects.filter(
        pk__in=[each.listing.pk for each in part],
        changed_at__isnull=False,
        verdict__in=[Listing.Verdict.SET, Listing.Verdict.ACCEPTED],
    ).update(verdict=Listing.Verdict.STALE)
    if stale:
        variants = {each.listing.external_id for each in stale}
        _read_back(connector, stale, [row for row in rows if row.variant in variants])


def _rank(verdict: Verdict) -> int:
    order = [
        Verdict.SET,
        Verdict.ACCEPTED,
        Verdict.LATER,
        Verdict.MISSING,
        Verdict.INVALID,
        Verdict.STALE,
        Verdict.UNKNOWN,
    ]
    return order.index(verdict)


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
