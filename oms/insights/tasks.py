"""What the clock does for the home pages."""

from celery import shared_task

from oms.insights import rollups


@shared_task
def roll_up() -> None:
    """Bring the sums of the last days up to date."""
    rollups.roll_up()
