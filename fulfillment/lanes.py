"""Telling inventory what the ways to customers cost, and how often they were on time."""

from decimal import Decimal

from django.db.models import Avg, Case, Count, DecimalField, F, Value, When

from fulfillment.models import Rate, Shipment
from inventory import lanes
from inventory.lanes import LaneFacts
from inventory.models import Warehouse

MEASURED_FROM = 20  # deliveries; fewer say nothing


def refresh() -> list[LaneFacts]:
    """Derive each warehouse's lanes from the rate table and from how its deliveries went."""
    on_time = _on_time_shares()
    facts = [
        LaneFacts(warehouse, country, prefix, base, per_kg, days, on_time.get((warehouse.pk, country), Decimal(1)))
        for warehouse in Warehouse.objects.active()
        for (country, prefix), (base, per_kg, days) in _costs(warehouse).items()
    ]
    lanes.refresh(facts)
    return facts


def _costs(warehouse: Warehouse) -> dict[tuple[str, str], tuple[Decimal, Decimal, Decimal]]:
    """Base cost, cost per kg and days of the cheapest service by region: a line through its lightest and heaviest."""
    steps: dict[tuple[str, str], dict[int, list[Rate]]] = {}
    rows = Rate.objects.filter(service__account__company=warehouse.company, service__account__is_active=True)
    for row in rows.select_related("service").order_by("up_to_g"):
        steps.setdefault((row.country, row.postal_prefix), {}).setdefault(row.service_id, []).append(row)
    found = {}
    for region, services in steps.items():
        rates = min(services.values(), key=lambda rates: rates[0].price)
        light, heavy = rates[0], rates[-1]
        kilograms = Decimal(heavy.up_to_g - light.up_to_g) / 1000
        per_kg = (heavy.price - light.price) / kilograms if kilograms else Decimal(0)
        found[region] = (light.price, round(per_kg, 2), light.service.days)
    return found


def _on_time_shares() -> dict[tuple[int, str], Decimal]:
    """The share of deliveries by warehouse and country that came by the promised day, where there are enough."""
    on_time = Case(When(delivered_at__date__lte=F("promised_on"), then=Value(1)), default=Value(0),
                   output_field=DecimalField())
    rows = (
        Shipment.objects.filter(status=Shipment.Status.DELIVERED, promised_on__isnull=False)
        .values_list("warehouse_id", "order__ship_country")
        .annotate(share=Avg(on_time), deliveries=Count("pk"))
    )
    return {(warehouse, country): round(share, 3) for warehouse, country, share, deliveries in rows
            if deliveries >= MEASURED_FROM}
