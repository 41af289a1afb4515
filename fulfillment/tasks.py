"""What the clock does in the warehouses."""

from celery import shared_task

from fulfillment import lanes, printing
from oms.core.models import Job


@shared_task
def refresh_lanes() -> None:
    """Learn from the rate tables and from how deliveries went."""
    lanes.refresh()


@shared_task
def print_papers(job: int, paper: str, keys: list[int]) -> None:
    """Draw a paper of many documents; the job's row shows how far it is."""
    printing.print_many(Job.objects.get(pk=job), paper, keys)
