"""A Shopify shop on this machine: it runs what it is sent against Shopify's official schema, over a small state.

What isn't valid fails as it does there, and so does what costs more than 1000 points, comes too fast, says another
quantity than there is, uses a key for two things, refunds too much, fulfills what is held, or comes with a token or a
refresh token that was replaced.
"""

import base64
import hashlib
import hmac
import json
import re
import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from itertools import count

from graphql import GraphQLError, execute_sync, get_named_type, parse, validate
from graphql.execution.values import get_argument_values, get_variable_values

from tests.channels.schemas import shopify as schemas
from tests.channels.shops import shopify_acts as acts
from tests.channels.shops.serving import Reply, Server

MOST_POINTS = 1000  # of one document
PERSONAL = {"shippingAddress", "billingAddress", "email", "phone", "customer"}
SCOPES = {
    "order": "read_orders",
    "orders": "read_orders",
    "productVariants": "read_products",
    "locations": "read_locations",
    "inventorySetQuantities": "write_inventory",
    "inventoryActivate": "write_inventory",
    "fulfillmentCreate": "write_merchant_managed_fulfillment_orders",
    "orderCancel": "write_orders",
    "refundCreate": "write_orders",
}
ALL_SCOPES = {
    *SCOPES.values(),
    "read_all_orders",
    "read_merchant_managed_fulfillment_orders",
    "read_inventory",
    "read_customers",
}
FIRST_ID = 2**53  # more than a number of JavaScript holds


def denied(name):
    return GraphQLError(f"Access denied for {name} field.", extensions={"code": "ACCESS_DENIED"})


@cache
def checked(version, text):
    """A document, and what is wrong with it."""
    document = parse(text)
    return document, validate(schemas.schema(version), document)


class Shop(Server):
    """The shop; its buyers and its owner are methods in English, its API is what connectors see."""

    def __init__(self, *, currency="EUR", tax_percent="19", taxes_included=True, locations=1):
        self.client_id, self.client_secret = "app", "shpss_test"
        self.tokens, self.refresh_token = set(), None
        self.scopes, self.shows_personal = set(ALL_SCOPES), True
        self.currency, self.tax_percent = currency, Decimal(tax_percent)
        self.taxes_included = taxes_included
        self.places, self.variants, self.orders = {}, {}, {}
        self.hooks, self.queue, self.jobs, self.keys = {}, [], {}, {}
        self.busy, self.waits, self.notified = False, False, []
        self.points, self.most, self.rate, self.at = 1e6, 1e6, 100, time.monotonic()
        self._ids, self._events, self.ahead = count(FIRST_ID + 1), count(1), timedelta()
        self.while_setting, self.refund_status = None, "SUCCESS"
        super().__init__()
        for number in range(locations):
            self.place(f"Place {number + 1}")

    # What its owner and its buyers do

    def now(self):
        return datetime.now(UTC) + self.ahead

    def stamp(self, moment=None):
        return (moment or self.now()).strftime("%Y-%m-%dT%H:%M:%SZ")

    def id(self, kind):
        return f"gid://shopify/{kind}/{next(self._ids)}"

    def place(self, name):
        """Open a location."""
        row = {"id": self.id("Location"), "name": name, "isActive": True}
        self.places[row["id"]] = row
        return row

    def product(self, sku, quantity=None, price="9.99", *, name=None, barcode=None, bundle=False):
        """List a product with one variant; without a quantity its stock isn't counted."""
        item = {"__typename": "InventoryItem", "id": self.id("InventoryItem"), "levels": {}}
        item |= {"tracked": quantity is not None, "is_bundle": bundle}
        if quantity is not None:
            item["levels"][next(iter(self.places))] = quantity
        row = {
            "__typename": "ProductVariant",
            "id": self.id("ProductVariant"),
            "sku": sku,
            "barcode": barcode,
            "title": "Default Title",
            "price": price,
            "requiresComponents": bundle,
            "product": {"id": self.id("Product"), "title": name or f"Product {sku}"},
            "inventoryItem": item,
        }
        self.variants[sku] = row
        return row

    def stock(self, sku):
        """What the shop shows of an article, at all places."""
        return sum(self.variants[sku]["inventoryItem"]["levels"].values())

    def buy(self, *items, **fields):
        """Check out as a buyer: ("SKU", quantity) each; see `shopify_acts.order`. None where it is sold out."""
        with self.lock:
            return acts.order(self, items, **fields)

    def changed(self, order, *topics):
        """An order changed: its mark moves, and subscriptions hear of it under one event."""
        order["updatedAt"] = self.stamp()
        event = f"event-{next(self._events)}"
        self.queue += [(topic, event, order["id"]) for topic in topics or ("ORDERS_UPDATED",)]

    def deliver(self, post, *, twice=False, reordered=False, dropped=0):
        """Send what waits; `post(url, body, headers)` returns a status. What is dropped never comes."""
        due, self.queue = self.queue[dropped:], []
        for topic, event, key in [*(reversed(due) if reordered else due)] * (2 if twice else 1):
            for hook in list(self.hooks.values()):
                if hook["topic"] == topic:
                    body = json.dumps(self.body_of(topic, key)).encode()
                    post(hook["uri"], body, self.headers_of(topic, body, event))

    def body_of(self, topic, key):
        number = int(key.rpartition("/")[2])
        if topic == "REFUNDS_CREATE":
            return {"id": 1, "order_id": number}
        if topic == "ORDERS_EDITED":
            return {"order_edit": {"id": 1, "order_id": number}}
        return {"id": number}

    def headers_of(self, topic, body, event="event-0", secret=None):
        digest = hmac.new((secret or self.client_secret).encode(), body, hashlib.sha256).digest()
        return {
            "Content-Type": "application/json",
            "X-Shopify-Topic": topic.lower().replace("_", "/", 1),
            "X-Shopify-Hmac-SHA256": base64.b64encode(digest).decode(),
            "X-Shopify-Event-Id": event,
            "X-Shopify-Webhook-Id": f"delivery-{next(self._events)}",
        }

    # The API

    def serve(self, asked):
        """Requests are told apart by the name of their operation, behind the path."""
        if asked.path.endswith("graphql.json") and isinstance(asked.body, dict):
            found = re.search(r"(?:query|mutation) (\w+)", asked.body["query"])
            asked.path += f"/{found[1] if found else ''}"
        return super().serve(asked)

    def answer(self, asked):
        with self.lock:
            if asked.path == "/admin/oauth/access_token":
                return self._token(asked.body)
            found = re.fullmatch(r"/admin/api/(\d{4}-\d\d)/graphql\.json/\w*", asked.path)
            if not found:
                return Reply({"errors": "Not Found"}, 404)
            if asked.headers.get("x-shopify-access-token") not in self.tokens:
                return Reply({"errors": "[API] Invalid API key or access token"}, 401)
            headers = {"X-Shopify-API-Version": found[1]}
            return Reply(self._run(found[1], **asked.body), headers=headers)

    def _token(self, body):
        if (body["client_id"], body["client_secret"]) != (self.client_id, self.client_secret):
            return Reply({"error": "invalid_client"}, 401)
        token = f"shpat_{next(self._ids)}"
        answer = {"access_token": token, "scope": ",".join(self.scopes), "expires_in": 86399}
        if body["grant_type"] == "refresh_token":
            if body["refresh_token"] != self.refresh_token:
                return Reply({"error": "invalid_grant", "error_description": "Token is used"}, 400)
            self.refresh_token = f"shprt_{next(self._ids)}"
            self.tokens.clear()
            answer |= {"expires_in": 3600, "refresh_token": self.refresh_token}
        self.tokens.add(token)
        return Reply(answer)

    def _run(self, version, query, variables):
        document, troubles = checked(version, query)
        if troubles:
            return {"errors": [{"message": each.message} for each in troubles]}
        schema = schemas.schema(version)
        operation = document.definitions[0]
        given = get_variable_values(schema, operation.variable_definitions or (), variables)
        if isinstance(given, list):
            return {"errors": [{"message": each.message} for each in given]}
        cost = cost_of(schema, operation, given)
        told = {"extensions": {"cost": self._spend(cost)}}
        if cost > MOST_POINTS:
            error = {"message": "too expensive", "extensions": {"code": "MAX_COST_EXCEEDED"}}
            return {"errors": [error]} | told
        if told["extensions"]["cost"]["actualQueryCost"] is None:
            error = {"message": "Throttled", "extensions": {"code": "THROTTLED"}}
            return {"errors": [error]} | told
        done = execute_sync(
            schema,
            document,
            root_value={},
            variable_values=variables,
            field_resolver=self._resolve,
            type_resolver=lambda value, *_given: value["__typename"],
        )
        return {**done.formatted, **told}

    def _spend(self, cost):
        """Take the points of a document off the bucket; None as its actual cost where there are too few."""
        now = time.monotonic()
        self.points = min(self.most, self.points + (now - self.at) * self.rate)
        self.at, allowed = now, cost <= self.points
        self.points -= cost if allowed else 0
        status = {
            "maximumAvailable": self.most,
            "currentlyAvailable": int(self.points),
            "restoreRate": self.rate,
        }
        actual = cost if allowed else None
        return {"requestedQueryCost": cost, "actualQueryCost": actual, "throttleStatus": status}

    def _resolve(self, source, info, **given):
        """A field: of the shop itself, by a method; of a record, by its key. Lists are cut to pages."""
        name = info.field_name
        kind = info.parent_type.name
        if kind in ("QueryRoot", "Mutation"):
            if SCOPES.get(name) not in {None, *self.scopes}:
                raise denied(name)
            if kind == "Mutation":
                return getattr(acts, _snake(name))(self, info, **given)
            value = self.found(given) if name == "orders" else getattr(self, _snake(name))(**given)
        elif name in PERSONAL and kind == "Order" and not self.shows_personal:
            raise denied(name)
        elif name == "quantities":
            return [{"quantity": source["available"]}]
        elif name == "inventoryLevels":
            value = [
                {"location": self.places[key], "available": units}
                for key, units in source["levels"].items()
            ]
        else:
            value = source[name]
        returned = get_named_type(info.return_type).name
        if returned.endswith("Connection") and isinstance(value, list):
            return _page(value, given)
        return value[: given["first"]] if isinstance(value, list) and "first" in given else value

    def shop(self):
        return {"name": "Test shop", "currencyCode": self.currency}

    def current_app_installation(self):
        return {"accessScopes": [{"handle": scope} for scope in sorted(self.scopes)]}

    def locations(self, **given):
        return list(self.places.values())

    def order(self, id):
        return self.orders.get(id)

    def job(self, id):
        job = self.jobs.get(id)
        if job and not job["done"]:
            job["polls"] -= 1
            if job["polls"] <= 0:
                acts.finish_cancel(self, job)
        return job

    def found(self, given):
        """Orders of a search, with cursors of their own."""
        limits = re.findall(r"(\w+):(>=|<)'([^']+)'", given["query"])
        names = {"updated_at": "updatedAt", "created_at": "createdAt"}
        assert limits, given["query"]
        rows = list(self.orders.values())
        for name, sign, moment in limits:
            rows = [
                row
                for row in rows
                if (row[names[name]] >= moment if sign == ">=" else row[names[name]] < moment)
            ]
        by = {"UPDATED_AT": "updatedAt", "CREATED_AT": "createdAt"}[given["sortKey"]]
        return sorted(
            ({**row, "cursor": f"{row[by]} {row['id']}"} for row in rows),
            key=lambda row: row["cursor"],
        )

    def node(self, id):
        return next(iter(self.nodes([id])))

    def nodes(self, ids):
        known = {row["id"]: row for row in self._records()}
        return [known.get(id) for id in ids]

    def _records(self):
        for row in self.variants.values():
            yield row
            yield row["inventoryItem"]
        for order in self.orders.values():
            yield order
            yield from order["refunds"]
            yield from order["fulfillments"]
            yield from order["fulfillmentOrders"]

    def product_variants(self, **given):
        return list(self.variants.values())

    def webhook_subscriptions(self, **given):
        return list(self.hooks.values())


def _snake(name):
    return re.sub(r"[A-Z]", lambda found: f"_{found[0].lower()}", name)


def _page(rows, given):
    """A page of records, by cursors of their own where they have some: what moves to the end isn't lost."""
    after, first = given.get("after"), given["first"]
    assert first <= 250
    keyed = [(row.get("cursor", f"{index:06}"), row) for index, row in enumerate(rows)]
    keyed = [(cursor, row) for cursor, row in keyed if after is None or cursor > after]
    shown = keyed[:first]
    return {
        "nodes": [row for _cursor, row in shown],
        "pageInfo": {
            "hasNextPage": len(keyed) > first,
            "endCursor": shown[-1][0] if shown else None,
        },
    }


def cost_of(schema, operation, variables):
    """The points of a document: an object is 1, a list or page has its size, a mutation is 10."""
    root = schema.mutation_type if operation.operation.value == "mutation" else schema.query_type
    base = 10 if root is schema.mutation_type else 0
    return base + _selected(schema, root, operation.selection_set, variables)


def _selected(schema, parent, selections, variables):
    points, most = 0, 0
    for node in selections.selections:
        if node.kind == "inline_fragment":
            kind = schema.type_map[node.type_condition.name.value]
            most = max(most, _selected(schema, kind, node.selection_set, variables))
            continue
        if node.selection_set is None:
            continue
        field = parent.fields[node.name.value]
        kind = get_named_type(field.type)
        inner = _selected(schema, kind, node.selection_set, variables)
        given = get_argument_values(field, node, variables)
        if kind.name.endswith("Connection"):
            points += 2 + given["first"] * inner
        elif node.name.value in ("nodes", "pageInfo") and parent.name.endswith("Connection"):
            points += 1 + inner if node.name.value == "nodes" else 0
        else:
            times = given.get("first") or len(given.get("ids") or "1")
            points += times * (1 + inner)
    return points + most
