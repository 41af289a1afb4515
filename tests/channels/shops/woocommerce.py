"""A WooCommerce shop on this machine: it keeps products, orders and refunds, and has the faults of the real one.

Written from what a WooCommerce 11.0.1 was seen to do: quantities are absolute and net of what was sold, the last piece
can be sold to several buyers at once, the same request twice makes two, a refund of too much is a 500, times are whole
seconds and `modified_after` is strict, and webhooks come late, twice, out of order or never.
"""

import base64
import hashlib
import hmac
import json
import re
import threading
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from itertools import count
from urllib.parse import quote

from tests.channels.shops.serving import Reply, Server

API = "/wp-json/wc/v3/"
CENT = Decimal("0.01")
TAKES_STOCK = ("processing", "completed", "on-hold")
GIVES_STOCK = ("cancelled", "pending")
MOST_FAILURES = 6
BERLIN = {
    "first_name": "Jo",
    "last_name": "Doe",
    "company": "",
    "address_1": "Hauptstr. 1",
    "address_2": "",
    "city": "Berlin",
    "state": "",
    "postcode": "10115",
    "country": "DE",
    "phone": "030",
}


def money(value):
    return str(Decimal(value).quantize(CENT, ROUND_HALF_UP))


def refusal(code, message, status):
    return Reply({"code": code, "message": message, "data": {"status": status}}, status)


class Shop(Server):
    """The shop; its buyers and its owner are methods in English, its API is what connectors see."""

    def __init__(
        self,
        *,
        currency="EUR",
        tax_percent="19",
        prices_include_tax=True,
        fulfillments=False,
        tls=None,
    ):
        self.key, self.secret, self.permission = "ck_test", "cs_test", "read_write"
        self.currency, self.tax_percent = currency, Decimal(tax_percent)
        self.prices_include_tax, self.has_fulfillments = prices_include_tax, fulfillments
        self.refunding_gateways, self.money_moved = {"stripe"}, []
        self.products, self.orders, self.webhooks, self.pings = {}, {}, {}, []
        self.queue, self.nonces, self.ahead = [], set(), timedelta()
        self._ids, self.while_setting = count(10), None
        super().__init__(tls)

    # What its owner and its buyers do

    def now(self):
        """The shop's clock, in whole seconds."""
        return (datetime.now(UTC) + self.ahead).replace(microsecond=0, tzinfo=None)

    def product(self, sku, quantity=None, price="9.99", *, name=None, barcode=""):
        """List a simple product; without a quantity its stock isn't counted."""
        return self._goods(sku, quantity, price, name or f"Product {sku}", barcode, "simple")

    def variable(self, name, *options):
        """List a product with variations: (option, sku, quantity, price)."""
        parent = self._goods("", None, "0", name, "", "variable")
        for option, sku, quantity, price in options:
            row = self._goods(sku, quantity, price, f"{name} - {option}", "", "variation")
            row |= {"parent_id": parent["id"], "attributes": [{"name": "Size", "option": option}]}
            parent["variations"].append(row["id"])
        return parent

    def _goods(self, sku, quantity, price, name, barcode, kind):
        row = {
            "id": next(self._ids),
            "name": name,
            "type": kind,
            "sku": sku,
            "global_unique_id": barcode,
            "price": price,
            "manage_stock": quantity is not None,
            "stock_quantity": quantity,
            "attributes": [],
            "variations": [],
            "parent_id": 0,
        }
        self.products[row["id"]] = row
        return row

    def stock(self, sku):
        """The number that the shop shows."""
        return self._named(sku)["stock_quantity"]

    def _named(self, sku):
        return next(row for row in self.products.values() if row["sku"] == sku)

    def buy(
        self, *items, gateway="stripe", paid=True, shipping="4.90", at=None, waits=None, **fields
    ):
        """Check out as a buyer: ("SKU", quantity) each. Returns the order, or None where it is sold out.

        The stock is looked at first and taken later, as the real shop does; `waits` is called between the two.
        """
        goods = [(self._named(sku), quantity) for sku, quantity in items]
        for row, quantity in goods:
            if row["manage_stock"] and row["stock_quantity"] < quantity:
                return None
        if waits:
            waits()
        with self.lock:
            order = self._order(goods, gateway, shipping, at, fields)
            self._move(order, ("processing" if gateway == "cod" or paid else "on-hold"))
            if paid and gateway != "cod":
                order["date_paid_gmt"] = order["date_paid"] = _text(self.now())
                order["transaction_id"] = f"tx-{order['id']}"
            self._tell("order.created", order)
        return order

    def race(self, buyers, *items):
        """Several buyers at once, each of whom still saw the stock; the orders that came of it."""
        barrier, made = threading.Barrier(buyers), []
        threads = [
            threading.Thread(target=lambda: made.append(self.buy(*items, waits=barrier.wait)))
            for _ in range(buyers)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return [order for order in made if order]

    def _order(self, goods, gateway, shipping, at, fields):
        key = next(self._ids)
        at = _text(at or self.now())
        lines = [self._line(row, quantity) for row, quantity in goods]
        order = {
            "id": key,
            "number": str(key),
            "parent_id": 0,
            "status": "pending",
            "currency": self.currency,
            "prices_include_tax": self.prices_include_tax,
            "date_created_gmt": at,
            "date_modified_gmt": at,
            "date_paid_gmt": None,
            "date_completed_gmt": None,
            "customer_id": 0,
            "customer_note": "",
            "billing": {**BERLIN, "email": "a@example.com"},
            "shipping": dict(BERLIN),
            "payment_method": gateway,
            "payment_method_title": gateway.title(),
            "transaction_id": "",
            "created_via": "store-api",
            "meta_data": [],
            "line_items": lines,
            "tax_lines": [
                {
                    "id": next(self._ids),
                    "rate_id": 1,
                    "compound": False,
                    "rate_percent": float(self.tax_percent),
                }
            ],
            "shipping_lines": [self._extra("method_title", "Flat rate", shipping)]
            if shipping
            else [],
            "fee_lines": [self._extra("name", *each) for each in fields.pop("fees", ())],
            "coupon_lines": [],
            "refunds": [],
            "refund_records": [],
            "notes": [],
            "fulfillments": [],
            "reduced": {},
            **fields,
        }
        self._total(order)
        self.orders[key] = order
        return order

    def _taxed(self, price):
        """A price of the shop's mode as net and tax, unrounded."""
        rate = self.tax_percent / 100
        net = Decimal(price) / (1 + rate) if self.prices_include_tax else Decimal(price)
        return net, net * rate

    def _line(self, row, quantity):
        net, tax = (each * quantity for each in self._taxed(row["price"]))
        is_variation = row["type"] == "variation"
        return {
            "id": next(self._ids),
            "name": row["name"],
            "product_id": row["parent_id"] if is_variation else row["id"],
            "variation_id": row["id"] if is_variation else 0,
            "quantity": quantity,
            "subtotal": money(net),
            "subtotal_tax": money(tax),
            "total": money(net),
            "total_tax": money(tax),
            "taxes": [{"id": 1, "total": money(tax), "subtotal": money(tax)}],
            "sku": row["sku"],
            "global_unique_id": row["global_unique_id"],
            "price": round(float(net / quantity), 6),
            "meta_data": [],
        }

    def _extra(self, title, name, price):
        net, tax = self._taxed(price)
        return {
            "id": next(self._ids),
            title: name,
            "total": money(net),
            "total_tax": money(tax),
            "taxes": [{"id": 1, "total": money(tax)}],
        }

    def _total(self, order):
        rows = [*order["line_items"], *order["shipping_lines"], *order["fee_lines"]]
        total = sum(Decimal(row["total"]) + Decimal(row["total_tax"]) for row in rows)
        order["total"], order["total_tax"] = (
            money(total),
            money(sum(Decimal(row["total_tax"]) for row in rows)),
        )

    def discount(self, order, percent, code="SAVE"):
        """Use a coupon: lines are given after it, and before it as subtotals."""
        for line in order["line_items"]:
            for name in ("total", "total_tax"):
                line[name] = money(Decimal(line[name]) * (100 - percent) / 100)
            line["taxes"][0]["total"] = line["total_tax"]
        order["coupon_lines"].append({"id": next(self._ids), "code": code, "discount": "1.00"})
        self._total(order)
        self._changed(order)

    def edit(self, order, line, quantity):
        """Let the owner change a line's quantity in the back office, with its amounts."""
        row = order["line_items"][line]
        for name in ("subtotal", "subtotal_tax", "total", "total_tax"):
            row[name] = money(Decimal(row[name]) / row["quantity"] * quantity)
        row["quantity"], row["taxes"][0]["total"] = quantity, row["total_tax"]
        self._total(order)
        self._changed(order)

    def set_status(self, order, status):
        """Let the owner, a gateway or a plug-in change the status."""
        with self.lock:
            self._move(order, status)
            self._changed(order)

    def _move(self, order, status):
        order["status"] = status
        if status in TAKES_STOCK and not order["reduced"]:
            for line in order["line_items"]:
                self._take(line, line["quantity"])
                order["reduced"][line["id"]] = line["quantity"]
        if status in GIVES_STOCK:
            for line in order["line_items"]:
                self._take(line, -order["reduced"].pop(line["id"], 0))
        if status == "completed":
            order["date_completed_gmt"] = _text(self.now())
            order["date_paid_gmt"] = order["date_paid_gmt"] or order["date_completed_gmt"]

    def _take(self, line, quantity):
        row = self.products.get(line["variation_id"] or line["product_id"])
        if row and row["manage_stock"]:
            row["stock_quantity"] -= quantity

    def _changed(self, order):
        order["date_modified_gmt"] = _text(self.now())
        self._tell("order.updated", order)

    def delete(self, order):
        """Delete an order for good."""
        self.orders.pop(order["id"])
        self._tell("order.deleted", {"id": order["id"]})

    def refund(self, order, amount, units=None, *, moves=True, restocks=True, reason="", meta=()):
        """Give money back: as the owner does with the button, and as the API does. Returns its record or an error."""
        done = sum(Decimal(each["amount"]) for each in order["refund_records"])
        if Decimal(amount) > Decimal(order["total"]) - done:
            return "Invalid refund amount."
        if moves and order["payment_method"] not in self.refunding_gateways:
            return "The payment gateway for this order does not support automatic refunds."
        if moves:
            self.money_moved.append((order["id"], money(amount)))
        lines = {line["id"]: line for line in order["line_items"]}
        record = {
            "id": next(self._ids),
            "date_created_gmt": _text(self.now()),
            "amount": money(amount),
            "reason": reason,
            "refunded_payment": moves,
            "line_items": [
                {
                    "id": next(self._ids),
                    "quantity": -quantity,
                    "total": "-0.00",
                    "meta_data": [{"key": "_refunded_item_id", "value": str(key)}],
                }
                for key, quantity in (units or {}).items()
            ],
            "meta_data": list(meta),
        }
        for key, quantity in (units or {}).items():
            if restocks and key in order["reduced"]:
                self._take(lines[key], -quantity)
                order["reduced"][key] -= quantity
        order["refund_records"].append(record)
        order["refunds"].append(
            {"id": record["id"], "reason": reason, "total": f"-{money(amount)}"}
        )
        if done + Decimal(amount) == Decimal(order["total"]):
            order["status"] = "refunded"
        self._changed(order)
        return record

    # Webhooks

    def _tell(self, topic, order):
        self.queue.append((topic, order["id"]))

    def deliver(self, post, *, twice=False, reordered=False, dropped=0):
        """Let the site be visited, which sends what waits; `post(url, body, headers)` returns a status.

        The body is the order as it is when it is sent. What is dropped never comes.
        """
        due, self.queue = self.queue, []
        due = due[dropped:]
        for topic, key in [*(reversed(due) if reordered else due)] * (2 if twice else 1):
            for hook in self.webhooks.values():
                if hook["topic"] == topic and hook["status"] == "active":
                    self._send(hook, topic, key, post)

    def _send(self, hook, topic, key, post):
        order = self.orders.get(key)
        body = json.dumps(_shown(order) if order else {"id": key}).encode()
        status = post(hook["delivery_url"], body, self.headers_of(hook, topic, body))
        hook["failures"] = 0 if 200 <= status < 303 else hook["failures"] + 1
        if hook["failures"] >= MOST_FAILURES:
            hook["status"] = "disabled"

    def headers_of(self, hook, topic, body):
        """The headers of a delivery. Its ID comes of the webhook's and the second: two in one second share it."""
        digest = hmac.new(hook["secret"].encode(), body, hashlib.sha256).digest()
        delivery = hashlib.sha1(
            f"{hook['id']}{self.now()}".encode(), usedforsecurity=False
        ).hexdigest()
        return {
            "Content-Type": "application/json",
            "X-WC-Webhook-Source": f"{self.address}/",
            "X-WC-Webhook-Topic": topic,
            "X-WC-Webhook-Resource": topic.partition(".")[0],
            "X-WC-Webhook-Event": topic.partition(".")[2],
            "X-WC-Webhook-Signature": base64.b64encode(digest).decode(),
            "X-WC-Webhook-ID": str(hook["id"]),
            "X-WC-Webhook-Delivery-ID": delivery,
        }

    # The API

    def answer(self, asked):
        if asked.path == "/wp-json/":
            return Reply({"name": "Test shop", "url": self.address})
        if not asked.path.startswith(API):
            return Reply(b"<html>Not found</html>", 404, {"Content-Type": "text/html"})
        refused = self._unauthorized(asked)
        if refused:
            return refused
        if int(asked.query.get("per_page", 10)) > 100:
            return refusal("rest_invalid_param", "Invalid parameter(s): per_page", 400)
        path = asked.path.removeprefix(API)
        for method, pattern, name in ROUTES:
            found = re.fullmatch(pattern, path)
            if found and method == asked.method:
                with self.lock:
                    return getattr(self, name)(asked, *map(int, found.groups()))
        return refusal(
            "rest_no_route", "No route was found matching the URL and request method.", 404
        )

    def _unauthorized(self, asked):
        """Keys count over HTTPS; over plain HTTP only a signature of OAuth 1.0a, as the real shop checks it."""
        given = dict(asked.given)
        if self.is_secure:
            token = base64.b64encode(f"{self.key}:{self.secret}".encode()).decode()
            is_known = asked.headers.get("authorization") == f"Basic {token}"
            text = "Sorry, you cannot list resources."
            return None if is_known else refusal("woocommerce_rest_cannot_view", text, 401)
        if given.get("oauth_consumer_key") != self.key:
            return refusal("woocommerce_rest_cannot_view", "Sorry, you cannot list resources.", 401)
        sent = given.pop("oauth_signature", "")
        late = abs(int(given["oauth_timestamp"]) - datetime.now(UTC).timestamp()) > 900
        if late or given["oauth_nonce"] in self.nonces:
            return refusal("woocommerce_rest_authentication_error", "Invalid nonce.", 401)
        self.nonces.add(given["oauth_nonce"])
        escaped = {
            _escaped(name).replace("%", "%25"): _escaped(value).replace("%", "%25")
            for name, value in given.items()
        }
        normalized = "%26".join(f"{name}%3D{escaped[name]}" for name in sorted(escaped))
        base = f"{asked.method}&{_escaped(self.address + asked.path)}&{normalized}"
        digest = hmac.new(f"{self.secret}&".encode(), base.encode(), hashlib.sha256).digest()
        if base64.b64encode(digest).decode() != sent:
            return refusal(
                "woocommerce_rest_authentication_error", "Invalid signature - not matching.", 401
            )
        if asked.method != "GET" and "write" not in self.permission:
            text = "The API key provided does not have write permissions."
            return refusal("woocommerce_rest_authentication_error", text, 401)
        return None

    def _currency(self, asked):
        return Reply({"code": self.currency})

    def _page(self, asked, rows, show=lambda row: row):
        size, number = int(asked.query.get("per_page", 10)), int(asked.query.get("page", 1))
        names = asked.query.get("_fields", "").split(",")
        shown = [show(row) for row in rows[(number - 1) * size : number * size]]
        if names != [""]:
            shown = [{name: row.get(name) for name in names} for row in shown]
        pages = -(-len(rows) // size)
        return Reply(shown, 200, {"X-WP-Total": str(len(rows)), "X-WP-TotalPages": str(pages)})

    def _list_orders(self, asked):
        rows = [row for row in self.orders.values() if row["status"] != "trash"]
        for name, column, is_there in (
            ("modified_after", "date_modified_gmt", lambda at, limit: at > limit),
            ("after", "date_created_gmt", lambda at, limit: at > limit),
            ("before", "date_created_gmt", lambda at, limit: at < limit),
        ):
            if name in asked.query:
                assert asked.query.get("dates_are_gmt") == "true"
                rows = [row for row in rows if is_there(row[column], asked.query[name])]
        by = {"modified": "date_modified_gmt", "date": "date_created_gmt"}.get(
            asked.query.get("orderby", "date"), "id"
        )
        is_down = asked.query.get("order", "desc") == "desc"
        rows.sort(key=lambda row: (row[by], row["id"]), reverse=is_down)
        return self._page(asked, rows, _shown)

    def _no_order(self):
        return refusal("woocommerce_rest_shop_order_invalid_id", "Invalid ID.", 404)

    def _read_order(self, asked, key):
        order = self.orders.get(key)
        return Reply(_shown(order)) if order else self._no_order()

    def _create_order(self, asked):
        """The same twice makes two."""
        goods = [
            (self.products[each["product_id"]], each["quantity"])
            for each in asked.body.get("line_items", ())
        ]
        order = self._order(goods, "", "", None, {"created_via": "rest-api"})
        order["meta_data"] = list(asked.body.get("meta_data", ()))
        self._move(order, asked.body.get("status", "pending"))
        self._tell("order.created", order)
        return Reply(_shown(order), 201)

    def _change_order(self, asked, key):
        order = self.orders.get(key)
        if order is None:
            return self._no_order()
        for meta in asked.body.get("meta_data", ()):
            known = [each for each in order["meta_data"] if each["key"] == meta["key"]]
            for each in known:
                each["value"] = meta["value"]
            if not known:
                order["meta_data"].append({"id": next(self._ids), **meta})
        if "status" in asked.body:
            self._move(order, asked.body["status"])
        self._changed(order)
        return Reply(_shown(order))

    def _list_refunds(self, asked, key):
        order = self.orders.get(key)
        return self._page(asked, order["refund_records"]) if order else self._no_order()

    def _create_refund(self, asked, key):
        order, body = self.orders.get(key), asked.body
        if order is None:
            return self._no_order()
        made = self.refund(
            order,
            body["amount"],
            {each["id"]: each["quantity"] for each in body.get("line_items", ())},
            moves=body.get("api_refund", True),
            restocks=body.get("api_restock", True),
            reason=body.get("reason", ""),
            meta=body.get("meta_data", ()),
        )
        if isinstance(made, str):
            return refusal("woocommerce_rest_cannot_create_order_refund", made, 500)
        return Reply(made, 201)

    def _list_notes(self, asked, key):
        return Reply(self.orders[key]["notes"])

    def _create_note(self, asked, key):
        note = {"id": next(self._ids), **asked.body}
        self.orders[key]["notes"].insert(0, note)
        return Reply(note, 201)

    def _list_fulfillments(self, asked, key):
        return Reply(self.orders[key]["fulfillments"]) if self.has_fulfillments else _NO_ROUTE

    def _create_fulfillment(self, asked, key):
        """The same twice makes two."""
        if not self.has_fulfillments:
            return _NO_ROUTE
        made = {"id": next(self._ids), **asked.body}
        self.orders[key]["fulfillments"].append(made)
        return Reply(made, 201)

    def _list_products(self, asked):
        rows = [row for row in self.products.values() if row["type"] != "variation"]
        return self._page(asked, _included(asked, rows))

    def _list_variations(self, asked, parent):
        if parent not in self.products:
            return refusal("woocommerce_rest_product_invalid_id", "Invalid ID.", 404)
        rows = [row for row in self.products.values() if row["parent_id"] == parent]
        return self._page(asked, _included(asked, rows))

    def _batch_products(self, asked):
        return self._batch(asked, lambda row: row["type"] != "variation")

    def _batch_variations(self, asked, parent):
        return self._batch(asked, lambda row: row["parent_id"] == parent)

    def _batch(self, asked, belongs):
        """Each row has a verdict of its own, in a 200."""
        rows = asked.body.get("update", [])
        if rows and self.while_setting:
            self.while_setting()
        if len(rows) > 100:
            text = "Unable to accept more than 100 items for this request."
            return refusal("woocommerce_rest_request_entity_too_large", text, 413)
        return Reply({"update": [self._set(each, belongs) for each in rows]} if rows else {})

    def _set(self, given, belongs):
        row, quantity = self.products.get(given["id"]), given.get("stock_quantity")
        if row is None or not belongs(row):
            is_gone = row is None
            code = f"woocommerce_rest_{'product_invalid_id' if is_gone else 'invalid_product_id'}"
            text = "Invalid ID." if is_gone else "To manipulate product variations you should use …"
            return {
                "id": given["id"],
                "error": {"code": code, "message": text, "data": {"status": 404}},
            }
        if not isinstance(quantity, int):
            error = {
                "code": "rest_invalid_param",
                "message": "stock_quantity is not of type integer.",
            }
            return {"id": given["id"], "error": {**error, "data": {"status": 400}}}
        row["manage_stock"] = given.get("manage_stock", row["manage_stock"])
        if row["manage_stock"]:
            row["stock_quantity"] = quantity
        return dict(row)

    def _list_webhooks(self, asked):
        return self._page(asked, list(self.webhooks.values()), _without_secret)

    def _create_webhook(self, asked):
        key = next(self._ids)
        self.webhooks[key] = {"id": key, "status": "active", "failures": 0, **asked.body}
        self.pings.append((asked.body["delivery_url"], f"webhook_id={key}".encode()))
        return Reply(_without_secret(self.webhooks[key]), 201)

    def _change_webhook(self, asked, key):
        hook = self.webhooks[key]
        if asked.body.get("status") == "active":
            hook["failures"] = 0
        hook |= asked.body
        return Reply(_without_secret(hook))


ROUTES = [
    ("GET", "data/currencies/current", "_currency"),
    ("GET", "orders", "_list_orders"),
    ("POST", "orders", "_create_order"),
    ("GET", r"orders/(\d+)", "_read_order"),
    ("PUT", r"orders/(\d+)", "_change_order"),
    ("GET", r"orders/(\d+)/refunds", "_list_refunds"),
    ("POST", r"orders/(\d+)/refunds", "_create_refund"),
    ("GET", r"orders/(\d+)/notes", "_list_notes"),
    ("POST", r"orders/(\d+)/notes", "_create_note"),
    ("GET", r"orders/(\d+)/fulfillments", "_list_fulfillments"),
    ("POST", r"orders/(\d+)/fulfillments", "_create_fulfillment"),
    ("GET", "products", "_list_products"),
    ("POST", "products/batch", "_batch_products"),
    ("GET", r"products/(\d+)/variations", "_list_variations"),
    ("POST", r"products/(\d+)/variations/batch", "_batch_variations"),
    ("GET", "webhooks", "_list_webhooks"),
    ("POST", "webhooks", "_create_webhook"),
    ("PUT", r"webhooks/(\d+)", "_change_webhook"),
]
_NO_ROUTE = refusal("rest_no_route", "No route was found matching the URL.", 404)
OWN = ("refund_records", "notes", "fulfillments", "reduced")


def _text(moment):
    return moment.replace(microsecond=0, tzinfo=None).isoformat()


def _escaped(text):
    return quote(text, safe="~")


def _shown(order):
    """An order as the API shows it."""
    return {name: value for name, value in order.items() if name not in OWN}


def _included(asked, rows):
    wanted = asked.query.get("include")
    return [row for row in rows if str(row["id"]) in wanted.split(",")] if wanted else rows


def _without_secret(hook):
    return {name: value for name, value in hook.items() if name != "secret"}
