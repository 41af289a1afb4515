"""Long work with its progress in a database row."""

from collections.abc import Callable, Iterable
from typing import TypeVar

from django.db.models import F
from django.utils import timezone

from oms.core.errors import DomainError
from oms.core.models import Job, JobResult, User

Item = TypeVar("Item")


def start(kind: str, title: str, total: int, *, by: User | None = None) -> Job:
    """Create the row that shows a job's progress."""
    return Job.objects.create(kind=kind, title=title, total=total, by=by)


def run(job: Job, items: Iterable[Item], perform: Callable[[Item], object]) -> Job:
    """Do each item on its own: a refusal is its result and does not stop the others."""
    for item in items:
        try:
            perform(item)
        except DomainError as error:
            record(job, str(item), error=error.message)
        else:
            record(job, str(item))
    return finish(job)


def record(job: Job, subject: str, *, error: str = "") -> None:
    """Note what became of one item."""
    JobResult.objects.create(job=job, subject=subject, succeeded=not error, message=error)
    counter = "failed" if error else "done"
    Job.objects.filter(pk=job.pk).update(**{counter: F(counter) + 1})


def finish(job: Job) -> Job:
    """Note that nothing more comes."""
    Job.objects.filter(pk=job.pk).update(finished_at=timezone.now())
    job.refresh_from_db()
    return job
