import json
import re
from html import unescape

import pytest
from django.urls import reverse

from oms.core.models import WebhookEndpoint
from tests import builders as make

pytestmark = pytest.mark.django_db
FORM = {"url": "https://example.com/hook", "is_active": "on"}


def listed(client):
    """The events on the page, with the example of each call."""
    page = client.get(reverse("admin:webhook_events"))
    examples = re.findall(
        r"<code>([a-z_.]+)</code>.*?<pre>(.*?)</pre>", page.content.decode(), re.DOTALL
    )
    return {name: json.loads(unescape(example)) for name, example in examples}


def test_the_form_leads_to_a_list_of_the_events_that_its_person_may_see(log_in):
    client = log_in("rep")

    known = listed(client)

    for page in ("add", "changelist"):
        shown = client.get(reverse(f"admin:core_webhookendpoint_{page}")).content.decode()
        assert f'href="{reverse("admin:webhook_events")}"' in shown
    assert known["order.placed"] == {
        "position": 31042,
        "type": "order.placed",
        "timestamp": "2027-01-31T09:30:00+00:00",
        "subject": {"type": "order", "number": "SO-1042"},
        "order": "SO-1042",
        "data": {"gross": "119.00", "currency": "EUR"},
    }
    assert (
        "wave.released" not in known and "stock.low" not in known and "demand.reserved" not in known
    )


def test_a_manager_is_shown_stock_and_purchases_and_a_picker_has_no_such_page(log_in):
    assert {"stock.low", "purchase_order.received", "wave.released"} <= listed(
        log_in("manager")
    ).keys()
    assert log_in("picker").get(reverse("admin:webhook_events")).status_code == 403


def test_an_endpoint_asks_for_purchase_orders_and_for_no_event_that_there_is_not(log_in):
    client, company = log_in("manager"), make.company()

    made = client.post(
        reverse("admin:core_webhookendpoint_add"),
        {**FORM, "company": company.pk, "events": "purchase_order.received,order.*"},
    )
    refused = client.post(
        reverse("admin:core_webhookendpoint_add"),
        {**FORM, "company": company.pk, "events": "order.vanished"},
    )

    assert made.status_code == 302
    assert WebhookEndpoint.objects.get().events == ["purchase_order.received", "order.*"]
    (told,) = refused.context["adminform"].form.errors["events"]
    assert "order.vanished isn't a webhook event" in told
