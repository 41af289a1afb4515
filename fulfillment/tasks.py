"""What the clock does in the warehouses."""

from celery import shared_task

from fulfillment import lanes


@shared_task
def refresh_lanes() -> None:
    """Learn from the rate tables and from how deliveries went."""
    lanes.refresh()
