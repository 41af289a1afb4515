"""What a Shopify shop tells by itself, and seeing to it that it does."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from orders.channels.connectors import Signal
from orders.channels.connectors.errors import BadSignature, SchemaChanged
from orders.channels.connectors.shopify import documents
from orders.channels.connectors.shopify.client import RAW, Client, require_done, tail

FIELDS = ["id", "updated_at"]
# Of a body we need an id, so no personal data is sent where that can be chosen.
TOPICS: Mapping[str, Sequence[str] | None] = {
    "ORDERS_CREATE": FIELDS,
    "ORDERS_UPDATED": FIELDS,
    "ORDERS_CANCELLED": FIELDS,
    "ORDERS_PAID": FIELDS,
    "ORDERS_DELETE": None,
    "ORDERS_EDITED": None,
    "REFUNDS_CREATE": ["id", "order_id"],
    "APP_UNINSTALLED": ["id"],
}


def signals(headers: Mapping[str, str], body: bytes, secret: str) -> list[Signal]:
    """What a message tells. Its key is the event's ID, which is the same for several subscriptions and repeats.

    Raises BadSignature, SchemaChanged.
    """
    known = {name.lower(): value for name, value in headers.items()}
    if not is_signed(known.get("x-shopify-hmac-sha256", ""), body, secret):
        raise BadSignature(_("The message isn't signed with the app's secret."))
    try:
        told = json.loads(body)
    except ValueError as error:
        raise SchemaChanged(
            _("The shop's message isn't JSON."), raw=body.decode(errors="replace")[:RAW]
        ) from error
    topic = known.get("x-shopify-topic", "")
    event = known.get("x-shopify-event-id") or hashlib.sha256(body).hexdigest()
    if topic == "app/uninstalled":
        return [Signal("account", key=f"{event} account")]
    id = _order_of(topic, told) if isinstance(told, dict) else ""
    return [Signal("order", id, f"{event} {id}")] if id else []


def _order_of(topic: str, told: Mapping[str, Any]) -> str:
    """The order that a message is about; empty for none."""
    if topic.startswith("refunds/"):
        return tail(told.get("order_id"))
    if topic == "orders/edited":
        edit = told.get("order_edit")
        return tail(edit.get("order_id")) if isinstance(edit, dict) else ""
    return tail(told.get("id")) if topic.startswith("orders/") else ""


def is_signed(signature: str, body: bytes, secret: str) -> bool:
    """Whether a signature is the base64 of the body's HMAC-SHA256; compared in constant time, never with no secret."""
    made = base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest())
    return bool(secret) and hmac.compare_digest(made, signature.encode())


def subscribe(client: Client, address: str) -> list[str]:
    """One subscription for each topic; those that the shop deleted, after failures of four hours, are made again."""
    known = _existing(client, address)
    for topic, fields in TOPICS.items():
        if topic not in known:
            hook: dict[str, Any] = {"uri": address, "format": "JSON"}
            if fields:
                hook["includeFields"] = list(fields)
            answer = client.tell(documents.ADD_HOOK, topic=topic, hook=hook)
            made = require_done(answer["webhookSubscriptionCreate"])
            known[topic] = tail(made["webhookSubscription"]["id"])
    return [known[topic] for topic in TOPICS]


def _existing(client: Client, address: str) -> dict[str, str]:
    found, after = dict[str, str](), None
    while True:
        page = client.ask(documents.HOOKS, after=after)["webhookSubscriptions"]
        for each in page["nodes"]:
            if each["uri"] == address:
                found[each["topic"]] = tail(each["id"])
        if not page["pageInfo"]["hasNextPage"]:
            return found
        after = page["pageInfo"]["endCursor"]
