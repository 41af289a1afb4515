"""Telling inventory what the ways to customers cost, and how often they were on time."""

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal

from django.db import connection

from fulfillment.carriers.models import Rate
from fulfillment.planners import punctuality
from fulfillment.planners.punctuality import Record
from fulfillment.rating import closest, zones
from inventory import lanes
from inventory.lanes import LaneFacts
from inventory.models import Warehouse

Region = tuple[str, str]
Cost = tuple[Decimal, Decimal, Decimal]


def refresh() -> list[LaneFacts]:
    """Derive each warehouse's lanes from the rate table and from how its deliveries went.

    Where there is no rate a lane tells how punctual the way is; the one without a country tells it for all others.
    """
    shares = _on_time_shares()
    facts = []
    for warehouse in Warehouse.objects.active().select_related("company"):
        costs, own = _costs(warehouse), shares[warehouse.pk]
        known: dict[Region, Cost | None] = {
            **dict.fromkeys((country, "") for country in own),
            **costs,
        }
        facts += [
            _facts(warehouse, region, cost, own.get(region[0], own[""]))
            for region, cost in known.items()
        ]
    lanes.refresh(facts)
    return facts


def _facts(warehouse: Warehouse, region: Region, cost: Cost | None, share: float) -> LaneFacts:
    base, per_kg, days = cost or (None, Decimal(0), None)
    return LaneFacts(warehouse, *region, base, per_kg, days, round(Decimal(share), 3))


def _costs(warehouse: Warehouse) -> dict[Region, Cost]:
    """Base cost, cost per kg and days of the cheapest service by region: a line through its lightest and heaviest."""
    by_service: dict[int, list[Rate]] = defaultdict(list)
    rows = Rate.objects.filter(
        service__account__company=warehouse.company, service__account__is_active=True
    )
    for row in rows.select_related("service"):
        by_service[row.service_id].append(row)
    origin = zones(warehouse.country, warehouse.postal_code)
    found = {}
    for region in {
        (row.country, row.postal_prefix) for rates in by_service.values() for row in rates
    }:
        services = [
            fitting
            for rates in by_service.values()
            if (fitting := closest(rates, origin, zones(*region)))
        ]
        if services:
            found[region] = _line(
                min(services, key=lambda rates: (rates[0].price, rates[0].service_id))
            )
    return found


def _line(rates: Sequence[Rate]) -> Cost:
    light, heavy = rates[0], rates[-1]
    kilograms = Decimal(heavy.up_to_g - light.up_to_g) / 1000
    per_kg = (heavy.price - light.price) / kilograms if kilograms else Decimal(0)
    return light.price, round(per_kg, 2), light.service.days


DELIVERIES = """
    SELECT s.warehouse_id, o.ship_country, count(*),
           count(*) FILTER (WHERE (s.delivered_at AT TIME ZONE w.time_zone)::date <= due.day)
    FROM fulfillment_shipment s
    JOIN inventory_warehouse w ON w.id = s.warehouse_id
    JOIN orders_order o ON o.id = s.order_id
    LEFT JOIN fulfillment_carrierservice c ON c.id = s.service_id
    CROSS JOIN LATERAL (SELECT coalesce(s.promised_on, s.expected_on,
        (s.shipped_at AT TIME ZONE w.time_zone)::date + ceil(c.days)::integer) AS day) due
    WHERE s.status = 'delivered' AND s.delivered_at > now() - interval '1 year' AND due.day IS NOT NULL
    GROUP BY 1, 2
"""


def _on_time_shares() -> dict[int, dict[str, float]]:
    """By warehouse and country: the share of a year's deliveries that came by the day promised, else expected.

    Each is drawn towards its company's mean; "" stands for the countries to which nothing was delivered.
    """
    records: dict[int, dict[str, Record]] = defaultdict(dict)
    with connection.cursor() as cursor:
        cursor.execute(DELIVERIES)
        for warehouse, country, deliveries, on_time in cursor.fetchall():
            records[warehouse][country] = Record(deliveries, on_time)
    companies = dict(Warehouse.objects.values_list("pk", "company"))
    means = {
        company: punctuality.mean_of(
            {
                (place, country): record
                for place, own in records.items()
                if companies[place] == company
                for country, record in own.items()
            }
        )
        for company in set(companies.values())
    }
    return {
        place: {"": means[company]}
        | {
            country: punctuality.shrunk(record, means[company])
            for country, record in records.get(place, {}).items()
        }
        for place, company in companies.items()
    }
