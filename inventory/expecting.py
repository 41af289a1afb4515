"""From where goods would be sent, before anything is promised."""

from collections import Counter
from collections.abc import Collection, Sequence

from inventory import catalog, routes, sourcing
from inventory.models import Stock, Warehouse
from inventory.planners import sourcing as planner
from inventory.sourcing import Destination, Wanted
from oms.core.models import Company


def best_warehouse(
    company: Company, wanted: Sequence[Wanted], ship_to: Destination, among: Collection[Warehouse]
) -> Warehouse:
    """The warehouse that would send most of what is wanted now; without stock, the one that sending from is best."""
    kits = catalog.components(want.sku for want in wanted)
    wants = [sourcing.want_of(line, kits) for line in wanted]
    skus = {part.sku for want in wants for part in want.parts}
    rows = (
        Stock.objects.promised_by(company.pk)
        .filter(sku__in=skus, warehouse__in=among)
        .select_related("warehouse")
    )
    sources = routes.sources(
        {(row.sku_id, row.warehouse_id): row for row in rows},
        ship_to.place,
        sourcing.weight_g(wanted),
    )
    units: Counter[int] = Counter()
    for each in planner.plan(wants, sources).assignments:
        units[each.warehouse] += each.quantity
    ranked = sorted(
        sources,
        key=lambda source: (
            -units[source.warehouse],
            planner.parcel_score(source, planner.Weights()),
            source.priority,
            source.warehouse,
        ),
    )
    known = {warehouse.pk: warehouse for warehouse in among}
    return (
        known[ranked[0].warehouse]
        if ranked
        else min(among, key=lambda each: (each.priority, each.pk))
    )
