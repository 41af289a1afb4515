"""Marking listings whose number is to be sent: what can be promised of them changed, or what the channel shows did."""

from collections.abc import Collection

from django.db.models import QuerySet, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from inventory.models import KitComponent
from oms.core.locking import atomic
from orders.channels.models import Listing


def mark(skus: set[int]) -> int:
    """Mark the listings of SKUs, and of kits that they are in, as changed."""
    kits = KitComponent.objects.filter(component__in=skus).values_list("kit_id", flat=True)
    return mark_listings(
        Listing.objects.filter(
            sku__in={*skus, *kits}, is_paused=False, channel__account__connected_at__isnull=False
        )
    )


def mark_listings(rows: "QuerySet[Listing]") -> int:
    """Mark listings as changed, whatever their stock did."""
    now = timezone.now()
    with atomic():
        return in_order(rows).update(
            changed_at=now, dirty_since=Coalesce("dirty_since", Value(now)), retry_at=None
        )


def in_order(rows: "QuerySet[Listing]") -> "QuerySet[Listing]":
    """The same listings, locked in one order when they are changed in a transaction: two of these never deadlock."""
    keys = rows.order_by("pk").select_for_update(no_key=True, of=("self",))
    return Listing.objects.filter(pk__in=keys.values("pk"))


def doubt(channel: int, variants: Collection[str]) -> int:
    """Have numbers sent again that a channel has changed by itself, since it sold, canceled or put back some."""
    rows = Listing.objects.filter(
        channel=channel, external_id__in=variants, sku__isnull=False, is_paused=False
    )
    return send_again(rows)


def send_again(rows: "QuerySet[Listing]") -> int:
    """Have numbers sent again, whatever the channel shows."""
    with atomic():
        in_order(rows).update(verdict=Listing.Verdict.STALE)
        return mark_listings(rows)
