"""Emitting events: at once the timeline of a document and the outbox of what happens next."""

import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from django.conf import settings
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from oms.core import actors, event_catalog, locking, outbox
from oms.core.event_catalog import Day, NoData, Notation, event
from oms.core.models import Document, Event, User

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class PersonInvited:
    site: Annotated[str, Notation("https://oms.example.com", "uri")]


@dataclass(frozen=True)
class BooksClosed:
    until: Day


event("job.failed", NoData, _("A job failed, or some of its rows did."), is_internal=True)
event(
    "person.invited",
    PersonInvited,
    _("A person was invited to set their password."),
    is_internal=True,
)
event(
    "company.books_closed",
    BooksClosed,
    _("A company's books were closed up to a day."),
    is_internal=True,
)


def emit(
    name: str, subject: Document, *, by: User | None = None, at: datetime | None = None, **data: Any
) -> Event:
    """Record what happened to a locked document, in the current transaction."""
    assert locking.is_locked(subject), (
        f"{name}: {subject} must be locked before an event is emitted"
    )
    return record(
        name,
        subject_type=subject.subject_type,
        subject_number=subject.number,
        order_number=subject.order_number,
        by=by,
        at=at,
        **data,
    )


def record(
    name: str,
    *,
    subject_type: str,
    subject_number: str,
    order_number: str = "",
    by: User | None = None,
    at: datetime | None = None,
    **data: Any,
) -> Event:
    """Record what happened to a subject that is known by its type and number, under a lock that the caller holds.

    Raises UnknownEvent where nobody declares the event. Data that does not fit its declaration is logged, and with
    ASSERT_EVENT_PAYLOADS (on in tests) raises WrongPayload: a slip in a declaration must not stop the business.
    """
    try:
        event_catalog.check(name, subject_type, data)
    except event_catalog.WrongPayload as error:
        if settings.ASSERT_EVENT_PAYLOADS:
            raise
        log.error("event_payload_misfit event=%s subject=%s error=%s", name, subject_number, error)
    made = Event(
        name=name,
        subject_type=subject_type,
        subject_number=subject_number,
        order_number=order_number,
        by=by,
        actor="" if by else actors.acting_name(),
        data=data,
    )
    if at is not None:
        made.at = at
    locking.insert_last(made)
    outbox.wake()
    return made


def record_once(name: str, *, subject_type: str, subject_number: str, **options: Any) -> Event:
    """Record an event once per operation and subject; lists in its data take up what comes later."""
    for known in locking.pending(Event):
        if (known.name, known.subject_type, known.subject_number) == (
            name,
            subject_type,
            subject_number,
        ):
            for key, value in options.items():
                if isinstance(value, list):
                    known.data[key] = sorted({*known.data.get(key, ()), *value})
            return known
    return record(name, subject_type=subject_type, subject_number=subject_number, **options)


def timeline(subject_type: str, subject_number: str) -> QuerySet[Event]:
    """What happened to a document, oldest first."""
    return Event.objects.filter(subject_type=subject_type, subject_number=subject_number).order_by(
        "id"
    )
