"""What a manager must look at: handlers that keep failing, no worker or clock, and what waits for too long."""

from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import ngettext

from oms.core import emails, jobs, notices, outbox, pulse, webhooks
from oms.core.models import Document, Heartbeat

MOST = 1000  # of each kind that are counted
_others: list[Callable[[], list[str]]] = []


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
    found = []
    if count := _most(outbox.late()):
        found.append((count, ngettext(
            "%(count)s event has waited too long to be delivered.",
            "%(count)s events have waited too long to be delivered.", count) % {"count": count}))
    if count := _most(jobs.late()):
        found.append((count, ngettext(
            "%(count)s job has waited too long for a worker.",
            "%(count)s jobs have waited too long for a worker.", count) % {"count": count}))
    if count := _most(notices.late()):
        found.append((count, ngettext(
            "%(count)s notice has waited too long to be mailed.",
            "%(count)s notices have waited too long to be mailed.", count) % {"count": count}))
    if count := _most(emails.standing()):
        found.append((count, ngettext(
            "%(count)s email to a customer wasn't accepted, or its outcome is unknown: look under Emails.",
            "%(count)s emails to customers weren't accepted, or their outcome is unknown: look under Emails.",
            count) % {"count": count}))
    if count := _most(webhooks.late()):
        found.append((count, ngettext(
            "%(count)s webhook call has waited too long to be sent.",
            "%(count)s webhook calls have waited too long to be sent.", count) % {"count": count}))
    return found


def _most(rows: QuerySet[Any]) -> int:
    return rows.order_by().values("pk")[:MOST].count()
