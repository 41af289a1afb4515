"""Scheduled and woken work of the core."""

from celery import shared_task

from oms.core import bulk as bulk  # its jobs are done wherever tasks run
from oms.core import idempotency, jobs, outbox, webhooks


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


@shared_task
def run_job(key: int) -> None:
    """Do a job that somebody asked for."""
    jobs.work(key)
