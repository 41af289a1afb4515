"""Reading what a channel lists: new articles are matched, numbers compared with what we would show."""

from collections.abc import Collection
from dataclasses import dataclass, field

from django.utils import timezone
from django.utils.translation import gettext as _

from oms.core.errors import Refused
from oms.core.locking import atomic
from orders.channels import accounts, availability, intake, marking, translating
from orders.channels.connectors import ListingFacts, every
from orders.channels.models import ChannelAccount, Listing

MOST_KEPT = 200  # differences that are kept to be shown


@dataclass
class Comparison:
    """What reading all listings found: how many there are, new ones, unmatched ones, and numbers that differ."""

    listed: int = 0
    new: int = 0
    unmatched: int = 0
    gone: int = 0
    differences: list[dict[str, object]] = field(default_factory=list)


def read(account: ChannelAccount) -> Comparison:
    """Read all listings: note and match new ones, compare each number, and have what differs sent again.

    Raises ChannelError. Listings that the channel no longer has are marked as missing.
    """
    connector = accounts.open_connector(account)
    found, seen = Comparison(), set[str]()
    for page in every(connector.listings):
        for facts in page.listings:
            seen.add(facts.variant)
        _take(account, list(page.listings), found)
    rows = Listing.objects.filter(channel=account.channel).exclude(external_id__in=seen)
    found.gone = rows.update(verdict=Listing.Verdict.MISSING, changed_at=None, dirty_since=None)
    _compare(account, found, connector.abilities.meaning)
    ChannelAccount.objects.filter(pk=account.pk).update(
        compared_at=timezone.now(), differences=found.differences[:MOST_KEPT]
    )
    accounts.record_success(account)
    return found


def _take(account: ChannelAccount, facts: list[ListingFacts], found: Comparison) -> None:
    known = {
        row.external_id: row
        for row in Listing.objects.filter(
            channel=account.channel, external_id__in=[each.variant for each in facts]
        )
    }
    now = timezone.now()
    mapped = set(
        account.locations.filter(warehouse__isnull=False).values_list("external_id", flat=True)
    )
    with atomic():
        for each in facts:
            row = known.get(each.variant) or Listing(
                channel=account.channel, external_id=each.variant
            )
            found.listed += 1
            found.new += row.pk is None
            row.external_sku, row.barcode = each.sku[:80], each.barcode[:48]
            row.title, row.parent, row.stock_id = each.title[:200], each.parent, each.stock_id
            row.is_tracked = each.is_tracked
            row.shown, row.seen_at = _shown(each, mapped), now
            if row.sku_id is None:
                row.sku = translating.match(each.sku, each.barcode)
            found.unmatched += row.sku_id is None
            if row.verdict == Listing.Verdict.MISSING:
                row.verdict = Listing.Verdict.NEVER
            row.save()


def _shown(facts: ListingFacts, mapped: Collection[str]) -> int | None:
    """What is shown at the locations that stand for our warehouses; at all of them where none does."""
    if facts.quantity is None or not mapped or not facts.by_location:
        return facts.quantity
    return sum(facts.by_location.get(place, 0) for place in mapped)


def _compare(account: ChannelAccount, found: Comparison, meaning: object) -> None:
    """Compare what is shown with what should be; what is marked already is on its way."""
    rows = (
        Listing.objects.filter(
            channel=account.channel, sku__isnull=False, is_paused=False, is_tracked=True
        )
        .select_related("sku")
        .order_by("pk")
    )
    chunk: list[Listing] = []
    for row in rows.iterator(chunk_size=1000):
        chunk.append(row)
        if len(chunk) == 1000:
            _compare_some(account, chunk, found, meaning)
            chunk = []
    _compare_some(account, chunk, found, meaning)


def _compare_some(
    account: ChannelAccount, rows: list[Listing], found: Comparison, meaning: object
) -> None:
    if not rows:
        return
    totals: dict[int, int] = {}
    for (key, _location), pieces in availability.quantities(account, rows, meaning).items():  # type: ignore[arg-type]
        totals[key] = totals.get(key, 0) + pieces
    differing = [row for row in rows if row.shown != totals[row.pk]]
    for row in differing:
        found.differences.append(
            {
                "listing": row.pk,
                "item": row.external_sku or row.title or row.external_id,
                "shown": row.shown,
                "wanted": totals[row.pk],
                "why": _why(row),
            }
        )
    marking.mark_listings(Listing.objects.filter(pk__in=[row.pk for row in differing]))


def _why(row: Listing) -> str:
    """Why the channel shows another number: a reason that can be told apart from our side."""
    if row.pushed_at is None:
        return "never_sent"
    if row.dirty_since is not None:
        return "on_its_way"
    if row.verdict in (Listing.Verdict.INVALID, Listing.Verdict.UNKNOWN, Listing.Verdict.STALE):
        return row.verdict
    return "changed_there"


def set_sku(listing: Listing, code: str) -> int:
    """Say which SKU a listing is; how many held orders that frees. Raises Refused for an unknown one."""
    sku = translating.match(code, code)
    if sku is None:
        raise Refused(_("There is no SKU %(code)s.") % {"code": code}, field="sku")
    Listing.objects.filter(pk=listing.pk).update(sku=sku)
    marking.mark_listings(Listing.objects.filter(pk=listing.pk))
    account = ChannelAccount.objects.filter(channel=listing.channel_id).first()
    return intake.retry_unmatched(account) if account else 0
