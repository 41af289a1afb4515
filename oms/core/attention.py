"""What a manager must look at: handlers that keep failing, no worker or clock, and what waits for too long."""

from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import ngettext

from oms.core import outbox, pulse
from oms.core.models import Document, Heartbeat

MOST = 1000  # of each kind that are counted
Rows = Callable[[], "QuerySet[Any]"]
_watched: list[tuple[Rows, Callable[[int], str]]] = []
_others: list[Callable[[], list[str]]] = []


def watch(rows: Rows, told: Callable[[int], str]) -> None:
    """Count rows that somebody must look at; `told` puts their number into words."""
    _watched.append((rows, told))


def also(warnings: Callable[[], list[str]]) -> None:
    """Name a function of an app above that gives a sentence for each thing that is to be looked at."""
    _others.append(warnings)


def _warnings() -> list[str]:
    return [text for warnings in _others for text in warnings()]


def alarms() -> list[str]:
    """A sentence for each thing that is wrong beside the handlers that keep failing."""
    return [*pulse.alarms(), *(text for _count, text in _late()), *_warnings()]


def others() -> int:
    """How much there is to look at beside the handlers that keep failing: alarms, and each thing that waits."""
    return len(pulse.alarms()) + sum(count for count, _text in _late()) + len(_warnings())


def waiting(document: Document) -> list[str]:
    """What is to be said on a document of which something waits for a worker, while there is none."""
    if pulse.is_alive(Heartbeat.Kind.WORKER) or not outbox.undelivered(document).exists():
        return []
    return pulse.alarms()


def _late() -> list[tuple[int, str]]:
    counted = ((_most(rows()), told) for rows, told in [(outbox.late, _told_of_events), *_watched])
    return [(count, told(count)) for count, told in counted if count]


def _told_of_events(count: int) -> str:
    return ngettext(
        "%(count)s event has waited too long to be delivered.",
        "%(count)s events have waited too long to be delivered.",
        count,
    ) % {"count": count}


def _most(rows: QuerySet[Any]) -> int:
    return rows.order_by().values("pk")[:MOST].count()
