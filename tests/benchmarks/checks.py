"""How long each check of `verify` takes on a business, and on one that is as many times as large.

Run: python -m tests.benchmarks.checks [ORDERS] (on a throwaway embedded server, or beside DATABASE_URL's database).
A small business with documents of every kind is multiplied: all its rows again, with other keys and numbers, so that
every table grows. A check whose time grows faster than the business stands above the line.
"""

import os
import sys
import time

FEW, TIMES = 10, 3
REFERRING = {
    "document",
    "reference",
    "subject_number",
    "order_number",
}  # texts that name a document
LINES = {"inventory_demand": "line"}  # keys of rows that no foreign key names
KEYS = """
    SELECT c.relname, a.attname, f.relname FROM pg_constraint k
    JOIN pg_class c ON c.oid = k.conrelid JOIN pg_class f ON f.oid = k.confrelid
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.conkey[1]
    WHERE k.contype = 'f' AND c.relnamespace = 'public'::regnamespace"""
UNIQUE = """
    SELECT c.relname, array_agg(a.attname::text) FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY(i.indkey)
    WHERE i.indisunique AND c.relnamespace = 'public'::regnamespace GROUP BY i.indexrelid, c.relname"""
EXCLUSIVE = """
    SELECT c.relname FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid WHERE k.contype = 'x'"""
COLUMNS = """
    SELECT table_name, column_name,
           CASE WHEN character_maximum_length < 20 THEN character_maximum_length::text ELSE data_type END
    FROM information_schema.columns
    WHERE table_schema = 'public' AND is_generated = 'NEVER' ORDER BY table_name, ordinal_position"""


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    import django

    django.setup()
    from tests import database

    wanted = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    database.create(f"checks_{os.getpid()}")
    try:
        orders = _found()
        _multiply(1, FEW)
        small, before = _measure(), orders * (FEW + 1)
        _multiply(FEW + 1, wanted // orders)
        large, after = _measure(), orders * (wanted // orders + 1)
    finally:
        database.drop()
    growth = after / before
    print(f"{before} and {after} orders: {growth:.1f} times as many")
    rows = sorted(((large[name] / max(small[name], 0.001), name) for name in large), reverse=True)
    for ratio, name in rows:
        print(
            f"{ratio:6.1f} {small[name] * 1000:9.1f} ms {large[name] * 1000:9.1f} ms  "
            f"{'SLOWER  ' if ratio > 1.5 * growth and large[name] > 0.05 else ''}{name}"
        )
    print(f"all: {sum(small.values()):.2f} s and {sum(large.values()):.2f} s")


def _found() -> int:
    """A business with documents in many states; returns how many orders it has."""
    from oms.core import outbox
    from orders.models import Order
    from returns.models import ReturnRequest
    from tests import builders as make
    from tests.properties.business.world import bring, found

    found()
    for code in ("A", "B"):
        bring(code, "LON", 40)
    for number in range(3):
        make.confirmed(("A", 1), ("KIT", 1), backorder=True, channel_code="waits")
        make.shipped(("B", 1))
        make.settled(make.shipped(("A", 1 + number)))
    make.sent_purchase(make.sku("A"), 5)
    outbox.drain()
    assert ReturnRequest.objects.exists()
    return Order.objects.count()


def _multiply(first: int, last: int) -> None:
    """Insert all rows of the business again, as its copies from `first` to `last`."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(COLUMNS)
        columns: dict[str, list[tuple[str, str]]] = {}
        for table, name, kind in cursor.fetchall():
            columns.setdefault(table, []).append((name, kind))
        tables = {
            name
            for name, own in columns.items()
            if ("id", "bigint") in own
            and not name.startswith(("django_", "auth_", "core_user", "core_apitoken"))
        }
        cursor.execute(EXCLUSIVE)
        tables -= {name for (name,) in cursor.fetchall()}
        cursor.execute(KEYS)
        keys = {(table, name): to for table, name, to in cursor.fetchall() if to in tables}
        cursor.execute(UNIQUE)
        unique: dict[str, list[list[str]]] = {}
        for table, names in cursor.fetchall():
            unique.setdefault(table, []).append(names)
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'base'"
        )
        based = {name for (name,) in cursor.fetchall()}
        least = {
            name: f'(SELECT coalesce(max(id), 0) FROM base."{name}")' if name in based else "0"
            for name in tables
        }
        for table in sorted(tables):
            _copy(cursor, table, columns[table], keys, unique.get(table, []), least, first, last)
        cursor.execute("SET session_replication_role = DEFAULT")
        cursor.execute("ANALYZE")


def _copy(cursor, table, columns, keys, unique, least, first, last) -> None:
    lonely = {
        name
        for names in unique
        for name in names
        if not any((table, each) in keys for each in names)
    }
    values = []
    for name, kind in columns:
        column = f't."{name}"'
        if (
            name == "id"
            or LINES.get(table) == name
            or (name in lonely and kind in ("bigint", "integer"))
        ):
            values.append(f"{column} + n * 1000000")
        elif (table, name) in keys:
            values.append(
                f"CASE WHEN {column} > {least[keys[table, name]]} THEN {column} + n * 1000000 "
                f"ELSE {column} END"
            )
        elif (name in REFERRING or name in lonely) and (
            kind in ("character varying", "text") or name in ("number", "code")
        ):
            values.append(f"CASE WHEN {column} = '' THEN '' ELSE {column} || '~' || n END")
        elif name in lonely and kind.isdigit() and name not in ("number", "code"):
            values.append(f"left(md5({column} || n), {kind})")
        elif kind == "uuid":  # a bundle is on several rows
            values.append(f"md5({column}::text || n)::uuid")
        else:
            values.append(column)
    names = ", ".join(f'"{name}"' for name, _kind in columns)
    cursor.execute(
        f'INSERT INTO "{table}" ({names}) SELECT {", ".join(values)} FROM "{table}" t, '
        f"generate_series(%s::bigint, %s::bigint) n WHERE t.id > {least[table]} AND t.id < 1000000",
        [first, last],
    )


def _measure() -> dict[str, float]:
    """The best of a few times of each check, in seconds."""
    from django.db import connection

    from oms.insights import verification

    found = {}
    with connection.cursor() as cursor:
        for rule in verification.rules():
            spent, rows = [], []
            for _ in range(TIMES):
                start = time.perf_counter()
                cursor.execute(f"SELECT * FROM ({rule.sql}) AS breach LIMIT 50")
                rows = cursor.fetchall()
                spent.append(time.perf_counter() - start)
            found[rule.name] = min(spent)
            if rows:
                print(f"  breached by the copies: {rule.name}: {rows[0]}")
    return found


if __name__ == "__main__":
    main()
