"""A real Celery worker on the real broker (Redis where REDIS_URL names one, else files) drains the outbox."""

import os
import subprocess
import sys
import time

import pytest
from celery import current_app
from django.conf import settings
from django.db import connection

from inventory import sourcing
from inventory.models import Demand
from inventory.sourcing import Destination, Terms, Wanted
from oms.core.models import Event
from tests import builders as make

pytestmark = [pytest.mark.smoke, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def worker(tmp_path):
    for name in ("broker", "broker-control"):
        (settings.DATA_FOLDER / name).mkdir(parents=True, exist_ok=True)
    environment = {**os.environ, "OMS_TEST_DATABASE": connection.settings_dict["NAME"],
                   "DJANGO_SETTINGS_MODULE": "tests.settings"}
    log = (tmp_path / "worker.log").open("w")
    process = subprocess.Popen(
        [sys.executable, "-m", "celery", "-A", "oms", "worker", "--pool", "solo", "--loglevel", "INFO"],
        cwd=settings.BASE_DIR, env=environment, stdout=log, stderr=log)
    yield tmp_path / "worker.log"
    process.terminate()
    process.wait(20)


def test_a_worker_drains_what_was_committed(worker):
    tee = make.sku(stock={"LON": 1})
    sourcing.promise("SO-1", [Wanted(1, tee, 3)], Destination("GB"), Terms(may_wait=True))
    make.receive_purchase(tee, 2)

    current_app.send_task("oms.core.tasks.drain_outbox", ignore_result=True)

    end = time.monotonic() + 60
    while Event.objects.exclude(is_drained=True).exists():
        assert time.monotonic() < end, worker.read_text()[-2000:]
        time.sleep(0.2)
    assert Demand.objects.get().held == 3
