"""What can be promised, and when more comes."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import F, Min, Q, Sum

from inventory import catalog
from inventory.models import SKU, Demand, PurchaseLine, PurchaseOrder, Stock, Transfer, TransferLine
from oms.core.models import Company


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
    bought = PurchaseLine.objects.filter(
        sku__in=keys,
        order__company=company,
        received__lt=F("quantity"),
        order__status=PurchaseOrder.Status.SENT,
    )
    if by is not None:
        waiting = waiting.filter(Q(reserve_from=None) | Q(reserve_from__lte=by))
        bought = bought.filter(order__expected_on__lte=by)
    moving = TransferLine.objects.filter(
        sku__in=keys, transfer__status=Transfer.Status.SENT, transfer__target__company=company
    )
    moves = F("quantity") - F("received") - F("recalled") - F("lost")
    parts = (
        (free, F("free"), 1),
        (waiting, F("unreserved"), -1),
        (bought, F("quantity") - F("received"), 1),
        (moving, moves, 1),
    )
    first, *others = [
        rows.order_by().values_list("sku_id").annotate(total=Sum(amount) * sign)
        for rows, amount, sign in parts
    ]
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
    coming = PurchaseLine.objects.filter(
        sku__in=list(skus),
        order__status=PurchaseOrder.Status.SENT,
        order__company=company,
        received__lt=F("quantity") + F("replacing"),
    )
    return dict(coming.values_list("sku_id").annotate(Min("order__expected_on")))
