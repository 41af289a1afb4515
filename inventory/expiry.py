"""Expiry dates of lots, in the days of the warehouse where they are."""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.translation import gettext as _

from inventory import catalog
from inventory.models import Bin, Lot, Warehouse
from oms.core.errors import Refused


def today_in(warehouse: Warehouse) -> date:
    """The date in a warehouse now."""
    return timezone.now().astimezone(ZoneInfo(warehouse.time_zone)).date()


def first_good_day(warehouse: Warehouse, min_life_days: int = 0) -> date:
    """The earliest expiry date that goods may have to leave a warehouse today."""
    return today_in(warehouse) + timedelta(days=min_life_days)


def is_good(lot: Lot | None, warehouse: Warehouse, min_life_days: int = 0) -> bool:
    """Whether goods of a lot may leave a warehouse today: not expired, with enough remaining life."""
    return (
        lot is None
        or lot.expires_on is None
        or lot.expires_on >= first_good_day(warehouse, min_life_days)
    )


def arriving(place: Bin, lot: Lot | None) -> Bin:
    """Return the place for goods that arrive: quarantine instead of a bin that's sold from, if they have expired."""
    if place.warehouse is None or not place.is_sellable or is_good(lot, place.warehouse):
        return place
    return catalog.place(place.warehouse, Bin.Kind.QUARANTINE)


def require_good(place: Bin, lot: Lot | None) -> None:
    """Raise Refused for an expired lot that somebody brings to a bin that's sold from."""
    if lot is not None and arriving(place, lot) != place:
        raise Refused(
            _(
                "Lot %(lot)s expired on %(day)s. It can't go to %(bin)s, which is sold from. Choose a "
                "quarantine bin, or scrap it."
            )
            % {"lot": lot, "day": lot.expires_on, "bin": place},
            code="lot_expired",
            lot=lot.code,
        )
