"""Attention counts whatever must be looked at, and every page says so on which something waits for a worker."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from fulfillment import labels
from fulfillment.stations import worklists
from oms.background import jobs
from oms.core import attention, events, outbox
from oms.core.models import Delivery, Event, Heartbeat, Notice, WebhookDelivery, WebhookEndpoint
from oms.messaging import notifications, webhooks
from oms.web import dashboards
from orders.accounting import export_runs
from tests import builders as make
from tests.web.conftest import log_in as log_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("test_event")]
LONG_AGO = timedelta(days=1)


def ago(seconds):
    return timezone.now() - timedelta(seconds=seconds)


def beat(kind="worker", seconds=0):
    Heartbeat.objects.create(
        name=f"{kind}-{seconds}", kind=kind, host="here", pid=1, seen_at=ago(seconds)
    )


def tile(user):
    attention_tile = next(todo for todo in dashboards.TO_DO if todo.title == "Needs attention")
    return dashboards._count(attention_tile, user)


@pytest.fixture
def manager():
    return make.user("mary", "manager")


def event(**fields):
    row = events.record("test.happened", subject_type="test", subject_number="T-1")
    Event.objects.filter(pk=row.pk).update(**fields)
    return row


@pytest.mark.parametrize(
    "beats, count",
    [
        ([], "1"),
        ([("worker", 900)], "1"),
        ([("worker", 0)], "0"),
        ([("worker", 0), ("clock", 900)], "1"),
        ([("worker", 900), ("clock", 900)], "2"),
    ],
)
def test_a_dead_worker_and_a_dead_clock_count(manager, beats, count):
    for kind, seconds in beats:
        beat(kind, seconds)

    assert tile(manager) == count


def test_what_fails_counts_from_the_second_try(manager):
    beat()
    for attempts in (1, 2, 3):
        Delivery.objects.create(
            event=event(is_drained=True), handler="x", attempts=attempts, leased_until=ago(-60)
        )

    assert tile(manager) == "2"


def test_what_waits_beyond_its_limit_counts(manager):
    beat()
    jobs.start("bulk", "young", 1, due_at=timezone.now())
    jobs.start("bulk", "old", 1, due_at=timezone.now() - LONG_AGO)
    event()
    event(written_at=timezone.now() - LONG_AGO)
    event(written_at=timezone.now() - LONG_AGO, due_at=timezone.now() + LONG_AGO)
    Delivery.objects.create(
        event=event(written_at=timezone.now() - LONG_AGO), handler="x", leased_until=ago(-60)
    )
    notice = Notice.objects.create(to=manager, topic="job_failed", text="x", mail="at_once")
    Notice.objects.filter(pk=notice.pk).update(at=timezone.now() - LONG_AGO)
    endpoint = webhooks.subscribe(
        WebhookEndpoint(company=make.company(), user=manager, url="https://example.com")
    )
    for _number in range(2):  # the second waits for the first
        WebhookDelivery.objects.create(
            endpoint=endpoint,
            event=event(is_drained=True),
            subject="T-1",
            next_at=timezone.now() - LONG_AGO,
        )

    assert [
        rows().count() for rows in (jobs.late, outbox.late, notifications.late, webhooks.late)
    ] == [1, 1, 1, 1]
    assert tile(manager) == "4"
    assert sorted(attention.alarms()) == [
        "1 event has waited too long to be delivered.",
        "1 job has waited too long for a worker.",
        "1 notice has waited too long to be mailed.",
        "1 webhook call has waited too long to be sent.",
    ]


def test_the_page_says_what_the_number_counts(log_in):
    beat()
    jobs.start("bulk", "old", 1, due_at=timezone.now() - LONG_AGO)
    browser = log_in("manager")

    for page in ("admin:index", "admin:core_delivery_changelist"):
        assert (
            "1 job has waited too long for a worker." in browser.get(reverse(page)).content.decode()
        )


def job_list():
    jobs.start("bulk", "x", 1, due_at=timezone.now())
    return reverse("admin:core_job_changelist")


def export_run():
    run = export_runs.prepare(
        make.company(), "payments", file_format="csv", by=make.user("ann", "accountant")
    )
    return reverse("admin:orders_exportrun_change", args=[run.pk])


def list_of_runs():
    export_run()
    return reverse("admin:orders_exportrun_changelist")


def order_to_follow():
    make.sku("TEE-M", stock={"LON": 9})
    order = make.order(
        lines=[("TEE-M", 1)], confirmed=True
    )  # as where a worker delivers its events
    assert outbox.undelivered(order).exists()
    return reverse("admin:orders_order_change", args=[order.pk])


@pytest.mark.parametrize("page", [job_list, export_run, list_of_runs, order_to_follow])
def test_pages_on_which_something_waits_for_a_worker_say_so(page, log_in):
    browser, address = log_in("root"), page()
    assert "No worker has run yet" in browser.get(address).content.decode()

    beat(seconds=900)
    assert "No worker since" in browser.get(address).content.decode()

    beat()
    assert "No worker" not in browser.get(address).content.decode()


def test_a_packer_who_waits_for_labels_is_told():
    make.sku("TEE-M", stock={"LON": 9})
    shipment = make.packed(make.confirmed(("TEE-M", 1)))
    make.service()
    labels.buy(shipment)
    boss = make.user("mary", "manager")

    def told():
        return worklists.pack(shipment.warehouse, boss, shipment.number)["alarms"]

    assert told()[0].startswith("No worker has run yet.")
    beat()
    assert told() == []
    Heartbeat.objects.all().delete()
    outbox.drain()
    assert told() == []
