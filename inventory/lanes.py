"""What is known of the ways from warehouses to customers."""

from dataclasses import dataclass
from decimal import Decimal

from inventory.models import Lane, Warehouse


@dataclass(frozen=True)
class LaneFacts:
    """A warehouse's way to a region: costs in the company's currency, days, and the share that arrived on time."""

    warehouse: Warehouse
    country: str
    postal_prefix: str
    base_cost: Decimal
    cost_per_kg: Decimal
    days: Decimal
    on_time_share: Decimal


def refresh(facts: list[LaneFacts]) -> None:
    """Write what is known now; called from above with what carriers cost and how they did."""
    Lane.objects.bulk_create(
        [Lane(**vars(fact)) for fact in facts], update_conflicts=True,
        unique_fields=["warehouse", "country", "postal_prefix"],
        update_fields=["base_cost", "cost_per_kg", "days", "on_time_share"],
    )
