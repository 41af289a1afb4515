"""What is known of the ways from warehouses to customers."""

from dataclasses import dataclass
from decimal import Decimal

from inventory.models import Lane, Warehouse
from oms.core.locking import atomic


@dataclass(frozen=True)
class LaneFacts:
    """A warehouse's way to a region: costs in the company's currency, days, and the share that arrived on time.

    Costs and days are None where no rate is known; country "" is all countries without a lane of their own.
    """

    warehouse: Warehouse
    country: str
    postal_prefix: str
    base_cost: Decimal | None
    cost_per_kg: Decimal
    days: Decimal | None
    on_time_share: Decimal


def refresh(facts: list[LaneFacts]) -> None:
    """Write what is known now; called from above with what carriers cost and how they did.

    Derived lanes of which nothing is known any more go; of those entered manually only the punctuality follows.
    """
    with atomic():
        key = ["warehouse", "country", "postal_prefix"]
        entered = {
            (row.warehouse_id, row.country, row.postal_prefix): row
            for row in Lane.objects.filter(is_entered=True)
        }
        fresh = [Lane(**vars(fact)) for fact in facts]
        derived = [row for row in fresh if _key(row) not in entered]
        Lane.objects.filter(is_entered=False).exclude(pk__in=_known(derived)).delete()
        Lane.objects.bulk_create(
            derived,
            update_conflicts=True,
            unique_fields=key,
            update_fields=["base_cost", "cost_per_kg", "days", "on_time_share"],
        )
        for row in fresh:
            if _key(row) in entered:
                Lane.objects.filter(pk=entered[_key(row)].pk).update(
                    on_time_share=row.on_time_share
                )


def _key(row: Lane) -> tuple[int, str, str]:
    return row.warehouse_id, row.country, row.postal_prefix


def _known(lanes: list[Lane]) -> list[int]:
    wanted = {_key(row) for row in lanes}
    return [row.pk for row in Lane.objects.filter(is_entered=False) if _key(row) in wanted]
