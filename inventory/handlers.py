"""What stock does by itself."""

from inventory import backorders
from oms.core.event_handlers import on
from oms.core.models import Event


@on("stock.added")
def serve_from_receipt(event: Event) -> None:
    """Stock that came serves the demand that waits for it."""
    backorders.serve(event.data["skus"])


@on("demand.unreserved")
def serve_from_unreserved(event: Event) -> None:
    """Stock that was unreserved serves the demand that waits for it."""
    backorders.serve(event.data["skus"])


@on("demand.backordered")
def serve_waiting(event: Event) -> None:
    """Demand that found nothing looks again: stock may have come while it was being promised."""
    backorders.serve(event.data["skus"])


@on("warehouse.changed")
def serve_from_warehouse(event: Event) -> None:
    """Stock of a warehouse that was opened again serves the demand that waits for it."""
    backorders.serve_from(event.subject_number)
