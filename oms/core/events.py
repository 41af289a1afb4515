"""Emitting events: at once the timeline of a document and the outbox of what happens next."""

from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from oms.core import locking, outbox
from oms.core.models import Document, Event, User


def emit(name: str, subject: Document, *, by: User | None = None, at: datetime | None = None, **data: Any) -> Event:
    """Record what happened to a locked document, in the current transaction."""
    assert locking.is_locked(subject), f"{name}: {subject} must be locked before an event is emitted"
    return record(name, subject_type=subject.subject_type, subject_number=subject.number,
                  order_number=subject.order_number, by=by, at=at, **data)


def record(
    name: str, *, subject_type: str, subject_number: str, order_number: str = "", by: User | None = None,
    at: datetime | None = None, **data: Any,
) -> Event:
    """Record what happened to a subject that is known by its type and number, under a lock that the caller holds."""
    event = Event(name=name, subject_type=subject_type, subject_number=subject_number, order_number=order_number,
                  by=by, data=data)
    if at is not None:
        event.at = at
    locking.insert_last(event)
    outbox.wake()
    return event


def record_once(name: str, *, subject_type: str, subject_number: str, **options: Any) -> Event:
    """Record an event once per operation and subject; lists in its data take up what comes later."""
    for event in locking.pending(Event):
        if (event.name, event.subject_type, event.subject_number) == (name, subject_type, subject_number):
            for key, value in options.items():
                if isinstance(value, list):
                    event.data[key] = sorted({*event.data.get(key, ()), *value})
            return event
    return record(name, subject_type=subject_type, subject_number=subject_number, **options)


def timeline(subject_type: str, subject_number: str) -> QuerySet[Event]:
    """What happened to a document, oldest first."""
    return Event.objects.filter(subject_type=subject_type, subject_number=subject_number).order_by("id")
