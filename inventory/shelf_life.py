"""What can be promised, allocated, picked and shipped of lots that expire; under the locks of who asks."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Protocol

from django.db.models import F, Sum
from django.utils.translation import gettext as _

from inventory import expiry
from inventory.models import SKU, BinStock, Demand, Reservation, Stock
from inventory.planners import sourcing as planner
from inventory.planners.shelf_life import Layers
from inventory.planners.sourcing import Assignment, Source, Want
from oms.core.errors import Refused

StockRows = Mapping[tuple[int, int], Stock]


class Group(Protocol):
    """The demands of one line, served together."""

    @property
    def want(self) -> Want: ...

    @property
    def min_life_days(self) -> int: ...


def attach(rows: Iterable[Stock]) -> None:
    """Give locked stock of tracked SKUs its layers by expiry date; that of others is available as it is."""
    tracked = [row for row in rows if row.sku.tracking != SKU.Tracking.NONE]
    if not tracked:
        return
    skus, places = {row.sku_id for row in tracked}, {row.warehouse_id for row in tracked}
    stock: dict[tuple[int, int], Counter[date]] = defaultdict(Counter)
    lying = BinStock.objects.filter(
        sku__in=skus, bin__warehouse__in=places, bin__is_sellable=True, on_hand__gt=F("allocated")
    )
    for sku, place, expires, count in lying.values_list(
        "sku_id", "bin__warehouse_id", "lot__expires_on", F("on_hand") - F("allocated")
    ):
        stock[sku, place][expires or date.max] += count
    reserved = Reservation.objects.filter(
        sku__in=skus, warehouse__in=places, state=Reservation.State.RESERVED
    )
    for row in tracked:
        row.layers = Layers(expiry.today_in(row.warehouse), stock[row.sku_id, row.warehouse_id])
    layers = {(row.sku_id, row.warehouse_id): row.layers for row in tracked}
    for sku, place, days, count in (
        reserved.order_by()
        .values_list("sku_id", "warehouse_id", "demand__min_life_days")
        .annotate(Sum("quantity"))
    ):
        if (found := layers.get((sku, place))) is not None:
            found.reserve(days, count)


def ask(rows: Iterable[Stock], min_life_days: int) -> None:
    """What is available of stock from now on is what has so many days of remaining life."""
    for row in rows:
        row.min_life_days = min_life_days


def allocate(
    groups: Sequence[Group], sources: Sequence[Source], stock: StockRows
) -> Iterator[tuple[Assignment, Group]]:
    """What each group could hold now, one after the other, each of lots that live long enough for it.

    The caller takes each assignment off the sources before the next is asked for.
    """
    layers = {key: row.layers.copy() for key, row in stock.items() if row.layers is not None}
    for group in groups:
        days = group.min_life_days
        limited = [
            replace(
                source,
                available={
                    sku: min(count, layers[sku, source.warehouse].available(days))
                    if (sku, source.warehouse) in layers
                    else count
                    for sku, count in source.available.items()
                },
            )
            for source in sources
        ]
        for assignment in planner.plan([group.want], limited).assignments:
            for part in group.want.parts:
                if (part.sku, assignment.warehouse) in layers:
                    layers[part.sku, assignment.warehouse].reserve(
                        days, assignment.quantity * part.per_unit
                    )
            yield assignment, group


def expires(place: BinStock) -> date:
    """The expiry date of what is in a bin; `date.max` where it never expires."""
    return place.lot.expires_on if place.lot and place.lot.expires_on else date.max


def suits(place: BinStock, row: Reservation) -> bool:
    """Whether what is in a bin may be picked today for who it is reserved for."""
    return expiry.is_good(place.lot, row.warehouse, row.demand.min_life_days)


def require_pickable(rows: Iterable[Reservation]) -> None:
    """Raise Refused for a lot that expired, or lives too short for the customer, since it was allocated."""
    for row in rows:
        if not fits(row):
            raise Refused(
                _(
                    "Lot %(lot)s of %(sku)s expires on %(day)s: too early for this order. Take another lot "
                    "(“Change lot”), or report it short."
                )
                % _about(row),
                code="lot_expired",
                sku=row.sku.code,
            )


def require_shippable(rows: Iterable[Reservation]) -> None:
    """Raise Refused for a lot that expired since it was picked."""
    for row in rows:
        if not expiry.is_good(row.lot, row.warehouse):
            raise Refused(
                _(
                    "Lot %(lot)s of %(sku)s expired on %(day)s and can't be shipped. Unpack the "
                    "shipment, if packed, and put it back."
                )
                % _about(row),
                code="lot_expired",
                sku=row.sku.code,
            )


def _about(row: Reservation) -> dict[str, object]:
    assert row.lot is not None
    return {"lot": row.lot, "sku": row.sku, "day": row.lot.expires_on}


def fits(row: Reservation) -> bool:
    """Whether the lot that is reserved will do, today, for who it is reserved for."""
    return expiry.is_good(row.lot, row.warehouse, row.demand.min_life_days)


def life_of(demands: Sequence[Demand]) -> int:
    """The remaining life, in days, that the customer of these demands asks for."""
    return max((demand.min_life_days for demand in demands), default=0)
