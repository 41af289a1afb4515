"""Delivering events to their handlers: in order per handler and subject, each effect exactly once."""

import logging
import traceback
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Min, Q, QuerySet
from django.db.models.functions import Greatest
from django.utils import timezone

from oms.core import bells, pulse
from oms.core.errors import ConnectorError, DomainError
from oms.core.event_handlers import Handler, handlers_of, heard_by
from oms.core.locking import run_again, try_advisory_lock, whole
from oms.core.models import Delivery, Document, Event, Stream

log = logging.getLogger(__name__)

CONTESTED = timedelta(seconds=2)  # until an event is looked at again that another process is at
LIMIT = timedelta(minutes=15)  # that an event may wait to be delivered
BATCH = 1000

_draining: ContextVar[bool] = ContextVar("this process is draining", default=False)


def wake() -> None:
    """Have the outbox drained after the commit: by the worker, or here where there is no broker service."""
    if _draining.get() or not (settings.DRAIN_AFTER_COMMIT or settings.REDIS_URL):
        return
    if not any(callback is _drain_soon for _, callback, *_ in connection.run_on_commit):
        transaction.on_commit(_drain_soon, robust=True)


def _drain_soon() -> None:
    if settings.DRAIN_AFTER_COMMIT:
        drain()
    else:
        bells.ring("oms.core.tasks.drain_outbox")


def drain(*, now: datetime | None = None) -> int:
    """Deliver what is due until nothing more is, and return how many effects were made."""
    if _draining.get():
        return 0
    token, made = _draining.set(True), 0
    try:
        while (effects := _Round(now or timezone.now()).run()) is not None:
            made += effects
    finally:
        _draining.reset(token)
    return made


def number_events() -> int:
    """Give committed events their positions in the stream; one numberer at a time, so that readers never skip one."""
    with transaction.atomic():
        if not try_advisory_lock("event stream"):
            return 0
        with connection.cursor() as cursor:
            cursor.execute(
                """
                WITH new AS (
                    SELECT id, row_number() OVER (ORDER BY id) AS n FROM core_event WHERE position IS NULL
                ), counter AS (
                    UPDATE core_stream SET last_position = last_position + (SELECT count(*) FROM new)
                    RETURNING last_position - (SELECT count(*) FROM new) AS base
                )
                UPDATE core_event SET position = counter.base + new.n
                FROM new, counter WHERE core_event.id = new.id
                """
            )
            return int(cursor.rowcount)


class _Round:
    """One pass over the lowest events that are due.

    An event that cannot be delivered to the end now is due later: after the pause of what failed, of it or of an
    earlier one of its subject. So what waits stands in nobody's way, however much of it there is.
    """

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.blocked: dict[tuple[str, str, str], datetime] = {}
        self.later: dict[int, datetime] = {}
        self.touched: set[tuple[str, str]] = set()

    def run(self) -> int | None:
        """How many effects were made; None where nothing is due."""
        number_events()
        due = Event.objects.filter(
            Q(due_at=None) | Q(due_at__lte=self.now), is_drained=False, position__isnull=False
        )
        events = list(due.order_by("position")[:BATCH])
        if not events:
            return None
        unheard = [event.pk for event in events if not handlers_of(event.name)]
        Event.objects.filter(pk__in=unheard).update(is_drained=True)
        effects = sum(self.deliver(event) for event in events if handlers_of(event.name))
        run_again(_postpone, self.later)
        run_again(_look_again, self.touched)
        return effects

    def deliver(self, event: Event) -> int:
        """Take the event to each of its handlers; return how many took it now."""
        outcomes = [self.deliver_to(handler, event) for handler in handlers_of(event.name)]
        waits = [outcome.until for outcome in outcomes if outcome.until is not None]
        if waits:
            self.later[event.pk] = min(waits)
        else:
            Event.objects.filter(pk=event.pk).update(is_drained=True, due_at=None)
        effects = sum(outcome.effects for outcome in outcomes)
        if effects:
            self.touched.add((event.subject_type, event.subject_number))
        return effects

    def deliver_to(self, handler: Handler, event: Event) -> "_Outcome":
        pair = (handler.name, event.subject_type, event.subject_number)
        if pair in self.blocked:
            return _Outcome(self.blocked[pair])
        claim = _claim(handler, event, self.now)
        outcome = claim if isinstance(claim, _Outcome) else _run(handler, event, claim, self.now)
        if outcome.until is not None:
            self.blocked[pair] = outcome.until
        return outcome


@dataclass(frozen=True)
class _Outcome:
    """What became of an event at a handler: until when it waits (None: it is settled), and whether it took effect."""

    until: datetime | None = None
    effects: int = 0


_HAD_IT, _DONE = _Outcome(), _Outcome(effects=1)


def _postpone(later: dict[int, datetime]) -> None:
    """Note when events are due that wait."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE core_event SET due_at = d.due_at FROM unnest(%s::bigint[], %s::timestamptz[]) AS d(id, due_at) "
            "WHERE core_event.id = d.id AND NOT core_event.is_drained",
            [list(later), list(later.values())],
        )


def _look_again(subjects: set[tuple[str, str]]) -> None:
    """What waited behind an event that was delivered may be due now."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE core_event e SET due_at = NULL FROM unnest(%s::text[], %s::text[]) AS d(type, number) "
            "WHERE e.subject_type = d.type AND e.subject_number = d.number AND NOT e.is_drained "
            "AND e.due_at IS NOT NULL",
            [[kind for kind, _ in subjects], [number for _, number in subjects]],
        )


def _claim(handler: Handler, event: Event, now: datetime) -> Delivery | _Outcome:
    """Commit the attempt before trying, so that a handler that kills its process is counted too.

    Nothing is claimed while an earlier event of the subject is on its way to the handler.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO core_delivery AS known (event_id, handler, attempts, leased_until, claimed_by, error)
            SELECT %(event)s::bigint, %(handler)s::varchar, 1, %(until)s::timestamptz, %(claimer)s::varchar, ''
            WHERE NOT EXISTS (
                SELECT 1 FROM core_event e
                LEFT JOIN core_delivery d ON d.event_id = e.id AND d.handler = %(handler)s::varchar
                WHERE e.subject_type = %(type)s::varchar AND e.subject_number = %(number)s::varchar AND NOT e.is_drained
                  AND e.position < %(position)s AND e.name = ANY(%(heard)s::varchar[])
                  AND d.done_at IS NULL AND d.parked_at IS NULL)
            ON CONFLICT (event_id, handler) DO UPDATE
            SET attempts = known.attempts + 1, leased_until = %(until)s::timestamptz, claimed_by = %(claimer)s::varchar
            WHERE known.done_at IS NULL AND known.parked_at IS NULL AND known.attempts < %(most)s
              AND (known.leased_until IS NULL OR known.leased_until <= %(now)s)
            RETURNING id, attempts
            """,
            {
                "event": event.pk,
                "handler": handler.name,
                "until": now + pulse.lease(),
                "now": now,
                "most": handler.tries,
                "claimer": pulse.claimer(),
                "type": event.subject_type,
                "number": event.subject_number,
                "position": event.position,
                "heard": heard_by(handler.name),
            },
        )
        row = cursor.fetchone()
    if row:
        return Delivery(pk=row[0], event=event, handler=handler.name, attempts=row[1])
    return _why_unclaimed(handler, event, now)


def _why_unclaimed(handler: Handler, event: Event, now: datetime) -> _Outcome:
    known = Delivery.objects.filter(event=event, handler=handler.name).first()
    if known is not None and (known.done_at or known.parked_at):
        return _HAD_IT
    is_free = known is None or known.leased_until is None or known.leased_until <= now
    if known is not None and is_free and known.attempts >= handler.tries:
        _park(known, known.error or "The process died in each attempt.", now)
        return _HAD_IT
    if known is not None and not is_free and not known.claimed_by and known.error:
        return _Outcome(known.leased_until)  # it failed, and pauses
    return _Outcome(max(now + CONTESTED, _due_of_earlier(event) or now))


def _due_of_earlier(event: Event) -> datetime | None:
    """When the next of the earlier events of a subject is due."""
    earlier = Event.objects.filter(
        subject_type=event.subject_type,
        subject_number=event.subject_number,
        is_drained=False,
        position__lt=event.position,
    )
    due: datetime | None = earlier.aggregate(next=Min("due_at"))["next"]
    return due


def _run(handler: Handler, event: Event, claim: Delivery, now: datetime) -> _Outcome:
    try:
        if handler.external:
            handler.handle(event)
            _mark(claim)
            return _DONE
        _take_effect(handler, event, claim)
        return _DONE
    except Exception as error:  # whatever a handler raises must not stop the other handlers
        return _failed(handler, claim, error, now)


@whole
def _take_effect(handler: Handler, event: Event, claim: Delivery) -> None:
    """The effect and its mark in one transaction."""
    if _mark(claim):
        handler.handle(event)


def _mark(claim: Delivery) -> int:
    open_claims = Delivery.objects.filter(pk=claim.pk, done_at=None)
    return open_claims.update(done_at=timezone.now(), error="", leased_until=None, claimed_by="")


def _failed(handler: Handler, claim: Delivery, error: Exception, now: datetime) -> _Outcome:
    text = (
        error.message
        if isinstance(error, DomainError)
        else "".join(traceback.format_exception(error))[-3000:]
    )
    log.warning(
        "handler_failed handler=%s event=%s attempt=%s error=%s",
        claim.handler,
        claim.event,
        claim.attempts,
        text,
    )
    is_hopeless = isinstance(error, ConnectorError) and error.permanent
    if claim.attempts >= handler.tries or is_hopeless:
        _park(claim, text, now)
        return _HAD_IT
    until = now + handler.pauses[claim.attempts - 1]
    Delivery.objects.filter(pk=claim.pk).update(error=text, leased_until=until, claimed_by="")
    return _Outcome(until)


def _park(delivery: Delivery, error: str, now: datetime) -> None:
    Delivery.objects.filter(pk=delivery.pk).update(
        parked_at=now, leased_until=None, claimed_by="", error=error
    )


def retry(delivery: Delivery) -> None:
    """Have what stands under Attention tried again, now and as often as at first."""
    with transaction.atomic():
        open_now = Q(claimed_by="") | Q(leased_until__lt=timezone.now())
        if not Delivery.objects.filter(open_now, pk=delivery.pk, done_at=None).update(
            parked_at=None, leased_until=None, claimed_by="", attempts=0
        ):
            return
        Event.objects.filter(pk=delivery.event_id).update(is_drained=False, due_at=None)
        wake()


def standing() -> QuerySet[Delivery]:
    """What stands under Attention: parked, or tried for the second time and not done."""
    return Delivery.objects.filter(Q(parked_at__isnull=False) | Q(done_at=None, attempts__gte=2))


def undelivered(document: Document) -> QuerySet[Event]:
    """The events of a document that have not reached all of their handlers."""
    return Event.objects.filter(
        subject_type=document.subject_type, subject_number=document.number, is_drained=False
    )


def late() -> QuerySet[Event]:
    """Events that wait for longer than they may, and that no process is at."""
    now = timezone.now()
    rows = Event.objects.filter(is_drained=False).annotate(
        since=Greatest("due_at", "written_at")
    )  # NULL counts not
    return rows.filter(since__lt=now - LIMIT).exclude(deliveries__leased_until__gt=now)


def parked() -> list[Delivery]:
    """Deliveries that are not tried again by themselves."""
    return list(
        Delivery.objects.exclude(parked_at=None).select_related("event").order_by("parked_at")
    )


def stream_end() -> int:
    """The position of the newest numbered event."""
    return Stream.objects.values_list("last_position", flat=True).get()
