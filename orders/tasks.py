"""What the clock does with orders and invoices."""

from celery import shared_task

from oms.core.models import Company
from orders import notices


@shared_task
def tell_overdue() -> None:
    """Tell accountants what is overdue."""
    for company in Company.objects.all():
        notices.tell_overdue(company)
