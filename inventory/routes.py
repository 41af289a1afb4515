"""What sending from each warehouse to a place costs and takes, and how the choice is told."""

import math
from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import Any

from inventory import geography
from inventory.geography import Place, Point
from inventory.models import Lane, Stock, Warehouse
from inventory.planners import sourcing as planner
from inventory.planners.sourcing import Candidate, Source
from oms.core.postal_codes import regions

REASON = "most units first, then the lowest score: cost + distance + days + lateness + split; priority decides ties"


def sources(stock: dict[tuple[int, int], Stock], there: Place, weight_g: int) -> list[Source]:
    """Each warehouse with what it can promise, the distance to a place, and what its lane there costs and takes."""
    warehouses = {row.warehouse_id: row.warehouse for row in stock.values()}
    available: dict[int, dict[int, int]] = defaultdict(dict)
    for (sku, warehouse), row in stock.items():
        available[warehouse][sku] = row.available
    lanes = _lanes(warehouses, there)
    points, target = geography.locate(warehouses.values(), there)
    return [
        _source(warehouse, available[key], lanes[key], points.get(key), target, weight_g)
        for key, warehouse in sorted(warehouses.items())
    ]


def transit_days(warehouse: Warehouse, there: Place) -> int:
    """Whole days from a warehouse to a place: of its lane there, else by the distance."""
    lanes = _lanes([warehouse.pk], there)[warehouse.pk]
    points, target = geography.locate([warehouse], there)
    return math.ceil(_source(warehouse, {}, lanes, points.get(warehouse.pk), target, 0).days)


def _source(
    warehouse: Warehouse,
    available: dict[int, int],
    lanes: list[Lane],
    here: Point | None,
    there: Point | None,
    weight_g: int,
) -> Source:
    distance = planner.distance_km(here, there)
    rated = next((lane for lane in lanes if lane.base_cost is not None), None)
    timed = next((lane for lane in lanes if lane.days is not None), None)
    cost = _cost(rated, weight_g) if rated else None
    days = (
        float(timed.days) if timed and timed.days is not None else 1 + distance / planner.KM_PER_DAY
    )
    share = float(lanes[0].on_time_share) if lanes else 1.0
    return Source(warehouse.pk, available, cost, days, distance, share, warehouse.priority)


def _cost(lane: Lane, weight_g: int) -> float:
    return float(lane.base_cost or 0) + float(lane.cost_per_kg) * weight_g / 1000


def _lanes(warehouses: Iterable[int], there: Place) -> dict[int, list[Lane]]:
    """The lanes of each warehouse that lead to a place, the closest region first."""
    country, code = there
    within = regions(country, code)
    found: dict[int, list[Lane]] = defaultdict(list)
    rows = Lane.objects.filter(
        warehouse__in=list(warehouses), country__in={country, ""}, postal_prefix__in=within
    )
    for lane in sorted(rows, key=lambda lane: (not lane.country, within.index(lane.postal_prefix))):
        found[lane.warehouse_id].append(lane)
    return found


def told(candidates: Collection[Candidate], codes: dict[int, str]) -> list[dict[str, Any]]:
    """Candidates with the parts of their scores, as a decision keeps them."""
    return [
        {
            "warehouses": [codes[key] for key in each.warehouses],
            "units": each.units,
            "km": [round(km) for km in each.km],
            "cost": round(each.parts.cost, 2),
            "distance": round(each.parts.distance, 2),
            "days": round(each.parts.days, 2),
            "lateness": round(each.parts.lateness, 2),
            "split": round(each.parts.split, 2),
            "score": round(each.score, 2),
        }
        for each in candidates
    ]
