"""What the clock does in the warehouses."""

from celery import shared_task

from fulfillment import lanes, printing
from fulfillment.models import Shipment
from oms.core.models import Job


@shared_task
def refresh_lanes() -> None:
    """Learn from the rate tables and from how deliveries went."""
    lanes.refresh()


@shared_task
def print_labels(job: int, shipments: list[int]) -> None:
    """Draw the labels of many shipments; the job's row shows how far it is."""
    rows = {row.pk: row for row in Shipment.objects.filter(pk__in=shipments)}
    printing.print_labels(Job.objects.get(pk=job), [rows[key] for key in shipments if key in rows])
