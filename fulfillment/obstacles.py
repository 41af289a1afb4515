"""Shipments under way that rely on their warehouse."""

from collections.abc import Iterator

from django.db.models import QuerySet
from django.utils.translation import ngettext

from fulfillment.models import Shipment
from fulfillment.shipments import LIVE
from inventory.models import Warehouse
from oms.core.guarding import stands_in_the_way


@stands_in_the_way(Warehouse, "kind", "company")
def live_shipments(warehouse: Warehouse) -> Iterator[str]:
    """Shipments that are open, picked or packed there."""
    yield from _under_way(Shipment.objects.filter(warehouse=warehouse))


@stands_in_the_way(Warehouse, "is_active")
def shipments_that_stay(warehouse: Warehouse) -> Iterator[str]:
    """Shipments of channels that don't re-route by themselves. (Of others, what is begun is finished.)"""
    yield from _under_way(
        Shipment.objects.filter(warehouse=warehouse, order__channel__reroutes=False)
    )


def _under_way(shipments: QuerySet[Shipment]) -> Iterator[str]:
    rows = shipments.filter(status__in=LIVE).order_by("pk")
    count = rows.count()
    if count:
        numbers = ", ".join(rows.values_list("number", flat=True)[:5])
        yield ngettext(
            "%(count)s shipment is under way (%(numbers)s)",
            "%(count)s shipments are under way (%(numbers)s)",
            count,
        ) % {"count": count, "numbers": numbers}
