"""An import whose worker is killed goes on where it was, and tells what the database holds."""

import io
import os
import signal

import pytest
from django.core.files.base import ContentFile
from django.utils import timezone

from inventory.admin.sheets import SKUSheet
from inventory.models import SKU
from oms.background import bulk_operations, jobs
from oms.core.models import Job
from oms.files import runs
from oms.web.children import kept
from orders import order_entry
from orders.order_entry import Entry
from tests import builders as make
from tests.core.test_worker_killed import COMMAND, is_done, until
from tests.core.test_worker_killed import quick as quick

pytestmark = pytest.mark.django_db(transaction=True)
ROWS, BAD = 6000, 60


def test_an_import_whose_worker_is_killed_goes_on_and_counts_each_row_once(quick, settings):
    """The worker is killed once it has done the first of several batches."""
    settings.HEARTBEAT_SECONDS = 0.5
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    }
    make.sku("S-0700", name="old")
    text = "code,name,weight_g\n" + "".join(
        f"S-{number:04},Thing,{'heavy' if number % 100 == 7 else number}\n"
        for number in range(ROWS)
    )
    by = make.user("mary", "manager")
    uploaded = runs.upload(SKUSheet, ContentFile(text.encode()), "skus.csv", by=by)
    job = jobs.start(
        runs.KIND,
        "Import",
        0,
        by=by,
        due_at=timezone.now(),
        **{**uploaded.details, "dry_run": False, "file_of": uploaded.pk},
    )
    errors = io.StringIO()

    with kept("worker", COMMAND, errors, pause=0.1) as keeper:
        until(lambda: Job.objects.get(pk=job.pk).done > 0)
        os.kill(keeper.process.pid, signal.SIGKILL)
        until(lambda: "exit code -9" in errors.getvalue())
        assert not is_done(job)
        until(lambda: is_done(job))

    job.refresh_from_db()
    assert (job.error, job.attempts, job.done, job.failed, job.total) == (
        "",
        2,
        ROWS - BAD,
        BAD,
        ROWS,
    )
    assert job.details["counts"] == {"new": ROWS - BAD - 1, "changed": 1, "unchanged": 0}
    assert SKU.objects.count() == ROWS - BAD and job.results.filter(succeeded=False).count() == BAD


@pytest.mark.django_db(transaction=False)
def test_what_failed_before_the_kill_is_told_once():
    """As a second worker finds it: one order refused, one gone, one done, and the first worker is no more."""
    make.taxes()
    make.sku("TEE-M", stock={"LON": 1})
    orders = [
        order_entry.enter(Entry(make.channel(), make.customer(), [make.line("TEE-M", count)]))
        for count in (1, 5)
    ]
    keys = [*(order.pk for order in orders), 10**6]
    job = jobs.start(
        bulk_operations.KIND,
        "Confirm",
        3,
        by=make.user("mary", "manager"),
        due_at=timezone.now(),
        operation="confirm",
        model="orders.Order",
        keys=keys,
    )
    jobs.work(job.pk)
    Job.objects.filter(pk=job.pk).update(finished_at=None)

    jobs.work(job.pk)

    job.refresh_from_db()
    assert (job.done, job.failed, job.results.count()) == (1, 2, 3)


@pytest.mark.django_db(transaction=False)
def test_every_kind_of_job_can_be_run_again():
    """All that have a runner: what stopped is offered, and waits for a worker again."""
    by = make.user("mary", "manager")
    assert {"bulk", "import", "print", "export", "collect", "accounting"} <= set(jobs._runners)

    for kind in jobs._runners:
        job = jobs.start(kind, kind, 1, by=by)
        Job.objects.filter(pk=job.pk).update(finished_at=timezone.now(), error="stopped")
        assert jobs.can_run_again(Job.objects.get(pk=job.pk)), kind
        again = jobs.again(job)
        assert (again.finished_at, again.error, again.waits) == (None, "", True)
