"""Issues invoices from a process of its own, and gives up a twentieth of them half way. Run by the race of numbers.

python -m tests.races.issue FIRST_ORDER LAST_ORDER
"""

import os
import random
import sys

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")


class Aborted(Exception):
    """Something broke after the number was taken."""


def main():
    import django

    django.setup()
    from oms.core.locking import atomic
    from orders.accounting import billing
    from orders.models import Order

    first, last = map(int, sys.argv[1:])
    chance, done, aborted = random.Random(first), 0, 0
    for order in Order.objects.filter(pk__gte=first, pk__lte=last).order_by("pk"):
        units = {line.pk: line.quantity for line in order.lines.all()}
        while True:
            try:
                with atomic():
                    billing.invoice(order, units, reference=f"{order.number}/race")
                    if chance.random() < 0.05:
                        aborted += 1
                        raise Aborted
            except Aborted:
                continue
            done += 1
            break
    print(done, aborted)


if __name__ == "__main__":
    main()
