"""What eBay tells by itself: the topics that we subscribe to, and what a notification means."""

from typing import Any

from orders.channels.connectors import Signal
from orders.channels.connectors.ebay.client import Client, Reply
from orders.channels.connectors.errors import Invalid, NotFound

ROOT = "/commerce/notification/v1"
DELETION, ORDER = "MARKETPLACE_ACCOUNT_DELETION", "ORDER_CONFIRMATION"
PAYLOAD = {"format": "JSON", "schemaVersion": "1.0", "deliveryProtocol": "HTTPS"}


def subscribe(client: Client, address: str, secret: str) -> list[str]:
    """See to it that deletions of accounts, and orders where eBay offers that, are told to an address."""
    destination = _destination(client, address, secret)
    known = client.page(f"{ROOT}/subscription", limit=100).data
    have = {
        str(each["topicId"]): str(each["subscriptionId"])
        for each in known.get("subscriptions") or ()
    }
    found = [have.get(topic) or _add(client, topic, destination) for topic in (DELETION, ORDER)]
    return [key for key in found if key]


def _destination(client: Client, address: str, secret: str) -> str:
    found = client.in_own_name("GET", f"{ROOT}/destination?limit=100").data or {}
    for each in found.get("destinations") or ():
        if (each.get("deliveryConfig") or {}).get("endpoint") == address:
            return str(each["destinationId"])
    delivery = {"endpoint": address, "verificationToken": secret}
    body = {"name": "OMS", "status": "ENABLED", "deliveryConfig": delivery}
    return _made(client.in_own_name("POST", f"{ROOT}/destination", body))


def _add(client: Client, topic: str, destination: str) -> str:
    """Subscribe to a topic; empty where the account isn't offered it. Deletions are told to the application itself."""
    body = {"topicId": topic, "status": "ENABLED", "destinationId": destination, "payload": PAYLOAD}
    path = f"{ROOT}/subscription"
    try:
        if topic == DELETION:
            return _made(client.in_own_name("POST", path, body))
        return _made(client.send(path, body))
    except (Invalid, NotFound):
        return ""


def _made(reply: Reply) -> str:
    """The ID of what was made: it is in the answer's location alone."""
    return reply.headers.get("location", "").rpartition("/")[2]


def signals(told: Any) -> list[Signal]:
    """What a notification tells: an order's ID, or the name of a buyer who is to be forgotten."""
    topic, notification = str(told["metadata"]["topic"]), told["notification"]
    key, data = str(notification["notificationId"]), notification.get("data") or {}
    if topic == DELETION:
        return [Signal("erasure", str(data["username"]), key)]
    if topic == ORDER:
        found = data.get("orderId") or (data.get("order") or {}).get("orderId")
        return [Signal("order", str(found), key)] if found else []
    return []
