"""An order created, read and canceled by the client that openapi-python-client generated."""

import os

from oms_client import AuthenticatedClient
from oms_client.api.orders import orders_cancel_create, orders_create, orders_retrieve
from oms_client.models import LineRequest, OrderCancelRequest, OrderRequest

client = AuthenticatedClient(base_url=os.environ["OMS_URL"], token=os.environ["OMS_TOKEN"])
wanted = OrderRequest(customer="C-1", channel="reps", lines=[LineRequest(sku="TEE-M", quantity=2)])
made = orders_create.sync_detailed(client=client, body=wanted, idempotency_key="python-1")
assert made.status_code == 201, made.content
read = orders_retrieve.sync_detailed(made.parsed.number, client=client)
assert (read.parsed.status, read.parsed.lines[0].quantity) == ("confirmed", 2), read.content
canceled = orders_cancel_create.sync_detailed(
    made.parsed.number, client=client, body=OrderCancelRequest(), if_match=read.headers["etag"]
)
assert canceled.parsed.status == "canceled", canceled.content
print(made.parsed.number)  # noqa: T201
