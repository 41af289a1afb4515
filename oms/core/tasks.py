"""Scheduled and woken work of the core."""

from celery import shared_task
from django.conf import settings

from oms.core import bells, idempotency, outbox, sweeping


@shared_task
def drain_outbox() -> None:
    """Deliver the events that are due; woken after commits."""
    outbox.drain()


@shared_task
def sweep() -> None:
    """Do whatever waits: events, jobs, webhooks, emails."""
    sweeping.sweep()


def look() -> None:
    """Have a process of the pool sweep; where no message reaches one, do it here."""
    if not bells.ring("oms.core.tasks.sweep", expires=max(settings.SWEEP_SECONDS, 5)):
        sweeping.sweep()


@shared_task
def forget_old_requests() -> None:
    """Keys of requests are kept for 30 days."""
    idempotency.forget_old()
