"""`POST /orders/` of 10 lines to confirmed and held, through gunicorn, beside a hand-written psycopg program.

Run: python -m tests.benchmarks.api (on a throwaway embedded server, or on DATABASE_URL's). Both are driven by client
processes of the same kind, in turns in one run, while a process of its own drains the outbox. The rows that both leave
are compared first.
"""

import http.client
import json
import multiprocessing
import os
import re
import statistics
import subprocess
import sys
import time

ROUNDS, ORDERS, LINES = 3, 48, 10
CLIENTS = (1, 4, 8)
BODY = {
    "customer": "C-1",
    "channel": "reps",
    "lines": [{"sku": f"S-{n}", "quantity": 1} for n in range(LINES)],
}
DRAINER = """
import time, django
django.setup()
from oms.core import outbox
while True:
    outbox.drain()
    time.sleep(0.02)
"""
TABLES = {
    "orders_order": "number = %s",
    "orders_orderline": "order_id = (SELECT id FROM orders_order WHERE number = %s)",
    "core_event": "order_number = %s",
    "inventory_demand": "document = %s",
    "inventory_reservation": "demand_id IN (SELECT id FROM inventory_demand WHERE document = %s)",
    "core_decision": "subject_number = %s",
    "core_idempotencykey": "answer #>> '{body,number}' = %s",
}


def main() -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    import django

    django.setup()
    from django.conf import settings
    from django.core.management import call_command
    from django.db import connection

    settings.ASSERT_LOCK_ORDER = False
    os.environ["ASSERT_LOCK_ORDER"] = "0"
    call_command("migrate", verbosity=0)
    token = _set_up()
    from tests.races.resend import Server

    connection.ensure_connection()
    parameters = {
        name: value
        for name, value in connection.get_connection_params().items()
        if name in ("dbname", "user", "password", "host", "port")
    }
    server = Server()
    try:
        _compare(server.port, token, parameters)
        drainer = subprocess.Popen([sys.executable, "-c", DRAINER], env={**os.environ})
        try:
            _measure(server.port, token, parameters)
        finally:
            drainer.kill()
    finally:
        server.stop()


def _set_up() -> str:
    from oms.core import clients
    from oms.core.models import ApiClient, User
    from tests import builders as make

    make.taxes()
    make.channel()
    for number in range(LINES):
        make.sku(f"S-{number}", stock={"LON": 10**7, "MAN": 10**7})
        make.priced(f"S-{number}")
    rep = make.user("rep", "rep")
    User.objects.update(is_staff=True)
    customer = make.customer()
    customer.rep = rep
    customer.save()
    return clients.issue_token(
        ApiClient.objects.create(name="benchmark", user=rep, calls_per_minute=10**7)
    )


def over_http(port: int, token: str, parameters: dict, keys: list[str]) -> list[str]:
    """A client of the API: one connection, one order after the other."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    numbers = []
    for key in keys:
        connection.request(
            "POST",
            "/api/v1/orders/",
            json.dumps(BODY),
            {
                "Authorization": f"Bearer {token}",
                "Content-Type": "application/json",
                "Idempotency-Key": key,
            },
        )
        answer = connection.getresponse()
        text = answer.read()
        assert answer.status == 201, text
        numbers.append(json.loads(text)["number"])
    return numbers


def by_hand(port: int, token: str, parameters: dict, keys: list[str]) -> list[str]:
    """A client of the hand-written program: one connection, one order after the other."""
    import psycopg

    from tests.benchmarks.by_hand import enter

    with psycopg.connect(**parameters, autocommit=True) as connection:
        return [enter(connection, token, key, BODY) for key in keys]


def _rows(number: str) -> dict[str, list[tuple]]:
    """What an order left, without what must differ: keys, times, numbers and addresses."""
    from django.db import connection

    found = {}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT l.id FROM orders_orderline l JOIN orders_order o ON o.id = l.order_id "
            "WHERE o.number = %s ORDER BY l.position",
            [number],
        )
        lines = {str(key): f"line {position}" for position, (key,) in enumerate(cursor.fetchall())}
        for table, where in TABLES.items():
            cursor.execute(f"SELECT * FROM {table} WHERE {where} ORDER BY id", [number])
            names = [column.name for column in cursor.description]
            kept = [
                name
                for name in names
                if name
                not in (
                    "id",
                    "created_at",
                    "status_at",
                    "at",
                    "key",
                    "order_id",
                    "demand_id",
                    "position" if table == "core_event" else "",
                )
            ]
            rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
            found[table] = [
                tuple(
                    lines[str(row[name])]
                    if name == "line"
                    else _plain(str(row[name]), number, lines)
                    for name in kept
                )
                for row in rows
            ]
    return found


def _plain(text: str, number: str, lines: dict[str, str]) -> str:
    text = re.sub(r'"created_at": "[^"]*"|http://[^/"]*', "", text.replace(number, "N"))
    return re.sub(r'(?<="line": )\d+', lambda match: lines[match.group()], text)


def _compare(port: int, token: str, parameters: dict) -> None:
    (one,), (other,) = (
        over_http(port, token, parameters, ["a"]),
        by_hand(port, token, parameters, ["b"]),
    )
    rows, same = _rows(one), _rows(other)
    for table in TABLES:
        assert rows[table] == same[table] != [], f"{table}:\n{rows[table]}\n{same[table]}"
    print(f"Both leave the same {sum(map(len, rows.values()))} rows in {len(TABLES)} tables.")


def _measure(port: int, token: str, parameters: dict) -> None:
    times: dict[tuple[str, int], list[float]] = {}
    serial = 0
    with multiprocessing.get_context("spawn").Pool(max(CLIENTS)) as pool:
        pool.map(time.sleep, [0.5] * max(CLIENTS))
        for _ in range(ROUNDS):
            for count in CLIENTS:
                for name, way in (("API", over_http), ("by hand", by_hand)):
                    serial += 1
                    jobs = [
                        (
                            port,
                            token,
                            parameters,
                            [f"{serial}-{client}-{n}" for n in range(ORDERS // count)],
                        )
                        for client in range(count)
                    ]
                    started = time.perf_counter()
                    pool.starmap(way, jobs, chunksize=1)
                    times.setdefault((name, count), []).append(
                        (time.perf_counter() - started) / ORDERS * 1000
                    )
    print("clients   API ms/order   by hand ms/order   ratio")
    for count in CLIENTS:
        api, hand = (statistics.median(times[name, count]) for name in ("API", "by hand"))
        print(f"{count:7}   {api:12.1f}   {hand:16.1f}   {api / hand:5.1f}")


if __name__ == "__main__":
    main()
