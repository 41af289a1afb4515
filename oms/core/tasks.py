"""Scheduled and woken work of the core."""

from celery import shared_task

from oms.core import outbox


@shared_task
def drain_outbox() -> None:
    """Deliver the events that are due; woken after commits, and swept by the clock."""
    outbox.drain()
