"""Scheduled and woken work of the core."""

from celery import shared_task

from oms.core import idempotency, outbox


@shared_task
def drain_outbox() -> None:
    """Deliver the events that are due; woken after commits, and swept by the clock."""
    outbox.drain()


@shared_task
def forget_old_requests() -> None:
    """Keys of requests are kept for 30 days."""
    idempotency.forget_old()
