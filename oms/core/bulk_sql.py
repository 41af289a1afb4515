"""Changing many locked rows in one statement, and reading what was just written without one."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db import connection, models
from django.db.models import F, Func

COLUMN_TYPES = {
    "IntegerField": "integer",
    "PositiveIntegerField": "integer",
    "PositiveSmallIntegerField": "smallint",
    "BigIntegerField": "bigint",
    "DecimalField": "numeric",
    "CharField": "text",
    "BooleanField": "boolean",
    "DateTimeField": "timestamptz",
    "DateField": "date",
    "ForeignKey": "bigint",
}


def any_of(column: str, keys: models.QuerySet[Any, Any]) -> Func:
    """Whether a column is one of some keys, which are read first: its index is used however many rows there are.

    Several of these under OR use an index each, which conditions over several joins can't.
    """
    return Func(
        F(column),
        ArraySubquery(keys),
        template="%(expressions)s)",
        arg_joiner=" = ANY(",
        output_field=models.BooleanField(),
    )


def distinct_values(model: type[models.Model], column: str) -> list[Any]:
    """The values of an indexed column, each found by one step in the index, however many rows have it."""
    table = model._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH RECURSIVE known AS ((SELECT {column} AS value FROM {table} ORDER BY 1 LIMIT 1) "  # noqa: S608
            f"UNION ALL SELECT (SELECT {column} FROM {table} WHERE {column} > known.value ORDER BY 1 LIMIT 1) "
            "FROM known WHERE known.value IS NOT NULL) SELECT value FROM known WHERE value IS NOT NULL"
        )
        return [value for (value,) in cursor.fetchall()]


def add(model: type[models.Model], changes: Mapping[int, Mapping[str, Any]]) -> None:
    """Add to columns of locked rows, by primary key; every row names the same columns."""
    _update(model, changes, "{column} = {table}.{column} + d.{name}")


def write(model: type[models.Model], values: Mapping[int, Mapping[str, Any]]) -> None:
    """Write columns of locked rows, by primary key; every row names the same columns."""
    _update(model, values, "{column} = d.{name}")


def _update(
    model: type[models.Model], rows: Mapping[int, Mapping[str, Any]], assignment: str
) -> None:
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
    return next(
        kind
        for parent, kind in COLUMN_TYPES.items()
        if any(base.__name__ == parent for base in type(field).__mro__)
    )


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


def forget(row: models.Model, *names: str) -> None:
    """Let a row read its related rows again."""
    for name in names:
        row.__dict__.get("_prefetched_objects_cache", {}).pop(name, None)


def take_ids(model: type[models.Model], count: int) -> list[int]:
    """Primary keys for rows that are written past the ORM."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)",
            [model._meta.db_table, count],
        )
        return [key for (key,) in cursor.fetchall()]


def copy(model: type[models.Model], columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Insert rows by COPY, all NOT NULL columns named; constraints and triggers hold as for any INSERT."""
    fields = {field.name: field for field in model._meta.concrete_fields}
    names = ", ".join(str(fields[name].column) for name in columns)
    with (
        connection.cursor() as cursor,
        cursor.copy(f"COPY {model._meta.db_table} ({names}) FROM STDIN") as sink,
    ):
        for row in rows:
            sink.write_row(row)
