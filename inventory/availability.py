"""What can be promised, and when more comes."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import F, Min

from inventory import catalog
from inventory.models import SKU, PurchaseLine, PurchaseOrder, Stock


@dataclass(frozen=True)
class Available:
    """Base units of a SKU that can be promised now, and when the next purchase is expected."""

    sku: SKU
    quantity: int
    by_warehouse: dict[str, int]
    next_arrival: date | None = None


def available(skus: Iterable[SKU]) -> dict[int, Available]:
    """What can be promised of each SKU, by its key. A kit is as available as its scarcest component, per warehouse."""
    skus = list(skus)
    kits = catalog.components(skus)
    keys = {sku.pk for sku in skus} | {part.component_id for parts in kits.values() for part in parts}
    stock = _by_warehouse(keys)
    arrivals = _next_arrivals(keys)
    found = {}
    for sku in skus:
        parts = [(part.component_id, part.quantity) for part in kits.get(sku.pk, [])] or [(sku.pk, 1)]
        places = set.intersection(*(set(stock.get(key, {})) for key, _ in parts))
        by_warehouse = {place: min(stock[key][place] // per for key, per in parts) for place in sorted(places)}
        found[sku.pk] = Available(sku, sum(by_warehouse.values()), by_warehouse, arrivals.get(sku.pk))
    return found


def _by_warehouse(skus: Iterable[int]) -> dict[int, dict[str, int]]:
    stock: dict[int, dict[str, int]] = {}
    rows = Stock.objects.filter(sku__in=list(skus), warehouse__is_active=True)
    for sku, place, free in rows.values_list("sku_id", "warehouse__code", F("sellable") - F("held")):
        stock.setdefault(sku, {})[place] = free
    return stock


def _next_arrivals(skus: Iterable[int]) -> dict[int, date]:
    coming = PurchaseLine.objects.filter(sku__in=list(skus), order__status=PurchaseOrder.Status.SENT,
                                         received__lt=F("quantity") + F("replacing"))
    return dict(coming.values_list("sku_id").annotate(Min("order__expected_on")))
