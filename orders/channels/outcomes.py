"""What became of numbers that were sent to a channel, as its listings have it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone

from oms.core import bulk_sql
from oms.core.locking import atomic, whole
from orders.channels import marking
from orders.channels.connectors import Connector, RowVerdict, StockRow, Verdict
from orders.channels.models import ChannelAccount, Listing

TAKEN = (Verdict.SET, Verdict.ACCEPTED)
OVER = (*TAKEN, Verdict.INVALID, Verdict.MISSING)  # what isn't tried again as it is


@dataclass(frozen=True)
class Planned:
    """A listing, what it should show by location, and the mark that this answers."""

    listing: Listing
    wanted: Mapping[str, int]
    changed_at: datetime

    @property
    def total(self) -> int:
        return sum(self.wanted.values())

    def revisions_after(self, today: date) -> int:
        """How often it is revised today, this time included."""
        return self.listing.revisions + 1 if self.listing.revised_on == today else 1


def settle(planned: Sequence[Planned]) -> None:
    """Listings that show the right number already are no longer marked, unless they changed again."""
    if not planned:
        return
    marks = [each.listing.pk for each in planned], [each.changed_at for each in planned]
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH settled AS (
                SELECT l.id FROM orders_listing l
                JOIN unnest(%s::bigint[], %s::timestamptz[]) AS m(id, at) ON m.id = l.id AND m.at = l.changed_at
                ORDER BY l.id FOR NO KEY UPDATE OF l)
            UPDATE orders_listing l SET changed_at = NULL, dirty_since = NULL FROM settled WHERE settled.id = l.id""",
            marks,
        )


def listings(keys: Iterable[int]) -> "QuerySet[Listing]":
    return marking.in_order(Listing.objects.filter(pk__in=list(keys)))


def _lock(part: Sequence[Planned]) -> None:
    keys = Listing.objects.filter(pk__in=[each.listing.pk for each in part]).order_by("pk")
    list(keys.select_for_update(no_key=True).values_list("pk"))


def put_back(part: Sequence[Planned]) -> None:
    """Nothing was sent: the listings wait as before."""
    with atomic():
        _lock(part)
        bulk_sql.write(
            Listing, {each.listing.pk: {"verdict": each.listing.verdict} for each in part}
        )


def record_unknown(part: Sequence[Planned]) -> None:
    """Note that numbers are being sent: what became of them isn't known."""
    with atomic():
        listings(each.listing.pk for each in part).update(verdict=Verdict.UNKNOWN)


@whole
def record_accepted(part: Sequence[Planned], reference: str, today: date) -> None:
    """Note that a channel took numbers that it processes later."""
    now = timezone.now()
    _lock(part)
    bulk_sql.write(
        Listing,
        {
            each.listing.pk: {
                "verdict": Verdict.ACCEPTED,
                "message": "",
                "batch": reference,
                "shown": each.total,
                "wanted": each.total,
                "pushed_at": now,
                "revised_on": today,
                "revisions": each.revisions_after(today),
            }
            for each in part
        },
    )
    settle(part)


def read_back(connector: Connector, part: Sequence[Planned], rows: Sequence[StockRow]) -> None:
    """Read what the channel shows after an unknown outcome: what isn't as wanted stays marked and is sent again."""
    shown = connector.quantities(rows)
    known = [each for each in part if shown.get(each.listing.external_id) is not None]
    right = [each for each in known if shown[each.listing.external_id] == each.total]
    keys, now = {each.listing.pk for each in right}, timezone.now()
    with atomic():
        _lock(known)
        bulk_sql.write(
            Listing,
            {
                each.listing.pk: {
                    "shown": shown[each.listing.external_id],
                    "seen_at": now,
                    "verdict": Verdict.SET if each.listing.pk in keys else Verdict.STALE,
                }
                for each in known
            },
        )
    settle(right)


@whole
def record(
    account: ChannelAccount, part: Sequence[Planned], verdicts: Sequence[RowVerdict]
) -> list[Planned]:
    """Note what became of each row, and return those that are to be read back.

    The worst verdict of a listing's locations counts.
    """
    told = _worst(verdicts)
    outcomes = [
        (each, told.get(each.listing.external_id) or RowVerdict("", Verdict.UNKNOWN))
        for each in part
    ]
    taken = [each for each, outcome in outcomes if outcome.verdict in TAKEN]
    now, today = timezone.now(), account.channel.company.today()
    _lock(part)
    bulk_sql.write(
        Listing,
        {
            each.listing.pk: {
                "verdict": outcome.verdict.value,
                "message": outcome.message[:300],
                "wanted": each.total,
                "pushed_at": now,
                "revised_on": today,
                "revisions": each.revisions_after(today),
            }
            for each, outcome in outcomes
        },
    )
    bulk_sql.write(
        Listing, {each.listing.pk: {"shown": each.total, "seen_at": now} for each in taken}
    )
    settle([each for each, outcome in outcomes if outcome.verdict in OVER])
    _doubt_changed(taken)
    return [each for each, outcome in outcomes if outcome.verdict not in OVER]


def _worst(verdicts: Sequence[RowVerdict]) -> dict[str, RowVerdict]:
    told: dict[str, RowVerdict] = {}
    for verdict in verdicts:
        known = told.get(verdict.variant)
        if known is None or _rank(verdict.verdict) > _rank(known.verdict):
            told[verdict.variant] = verdict
    return told


def _doubt_changed(taken: Sequence[Planned]) -> None:
    """What changed while it was sent is still marked, and the number may be another by now."""
    rows = Listing.objects.filter(
        pk__in=[each.listing.pk for each in taken],
        changed_at__isnull=False,
        verdict__in=[each.value for each in TAKEN],
    )
    with atomic():
        marking.in_order(rows).update(verdict=Listing.Verdict.STALE)


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
