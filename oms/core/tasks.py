"""Scheduled and woken work of the core."""

from celery import shared_task

from oms.core import bulk as bulk  # its jobs are done wherever tasks run
from oms.core import idempotency, jobs, notices, outbox, webhooks
from oms.core import papers as papers
from oms.core.models import Mail


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
def mail_notices() -> None:
    """Send notices to those who want them by e-mail at once."""
    notices.send_mails(Mail.AT_ONCE)


@shared_task
def mail_digests() -> None:
    """Send the morning's digests."""
    notices.send_mails(Mail.DIGEST)


@shared_task
def run_job(key: int) -> None:
    """Do a job that somebody asked for."""
    jobs.work(key)
