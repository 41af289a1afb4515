"""Row locks: taken once per transaction, sorted by key, in one order over the whole system."""

import enum
import logging
import random
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, fields, is_dataclass, replace
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from django.conf import settings
from django.core.exceptions import ObjectDoesNotExist
from django.db import IntegrityError, OperationalError, connection, models, transaction
from django.utils.translation import gettext as _

from oms.core import limits
from oms.core.errors import Conflict

log = logging.getLogger(__name__)
Row = TypeVar("Row", bound=models.Model)
Result = TypeVar("Result")
Given = ParamSpec("Given")

ABORTED = {"40P01", "40001"}  # PostgreSQL: deadlock detected, serialization failure
LOCK_TIMEOUT, UNIQUE_VIOLATION, FOREIGN_KEY_VIOLATION = "55P03", "23505", "23503"
PAUSES = (0.02, 0.1)  # seconds before an aborted transaction is run again


class LockRank(enum.IntEnum):
    """The order in which kinds of rows are locked within a transaction."""

    CHANNEL = 0  # a channel's account
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
    to_insert: dict[type[models.Model], list[models.Model]] = field(
        default_factory=lambda: defaultdict(list)
    )


_taken: ContextVar[_Taken | None] = ContextVar("locks taken in this transaction", default=None)


_expected: ContextVar[tuple[type[models.Model], int, int] | None] = ContextVar(
    "version that was read", default=None
)


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
                raise Conflict(
                    _("Someone changed %(row)s after you opened it. Reload it and try again.")
                    % {"row": row},
                    code="stale",
                    version=row.version,  # type: ignore[attr-defined]
                )


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
    with limits.within(), transaction.atomic():
        token = _taken.set(taken)
        try:
            yield
            for model, rows in taken.to_insert.items():
                model._base_manager.bulk_create(rows)
        finally:
            _taken.reset(token)  # before the commit, whose hooks begin operations of their own


_repeats: ContextVar[bool] = ContextVar(
    "what is aborted here is run again from further out", default=False
)


def whole(function: Callable[Given, Result]) -> Callable[Given, Result]:
    """Make a function one transaction, which joins that of its caller, and is run again where it must be."""

    def once(*args: Given.args, **kwargs: Given.kwargs) -> Result:
        with atomic():
            return function(*args, **kwargs)

    @wraps(function)
    def run(*args: Given.args, **kwargs: Given.kwargs) -> Result:
        return run_again(once, *args, **kwargs)

    return run


def run_again(
    function: Callable[Given, Result], *args: Given.args, **kwargs: Given.kwargs
) -> Result:
    """Run a function that is one transaction; once more, from its beginning, where the server aborts it.

    The server aborts one of two transactions that wait for each other. Within another operation nothing is repeated:
    that one is, as a whole. Raises Conflict after the third try, where a lock was not to be had in time, and where
    others inserted or deleted meanwhile what this was about to.
    """
    if _taken.get() is not None or _repeats.get():
        return function(*args, **kwargs)
    expected, given = _expected.get(), (args, kwargs)
    for pause in (*PAUSES, None):
        token = _repeats.set(True)
        try:
            return function(*given[0], **given[1])
        except OperationalError as error:
            if not is_aborted(error):
                raise
            if sqlstate(error) == LOCK_TIMEOUT or pause is None:
                raise busy() from error
            log.info(
                "transaction_aborted function=%s sqlstate=%s",
                getattr(function, "__qualname__", "?"),
                sqlstate(error),
            )
            time.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311  # two that met must not meet again
        except (IntegrityError, ObjectDoesNotExist) as error:
            if (overtaken := _overtaken(error)) is None:
                raise
            log.warning(
                "overtaken function=%s", getattr(function, "__qualname__", "?"), exc_info=True
            )
            raise overtaken from error
        finally:
            _repeats.reset(token)
        _expected.set(expected)
        given = _read_again(given)
    raise AssertionError("The last try returns or raises.")


def _overtaken(error: Exception) -> Conflict | None:
    """The Conflict where somebody else inserted or deleted what this needed; None for a fault of its own."""
    state = sqlstate(error)
    if isinstance(error, IntegrityError) and state not in (UNIQUE_VIOLATION, FOREIGN_KEY_VIOLATION):
        return None
    if state == UNIQUE_VIOLATION:
        return Conflict(
            _(
                "Something with this number or name exists already, perhaps since a moment ago. Nothing was "
                "done; look at the list again."
            ),
            code="duplicate",
        )
    return Conflict(
        _("Somebody deleted something that this needs. Nothing was done; reload and try again."),
        code="gone",
    )


def is_aborted(error: BaseException) -> bool:
    """Whether the server ended a transaction because of others: for a deadlock, or a lock that was not to be had."""
    return isinstance(error, OperationalError) and sqlstate(error) in ABORTED | {LOCK_TIMEOUT}


def sqlstate(error: BaseException) -> str:
    """PostgreSQL's code of a database error; empty where it has none."""
    return getattr(error.__cause__, "sqlstate", None) or ""


def busy() -> Conflict:
    """What is raised where others were in the way for too long: nothing was done."""
    return Conflict(_("Someone else is changing this. Try again in a moment."), code="busy")


def _read_again(value: Any) -> Any:
    """What an aborted try was given, as it is in the database now: the try may have changed it in memory."""
    if isinstance(value, models.Model):
        return value.__class__._base_manager.filter(pk=value.pk).first() or value
    if type(value) in (tuple, list):
        return type(value)(_read_again(each) for each in value)
    if type(value) is dict:
        return {key: _read_again(each) for key, each in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        return replace(
            value,
            **{
                each.name: _read_again(getattr(value, each.name))
                for each in fields(value)
                if each.init
            },
        )
    return value


@contextmanager
def attempt() -> Iterator[None]:
    """Take a part of an operation back if it raises, the locks that it took included, so that it can be tried again."""
    taken = _taken.get()
    assert taken is not None, "attempt() is a part of an operation: use it within locking.atomic()"
    before = {rank: set(keys) for rank, keys in taken.locked.items()}
    inserted = {model: list(rows) for model, rows in taken.to_insert.items()}
    try:
        with transaction.atomic():
            yield
    except BaseException:
        taken.locked.clear()
        taken.locked.update(before)
        taken.to_insert.clear()
        taken.to_insert.update(inserted)
        raise


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
    lock_select_related = getattr(row, "lock_select_related", ())
    found = lock(rows.select_related(*lock_select_related) if lock_select_related else rows)
    if not found:
        raise Conflict(
            _("Somebody deleted %(row)s. Look at the list again.") % {"row": row}, code="gone"
        )
    return found[0]


def mark_created(rows: Iterable[models.Model], *, as_inserted: bool = False) -> None:
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
        raise RuntimeError(
            "lock() needs an operation's transaction: use locking.atomic() or states.advance()."
        )
    new = set(keys) - taken.locked[rank] - taken.created[rank]
    if settings.ASSERT_LOCK_ORDER and new:
        later = [other.name for other, held in taken.locked.items() if other > rank and held]
        assert not later, f"{model.__name__} ({rank.name}) is locked after {later}"
        assert min(new) > max(taken.locked[rank], default=0), (
            f"{model.__name__} {new} is locked out of order"
        )
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
