"""What a shipment must pass on its way to the door: holds of its order, and "ship complete only"."""

from collections.abc import Sequence

from django.db.models import Prefetch, QuerySet

from fulfillment.models import Shipment
from oms.core.errors import Refused
from orders import holds
from orders.models import Order, OrderHold

OPEN_HOLDS = Prefetch("order__holds", OrderHold.objects.filter(released_at=None).order_by("pk"))
LIVE = Shipment.LIVE


def require_workable(shipment: Shipment) -> None:
    """Raise Refused where a shipment's locked order is on hold: it's neither picked, packed nor labeled."""
    holds.require_clear(shipment.order)


def require_may_leave(shipment: Shipment) -> None:
    """Raise Refused where a shipment must not be started or leave now."""
    holds.require_may_leave(shipment.order)


def sort(shipments: Sequence[Shipment]) -> tuple[list[Shipment], list[Refused]]:
    """Shipments of locked orders that may be started, and why the others may not."""
    ready, refusals = [], []
    for shipment in shipments:
        try:
            require_may_leave(shipment)
            ready.append(shipment)
        except Refused as refused:
            refusals.append(refused)
    return ready, refusals


def reasons(shipment: Shipment) -> list[str]:
    """Why a live shipment doesn't go on now, for lists and pages; constant queries with `OPEN_HOLDS` prefetched."""
    return holds.reasons(shipment.order) if shipment.status in LIVE else []


def on_hold() -> "QuerySet[Order]":
    """Orders whose goods nobody may work on."""
    return Order.objects.filter(pk__in=OrderHold.objects.filter(released_at=None).values("order"))
