"""Real Celery workers on the real broker (Redis where REDIS_URL names one, else files): killed, and given rubbish."""

import subprocess
import sys
import time

import pytest
from celery import current_app
from django.conf import settings
from django.db import connection
from django.utils import timezone

from inventory import sourcing
from inventory.models import Demand
from inventory.sourcing import Destination, Terms, Wanted
from oms.background import bulk_operations, jobs
from oms.core import pulse
from oms.core.models import Event, Job
from orders import order_entry
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


@pytest.fixture
def worker(quick, tmp_path):
    log = (tmp_path / "worker.log").open("w")
    process = subprocess.Popen(COMMAND, cwd=settings.BASE_DIR, stdout=log, stderr=log)
    process.log = tmp_path / "worker.log"
    yield process
    process.kill()
    process.wait(20)


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


def test_a_worker_does_what_it_is_told_of_and_what_it_is_not(worker):
    tee = make.sku(stock={"LON": 1})
    sourcing.promise(
        "SO-1", make.company(), [Wanted(1, tee, 3)], Destination("GB"), Terms(can_backorder=True)
    )
    make.receive_purchase(tee, 2)
    broken = settings.DATA_FOLDER / "broker"
    if not settings.REDIS_URL:
        broken.mkdir(parents=True, exist_ok=True)
        for number in range(50):
            (broken / f"{number:020d}-half.celery.msg").write_text('{"body": "W1td')

    current_app.send_task("oms.core.tasks.drain_outbox", ignore_result=True)

    until(
        lambda: not Event.objects.exclude(is_drained=True).exists(),
        lambda: worker.log.read_text()[-2000:],
    )
    assert Demand.objects.get().reserved == 3

    make.taxes()
    make.sku("TEE-M", stock={"LON": 9})
    job, orders = confirming(1)
    until(lambda: is_done(job), lambda: worker.log.read_text()[-2000:])
    assert (make.fresh(orders[0]).status, worker.poll(), pulse.alarms()) == ("confirmed", None, [])
    assert not list(broken.glob("*half*"))


def test_a_worker_works_although_its_broker_is_away(quick, monkeypatch, tmp_path):
    make.taxes()
    make.sku("TEE-M", stock={"LON": 9})
    job, orders = confirming(1)
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1/0")  # nobody listens there
    log = tmp_path / "worker.log"
    with log.open("w") as file:
        process = subprocess.Popen(COMMAND, cwd=settings.BASE_DIR, stdout=file, stderr=file)
    try:
        until(lambda: is_done(job), lambda: log.read_text()[-2000:])
    finally:
        process.kill()
        process.wait(20)

    assert make.fresh(orders[0]).status == "confirmed"
