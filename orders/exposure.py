"""What a customer owes and has ordered: read from the entries that the database appends (`ExposureEntry`)."""

from decimal import Decimal

from django.db import connection
from django.db.models import Sum

from oms.core.locking import atomic, try_advisory_lock
from oms.core.money import ZERO
from orders.models import Customer, ExposureEntry

FOLD = """
    WITH folded AS (
        DELETE FROM orders_exposureentry
        WHERE customer_id IN (SELECT customer_id FROM orders_exposureentry WHERE NOT is_sum)
        RETURNING customer_id, amount)
    INSERT INTO orders_exposureentry (customer_id, amount, is_sum)
    SELECT customer_id, sum(amount), true FROM folded GROUP BY 1 HAVING sum(amount) <> 0
    """


def of(customer: Customer) -> Decimal:
    """What a customer owes, and has ordered that is not yet invoiced, in their currency."""
    entries = ExposureEntry.objects.filter(customer=customer)
    return Decimal(entries.aggregate(total=Sum("amount", default=ZERO))["total"])


def fold() -> None:
    """Replace the entries of each customer that has new ones by their sum; one at a time, whoever is second leaves."""
    with atomic():
        if try_advisory_lock("exposure"):
            with connection.cursor() as cursor:
                cursor.execute(FOLD)
