"""What can be promised of listings now, and what of it each channel shows."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from django.db.models import F, Sum

from inventory import catalog
from inventory.models import Stock, Warehouse
from orders.channels.connectors import Meaning
from orders.channels.models import ChannelAccount, ChannelLine, Listing
from orders.channels.planners import shown as planner
from orders.channels.planners.shown import Candidate, Rule

Places = Mapping[str, Collection[int]]  # warehouses by the channel's location; "" without locations


def places(account: ChannelAccount) -> Places:
    """The warehouses whose stock a channel shows, by location where it has some."""
    by_location: dict[str, list[int]] = defaultdict(list)
    for row in account.locations.filter(warehouse__isnull=False, warehouse__is_active=True):
        by_location[row.external_id].append(row.warehouse_id)  # type: ignore[arg-type]
    if by_location:
        return by_location
    chosen = account.warehouses.filter(is_active=True)
    rows = (
        chosen
        if chosen.exists()
        else Warehouse.objects.active().filter(company=account.channel.company_id)
    )
    return {"": list(rows.values_list("pk", flat=True))}


def quantities(
    account: ChannelAccount, listings: Iterable[Listing], meaning: Meaning
) -> dict[tuple[int, str], int]:
    """The pieces that a channel should show now, by listing key and location. Listings are of SKUs that are known."""
    rows = [row for row in listings if row.sku is not None]
    where = places(account)
    free = _free(account, rows, where)
    best = (
        _preferred(account, {row.sku_id for row in rows if row.sku_id})
        if account.last_units
        else {}
    )
    own = _own(account, rows) if meaning == Meaning.ON_HAND else {}
    found = {}
    for row in rows:
        rule = Rule(
            account.buffer if row.buffer is None else row.buffer,
            account.cap if row.cap is None else row.cap,
            row.share_percent,
            account.last_units,
            best.get(row.sku_id or 0, account.pk) == account.pk,
        )
        for location in where:
            pieces = free[row.pk, location] // row.factor
            found[row.pk, location] = planner.shown(pieces, rule)
    for key, reserved in own.items():
        first = next(iter(where))
        found[key, first] += reserved
    return found


def _free(
    account: ChannelAccount, listings: list[Listing], where: Places
) -> dict[tuple[int, str], int]:
    """Base units that can be promised of each listing's SKU; of kits, whole ones in one warehouse."""
    kits = catalog.components({row.sku for row in listings if row.sku})
    parts = {
        row.pk: [(part.component_id, part.quantity) for part in kits.get(row.sku_id or 0, [])]
        or [(row.sku_id or 0, 1)]
        for row in listings
    }
    keys = {sku for known in parts.values() for sku, _per in known}
    warehouses = {key for each in where.values() for key in each}
    stock: Any = Stock.objects.filter(sku__in=keys, warehouse__in=warehouses).with_free()
    known = {
        (sku, warehouse): units
        for sku, warehouse, units in stock.values_list("sku_id", "warehouse_id", "free")
    }
    return {
        (key, location): sum(
            min(known.get((sku, warehouse), 0) // per for sku, per in needed) for warehouse in each
        )
        for key, needed in parts.items()
        for location, each in where.items()
    }


def _preferred(account: ChannelAccount, skus: Collection[int]) -> dict[int, int]:
    """The account that shows the last units of each SKU."""
    rows = Listing.objects.filter(
        sku__in=skus,
        is_paused=False,
        channel__company=account.channel.company_id,
        channel__account__pushes_stock=True,
        channel__account__stopped_at=None,
        channel__account__connected_at__isnull=False,
    ).select_related("channel__account")
    candidates: dict[int, dict[int, Candidate]] = defaultdict(dict)
    for row in rows:
        other = row.channel.account
        candidates[row.sku_id or 0][other.pk] = Candidate(
            other.pk,
            float(row.channel.commission_percent),
            other.preference,
            other.last_units_by == ChannelAccount.LastUnits.MARGIN,
        )
    return {
        sku: best
        for sku, known in candidates.items()
        if (best := planner.preferred(known.values())) is not None
    }


def _own(account: ChannelAccount, listings: list[Listing]) -> dict[int, int]:
    """Pieces of the channel's own orders that aren't shipped: the shop takes them off by itself, so they are added."""
    variants = {row.external_id: row.pk for row in listings}
    rows = (
        ChannelLine.objects.filter(
            channel_order__channel=account.channel_id,
            channel_order__is_open=True,
            variant__in=variants,
            line__isnull=False,
        )
        .values_list("variant", "factor")
        .annotate(units=Sum(F("line__quantity") - F("line__canceled") - F("line__shipped")))
    )
    found: dict[int, int] = defaultdict(int)
    for variant, factor, units in rows:
        found[variants[variant]] += -(-units // factor)
    return found
