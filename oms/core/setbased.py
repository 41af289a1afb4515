"""Changing many locked rows in one statement, and reading what was just written without one."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import connection, models

COLUMN_TYPES = {"IntegerField": "integer", "PositiveIntegerField": "integer", "BigIntegerField": "bigint",
                "DecimalField": "numeric", "CharField": "text", "BooleanField": "boolean", "ForeignKey": "bigint"}


def add(model: type[models.Model], changes: Mapping[int, Mapping[str, Any]]) -> None:
    """Add to columns of locked rows, by primary key; every row names the same columns."""
    _update(model, changes, "{column} = {table}.{column} + d.{name}")


def write(model: type[models.Model], values: Mapping[int, Mapping[str, Any]]) -> None:
    """Write columns of locked rows, by primary key; every row names the same columns."""
    _update(model, values, "{column} = d.{name}")


def _update(model: type[models.Model], rows: Mapping[int, Mapping[str, Any]], assignment: str) -> None:
    if not rows:
        return
    names = list(next(iter(rows.values())))
    fields = [model._meta.get_field(name) for name in names]
    table = model._meta.db_table
    assignments = ", ".join(
        assignment.format(table=table, column=field.column, name=name)  # type: ignore[union-attr]
        for field, name in zip(fields, names, strict=True)
    )
    arrays = ", ".join(["%s::bigint[]", *(f"%s::{_column_type(field)}[]" for field in fields)])
    columns = [list(rows), *([row[name] for row in rows.values()] for name in names)]
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table} SET {assignments} FROM unnest({arrays}) AS d(row_id, {', '.join(names)}) "  # noqa: S608
            f"WHERE {table}.id = d.row_id",  # names come from the models alone
            columns,
        )


def _column_type(field: Any) -> str:
    return next(kind for parent, kind in COLUMN_TYPES.items()
                if any(base.__name__ == parent for base in type(field).__mro__))


Changes = dict[int, dict[str, int]]


def note(changes: Changes, key: int, **amounts: int) -> None:
    """Sum up what is to be added to a row."""
    row = changes.setdefault(key, dict.fromkeys(amounts, 0))
    for name, amount in amounts.items():
        row[name] = row.get(name, 0) + amount


def remember(row: models.Model, name: str, related: Iterable[models.Model]) -> None:
    """Let a row know its related rows that were just inserted, as if they had been prefetched."""
    rows: Any = getattr(row, name).all()
    rows._result_cache, rows._prefetch_done = list(related), True
    cache: dict[str, Any] = row.__dict__.setdefault("_prefetched_objects_cache", {})
    cache[name] = rows


def take_ids(model: type[models.Model], count: int) -> list[int]:
    """Primary keys for rows that are written past the ORM."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)",
                       [model._meta.db_table, count])
        return [key for (key,) in cursor.fetchall()]


def copy(model: type[models.Model], columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Insert rows by COPY, all NOT NULL columns named; constraints and triggers hold as for any INSERT."""
    fields = {field.name: field for field in model._meta.concrete_fields}
    names = ", ".join(str(fields[name].column) for name in columns)
    with connection.cursor() as cursor, cursor.copy(f"COPY {model._meta.db_table} ({names}) FROM STDIN") as sink:
        for row in rows:
            sink.write_row(row)
