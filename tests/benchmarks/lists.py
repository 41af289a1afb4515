"""Pages and operations with 10,000 orders and with many, their invoices, payments, shipments, stock moves and events.

Run: python -m tests.benchmarks.lists [ORDERS] (on a throwaway embedded server, or in two databases of DATABASE_URL's
server). Each page is the whole HTML as the server makes it, for a manager or a rep, taken in turns from both databases;
the bare SQL reads what the page shows. Medians. Operations are rolled back. Buffers: all that PostgreSQL touched.
"""

import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from tests.benchmarks import operations

SMALL, PER_CUSTOMER, PER_PAGE = 10_000, 50, 50
TIMES = 21
ORDER_VALUES = {
    "external_id": "'EXT-' || n",
    "customer_id": "{first} + n %% {customers}",
    "customer_reference": "'PO ' || n",
    "status": "CASE n %% 50 WHEN 0 THEN 'confirmed' WHEN 1 THEN 'placed' ELSE 'completed' END",
    "reserved": "CASE WHEN n %% 100 = 0 THEN 5 ELSE 10 END",
    "shipped": "CASE WHEN n %% 50 < 2 THEN 0 ELSE 10 END",
    "requested_on": "CASE WHEN n %% 150 = 0 THEN DATE '2020-01-01' END",
}
SELECTED = """SELECT o.id, o.number, o.status, c.code, c.name, h.code, o.placed_on, o.requested_on, o.gross, o.currency,
    o.units, o.canceled, o.reserved, o.shipped, o.invoiced
    FROM orders_order o JOIN orders_customer c ON c.id = o.customer_id JOIN orders_channel h ON h.id = o.channel_id """


def main() -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    import django

    django.setup()
    from django.conf import settings

    settings.ALLOWED_HOSTS = ["*"]
    many = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    for orders in (SMALL, many):
        _create(orders)
    print(
        f"{'page':28} {'at ' + str(SMALL):>10} {'at ' + str(many):>12} {'ratio':>6} {'bare SQL':>9} {'queries':>8} "
        f"{'buffers':>15}"
    )
    with _database(SMALL):
        count = len(_pages(SMALL))
    for number in range(count):
        name, (small, _, few, low), (large, bare, queries, high) = _measure(number, SMALL, many)
        print(
            f"{name:28} {small:8.1f}ms {large:10.1f}ms {large / small:6.2f} {bare:7.1f}ms {few:3} {queries:4} "
            f"{low:7} {high:7}"
        )
    for name in operations.NAMES:
        (small, low), (large, high) = (_operate(name, size) for size in (SMALL, many))
        print(
            f"{name:28} {small:8.1f}ms {large:10.1f}ms {large / small:6.2f} {'':18} {low:7} {high:7}"
        )


@contextmanager
def _database(orders: int) -> Iterator[None]:
    """Work in the database with so many orders."""
    from django.db import connection

    before = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = f"oms_lists_{orders}"
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = before


def _create(orders: int) -> None:
    from django.core.management import call_command
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS oms_lists_{orders}")
        cursor.execute(f"CREATE DATABASE oms_lists_{orders}")
    with _database(orders):
        call_command("migrate", verbosity=0)
        _set_up(orders)
    print(f"{orders} orders are there.", file=sys.stderr)


def _set_up(orders: int) -> None:
    """A shipped, invoiced and paid order, copied with all that hangs on it, and many customers of three reps."""
    from oms.core.models import User
    from orders.models import Customer
    from tests import builders as make
    from tests.benchmarks import filling

    for name in operations.SKUS:
        make.sku(name, stock={"LON": 1_000})
    reps = [make.user(f"rep {number}", "rep") for number in range(3)]
    count = orders // PER_CUSTOMER
    made = Customer.objects.bulk_create(
        [
            Customer(
                code=f"B-{number}",
                name=f"Shop {number} of {number % 977}",
                currency="GBP",
                rep=reps[number % 3],
            )
            for number in range(count)
        ]
    )
    make.user("boss", "manager")
    User.objects.update(is_staff=True)
    template = filling.finished_order(*((name, 2) for name in operations.SKUS))
    rows = filling.grow(
        template,
        range(1, orders + 1),
        {
            name: text.format(first=made[0].pk, customers=count)
            for name, text in ORDER_VALUES.items()
        },
    )
    print(rows, file=sys.stderr)


def _measure(number: int, *sizes: int) -> tuple[Any, ...]:
    """A page's name, and for each database its milliseconds, those of the bare SQL, its queries and its buffers."""
    from django.test import Client

    from oms.core.models import User

    times: dict[int, list[float]] = {size: [] for size in sizes}
    bare: dict[int, list[float]] = {size: [] for size in sizes}
    queries, read = {}, {}
    for _ in range(3):
        for size in sizes:
            with _database(size):
                name, address, statements = _pages(size)[number]
                client = Client()
                client.force_login(
                    User.objects.get(username="rep 1" if name.startswith("rep") else "boss")
                )
                queries[size] = _warm_up(client, address)
                read[size] = operations.buffers(
                    lambda client=client, address=address: client.get(address)
                )
                for _ in range(TIMES // 3):
                    times[size].append(
                        _time(lambda client=client, address=address: client.get(address))
                    )
                    bare[size].append(_time(lambda statements=statements: _rows(statements)))
    return name, *(
        (statistics.median(times[size]), statistics.median(bare[size]), queries[size], read[size])
        for size in sizes
    )


def _operate(name: str, size: int) -> tuple[float, int]:
    """An operation's milliseconds and buffers."""
    with _database(size):
        done = [operations.measure(name) for _ in range(TIMES // 3)]
    return statistics.median(taken for taken, _ in done), done[-1][1]


def _warm_up(client: Any, address: str) -> int:
    """Open a page; returns its queries."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    assert client.get(address).status_code == 200, address
    with CaptureQueriesContext(connection) as counted:
        client.get(address)
        return len(counted)


def _pages(orders: int) -> list[tuple[str, str, list[tuple[str, list[Any]]]]]:
    """The pages: name, address, and the SQL that they need at least."""
    from oms.backoffice.lists import Place
    from oms.core.models import User
    from orders.models import Customer, Order

    newest = Order.objects.order_by("-pk")
    deep = newest.values_list("pk", flat=True)[min(999, orders // PER_PAGE - 2) * PER_PAGE - 1]
    middle = newest.filter(external_id=f"EXT-{orders // 2}").get()
    one = Customer.objects.get(pk=middle.customer_id)
    boss, rep = User.objects.get(username="boss"), User.objects.get(username="rep 1")
    page = "/admin/orders/order/"
    wanted = "o.status = 'confirmed' AND o.{} o.units - o.canceled"
    same_word = list(Customer.objects.filter(name__icontains="of 76").values_list("pk", flat=True))
    return [
        ("first page", page, _listed("true")),
        ("the page after 999 nexts", f"{page}?p={Place((deep,))}", _listed("o.id < %s", deep)),
        ("status: confirmed", f"{page}?status__exact=confirmed", _listed("o.status = 'confirmed'")),
        ("status: completed", f"{page}?status__exact=completed", _listed("o.status = 'completed'")),
        (
            "channel",
            f"{page}?channel__id__exact={middle.channel_id}",
            _listed("o.channel_id = %s", middle.channel_id),
        ),
        (
            "rep: of my customers",
            f"{page}?view=mine",
            _listed("o.customer_id IN (SELECT id FROM orders_customer WHERE rep_id = %s)", rep.pk),
        ),
        (
            "late",
            f"{page}?view=late",
            _listed(wanted.format("shipped <") + " AND o.requested_on < CURRENT_DATE"),
        ),
        ("Backordered", f"{page}?view=short", _listed(wanted.format("reserved <"))),
        (
            "on hold",
            f"{page}?view=hold",
            _listed("o.id IN (SELECT order_id FROM orders_orderhold WHERE released_at IS NULL)"),
        ),
        (
            "Ready to ship today",
            f"{page}?view=ready",
            _listed(
                wanted.format("reserved >=") + " AND o.shipped < o.units - o.canceled "
                "AND (o.requested_on IS NULL OR o.requested_on <= CURRENT_DATE)"
            ),
        ),
        ("search by number", f"{page}?q={middle.number}", _listed("o.number = %s", middle.number)),
        (
            "search by customer's code",
            f"{page}?q={one.code}",
            _listed("o.customer_id = %s", one.pk),
        ),
        (
            "search by customer's name",
            f"{page}?q=of 76",
            _listed("o.customer_id = ANY(%s)", same_word),
        ),
        (
            "rep: first page",
            page,
            _listed("o.customer_id IN (SELECT id FROM orders_customer WHERE rep_id = %s)", rep.pk),
        ),
        (
            "rep: search by number",
            f"{page}?q={middle.number}",
            _listed("o.number = %s", middle.number),
        ),
        (
            "an order's page",
            f"{page}{middle.pk}/change/",
            [
                (f"{SELECTED} WHERE o.id = %s", [middle.pk]),
                ("SELECT * FROM orders_orderline WHERE order_id = %s", [middle.pk]),
                ("SELECT * FROM core_event WHERE order_number = %s", [middle.number]),
            ],
        ),
        (
            "home page of a manager",
            "/admin/",
            [
                (
                    "SELECT status, count(*) FROM orders_order WHERE status IN ('draft', "
                    "'quoted', 'placed') GROUP BY 1",
                    [],
                ),
                ("SELECT count(*) FROM core_notice WHERE to_id = %s", [boss.pk]),
            ],
        ),
        (
            "rep's home page",
            "/admin/",
            [
                (
                    "SELECT o.status, count(*) FROM orders_order o JOIN orders_customer c ON c.id = o.customer_id "
                    "WHERE o.status IN ('draft', 'quoted', 'placed') AND c.rep_id = %s GROUP BY 1",
                    [rep.pk],
                )
            ],
        ),
    ]


def _listed(where: str, *values: Any) -> list[tuple[str, list[Any]]]:
    """The rows of a list's first page, and how many there are as far as the list counts."""
    rows = f"{SELECTED} WHERE {where} ORDER BY o.id DESC LIMIT {PER_PAGE + 1}"
    count = f"SELECT count(*) FROM (SELECT 1 FROM orders_order o WHERE {where} LIMIT 1001) x"
    return [(rows, list(values)), (count, list(values))]


def _rows(statements: list[tuple[str, list[Any]]]) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        for sql, values in statements:
            cursor.execute(sql, values or None)
            cursor.fetchall()


def _time(call: Callable[[], Any]) -> float:
    """A call's milliseconds."""
    started = time.perf_counter()
    call()
    return (time.perf_counter() - started) * 1000


if __name__ == "__main__":
    main()
