"""Long work with its progress in a database row: done by a worker, one item after the other, and again what failed."""

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.db import connection, transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from oms.core import attention, bells, events, extents, pulse, sweeping
from oms.core.errors import DomainError, Refused
from oms.core.extents import Extent
from oms.core.limits import told
from oms.core.locking import atomic, whole
from oms.core.models import Job, JobResult, User

log = logging.getLogger(__name__)

MAX_ATTEMPTS = 5  # of a worker that dies with it
NOT_CLAIMED: dict[str, Any] = {"leased_until": None, "claimed_by": ""}
LIMIT = timedelta(minutes=15)  # that a job may wait for a worker
Item = TypeVar("Item")
Runner = Callable[[Job], object]
Shows = Callable[[Job], Extent]
_runners: dict[str, Runner] = {}
_shown: dict[str, Shows] = {}


def runs(kind: str, shows: Shows) -> Callable[[Runner], Runner]:
    """Register the function that runs jobs of a kind. Called again for the same job, it continues with the rest.

    `shows` tells what its person sees now of the records that the job's results and files show.
    """

    def keep(runner: Runner) -> Runner:
        assert kind not in _runners, f"Jobs of the kind {kind} have a runner already"
        _runners[kind], _shown[kind] = runner, shows
        return runner

    return keep


def start(
    kind: str,
    title: str,
    total: int,
    *,
    by: User | None = None,
    due_at: datetime | None = None,
    **details: Any,
) -> Job:
    """Create the row that shows a job's progress."""
    return Job.objects.create(
        kind=kind, title=title[:120], total=total, by=by, due_at=due_at, details=details
    )


def submit(kind: str, title: str, total: int, *, by: User | None = None, **details: Any) -> Job:
    """Have a worker do a job, after this transaction."""
    job = start(kind, title, total, by=by, due_at=timezone.now(), **details)
    transaction.on_commit(lambda: _send(job.pk))
    return job


def _send(key: int) -> None:
    bells.ring("oms.background.tasks.run_job", key)


def waiting() -> QuerySet[Job]:
    """Jobs that were asked for and that no worker is at, the oldest first."""
    return Job.objects.filter(_free(), due_at__isnull=False, finished_at=None).order_by(
        "due_at", "pk"
    )


def late() -> QuerySet[Job]:
    """Jobs that wait for longer than a worker should take to come."""
    return waiting().filter(due_at__lt=timezone.now() - LIMIT)


def _free() -> Q:
    return Q(leased_until=None) | Q(leased_until__lt=timezone.now())


def work_waiting() -> None:
    """Do what waits, whatever became of the messages that should have told of it."""
    tried: set[int] = set()
    while (key := waiting().exclude(pk__in=tried).values_list("pk", flat=True).first()) is not None:
        tried.add(key)
        work(key)


def work(key: int) -> None:
    """Do a job, unless a worker is at it or it is done. What stops it altogether is said on it."""
    claimed = Job.objects.filter(_free(), pk=key, finished_at=None).update(
        leased_until=timezone.now() + pulse.lease(),
        claimed_by=pulse.claimer(),
        attempts=F("attempts") + 1,
        error="",
    )
    if not claimed:
        return
    job = Job.objects.select_related("by").get(pk=key)
    try:
        if job.attempts > MAX_ATTEMPTS:
            raise Refused(_("The worker died in each attempt."), code="worker_died")
        job.extent = _shown[job.kind](job)
        Job.objects.filter(pk=key).update(extent=job.extent)
        _runners[job.kind](job)
    except Exception as error:
        log.exception("job_failed job=%s", key)
        message = (
            error.message if isinstance(error, DomainError) else f"{type(error).__name__}: {error}"
        )
        Job.objects.filter(pk=key).update(error=message, finished_at=timezone.now(), **NOT_CLAIMED)
    job.refresh_from_db()
    if job.error or job.failed:
        with atomic():
            events.record("job.failed", subject_type="job", subject_number=str(job.pk), by=job.by)


def again(job: Job) -> Job:
    """Do once more what failed, and what was not reached. Raises Refused while a worker is at it."""
    with transaction.atomic():
        job = Job.objects.select_for_update().get(pk=job.pk)
        if job.is_running:
            raise Refused(
                _("%(title)s is still running. Wait until it finishes.") % {"title": job.title},
                code="running",
            )
        if job.kind not in _runners:
            raise Refused(
                _("%(title)s can't be repeated.") % {"title": job.title}, code="not_repeatable"
            )
        job.details = {
            **job.details,
            "failed_keys": list(
                job.results.filter(succeeded=False).exclude(key="").values_list("key", flat=True)
            ),
        }
        job.results.filter(succeeded=False).delete()
        job.failed, job.finished_at, job.leased_until, job.claimed_by, job.error = (
            0,
            None,
            None,
            "",
            "",
        )
        job.due_at, job.attempts = timezone.now(), 0
        job.save()
        transaction.on_commit(lambda: _send(job.pk))
    return job


def is_open_to(job: Job, person: User) -> bool:
    """Whether somebody sees as much as a job's results and files show."""
    return extents.covers(person, job.extent)


@whole
def start_over(job: Job) -> None:
    """Forget what was done: a file is drawn whole, or not at all."""
    job.results.all().delete()
    Job.objects.filter(pk=job.pk).update(done=0, failed=0)


def run(job: Job, items: Iterable[Item], perform: Callable[[Item], object]) -> Job:
    """Do each item on its own, and note that nothing more comes."""
    each(job, items, perform)
    return finish(job)


def each(job: Job, items: Iterable[Item], perform: Callable[[Item], object]) -> None:
    """Do each item on its own: an error is its result and does not stop the others. What has a result is left alone.

    An item and its result are one transaction, so that a worker that dies has done both or neither.
    """
    known = set(job.results.exclude(key="").values_list("key", flat=True))
    for item in items:
        key = str(getattr(item, "pk", ""))
        if key and key in known:
            continue
        try:
            _perform(job, item, key, perform)
        except Exception as error:
            record(job, str(item), key=key, error=told(error))


@whole
def selected(job: Job, rows: "QuerySet[Any]") -> list[Any]:
    """The records that a job names, in its order; one that is gone is a result of its own, once."""
    found = rows.in_bulk(job.details["keys"])
    known = set(job.results.exclude(key="").values_list("key", flat=True))
    for key in job.details["keys"]:
        if key not in found and str(key) not in known:
            record(
                job,
                f"{rows.model._meta.verbose_name} {key}",
                key=str(key),
                error=_("Not found, or access was removed."),
            )
    return [found[key] for key in job.details["keys"] if key in found]


def can_run_again(job: Job) -> bool:
    """Whether something of a job is left to do, and no worker is at it."""
    left = job.failed or job.error or (not job.finished_at and job.total > job.done)
    return bool(left) and not job.is_running and job.kind in _runners


@whole
def _perform(job: Job, item: Item, key: str, perform: Callable[[Item], object]) -> None:
    perform(item)
    record(job, str(item), key=key)


@whole
def record(job: Job, subject: str, *, key: str = "", error: str = "") -> None:
    """Note what became of one item."""
    JobResult.objects.create(
        job=job, key=key, subject=subject[:60], succeeded=not error, message=error
    )
    progress(job, **{"failed" if error else "done": 1})


def progress(job: Job, *, done: int = 0, failed: int = 0) -> None:
    """Note that so many more are done or failed, and that the worker is alive."""
    Job.objects.filter(pk=job.pk).update(
        done=F("done") + done,
        failed=F("failed") + failed,
        leased_until=timezone.now() + pulse.lease(),
    )


@contextmanager
def ticking(job: Job, total: int) -> Iterator[Callable[[int], None]]:
    """Show how far one long transaction is, over a connection of its own. The job is finished after the transaction."""
    other = connection.copy()

    def tick(done: int) -> None:
        with other.cursor() as cursor:
            cursor.execute(
                "UPDATE core_job SET done = %s, total = %s, leased_until = %s WHERE id = %s",
                [done, total, timezone.now() + pulse.lease(), job.pk],
            )

    try:
        yield tick
    finally:
        other.close()


def finish(job: Job) -> Job:
    """Note that nothing more comes."""
    Job.objects.filter(pk=job.pk).update(finished_at=timezone.now(), **NOT_CLAIMED)
    job.refresh_from_db()
    return job


def _told_late(count: int) -> str:
    return ngettext(
        "%(count)s job has waited too long for a worker.",
        "%(count)s jobs have waited too long for a worker.",
        count,
    ) % {"count": count}


attention.watch(late, _told_late)
sweeping.also(work_waiting, is_long=True)
