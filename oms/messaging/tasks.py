"""Scheduled and woken messages."""

from celery import shared_task

from oms.core.models import Mail
from oms.messaging import notifications, webhooks


@shared_task
def deliver_webhooks() -> None:
    """Tell endpoints of what happened since, and try again what failed."""
    webhooks.deliver()


@shared_task
def mail_digests() -> None:
    """Send the morning's digests."""
    notifications.send_mails(Mail.DIGEST)
