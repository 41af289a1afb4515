"""Scheduled and woken work of the core."""

from celery import shared_task

from oms.core import idempotency, outbox, webhooks


@shared_task
def drain_outbox() -> None:
    """Deliver the events that are due; woken after commits, and swept by the clock."""
    outbox.drain()


@shared_task
def forget_old_requests() -> None:
    """Keys of requests are kept for 30 days."""
    idempotency.forget_old()


@shared_task
def deliver_webhooks() -> None:
    """Tell endpoints of what happened since, and try again what failed."""
    webhooks.deliver()
