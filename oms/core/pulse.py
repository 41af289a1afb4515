"""The pulse of a process: a row that says every few seconds that it lives, and claims that end with its life."""

import logging
import os
import socket
import threading
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection
from django.utils import formats, timezone
from django.utils.translation import gettext as _

from oms.core.models import Heartbeat

log = logging.getLogger(__name__)

MISSED = 4  # beats, after which a process counts as dead
LEASE = timedelta(minutes=5)  # of what a process without a pulse claims
KEPT = timedelta(days=7)
_pulse: "Pulse | None" = None


def silence() -> timedelta:
    """How long a living process may be unheard."""
    return timedelta(seconds=settings.HEARTBEAT_SECONDS * MISSED)


def claimer() -> str:
    """The name under which this process claims work; empty where it has no pulse of its own."""
    return _pulse.name if _pulse is not None and _pulse.pid == os.getpid() else ""


def lease() -> timedelta:
    """How long a claim of this process holds; its pulse prolongs it."""
    return silence() if claimer() else LEASE


def start(kind: str, *, every: float = 0, call: Callable[[], object] | None = None) -> None:
    """Begin to say that this process lives, and to call a function every few seconds."""
    global _pulse
    if (
        _pulse is None or _pulse.pid != os.getpid()
    ):  # a pool without processes of its own has one pulse
        _pulse = Pulse(kind)
        _pulse.begin(_pulse.beat, settings.HEARTBEAT_SECONDS, last=_pulse.end)
    if call is not None:
        _pulse.begin(call, every)


def stop() -> None:
    """Have the pulse say that this process ends as it was asked to. Called by signals, so it asks no database."""
    if _pulse is not None and _pulse.pid == os.getpid():
        _pulse.over.set()


class Pulse:
    """This process, and the threads that speak for it while it works."""

    def __init__(self, kind: str) -> None:
        self.kind, self.host, self.pid = kind, socket.gethostname()[:80], os.getpid()
        self.name = f"{kind}@{self.host[:60]}:{self.pid}:{uuid.uuid4().hex[:12]}"
        self.over = threading.Event()

    def begin(
        self,
        call: Callable[[], object],
        seconds: float,
        *,
        last: Callable[[], object] = lambda: None,
    ) -> None:
        threading.Thread(
            target=self._repeat, args=(call, seconds, last), daemon=True, name=f"{self.kind} pulse"
        ).start()

    def _repeat(
        self, call: Callable[[], object], seconds: float, last: Callable[[], object]
    ) -> None:
        while not self.over.is_set():
            self._try(call)
            self.over.wait(seconds)
        self._try(last)
        connection.close()

    def _try(self, call: Callable[[], object]) -> None:
        try:
            call()
        except Exception:  # the database may be away for a while
            log.warning("pulse_failed name=%s", self.name, exc_info=True)
            connection.close()

    def beat(self) -> None:
        """Say that this process lives, and that what it claimed is in work."""
        until = timezone.now() + silence()
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO core_heartbeat (name, kind, host, pid) VALUES (%s, %s, %s, %s) "
                "ON CONFLICT (name) DO UPDATE SET seen_at = statement_timestamp()",
                [self.name, self.kind, self.host, self.pid],
            )
            cursor.execute(
                "UPDATE core_job SET leased_until = %s WHERE claimed_by = %s AND finished_at IS NULL",
                [until, self.name],
            )
            cursor.execute(
                "UPDATE core_delivery SET leased_until = %s WHERE claimed_by = %s",
                [until, self.name],
            )
            cursor.execute("DELETE FROM core_heartbeat WHERE seen_at < %s", [timezone.now() - KEPT])

    def end(self) -> None:
        Heartbeat.objects.filter(name=self.name).update(ended_at=timezone.now())


def last_seen(kind: str) -> datetime | None:
    """When a process of a kind was last heard; None where none ever was."""
    return (
        Heartbeat.objects.filter(kind=kind)
        .order_by("-seen_at")
        .values_list("seen_at", flat=True)
        .first()
    )


def is_alive(kind: str) -> bool:
    """Whether a process of a kind is at work now."""
    return Heartbeat.objects.filter(
        kind=kind, ended_at=None, seen_at__gt=timezone.now() - silence()
    ).exists()


def alarms() -> list[str]:
    """What is to be said where no process works, or none keeps the clock; empty where all is well."""
    told = []
    if not is_alive(Heartbeat.Kind.WORKER):
        seen = last_seen(Heartbeat.Kind.WORKER)
        told.append(
            _("No worker since %(since)s: jobs, emails and labels wait. Start a worker.")
            % {"since": _moment(seen)}
            if seen
            else _("No worker has run yet. Jobs, emails and labels wait. Start a worker.")
        )
    seen = last_seen(Heartbeat.Kind.CLOCK)
    if seen and not is_alive(Heartbeat.Kind.CLOCK):
        told.append(
            _(
                "No clock since %(since)s: nightly and monthly work isn't started. Start Celery beat."
            )
            % {"since": _moment(seen)}
        )
    return told


def _moment(at: datetime) -> str:
    return formats.date_format(timezone.localtime(at), "SHORT_DATETIME_FORMAT")
