"""Who works says so; where nobody does it is told, and what a dead process had begun is done by another."""

from datetime import timedelta

import pytest
from celery import current_app
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from oms.background import bulk_operations, jobs
from oms.core import bells, event_handlers, events, operations, outbox, pulse
from oms.core.models import Delivery, Heartbeat, Job
from orders import order_entry
from orders.models import Order
from orders.order_entry import Entry
from tests import builders as make
from tests.web.conftest import log_in as log_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("test_event")]


def ago(seconds):
    return timezone.now() - timedelta(seconds=seconds)


def beat(kind="worker", seconds=0, **fields):
    return Heartbeat.objects.create(
        name=f"{kind}-{seconds}-{len(fields)}",
        kind=kind,
        host="here",
        pid=1,
        seen_at=ago(seconds),
        **fields,
    )


def waiting_job(**fields):
    make.taxes()
    make.sku("TEE-M", stock={"LON": 9})
    order = order_entry.enter(Entry(make.channel(), make.customer(), [make.line("TEE-M", 2)]))
    step = operations.of(Order)["confirm"]
    job = jobs.start(
        bulk_operations.KIND,
        "Confirm: 1 selected",
        1,
        by=make.user("mary", "manager"),
        due_at=timezone.now(),
        operation=step.name,
        model="orders.Order",
        keys=[order.pk],
    )
    Job.objects.filter(pk=job.pk).update(**fields)
    return make.fresh(job)


@pytest.mark.parametrize(
    "beats, told",
    [
        ([], ["No worker has run yet."]),
        ([("worker", 1)], []),
        ([("worker", 1), ("worker", 900)], []),
        ([("worker", 900)], ["No worker since "]),
        ([("server", 1)], ["No worker has run yet."]),
        ([("worker", 1), ("clock", 1)], []),
        ([("worker", 1), ("clock", 900)], ["No clock since "]),
    ],
)
def test_where_nobody_works_it_is_told(beats, told):
    for kind, seconds in beats:
        beat(kind, seconds)

    alarms = pulse.alarms()

    assert len(alarms) == len(told) and all(
        alarm.startswith(text) for alarm, text in zip(alarms, told, strict=True)
    )


def test_a_worker_that_was_stopped_is_missed_at_once():
    beat(seconds=1, ended_at=ago(1))

    assert len(pulse.alarms()) == 1


def test_attention_the_home_page_and_a_waiting_job_say_so(log_in):
    job = waiting_job()
    browser = log_in("manager")
    pages = [
        reverse("admin:index"),
        reverse("admin:core_delivery_changelist"),
        reverse("admin:core_job_change", args=[job.pk]),
    ]

    assert all("No worker has run yet" in browser.get(page).content.decode() for page in pages)

    beat(seconds=900)
    assert all("No worker since" in browser.get(page).content.decode() for page in pages)

    beat()
    assert not any("No worker" in browser.get(page).content.decode() for page in pages)


def test_a_job_that_is_done_says_nothing_of_workers(log_in):
    job = waiting_job()
    jobs.work(job.pk)

    text = log_in("root").get(reverse("admin:core_job_change", args=[job.pk])).content.decode()

    assert "No worker" not in text and make.fresh(job).done == 1


def test_a_job_of_which_the_message_was_lost_is_found(verified):
    job = waiting_job()

    jobs.work_waiting()

    job.refresh_from_db()
    assert (job.done, job.claimed_by, job.finished_at is not None) == (1, "", True)


def test_a_job_that_a_living_process_is_at_is_left_alone():
    job = waiting_job(leased_until=timezone.now() + timedelta(seconds=9), claimed_by="other")

    jobs.work_waiting()

    assert make.fresh(job).done == 0


def test_a_job_whose_worker_died_is_done_by_another(verified):
    job = waiting_job(leased_until=ago(1), claimed_by="dead", attempts=1)

    jobs.work_waiting()

    assert (make.fresh(job).done, make.fresh(job).attempts) == (1, 2)


def test_a_job_that_kills_its_workers_is_given_up_and_told():
    job = waiting_job(leased_until=ago(1), claimed_by="dead", attempts=jobs.MAX_ATTEMPTS)

    jobs.work_waiting()

    job.refresh_from_db()
    assert (job.error, job.finished_at is not None) == ("The worker died in each attempt.", True)
    assert jobs.again(job).attempts == 0


def test_a_file_that_waits_for_its_person_is_no_work():
    jobs.start("import", "Check SKUs", 0, by=make.user())

    assert list(jobs.waiting()) == []


def test_a_beat_prolongs_what_its_process_is_at():
    own = pulse.Pulse("worker")
    job = waiting_job(leased_until=timezone.now() + timedelta(seconds=1), claimed_by=own.name)
    other = Job.objects.create(
        kind="bulk", title="x", leased_until=ago(1), claimed_by="other", due_at=ago(9)
    )

    own.beat()
    own.beat()

    assert make.fresh(job).leased_until > timezone.now() + pulse.silence() - timedelta(seconds=5)
    assert make.fresh(other).leased_until < timezone.now()
    assert Heartbeat.objects.filter(name=own.name, kind="worker", ended_at=None).count() == 1
    own.end()
    assert Heartbeat.objects.get().ended_at is not None


def test_a_beat_prolongs_the_deliveries_of_its_process(monkeypatch):
    monkeypatch.setattr(event_handlers, "_handlers", {})
    own = pulse.Pulse("worker")
    monkeypatch.setattr(pulse, "_pulse", own)
    seen = []

    def slow(event):
        until = Delivery.objects.get().leased_until
        own.beat()
        seen.append(
            (Delivery.objects.get().claimed_by, Delivery.objects.get().leased_until > until)
        )

    event_handlers.on("test.happened", external=True)(slow)
    events.record("test.happened", subject_type="test", subject_number="T-1")
    outbox.drain()

    assert seen == [(own.name, True)]
    assert Delivery.objects.get().claimed_by == ""


def test_a_bell_that_cannot_be_rung_fails_nobody(monkeypatch):
    def refused(*args, **options):
        raise ConnectionRefusedError("nobody there")

    monkeypatch.setattr(current_app.tasks["oms.background.tasks.run_job"], "apply_async", refused)

    assert bells.ring("oms.background.tasks.run_job", 1) is False
    assert connection.is_usable()
