"""Expiry dates of lots, in the days of the warehouse where they are."""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

from django.utils import timezone

from inventory.models import Bin, Lot, Warehouse


def today_in(warehouse: Warehouse) -> date:
    """The date in a warehouse now."""
    return timezone.now().astimezone(ZoneInfo(warehouse.time_zone)).date()


def first_good_day(warehouse: Warehouse, min_life_days: int = 0) -> date:
    """The earliest expiry date that goods may have to leave a warehouse today."""
    return today_in(warehouse) + timedelta(days=min_life_days)


def is_good(lot: Lot | None, warehouse: Warehouse, min_life_days: int = 0) -> bool:
    """Whether goods of a lot may leave a warehouse today: not expired, with enough remaining life."""
    return lot is None or lot.expires_on is None or lot.expires_on >= first_good_day(warehouse, min_life_days)


def arrival_kind(kind: "Bin.Kind", lot: Lot | None, warehouse: Warehouse) -> "Bin.Kind":
    """Where goods go that would be sold: into quarantine if they have expired."""
    return kind if kind not in Bin.SELLABLE or is_good(lot, warehouse) else Bin.Kind.QUARANTINE
