"""Reading an order as a whole: what its first answer leaves out is paged on."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.utils.translation import gettext as _

from orders.channels.connectors.errors import NotFound, SchemaChanged
from orders.channels.connectors.shopify import documents
from orders.channels.connectors.shopify.client import Client, Row, gid


def order(client: Client, id: str) -> dict[str, Any]:
    """An order with all its lines, shipping, payments, refunds and fulfillments, each list whole. Raises NotFound."""
    row = client.ask(documents.ORDER, id=gid("Order", id))["order"]
    if row is None:
        raise NotFound(_("The shop has no order %(id)s that the app may see.") % {"id": id})
    for name in ("transactions", "refunds", "fulfillments"):
        if len(row[name]) >= documents.MOST:
            raise SchemaChanged(
                _("Order %(name)s has too many %(what)s to read.")
                % {"name": row["name"], "what": name}
            )
    return {
        **row,
        "lineItems": whole(client, row["id"], row["lineItems"], documents.ORDER_LINES),
        "shippingLines": whole(client, row["id"], row["shippingLines"], documents.MORE_SHIPPING),
        "refunds": list(_parts(client, row["refunds"], REFUNDS)),
        "fulfillments": list(_parts(client, row["fulfillments"], FULFILLMENTS)),
    }


REFUNDS = ("refundLineItems", documents.REFUND_LINES)
FULFILLMENTS = ("fulfillmentLineItems", documents.FULFILLMENT_LINES)


def _parts(client: Client, rows: Sequence[Row], kind: tuple[str, str]) -> Iterator[dict[str, Any]]:
    """Refunds, or fulfillments, with all their lines."""
    name, more = kind
    for start in range(0, len(rows), documents.PARTS):
        ids = [each["id"] for each in rows[start : start + documents.PARTS]]
        for part in client.ask(documents.PARTS_OF_ORDER, ids=ids)["nodes"]:
            if part is not None:
                yield {**part, name: whole(client, part["id"], part[name], more)}


def whole(client: Client, id: str, page: Row, more: str) -> list[Row]:
    """All records of a list whose first page is known; `more` reads the pages after it."""
    rows = list(page["nodes"])
    while page["pageInfo"]["hasNextPage"]:
        after = page["pageInfo"]["endCursor"]
        node = client.ask(more, id=id, after=after)["node"]
        if node is None:
            raise NotFound(_("The shop no longer has %(id)s.") % {"id": id})
        page = node["page"]
        rows += page["nodes"]
    return rows


def fulfillment_orders(client: Client, id: str) -> list[dict[str, Any]]:
    """What is to be fulfilled of an order, by place, as it is now."""
    key = gid("Order", id)
    first = {"pageInfo": {"hasNextPage": True, "endCursor": None}, "nodes": []}
    rows = whole(client, key, first, documents.FULFILLMENT_ORDERS)
    return [
        {
            **row,
            "lineItems": whole(
                client, row["id"], row["lineItems"], documents.FULFILLMENT_ORDER_LINES
            ),
        }
        for row in rows
    ]
