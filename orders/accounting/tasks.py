"""What the clock does for accounting."""

from celery import shared_task

from oms.core.models import Company
from orders.accounting import consolidated_invoicing, notifications


@shared_task
def tell_overdue() -> None:
    """Tell accountants what is overdue."""
    for company in Company.objects.all():
        notifications.tell_overdue(company)


@shared_task
def bill_the_month() -> None:
    """Bill what was shipped to the customers who are billed by the month."""
    for company in Company.objects.all():
        consolidated_invoicing.collect_all(company)
