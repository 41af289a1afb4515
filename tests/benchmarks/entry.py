"""Entering and confirming an order of 10 and of 50 lines, with the worker's part left out.

Run: python -m tests.benchmarks.entry. Prints medians and their ratio, measured in turns in one run on a throwaway
database.
"""

import os
import statistics
import time

ROUNDS = 60


def main() -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    import django

    django.setup()
    from django.conf import settings
    from django.core.management import call_command

    settings.ASSERT_LOCK_ORDER = False
    call_command("migrate", verbosity=0)
    from inventory.models import SKU
    from oms.core.locking import atomic
    from orders import lifecycle, order_entry
    from orders.order_entry import Entry, Line
    from tests import builders as make

    make.taxes()
    make.customer(credit_limit=10**9)
    for number in range(50):
        make.sku(f"S-{number}", stock={"LON": 100_000, "MAN": 100_000})
        make.priced(f"S-{number}")
    channel = make.channel()

    def enter(size: int) -> float:
        started = time.perf_counter()
        with atomic():
            skus = SKU.objects.filter(code__in=[f"S-{number}" for number in range(size)])
            order = order_entry.enter(
                Entry(channel, make.customer(), [Line(item, 1) for item in skus])
            )
            lifecycle.confirm(order)
        return (time.perf_counter() - started) * 1000

    enter(10), enter(50)
    times: dict[int, list[float]] = {10: [], 50: []}
    for _ in range(ROUNDS):
        for size in times:
            times[size].append(enter(size))
    ten, fifty = (statistics.median(times[size]) for size in (10, 50))
    print(
        f"10 lines {ten:.1f} ms, 50 lines {fifty:.1f} ms, ratio {fifty / ten:.2f} (medians of {ROUNDS})"
    )


if __name__ == "__main__":
    main()
