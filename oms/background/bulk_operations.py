"""Operations on a selection of documents: a job with a result for each, done again where it failed, and undone."""

from collections.abc import Sequence
from typing import Any

from django.apps import apps
from django.utils.translation import gettext as _

from oms.background import jobs
from oms.core import extents, operations, policy
from oms.core.errors import Refused
from oms.core.models import Job, User
from oms.core.operations import Operation

KIND = "bulk"


def submit(step: Operation, keys: Sequence[int], *, by: User) -> Job:
    """Have a worker perform an operation on documents, each in a transaction of its own."""
    return jobs.submit(
        KIND,
        _("%(title)s (%(keys)s selected)") % {"title": step.title, "keys": len(keys)},
        len(keys),
        by=by,
        operation=step.name,
        model=step.model._meta.label,
        keys=list(keys),
    )


@jobs.runs(KIND, lambda job: extents.seen_by(job.by, operation_of(job).model))
def perform(job: Job) -> None:
    """Perform a job's operation on what its person may see of the selection, in its order."""
    step, by = operation_of(job), job.by
    assert by is not None
    rows = policy.scope(step.model, by)

    def perform_one(document: Any) -> None:
        step.perform(document, by=by)

    jobs.run(job, jobs.selected(job, rows), perform_one)


def operation_of(job: Job) -> Operation:
    """The operation that a bulk job performs."""
    return operations.of(apps.get_model(job.details["model"]))[job.details["operation"]]


def inverse_of(job: Job) -> Operation | None:
    """What would undo a finished bulk job, where its operation names it and it needs no input."""
    if job.kind != KIND or job.finished_at is None or not job.done:
        return None
    step = operation_of(job)
    inverse = operations.of(step.model).get(step.inverse)
    return inverse if inverse and inverse.input is None else None


def undo(job: Job, *, by: User) -> Job:
    """Perform the inverse on all for which the job was done. Raises Refused where there is none."""
    inverse = inverse_of(job)
    if inverse is None:
        raise Refused(_("%(title)s can't be undone.") % {"title": job.title}, code="no_inverse")
    keys = [int(key) for key in job.results.filter(succeeded=True).values_list("key", flat=True)]
    return submit(inverse, keys, by=by)
