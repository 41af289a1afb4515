"""What can be promised, and when more comes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

from django.db.models import F, Q, QuerySet, Sum

from inventory import catalog
from inventory.models import SKU, Demand, Stock, Transfer, TransferLine
from oms.core.models import Company


class Supply(Protocol):
    """A kind of documents that bring stock from outside, of a room above."""

    def coming(self, skus: Iterable[int], company: Company, by: date | None) -> QuerySet[Any, Any]:
        """Units that are on their way to a company (until a day), as rows of SKU key and total."""

    def next_days(self, skus: Iterable[int], company: Company) -> Mapping[int, date | None]:
        """The first expected day by SKU key."""


_supplies: list[Supply] = []


def register(supply: Supply) -> None:
    """Count what a kind of documents brings as stock that is to come."""
    _supplies.append(supply)


@dataclass(frozen=True)
class Available:
    """Base units of a SKU that can be promised now, and when the next purchase is expected.

    `projected`: what is left once all waiting demand is served and all that is bought and in transit has come.
    """

    sku: SKU
    quantity: int
    by_warehouse: dict[str, int]
    next_arrival: date | None = None
    projected: int = 0


def available(skus: Iterable[SKU], company: Company) -> dict[int, Available]:
    """What a company can promise of each SKU, by its key. A kit is as available as its scarcest part, per warehouse."""
    skus = list(skus)
    kits = catalog.components(skus)
    keys = {sku.pk for sku in skus} | {
        part.component_id for parts in kits.values() for part in parts
    }
    stock = _by_warehouse(keys, company)
    arrivals, later = _next_arrivals(keys, company), projected(keys, company)
    found = {}
    for sku in skus:
        parts = [(part.component_id, part.quantity) for part in kits.get(sku.pk, [])] or [
            (sku.pk, 1)
        ]
        places = set.intersection(*(set(stock.get(key, {})) for key, _ in parts))
        by_warehouse = {
            place: min(stock[key][place] // per for key, per in parts) for place in sorted(places)
        }
        found[sku.pk] = Available(
            sku,
            sum(by_warehouse.values()),
            by_warehouse,
            arrivals.get(sku.pk),
            min(later[key] // per for key, per in parts),
        )
    return found


def projected(skus: Iterable[int], company: Company, by: date | None = None) -> dict[int, int]:
    """What a company will have left of each SKU (on a day): free stock, less waiting demand, plus what is to come.

    Only its own stock, not what others share with it. Demand counts that reserves by that day; a purchase that is
    expected by it.
    """
    keys = list(skus)
    free = Stock.objects.filter(
        warehouse__is_active=True, warehouse__company=company, sku__in=keys
    ).with_free()
    waiting = Demand.objects.filter(company=company, sku__in=keys, unreserved__gt=0)
    if by is not None:
        waiting = waiting.filter(Q(reserve_from=None) | Q(reserve_from__lte=by))
    moving = TransferLine.objects.filter(
        sku__in=keys, transfer__status=Transfer.Status.SENT, transfer__target__company=company
    )
    moves = F("quantity") - F("received") - F("recalled") - F("lost")
    parts = ((free, F("free"), 1), (waiting, F("unreserved"), -1), (moving, moves, 1))
    rows: list[QuerySet[Any, Any]] = [
        each.order_by().values_list("sku_id").annotate(total=Sum(amount) * sign)
        for each, amount, sign in parts
    ]
    first, *others = [*rows, *(supply.coming(keys, company, by) for supply in _supplies)]
    totals = dict.fromkeys(keys, 0)
    for key, total in first.union(*others, all=True):
        totals[key] += total
    return totals


def _by_warehouse(skus: Iterable[int], company: Company) -> dict[int, dict[str, int]]:
    stock: dict[int, dict[str, int]] = {}
    rows: Any = Stock.objects.promised_by(company.pk).filter(sku__in=list(skus)).with_free()
    for sku, place, free in rows.values_list("sku_id", "warehouse__code", "free"):
        stock.setdefault(sku, {})[place] = free
    return stock


def _next_arrivals(skus: Iterable[int], company: Company) -> dict[int, date]:
    """The first day on which more is expected, by SKU key."""
    days: dict[int, date] = {}
    for supply in _supplies:
        for key, day in supply.next_days(skus, company).items():
            if day is not None:
                days[key] = min(day, days.get(key, day))
    return days
