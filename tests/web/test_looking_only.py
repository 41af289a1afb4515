"""Whoever may only look at things does nothing with them, at no door; and sums are those of what they may see."""

import pytest
from django.contrib import admin
from django.test import RequestFactory
from django.urls import reverse
from rest_framework.test import APIClient

from fulfillment.models import Shipment, Wave
from oms.background import jobs
from oms.core import outbox
from oms.core.models import Delivery, Email, Job, User, WebhookDelivery, WebhookEndpoint
from oms.insights import rollups
from oms.messaging import emails, webhooks
from orders.accounting.models import ExportRun
from orders.models import Customer
from tests import builders as make

pytestmark = pytest.mark.django_db
HARMLESS = ("mark_read", "print_")  # one's own notices, and papers of what one sees


@pytest.fixture
def viewer(log_in):
    make.role("viewer", "everything", ("view", "see_money", "see_cost", "oversee"))
    return log_in("viewer")


@pytest.fixture
def called():
    """An endpoint with a call that was made."""
    endpoint = webhooks.subscribe(
        WebhookEndpoint(
            company=make.company(), user=make.user("boss", "manager"), url="https://example.com/"
        )
    )
    make.sku("TEE-M", stock={"LON": 9})
    make.confirmed(("TEE-M", 2))
    outbox.drain()
    outbox.number_events()
    webhooks.fan_out()
    WebhookDelivery.objects.update(next_at=None)
    return endpoint


def test_a_viewer_is_offered_no_bulk_action_but_printing(viewer):
    request = RequestFactory().get("/")
    request.user = User.objects.get(username="viewer")

    offered = {
        (model.__name__, name)
        for model, page in admin.site._registry.items()
        for name in page.get_actions(request)
        if not name.startswith(HARMLESS)
    }

    assert offered == set()


def test_calls_emails_and_events_are_not_sent_again_by_a_viewer(viewer, called, monkeypatch):
    monkeypatch.setattr(emails, "attempt", lambda row: pytest.fail("An email was sent again."))
    waiting = Delivery.objects.create(
        event=WebhookDelivery.objects.first().event,
        handler="x",
        attempts=3,
        parked_at=(called.created_at),
    )
    asked = (
        ("core_webhookendpoint", "rotate_secrets", called.pk),
        ("core_delivery", "retry", waiting.pk),
        ("core_webhookdelivery", "send_again", WebhookDelivery.objects.first().pk),
        ("core_email", "send_again", Email.objects.first().pk),
        ("core_email", "mark_sent", Email.objects.first().pk),
    )
    before = (
        WebhookEndpoint.objects.get().secret,
        set(Email.objects.values_list("state", flat=True)),
    )

    for page, action, key in asked:
        viewer.post(
            reverse(f"admin:{page}_changelist"), {"action": action, "_selected_action": key}
        )

    assert (
        WebhookEndpoint.objects.get().secret,
        set(Email.objects.values_list("state", flat=True)),
    ) == before
    assert not WebhookDelivery.objects.exclude(next_at=None).exists()
    assert Delivery.objects.get(pk=waiting.pk).parked_at


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("patch", "webhooks/{endpoint}/"),
        ("delete", "webhooks/{endpoint}/"),
        ("post", "webhooks/"),
        ("post", "webhooks/{endpoint}/rotate-secret/"),
        ("post", "webhook-deliveries/{call}/replay/"),
    ],
)
def test_endpoints_are_not_changed_over_the_api_by_a_viewer(viewer, called, method, path):
    api = APIClient()
    api.force_login(User.objects.get(username="viewer"))
    call = WebhookDelivery.objects.first()
    url = f"/api/v1/{path.format(endpoint=called.pk, call=call.pk)}"

    answer = getattr(api, method)(
        url, {"is_active": False}, format="json", headers={"Idempotency-Key": "1"}
    )

    assert (answer.status_code, answer.json()["code"]) == (403, "permission_denied")
    assert api.get(f"/api/v1/webhooks/{called.pk}/").json()["is_active"]
    assert (
        WebhookEndpoint.objects.get().secret == called.secret
        and WebhookDelivery.objects.get(pk=call.pk).next_at is None
    )


def test_waves_exports_and_jobs_are_not_begun_by_a_viewer(viewer, called):
    failed = jobs.start(
        "bulk",
        "Confirm",
        1,
        by=make.user("boss"),
        operation="confirm",
        model="orders.Order",
        keys=[0],
    )
    jobs.record(failed, "SO-1", error="no")
    jobs.finish(failed)
    lists = [
        reverse(f"admin:{name}_changelist") for name in ("fulfillment_wave", "orders_exportrun")
    ]
    pages = "".join(viewer.get(each).content.decode() for each in lists)

    viewer.post(reverse("admin:plan_waves"))
    viewer.post(
        reverse("admin:orders_exportrun_new"),
        {
            "company": make.company().pk,
            "profile": "invoice_lines",
            "only_new": "on",
            "file_format": "csv",
        },
    )
    viewer.post(reverse("admin:core_job_again", args=[failed.pk]))

    assert Shipment.objects.filter(wave=None).exists() and not Wave.objects.exists()
    assert not ExportRun.objects.exists() and Job.objects.get(pk=failed.pk).failed == 1
    assert (
        reverse("admin:plan_waves") not in pages
        and reverse("admin:orders_exportrun_new") not in pages
    )


def test_receivables_ask_for_their_right_and_are_those_of_ones_customers(viewer, client):
    make.sku("TEE-M", stock={"LON": 9})
    make.shipped(("TEE-M", 1), customer_code="C-1")
    make.shipped(("TEE-M", 1), customer_code="C-2")
    address = reverse("admin:orders_exportrun_receivables")
    assert viewer.get(address).status_code == 302
    make.role("seller", "customers", ("view", "see_money", "see_receivables"))
    person = make.user("viewer")
    person.groups.clear()
    make.user("viewer", "seller")
    Customer.objects.filter(code="C-1").update(rep=person)

    page = client.get(address)

    assert [row.code for row, _amounts, _total in page.context["rows"]] == ["C-1"]


def test_charts_are_drawn_of_ones_own_warehouses(log_in, drain):
    make.sku("TEE-M", stock={"LON": 9})
    make.shipped(("TEE-M", 1))
    make.sku("MUG", stock={"LEE": 9})
    make.shipped(("MUG", 1))
    rollups.roll_up()
    client = log_in("picker")
    make.warehouse("LON").staff.add(make.user("picker"))

    page = client.get(reverse("admin:index"))

    (chart,) = page.context["charts"]
    assert {name for name, _color in chart.legend} == {"LON"}
