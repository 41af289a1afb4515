"""Delivering events to their handlers: in order per handler and subject, each effect exactly once."""

import logging
import traceback
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime, timedelta

from celery import current_app
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from oms.core.errors import DomainError
from oms.core.handling import Handler, handlers_of
from oms.core.locking import try_advisory_lock, whole
from oms.core.models import Delivery, Event, Stream

log = logging.getLogger(__name__)

MAX_ATTEMPTS = 5
LEASE = timedelta(minutes=5)
FIRST_DELAY = timedelta(seconds=5)
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
        current_app.send_task("oms.core.tasks.drain_outbox", ignore_result=True)


def drain(*, now: datetime | None = None) -> int:
    """Deliver what is due until nothing more is, and return how many effects were made."""
    if _draining.get():
        return 0
    token, made = _draining.set(True), 0
    try:
        while effects := _Round(now or timezone.now()).run():
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
    """One pass over the lowest undelivered events; a handler that must wait blocks its subject's later ones."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.blocked: set[tuple[str, str, str]] = set()

    def run(self) -> int:
        number_events()
        events = list(Event.objects.filter(is_drained=False, position__isnull=False).order_by("position")[:BATCH])
        unheard = [event.pk for event in events if not handlers_of(event.name)]
        Event.objects.filter(pk__in=unheard).update(is_drained=True)
        return sum(self.deliver(event) for event in events if handlers_of(event.name))

    def deliver(self, event: Event) -> int:
        """Take the event to each of its handlers; return how many took it now."""
        outcomes = [self.deliver_to(handler, event) for handler in handlers_of(event.name)]
        if all(outcome.is_final for outcome in outcomes):
            Event.objects.filter(pk=event.pk).update(is_drained=True)
        return sum(outcome.effects for outcome in outcomes)

    def deliver_to(self, handler: Handler, event: Event) -> "_Outcome":
        pair = (handler.name, event.subject_type, event.subject_number)
        if pair in self.blocked:
            return _WAITS
        claim = _claim(handler, event, self.now)
        outcome = claim if isinstance(claim, _Outcome) else _run(handler, event, claim, self.now)
        if not outcome.is_final:
            self.blocked.add(pair)
        return outcome


@dataclass(frozen=True)
class _Outcome:
    is_final: bool
    effects: int


_WAITS, _HAD_IT, _DONE = _Outcome(False, 0), _Outcome(True, 0), _Outcome(True, 1)


def _claim(handler: Handler, event: Event, now: datetime) -> Delivery | _Outcome:
    """Commit the attempt before trying, so that a handler that kills its process is counted too."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO core_delivery AS known (event_id, handler, attempts, leased_until, error)
            VALUES (%(event)s, %(handler)s, 1, %(until)s, '')
            ON CONFLICT (event_id, handler) DO UPDATE SET attempts = known.attempts + 1, leased_until = %(until)s
            WHERE known.done_at IS NULL AND known.parked_at IS NULL AND known.attempts < %(most)s
              AND (known.leased_until IS NULL OR known.leased_until <= %(now)s)
            RETURNING id, attempts
            """,
            {"event": event.pk, "handler": handler.name, "until": now + LEASE, "now": now, "most": MAX_ATTEMPTS},
        )
        row = cursor.fetchone()
    if row:
        return Delivery(pk=row[0], event=event, handler=handler.name, attempts=row[1])
    return _why_unclaimed(Delivery.objects.get(event=event, handler=handler.name), now)


def _why_unclaimed(known: Delivery, now: datetime) -> _Outcome:
    if known.done_at or known.parked_at:
        return _HAD_IT
    if known.attempts >= MAX_ATTEMPTS and known.leased_until and known.leased_until <= now:
        _park(known, known.error or "The process died in each attempt.", now)
        return _HAD_IT
    return _WAITS


def _run(handler: Handler, event: Event, claim: Delivery, now: datetime) -> _Outcome:
    try:
        if handler.calls_world:
            handler.handle(event)
            _mark(claim)
            return _DONE
        _take_effect(handler, event, claim)
        return _DONE
    except Exception as error:  # whatever a handler raises must not stop the other handlers
        return _failed(claim, error, now)


@whole
def _take_effect(handler: Handler, event: Event, claim: Delivery) -> None:
    """The effect and its mark in one transaction."""
    if _mark(claim):
        handler.handle(event)


def _mark(claim: Delivery) -> int:
    open_claims = Delivery.objects.filter(pk=claim.pk, done_at=None)
    return open_claims.update(done_at=timezone.now(), error="", leased_until=None)


def _failed(claim: Delivery, error: Exception, now: datetime) -> _Outcome:
    text = error.message if isinstance(error, DomainError) else "".join(traceback.format_exception(error))[-3000:]
    log.warning("%s failed on %s, attempt %s: %s", claim.handler, claim.event, claim.attempts, text)
    if claim.attempts >= MAX_ATTEMPTS:
        _park(claim, text, now)
        return _HAD_IT
    pause = now + FIRST_DELAY * 4 ** (claim.attempts - 1)
    Delivery.objects.filter(pk=claim.pk).update(error=text, leased_until=pause)
    return _WAITS


def _park(delivery: Delivery, error: str, now: datetime) -> None:
    Delivery.objects.filter(pk=delivery.pk).update(parked_at=now, leased_until=None, error=error)


def retry(delivery: Delivery) -> None:
    """Take a parked delivery out and have it tried again."""
    with transaction.atomic():
        Delivery.objects.filter(pk=delivery.pk).update(parked_at=None, leased_until=None, attempts=0)
        Event.objects.filter(pk=delivery.event_id).update(is_drained=False)
        wake()


def parked() -> list[Delivery]:
    """What stands under Attention: deliveries that failed five times."""
    return list(Delivery.objects.exclude(parked_at=None).select_related("event").order_by("parked_at"))


def stream_end() -> int:
    """The position of the newest numbered event."""
    return Stream.objects.values_list("last_position", flat=True).get()
