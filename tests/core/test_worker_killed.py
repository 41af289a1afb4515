"""A real Celery worker that is killed in the middle of its work is started again, and the work goes on."""

import io
import os
import signal
import sys
import time

import pytest
from django.db import connection, transaction
from django.utils import timezone

from oms.background import bulk_operations, jobs
from oms.core.models import Event, Heartbeat, Job
from oms.web.children import kept
from orders import order_entry
from orders.models import Order
from orders.order_entry import Entry
from tests import builders as make

pytestmark = pytest.mark.django_db(transaction=True)
COMMAND = [
    sys.executable,
    "-m",
    "celery",
    "-A",
    "oms",
    "worker",
    "--pool",
    "solo",
    "--loglevel",
    "INFO",
]


@pytest.fixture
def quick(monkeypatch):
    """What a worker started by this test is told: this test's database, and to be quick."""
    for name, value in {
        "OMS_TEST_DATABASE": connection.settings_dict["NAME"],
        "HEARTBEAT_SECONDS": "0.5",
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "SWEEP_SECONDS": "0.5",
    }.items():
        monkeypatch.setenv(name, value)


def until(condition, told=lambda: "", seconds=120):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, told()
        time.sleep(0.1)


def confirming(*quantities):
    """A job that confirms orders, of which nobody was told."""
    orders = [
        order_entry.enter(Entry(make.channel(), make.customer(), [make.line("TEE-M", count)]))
        for count in quantities
    ]
    return jobs.start(
        bulk_operations.KIND,
        "Confirm",
        len(orders),
        by=make.user("mary", "manager"),
        due_at=timezone.now(),
        operation="confirm",
        model="orders.Order",
        keys=[order.pk for order in orders],
    ), orders


def is_done(job):
    return Job.objects.filter(pk=job.pk, finished_at__isnull=False).exists()


def test_a_worker_that_is_killed_in_the_middle_of_a_job_is_replaced_and_the_job_goes_on(
    quick, monkeypatch, settings
):
    """The second of two orders is locked by somebody while the worker is at it, and then the worker is no more."""
    settings.HEARTBEAT_SECONDS = 0.5
    make.taxes()
    make.sku("TEE-M", stock={"LON": 9})
    job, orders = confirming(1, 2)
    errors = io.StringIO()

    with kept("worker", COMMAND, errors, pause=0.1) as keeper:
        with transaction.atomic():
            Order.objects.select_for_update().get(pk=orders[1].pk)
            until(lambda: Job.objects.get(pk=job.pk).done == 1)
            os.kill(keeper.process.pid, signal.SIGKILL)
            until(lambda: "exit code -9" in errors.getvalue())
        until(lambda: is_done(job))

    job.refresh_from_db()
    assert (job.done, job.failed, job.attempts, job.error) == (2, 0, 2, "")
    assert {make.fresh(order).status for order in orders} == {"confirmed"}
    assert Event.objects.filter(name="order.confirmed").count() == 2
    assert Heartbeat.objects.filter(kind="worker").count() == 2
