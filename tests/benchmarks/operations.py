"""Operations on an order of five lines, each in a transaction that is rolled back, and the buffers that they touch."""

import time
from collections.abc import Callable
from typing import Any

from django.db import connection, transaction

SKUS = [f"TEE-{number}" for number in range(5)]
NAMES = [
    "entering and confirming",
    "issuing an invoice",
    "invoicing less a deposit",
    "crediting an invoice",
    "asking for a deposit",
    "taking a payment",
    "canceling",
    "shipping, with what follows",
    "a return, with what follows",
]
_ROWS = "SELECT sum(seq_tup_read + coalesce(idx_tup_fetch, 0)) FROM pg_stat_xact_user_tables"
_BUFFERS = "SELECT sum(pg_stat_get_xact_blocks_fetched(oid)) FROM pg_class WHERE relkind IN ('r', 'i', 't')"


def rows(call: Callable[[], Any]) -> int:
    """The rows that a call reads, by whatever scans; its changes are undone."""
    return _counted(_ROWS, call)


def buffers(call: Callable[[], Any]) -> int:
    """The buffers that a call touches; its changes are undone."""
    return _counted(_BUFFERS, call)


def _counted(statistic: str, call: Callable[[], Any]) -> int:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statistic)
        before = cursor.fetchone()[0]
        call()
        cursor.execute(statistic)
        after = cursor.fetchone()[0]
        transaction.set_rollback(True)
    return int(after - before)


def measure(
    name: str, statistic: Callable[[Callable[[], Any]], int] = buffers
) -> tuple[float, int]:
    """An operation's milliseconds and what the statistic counts; the order that it works on is made before."""
    with transaction.atomic():
        call, taken = _prepare(name), []

        def timed() -> None:
            started = time.perf_counter()
            call()
            taken.append((time.perf_counter() - started) * 1000)

        counted = statistic(timed)
        transaction.set_rollback(True)
    return taken[0], counted


def _prepare(name: str) -> Callable[[], Any]:
    """Bring an order to where the operation starts; its events are delivered."""
    from decimal import Decimal

    from oms.core import outbox
    from orders import lifecycle
    from orders.accounting import billing, deposits, part_credits
    from tests import builders as make

    lines = [(code, 2) for code in SKUS]
    if name == "entering and confirming":
        return lambda: make.order(lines=lines, confirmed=True)
    order = make.confirmed(*lines)
    units = {line.pk: 2 for line in order.lines.all()}
    if name == "invoicing less a deposit":
        deposits.ask(order, Decimal(10), reference="measured")
    if name == "crediting an invoice":
        billing.bill_order(order)
    if name == "a return, with what follows":
        make.ship_rest(order)
    outbox.drain()
    order = make.fresh(order)
    calls: dict[str, Callable[[], Any]] = {
        "issuing an invoice": lambda: billing.bill_order(order),
        "invoicing less a deposit": lambda: billing.bill_order(order),
        "crediting an invoice": lambda: part_credits.credit_units(
            order, units, reference="measured"
        ),
        "asking for a deposit": lambda: deposits.ask(order, Decimal(10), reference="measured"),
        "taking a payment": lambda: make.transfer(
            "10", "measured", customer_code=order.customer.code, order=order
        ),
        "canceling": lambda: lifecycle.cancel(order),
        "shipping, with what follows": lambda: make.ship_rest(order),
        "a return, with what follows": lambda: make.settled(order),
    }
    return calls[name]
