"""Long work with its progress in a database row: done by a worker, one item after the other, and again what failed."""

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, TypeVar

from celery import current_app
from django.db import connection, transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from oms.core import notices
from oms.core.errors import DomainError, Refused
from oms.core.locking import whole
from oms.core.models import Job, JobResult, Topic, User

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=5)
Item = TypeVar("Item")
Runner = Callable[[Job], object]
_runners: dict[str, Runner] = {}


def runs(kind: str) -> Callable[[Runner], Runner]:
    """Name the function that does jobs of a kind. Called again for the same job, it does what is left."""
    def keep(runner: Runner) -> Runner:
        assert kind not in _runners, f"Jobs of the kind {kind} have a runner already"
        _runners[kind] = runner
        return runner

    return keep


def start(kind: str, title: str, total: int, *, by: User | None = None, **details: Any) -> Job:
    """Create the row that shows a job's progress."""
    return Job.objects.create(kind=kind, title=title[:120], total=total, by=by, details=details)


def submit(kind: str, title: str, total: int, *, by: User | None = None, **details: Any) -> Job:
    """Have a worker do a job, after this transaction."""
    job = start(kind, title, total, by=by, **details)
    transaction.on_commit(lambda: _send(job.pk))
    return job


def _send(key: int) -> None:
    current_app.tasks["oms.core.tasks.run_job"].delay(key)


def work(key: int) -> None:
    """Do a job, unless a worker is at it or it is done. What stops it altogether is said on it."""
    now = timezone.now()
    free = Q(leased_until=None) | Q(leased_until__lt=now)
    if not Job.objects.filter(free, pk=key, finished_at=None).update(leased_until=now + LEASE, error=""):
        return
    job = Job.objects.select_related("by").get(pk=key)
    try:
        _runners[job.kind](job)
    except Exception as error:
        log.exception("Job %s stopped", key)
        message = error.message if isinstance(error, DomainError) else f"{type(error).__name__}: {error}"
        Job.objects.filter(pk=key).update(error=message, finished_at=timezone.now(), leased_until=None)
    job.refresh_from_db()
    if job.error or job.failed:
        _tell_failed(job)


def _tell_failed(job: Job) -> None:
    """Who asked hears that a job failed, and whoever else wants to."""
    text = f"{job.title}: {job.error or f'{job.failed} refused'}"
    told = {notice.to_id for notice in notices.tell(Topic.JOB_FAILED, text, subject_type="job",
                                                    subject_number=str(job.pk))}
    if job.by is not None and job.by_id not in told:
        notices.tell_person(job.by, Topic.JOB_FAILED, text, subject_type="job", subject_number=str(job.pk))


def again(job: Job) -> Job:
    """Do once more what failed, and what was not reached. Raises Refused while a worker is at it."""
    with transaction.atomic():
        job = Job.objects.select_for_update().get(pk=job.pk)
        if job.is_running:
            raise Refused(_("%(title)s is still running; wait until it is done.")
                          % {"title": job.title}, code="running")
        if job.kind not in _runners:
            raise Refused(_("%(title)s cannot be done again.") % {"title": job.title}, code="not_repeatable")
        job.details = {**job.details, "failed_keys": list(
            job.results.filter(succeeded=False).exclude(key="").values_list("key", flat=True))}
        job.results.filter(succeeded=False).delete()
        job.failed, job.finished_at, job.leased_until, job.error = 0, None, None, ""
        job.save()
        transaction.on_commit(lambda: _send(job.pk))
    return job


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
    """Do each item on its own: a refusal is its result and does not stop the others. What is done is not done again.

    An item and its result are one transaction, so that a worker that dies has done both or neither.
    """
    done = set(job.results.filter(succeeded=True).exclude(key="").values_list("key", flat=True))
    for item in items:
        key = str(getattr(item, "pk", ""))
        if key and key in done:
            continue
        try:
            _perform(job, item, key, perform)
        except DomainError as error:
            record(job, str(item), key=key, error=error.message)


@whole
def _perform(job: Job, item: Item, key: str, perform: Callable[[Item], object]) -> None:
    perform(item)
    record(job, str(item), key=key)


@whole
def record(job: Job, subject: str, *, key: str = "", error: str = "") -> None:
    """Note what became of one item."""
    JobResult.objects.create(job=job, key=key, subject=subject[:60], succeeded=not error, message=error)
    progress(job, **{"failed" if error else "done": 1})


def progress(job: Job, *, done: int = 0, failed: int = 0) -> None:
    """Note that so many more are done or failed, and that the worker is alive."""
    Job.objects.filter(pk=job.pk).update(
        done=F("done") + done, failed=F("failed") + failed, leased_until=timezone.now() + LEASE)


@contextmanager
def ticking(job: Job, total: int) -> Iterator[Callable[[int], None]]:
    """Show how far one long transaction is, over a connection of its own. The job is finished after the transaction."""
    other = connection.copy()

    def tick(done: int) -> None:
        with other.cursor() as cursor:
            cursor.execute("UPDATE core_job SET done = %s, total = %s, leased_until = %s WHERE id = %s",
                           [done, total, timezone.now() + LEASE, job.pk])

    try:
        yield tick
    finally:
        other.close()


def finish(job: Job) -> Job:
    """Note that nothing more comes."""
    Job.objects.filter(pk=job.pk).update(finished_at=timezone.now(), leased_until=None)
    job.refresh_from_db()
    return job
