"""The one writer of statuses."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, TypeVar

from django.utils import timezone
from django.utils.text import get_text_list
from django.utils.translation import gettext as _

from oms.core import events
from oms.core.errors import WrongState
from oms.core.locking import atomic, lock_one, mark_created
from oms.core.models import Document, User

AnyDocument = TypeVar("AnyDocument", bound=Document)


@contextmanager
def advance(
    document: AnyDocument,
    *,
    to: str,
    by: User | None = None,
    at: datetime | None = None,
    first: Document | None = None,
    **data: Any,
) -> Iterator[AnyDocument]:
    """Move a document to a status: lock and re-read it, check the move, run the body, write, and emit the event.

    `first` is a document of a lower lock rank that the body will change. The body fills `event_data` of the yielded
    document for what the event should tell. Raises WrongState where the move is not legal.
    """
    with atomic():
        if first is not None:
            lock_one(first)
        row = lock_one(document)
        require_transition(row, to)
        row.event_data = dict(data)
        yield row
        write_status(row, to, at=at)
        events.emit(event_of(row, to), row, by=by, at=at, **row.event_data)


@contextmanager
def change(
    document: AnyDocument,
    *,
    event: str,
    by: User | None = None,
    first: Document | None = None,
    **data: Any,
) -> Iterator[AnyDocument]:
    """Change a document that keeps its status: lock, re-read, run the body, raise the version, emit the event."""
    with atomic():
        if first is not None:
            lock_one(first)
        row = lock_one(document)
        row.event_data = dict(data)
        yield row
        row.version += 1
        row.save(update_fields=["version"])
        events.emit(event, row, by=by, **row.event_data)


def create(
    document: AnyDocument, *, by: User | None = None, at: datetime | None = None, **data: Any
) -> AnyDocument:
    """Insert a document in its first status and emit `<type>.created`."""
    with atomic():
        if at is not None:
            document.created_at = document.status_at = at
        document.save(force_insert=True)
        mark_created([document])
        events.emit(
            f"{document.subject_type}.created",
            document,
            by=by,
            at=at,
            status=document.status,
            **data,
        )
    return document


def event_of(document: Document | type[Document], status: str) -> str:
    """Name the event of reaching a status."""
    return f"{document.subject_type}.{status}"


def require_transition(row: Document, to: str) -> None:
    """Raise WrongState unless the document may move to this status."""
    if to not in row.TRANSITIONS.get(row.status, ()):
        names = dict(type(row)._meta.get_field("status").flatchoices)  # type: ignore[misc]
        raise WrongState(
            _("%(row)s can't change from “%(status)s” to “%(to)s”.")
            % {"row": row, "status": names[row.status], "to": names[to]},
            status=row.status,
            to=to,
            number=row.number,
        )


def write_status(row: Document, to: str, *, at: datetime | None = None) -> None:
    """Write status, time and version, last and by name."""
    row.status = to
    row.status_at = at or timezone.now()
    row.version += 1
    row.save(update_fields=["status", "status_at", "version"])  # type: ignore[misc]


def require_status(row: Document, *allowed: str) -> None:
    """Raise WrongState unless the document is in one of these statuses."""
    if row.status not in allowed:
        names = dict(type(row)._meta.get_field("status").flatchoices)  # type: ignore[misc]
        told = get_text_list([f"“{names[each]}”" for each in allowed], _("or"))
        raise WrongState(
            _("%(row)s is “%(status)s”. It must be %(allowed)s.")
            % {"row": row, "status": names[row.status], "allowed": told},
            status=row.status,
            number=row.number,
        )
