"""What the clock does for purchasing."""

from celery import shared_task

from inventory.purchasing import alerts, replenishment


@shared_task
def check_reorder_points() -> None:
    """Propose what must be bought, and tell what is low or out and was not told when it happened."""
    replenishment.reorder_check()
    alerts.watch_all()
