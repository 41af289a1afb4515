"""Row locks: taken once per transaction, sorted by key, in one order over the whole system."""

import enum
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TypeVar

from django.conf import settings
from django.db import connection, models, transaction
from django.utils.translation import gettext as _

from oms.core.errors import Conflict

Row = TypeVar("Row", bound=models.Model)


class LockRank(enum.IntEnum):
    """The order in which kinds of rows are locked within a transaction."""

    ORDER = 1
    CUSTOMER = 2
    SUPPLY = 3  # purchase order, transfer, count, return
    SHIPMENT = 4
    WAVE = 5
    DEMAND = 6
    RESERVATION = 7
    STOCK = 8
    BIN_STOCK = 9
    PAYMENT = 10
    INVOICE = 11
    COUNTER = 12


@dataclass
class _Taken:
    """The keys that a transaction locked, and those that it created, by rank; and rows as they were inserted."""

    locked: dict[LockRank, set[int]] = field(default_factory=lambda: defaultdict(set))
    created: dict[LockRank, set[int]] = field(default_factory=lambda: defaultdict(set))
    inserted: list[models.Model] = field(default_factory=list)
    to_insert: dict[type[models.Model], list[models.Model]] = field(default_factory=lambda: defaultdict(list))


_taken: ContextVar[_Taken | None] = ContextVar("locks taken in this transaction", default=None)


_expected: ContextVar[tuple[type[models.Model], int, int] | None] = ContextVar("version that was read", default=None)


@contextmanager
def expecting(row: models.Model, version: int | None) -> Iterator[None]:
    """Refuse, at its first lock, a row that is not at the version that was read; None expects nothing."""
    token = _expected.set((type(row), row.pk, version) if version is not None else None)
    try:
        yield
    finally:
        _expected.reset(token)


def _require_expected(locked: "Iterable[models.Model]") -> None:
    expected = _expected.get()
    if expected is None:
        return
    for row in locked:
        if (type(row), row.pk) == expected[:2]:
            _expected.set(None)  # the operation itself raises the version
            if row.version != expected[2]:  # type: ignore[attr-defined]
                raise Conflict(_("Somebody changed %(row)s since you read it. Read it again, then decide.")
                               % {"row": row}, code="stale",
                               version=row.version)  # type: ignore[attr-defined]


@contextmanager
def atomic() -> Iterator[None]:
    """Run an operation in one transaction; within another operation, in that one's.

    An inner operation has no savepoint of its own: whoever is refused in the middle undoes the whole.
    """
    if _taken.get() is not None:
        with transaction.atomic(savepoint=False):
            yield
        return
    taken = _Taken()
    with transaction.atomic():
        token = _taken.set(taken)
        try:
            yield
            for model, rows in taken.to_insert.items():
                model._base_manager.bulk_create(rows)
        finally:
            _taken.reset(token)  # before the commit, whose hooks begin operations of their own


def insert_last(row: models.Model) -> None:
    """Insert a row at the end of the operation, with all of its kind in one statement; outside of one at once."""
    taken = _taken.get()
    if taken is None:
        row.save(force_insert=True)
    else:
        taken.to_insert[type(row)].append(row)


def pending(model: type[Row]) -> list[Row]:
    """Rows that the operation inserts at its end."""
    taken = _taken.get()
    return list(taken.to_insert.get(model, ())) if taken is not None else []  # type: ignore[arg-type]


def lock(rows: "models.QuerySet[Row]") -> list[Row]:
    """Lock the rows sorted by primary key and return them re-read; evaluates the query at once."""
    locked = list(rows.order_by("pk").select_for_update(of=("self",), no_key=True))
    _note(rows.model, [row.pk for row in locked])
    _require_expected(locked)
    return locked


def lock_one(row: Row) -> Row:
    """Lock one row and return it re-read (unless this transaction inserted just this and did not lock it since)."""
    taken = _taken.get()
    if taken is not None and any(row is other for other in taken.inserted):
        taken.inserted = [other for other in taken.inserted if other is not row]
        return row
    rows = type(row)._base_manager.filter(pk=row.pk)
    comes_with = getattr(row, "comes_with", ())
    return lock(rows.select_related(*comes_with) if comes_with else rows)[0]


def hold_created(rows: Iterable[models.Model], *, as_inserted: bool = False) -> None:
    """Count rows inserted in this transaction as locked: nobody else can see them yet.

    `as_inserted`: they are complete, what they come with included, and their first lock need not read them again.
    """
    taken = _taken.get()
    for row in rows:
        if taken is not None:
            taken.created[_rank(type(row))].add(row.pk)
            if as_inserted:
                taken.inserted.append(row)


def is_locked(row: models.Model) -> bool:
    """Whether this transaction locked or created the row."""
    taken, rank = _taken.get(), _rank(type(row))
    return taken is not None and (row.pk in taken.locked[rank] or row.pk in taken.created[rank])


def _rank(model: type[models.Model]) -> LockRank:
    rank: LockRank = model.lock_rank  # type: ignore[attr-defined]
    return rank


def _note(model: type[models.Model], keys: list[int]) -> None:
    taken, rank = _taken.get(), _rank(model)
    if taken is None:
        raise RuntimeError("lock() needs an operation's transaction: use locking.atomic() or states.advance().")
    new = set(keys) - taken.locked[rank] - taken.created[rank]
    if settings.ASSERT_LOCK_ORDER and new:
        later = [other.name for other, held in taken.locked.items() if other > rank and held]
        assert not later, f"{model.__name__} ({rank.name}) is locked after {later}"
        assert min(new) > max(taken.locked[rank], default=0), f"{model.__name__} {new} is locked out of order"
    taken.locked[rank].update(new)


def advisory_lock(name: str) -> None:
    """Wait for a lock by name that ends with the transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [name])


def advisory_lock_shared(name: str) -> None:
    """Wait for a lock by name that others may share; who wants it alone waits until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock_shared(hashtextextended(%s, 0))", [name])


def try_advisory_lock(name: str) -> bool:
    """Take a lock by name that ends with the transaction, unless somebody has it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", [name])
        return bool(cursor.fetchone()[0])
