"""The calls that webhook endpoints receive, as the API's description publishes them."""

from typing import Any

from django.utils.translation import gettext as _

from oms.core import event_catalog, policy
from oms.core.event_catalog import EventType
from oms.core.models import Event, User

HEADERS = {
    "webhook-id": ("The same in each attempt, so that a repetition can be told.", "msg_1042_7"),
    "webhook-timestamp": ("When this attempt was made, in seconds since 1970.", "1801400000"),
    "webhook-signature": (
        "HMAC-SHA256 over `id.timestamp.body`, as the Standard Webhooks specification says.",
        "v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=",
    ),
}
NUMBERS = {
    "order": "SO-1042",
    "invoice": "INV-2027-00042",
    "payment": "PAY-42",
    "export": "EXP-7",
    "return": "RMA-42",
    "shipment": "SH-1042",
    "wave": "WV-42",
    "purchase_order": "PO-42",
    "transfer": "TR-42",
    "count": "CC-42",
    "sku": "TEE-M",
}
OF_AN_ORDER = {"order", "invoice", "payment", "return", "shipment"}


def offered() -> list[EventType]:
    """The events that webhooks can ask for."""
    return [each for each in event_catalog.declared() if not each.is_internal]


def example(known: EventType, user: User | None = None) -> dict[str, Any]:
    """The body of a call as it could be, to an endpoint of somebody."""
    data = known.example if user is None or policy.shows(user, Event, "data") else {}
    return {
        "position": 31042,
        "type": known.name,
        "timestamp": "2027-01-31T09:30:00+00:00",
        "subject": {"type": known.subject, "number": NUMBERS.get(known.subject, "")},
        "order": NUMBERS["order"] if known.subject in OF_AN_ORDER else None,
        "data": data,
    }


def add_webhooks(
    result: dict[str, Any], generator: Any, request: Any, public: bool
) -> dict[str, Any]:
    """Publish each event as a webhook of the description."""
    result["components"].setdefault("parameters", {}).update(
        {
            name: {
                "name": name,
                "in": "header",
                "required": True,
                "description": text,
                "schema": {"type": "string"},
                "example": value,
            }
            for name, (text, value) in HEADERS.items()
        }
    )
    result["webhooks"] = {known.name: {"post": _call(known)} for known in offered()}
    return result


def _call(known: EventType) -> dict[str, Any]:
    name = known.name.replace(".", "_")
    return {
        "operationId": f"on_{name}",
        "tags": ["webhooks"],
        "summary": str(known.meaning),
        "security": [{}],
        "description": _(
            "Version %(version)s of the payload; within a version it only gains fields."
        )
        % {"version": known.version},
        "parameters": [{"$ref": f"#/components/parameters/{each}"} for each in HEADERS],
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {
                    "schema": {
                        "allOf": [
                            {"$ref": "#/components/schemas/Event"},
                            {
                                "type": "object",
                                "properties": {
                                    "type": {"type": "string", "const": known.name},
                                    "data": _data(known),
                                },
                            },
                        ]
                    },
                    "example": example(known),
                }
            },
        },
        "responses": {
            "2XX": {"description": "Received. Any other answer is tried again for three days."},
            "410": {"description": "The endpoint is gone: it is called no more."},
        },
    }


def _data(known: EventType) -> dict[str, Any]:
    """The payload, or nothing for people who see no money."""
    if not known.fields:
        return known.schema
    return {"anyOf": [known.schema, {"type": "object", "maxProperties": 0}]}
