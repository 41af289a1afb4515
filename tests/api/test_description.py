"""The API's description: 3.1 throughout, with summaries and the headers that the API really sends."""

import jsonschema
import pytest
from drf_spectacular.generators import SchemaGenerator

from oms.core import event_catalog, events
from oms.core.event_access import event_body
from tests import builders as make

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def described():
    return SchemaGenerator().get_schema(request=None, public=True)


def walked(node):
    yield node
    for inner in (
        node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    ):
        yield from walked(inner)


def operations(described):
    return [operation for path in described["paths"].values() for operation in path.values()]


def test_nothing_is_said_in_the_words_of_openapi_3_0(described):
    found = [
        node
        for node in walked(described)
        if isinstance(node, dict)
        and (
            "nullable" in node
            or True in (node.get("exclusiveMinimum"), node.get("exclusiveMaximum"))
        )
    ]

    assert described["openapi"].startswith("3.1") and found == []
    page = described["components"]["schemas"]["PaginatedOrderSummaryList"]["properties"]
    assert page["next"]["type"] == page["previous"]["type"] == ["string", "null"]


def test_every_operation_has_a_summary_and_names_its_headers(described):
    assert [
        operation["operationId"]
        for operation in operations(described)
        if not operation.get("summary")
    ] == []
    assert all(
        "Retry-After" in operation["responses"]["429"]["headers"]
        for operation in operations(described)
    )
    paths = described["paths"]
    assert "ETag" in paths["/api/v1/orders/{number}/"]["get"]["responses"]["200"]["headers"]
    assert {"ETag", "Location"} <= paths["/api/v1/orders/"]["post"]["responses"]["201"][
        "headers"
    ].keys()
    cancel = paths["/api/v1/orders/{number}/cancel/"]["post"]
    assert "If-Match" in [parameter["name"] for parameter in cancel["parameters"]]
    assert "ETag" in cancel["responses"]["200"]["headers"]


def test_what_is_named_is_sent(rep):
    make.sku("TEE-M", stock={"LON": 9})

    made = rep.send(
        "orders/",
        {"customer": "C-1", "channel": "reps", "lines": [{"sku": "TEE-M", "quantity": 1}]},
    )
    read = rep.read(f"orders/{made.json()['number']}/")
    done = rep.do(f"orders/{made.json()['number']}/cancel/", {}, **{"If-Match": read["ETag"]})

    assert made["Location"].endswith(f"/api/v1/orders/{made.json()['number']}/")
    assert made["ETag"] == read["ETag"] != done["ETag"]


def test_every_address_that_answers_with_an_etag_says_so(rep, described):
    """Each kind of document that a rep can read has the header where its description says that it has."""
    make.sku("TEE-M", stock={"LON": 9})
    order = make.shipped(("TEE-M", 1))
    documents = {
        "orders": order.number,
        "invoices": order.invoices.get().number,
        "shipments": make.shipment_of(order).number,
        "customers": "C-1",
    }

    for name, number in documents.items():
        path = f"/api/v1/{name}/{{{'code' if name == 'customers' else 'number'}}}/"
        told = described["paths"][path]["get"]["responses"]["200"].get("headers", {})
        answer = rep.read(f"{name}/{number}/")
        assert answer.status_code == 200 and ("ETag" in answer) == ("ETag" in told), name


def test_every_event_that_webhooks_can_ask_for_is_published_with_its_payload(described):
    published = described["webhooks"]

    assert published.keys() == {
        each.name for each in event_catalog.declared() if not each.is_internal
    }
    body = published["order.placed"]["post"]["requestBody"]["content"]["application/json"]
    payload = body["schema"]["allOf"][1]["properties"]["data"]["anyOf"][0]
    assert (
        payload["required"] == ["gross", "currency"]
        and payload["properties"]["gross"]["format"] == "decimal"
    )
    assert body["example"]["data"] == {"gross": "119.00", "currency": "EUR"}


def test_a_call_has_the_form_that_is_published(described):
    order = make.order(lines=[("TEE-M", 1)])
    person = make.user("mary", "manager")
    event = events.timeline("order", order.number).get(name="order.placed")

    sent = event_body(event, person)

    body = described["webhooks"]["order.placed"]["post"]["requestBody"]["content"][
        "application/json"
    ]
    jsonschema.validate(
        {**sent, "position": 1}, {**body["schema"], "components": described["components"]}
    )
    assert sent.keys() == body["example"].keys()
