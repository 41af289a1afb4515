"""Test databases: one template is migrated, each worker gets a copy, and real commits are undone after their test."""

import hashlib
from contextlib import contextmanager
from pathlib import Path

import django
import psycopg
from django.apps import apps
from django.core.management import call_command
from django.db import connection
from psycopg import sql

from oms.core import policy
from oms.settings import BASE_DIR
from tests import kept_plans

MAINTENANCE = "postgres"
_marks: dict[str, tuple[int, int]] = {}


def create(worker: str) -> None:
    """Create this worker's database as a copy of the template, and connect to it."""
    name = connection.settings_dict["NAME"] or "oms"
    own, template = f"test_{name}_{worker or 'main'}", f"template_{name}_{_fingerprint()}"
    with _server() as server:
        server.execute(
            "SELECT pg_advisory_lock(hashtextextended(%s, 0))", [template]
        )  # held until disconnected
        if not _exists(server, template):
            _build(server, template, f"template_{name}_")
        _drop(server, own)
        server.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
                sql.Identifier(own), sql.Identifier(template)
            )
        )
    _connect_to(own)
    kept_plans.create()
    _marks.update(_changes())


def drop() -> None:
    """Remove this worker's database; the template stays for the next run."""
    own = connection.settings_dict["NAME"]
    connection.close()
    with _server() as server:
        _drop(server, own)


def undo_commits() -> None:
    """Bring every table that committed rows have changed back to what migrations wrote.

    A table has changed if its count or its newest transaction has. Needs a superuser, like the append-only ledger's
    guard, which must not fire here.
    """
    _end_others()
    changed = [table for table, mark in _changes().items() if mark != _marks.get(table)]
    if not changed:
        return
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        for table in changed:
            cursor.execute(f'DELETE FROM public."{table}"')
        cursor.execute(
            "SELECT table_name, string_agg(quote_ident(column_name), ', ' ORDER BY ordinal_position) "
            "FROM information_schema.columns WHERE table_schema = 'base' GROUP BY 1"
        )
        for table, columns in cursor.fetchall():
            if table in changed:
                cursor.execute(
                    f'INSERT INTO public."{table}" ({columns}) SELECT {columns} FROM base."{table}"'
                )
        cursor.execute("SET session_replication_role = DEFAULT")
    _marks.update(_changes())


def _end_others() -> None:
    """End what other connections are in the middle of (a killed server's, say): it would commit after the undoing."""
    with connection.cursor() as cursor:
        busy = "datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle'"
        cursor.execute(
            f"SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity WHERE {busy}"
        )


def wrote() -> bool:
    """Whether the open transaction, a test's own, has written anything."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_xact_id_if_assigned() IS NOT NULL")
        return bool(cursor.fetchone()[0])


def _fingerprint() -> str:
    """A hash of all migrations, and of the rows that are written after them: what the template was made from."""
    digest = hashlib.sha256(django.__version__.encode())
    digest.update(
        repr(
            [
                (name, *of, sorted(policy.default_permissions(name)))
                for name, of in policy.built_in_roles().items()
            ]
        ).encode()
    )
    for config in apps.get_app_configs():
        for path in sorted(Path(config.path, "migrations").glob("*.py")):
            digest.update(path.read_bytes())
    after = ("*/data/*", "oms/*/data/*", "*/seeds.py", "oms/*/seeds.py")
    for path in sorted(path for each in after for path in BASE_DIR.glob(each) if path.is_file()):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


@contextmanager
def _server():
    """A connection to the server's own database, where others are made."""
    given = connection.get_connection_params()
    wanted = {key: given[key] for key in ("host", "port", "user", "password") if key in given}
    with psycopg.connect(**wanted, dbname=MAINTENANCE, autocommit=True) as server:
        yield server


def _exists(server: psycopg.Connection, name: str) -> bool:
    return (
        server.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone()
        is not None
    )


def _build(server: psycopg.Connection, template: str, prefix: str) -> None:
    """Migrate under another name and rename at the end, so that a killed run leaves no half template."""
    unfinished = f"unfinished_{template}"
    for old in server.execute(
        "SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [prefix]
    ).fetchall():
        _drop(server, old[0])
    _drop(server, unfinished)
    server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(unfinished)))
    _connect_to(unfinished)
    call_command("migrate", verbosity=0, interactive=False)
    _keep_base()
    connection.close()
    server.execute(
        sql.SQL("ALTER DATABASE {} RENAME TO {}").format(
            sql.Identifier(unfinished), sql.Identifier(template)
        )
    )


def _keep_base() -> None:
    """Copy what migrations wrote into a schema of its own, without columns that the database computes."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE SCHEMA base")
        for table, (count, _newest) in _changes().items():
            if count:
                cursor.execute(
                    "SELECT string_agg(quote_ident(column_name), ', ') FROM information_schema.columns "
                    "WHERE table_schema = 'public' AND table_name = %s AND is_generated = 'NEVER'",
                    [table],
                )
                columns = cursor.fetchone()[0]
                cursor.execute(
                    f'CREATE TABLE base."{table}" AS SELECT {columns} FROM public."{table}"'
                )


def _changes() -> dict[str, tuple[int, int]]:
    """Each table's count of rows and newest transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
        tables = [name for (name,) in cursor.fetchall()]
        cursor.execute(
            " UNION ALL ".join(
                f"SELECT '{table}', count(*), coalesce(max(xmin::text::bigint), 0) FROM public.\"{table}\""
                for table in tables
            )
        )
        return {table: (count, newest) for table, count, newest in cursor.fetchall()}


def _connect_to(name: str) -> None:
    connection.close()
    connection.settings_dict["NAME"] = name


def _drop(server: psycopg.Connection, name: str) -> None:
    server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
