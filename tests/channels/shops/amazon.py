"""Amazon on this machine: one that replays the official sandbox pairs, and one that keeps orders, listings and feeds.

The second has Amazon's limits: a bucket of tokens for each operation, whose clock tests move. What it says is written
from Amazon's own models of the Selling Partner API (github.com/amzn/selling-partner-api-models).
"""

import hashlib
import json
import re
import time
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from urllib.parse import parse_qsl, unquote
from xml.etree import ElementTree as ET

from orders.channels.connectors.amazon.limits import BUDGETS
from orders.channels.connectors.amazon.queue import signed
from tests.channels.shops.serving import Reply, Server

PAIRS = json.loads((Path(__file__).parent.parent / "amazon_sandbox_pairs.json").read_text())[
    "pairs"
]
OPERATIONS = {
    ("GET", r"/orders/2026-01-01/orders$"): "searchOrders",
    ("GET", r"/orders/2026-01-01/orders/[^/]+$"): "getOrder",
    ("POST", r"/shipmentConfirmation$"): "confirmShipment",
    ("GET", r"/listings/2021-08-01/items/[^/]+$"): "searchListingsItems",
    ("PATCH", r"/listings/2021-08-01/items/[^/]+/[^/]+$"): "patchListingsItem",
    ("POST", r"/feeds/2021-06-30/documents$"): "createFeedDocument",
    ("GET", r"/feeds/2021-06-30/documents/[^/]+$"): "getFeedDocument",
    ("POST", r"/feeds/2021-06-30/feeds$"): "createFeed",
    ("GET", r"/feeds/2021-06-30/feeds$"): "getFeeds",
    ("GET", r"/feeds/2021-06-30/feeds/[^/]+$"): "getFeed",
    ("GET", r"/sellers/v1/marketplaceParticipations$"): "getMarketplaceParticipations",
    ("GET", r"/notifications/v1/"): "notifications",
    ("POST", r"/notifications/v1/"): "notifications",
}
GERMANY = "A1PA6795UKMFR9"
BERLIN = {
    "name": "Jo Doe",
    "addressLine1": "Hauptstr. 1",
    "city": "Berlin",
    "postalCode": "10115",
    "countryCode": "DE",
}


def refusal(status, code, message, **headers):
    return Reply({"errors": [{"code": code, "message": message}]}, status, headers)


def asked_of(pair):
    """A pair's request: its path, and its parameters as they are in a query."""
    given = pair["request"].get("parameters", {})
    path, query = pair["path"], {}
    for name, value in given.items():
        if name == "body":
            continue
        if "{" + name + "}" in path:
            path = path.replace("{" + name + "}", str(value["value"]))
        else:
            found = value["value"]
            query[name] = ",".join(map(str, found)) if isinstance(found, list) else str(found)
    return path, query, given.get("body", {}).get("value")


class Replay(Server):
    """Answers each official pair by its exact request: path, parameters and body; anything else is a 404."""

    def answer(self, asked):
        for pair in sorted(PAIRS, key=lambda each: asked_of(each)[0].count("{")):
            path, query, body = asked_of(pair)
            is_path = re.fullmatch(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(path)), asked.path)
            is_same = asked.method == pair["method"] and is_path and asked.query == query
            if is_same and (asked.body or None) == (body or None):
                text = pair["response"] if pair["response"] else b""
                return Reply(text, pair["status"])
        return refusal(404, "NotFound", "no such pair")


class Marketplace(Server):
    """One seller's Amazon. Its buyers are methods; `pass_time` moves the clock of its limits, and of its feeds."""

    def __init__(self):
        self.orders, self.items, self.feeds, self.documents = {}, {}, {}, {}
        self.destinations, self.subscriptions, self.messages = [], [], []
        self.tokens, self.buckets, self.refused, self.ahead = {"atza-0"}, {}, [], 0.0
        self.has_address, self.page_size, self.is_slow = True, 100, False
        self._ids = count(1)
        super().__init__()

    # What its buyers do

    def pass_time(self, seconds):
        self.ahead += seconds

    def now(self, ago=0.0):
        at = datetime.now(UTC) - timedelta(seconds=ago)
        return at.strftime("%Y-%m-%dT%H:%M:%SZ")

    def item(self, sku, quantity, channel="DEFAULT"):
        self.items[sku] = {
            "sku": sku,
            "summaries": [
                {"marketplaceId": GERMANY, "productType": "MUG", "itemName": f"Item {sku}"}
            ],
            "fulfillmentAvailability": [{"fulfillmentChannelCode": channel, "quantity": quantity}],
        }

    def shown(self, sku):
        return self.items[sku]["fulfillmentAvailability"][0]["quantity"]

    def buy(self, *items, status="UNSHIPPED", by="MERCHANT", ago=300, shipping="4.90", **fields):
        """Sell ("SKU", quantity, price) each, taxes of 19% contained and named; the order. PENDING has no amounts."""
        key = f"302-{next(self._ids):07}-0000001"
        rows = [self._row(key, number, *each, shipping) for number, each in enumerate(items)]
        total = sum(float(row["proceeds"]["proceedsTotal"]["amount"]) for row in rows)
        order = {
            "orderId": key,
            "createdTime": self.now(ago),
            "lastUpdatedTime": self.now(ago),
            "salesChannel": {
                "channelName": "AMAZON",
                "marketplaceId": GERMANY,
                "marketplaceName": "Amazon.de",
            },
            "buyer": {"buyerEmail": "a@marketplace.amazon.de"},
            "recipient": {"deliveryAddress": dict(BERLIN)},
            "proceeds": {"grandTotal": _money(total)},
            "fulfillment": {
                "fulfillmentStatus": status,
                "fulfilledBy": by,
                "shipByWindow": {"latestDateTime": self.now(-86_400)},
            },
            "orderItems": rows,
            "packages": [],
            **fields,
        }
        self.orders[key] = order
        for sku, quantity, *_price in items if by == "MERCHANT" else ():
            self.items[sku]["fulfillmentAvailability"][0]["quantity"] -= quantity
        return order

    def _row(self, key, number, sku, quantity, price, shipping):
        goods, freight = float(price) * quantity, float(shipping or 0) if number == 0 else 0.0
        parts = [("ITEM", goods)] + ([("SHIPPING", freight)] if freight else [])
        taxes = [{"subtype": kind, "value": _money(value * 19 / 119)} for kind, value in parts]
        tax = sum(float(each["value"]["amount"]) for each in taxes)
        return {
            "orderItemId": f"{key[4:11]}{number + 1}",
            "quantityOrdered": quantity,
            "product": {
                "asin": "B000000001",
                "title": f"Item {sku}",
                "sellerSku": sku,
                "price": {"unitPrice": _money(float(price))},
            },
            "proceeds": {
                "proceedsTotal": _money(goods + freight),
                "breakdowns": [
                    *({"type": kind, "subtotal": _money(value)} for kind, value in parts),
                    {"type": "TAX", "subtotal": _money(tax), "detailedBreakdowns": taxes},
                ],
            },
            "fulfillment": {"quantityFulfilled": 0, "quantityUnfulfilled": quantity},
        }

    def set_status(self, order, status):
        order["fulfillment"]["fulfillmentStatus"] = status
        order["lastUpdatedTime"] = self.now(130)

    def notify(self, order):
        """Put a notification into the queue, as Amazon does."""
        self.messages.append(
            {
                "NotificationType": "ORDER_CHANGE",
                "Payload": {"OrderChangeNotification": {"AmazonOrderId": order["orderId"]}},
                "NotificationMetadata": {"NotificationId": f"n-{next(self._ids)}"},
            }
        )

    # What connectors see

    def answer(self, asked):
        if asked.path == "/auth/o2/token":
            return self._login(asked)
        if asked.path.startswith("/upload/"):
            return self._document(asked)
        if "x-amz-target" in asked.headers:
            return self._queue(asked)
        if asked.headers.get("x-amz-access-token") not in self.tokens:
            return refusal(403, "Unauthorized", "The access token you provided has expired.")
        name = self.operation(asked)
        if name is None:
            return refusal(404, "NotFound", asked.path)
        budget = BUDGETS[name]
        if not self._spend(name, budget):
            self.refused.append(name)
            limit = {"x-amzn-RateLimit-Limit": str(budget.per_second)}
            return refusal(429, "QuotaExceeded", "You exceeded your quota", **limit)
        return getattr(self, f"_{name}")(asked)

    @staticmethod
    def operation(asked):
        found = (
            name
            for (method, path), name in OPERATIONS.items()
            if method == asked.method and re.search(path, asked.path)
        )
        return next(found, None)

    def _spend(self, name, budget):
        at = time.time() + self.ahead
        left, last = self.buckets.get(name, (float(budget.burst), at))
        left = min(float(budget.burst), left + (at - last) * budget.per_second)
        self.buckets[name] = (left - 1 if left >= 1 else left, at)
        return left >= 1

    def _login(self, asked):
        form = dict(parse_qsl(asked.raw.decode()))
        if form.get("client_secret") != "secret":
            return Reply({"error": "invalid_client", "error_description": "Client failed"}, 401)
        if form["grant_type"] == "refresh_token" and form["refresh_token"] != "atzr-1":
            return Reply({"error": "invalid_grant", "error_description": "The token is gone"}, 400)
        token = f"atza-{next(self._ids)}"
        self.tokens.add(token)
        return Reply({"access_token": token, "token_type": "bearer", "expires_in": 3600})

    def _getMarketplaceParticipations(self, asked):
        market = {"id": GERMANY, "name": "Amazon.de", "defaultCurrencyCode": "EUR"}
        return Reply({"payload": [{"marketplace": market, "storeName": "Mugs & Co"}]})

    def _searchOrders(self, asked):
        by = "created" if "createdAfter" in asked.query else "lastUpdated"
        after, before = asked.query[f"{by}After"], asked.query[f"{by}Before"]
        if _at(before) > datetime.now(UTC) - timedelta(minutes=2):
            return refusal(400, "InvalidInput", f"{by}Before must be two minutes ago")
        mark = f"{by}Time"
        found = [
            self._visible(each)
            for each in sorted(self.orders.values(), key=lambda each: each[mark])
            if _at(after) <= _at(each[mark]) <= _at(before)
        ]
        start = int(asked.query.get("paginationToken") or 0)
        end = start + self.page_size
        more = {"pagination": {"nextToken": str(end)}} if end < len(found) else {}
        return Reply({"orders": found[start:end], f"{by}Before": before, **more})

    def _getOrder(self, asked):
        order = self.orders.get(asked.path.rpartition("/")[2])
        return Reply({"order": self._visible(order)}) if order else refusal(404, "NotFound", "none")

    def _visible(self, order):
        """An order as Amazon shows it: pending ones without amounts and address, and none without the role."""
        found = json.loads(json.dumps(order))
        is_pending = order["fulfillment"]["fulfillmentStatus"].startswith("PENDING")
        if is_pending or not self.has_address:
            found.pop("recipient"), found.pop("buyer")
        for row in found["orderItems"] if is_pending else ():
            row.pop("proceeds"), row["product"].pop("price")
        if is_pending:
            found.pop("proceeds")
        return found

    def _searchListingsItems(self, asked):
        wanted = (
            asked.query.get("identifiers", "").split(",") if asked.query.get("identifiers") else []
        )
        found = [row for sku, row in self.items.items() if not wanted or sku in wanted]
        start, size = int(asked.query.get("pageToken") or 0), int(asked.query["pageSize"])
        more = {"pagination": {"nextToken": str(start + size)}} if start + size < len(found) else {}
        return Reply({"numberOfResults": len(found), "items": found[start : start + size], **more})

    def _patchListingsItem(self, asked):
        sku = unquote(asked.path.rpartition("/")[2])
        if sku not in self.items:
            return refusal(404, "NOT_FOUND", f"SKU {sku} isn't there")
        told = {"sku": sku, "submissionId": f"s{next(self._ids)}", "issues": []}
        quantity = self._patched(asked.body)
        if quantity < 0:
            issue = {"code": "90220", "message": "The quantity is negative", "severity": "ERROR"}
            return Reply({**told, "status": "INVALID", "issues": [issue]})
        if not self.is_slow:
            self.items[sku]["fulfillmentAvailability"][0]["quantity"] = quantity
        return Reply({**told, "status": "ACCEPTED"})

    @staticmethod
    def _patched(body):
        patch = body["patches"][0]
        assert patch["path"] == "/attributes/fulfillment_availability"
        return patch["value"][0]["quantity"]

    def _confirmShipment(self, asked):
        order = self.orders[asked.path.split("/")[-2]]
        detail = asked.body["packageDetail"]
        if not detail["packageReferenceId"].isdigit() or _at(detail["shipDate"]) > datetime.now(
            UTC
        ):
            return refusal(400, "InvalidInput", "Package or date is invalid")
        known = {each["packageReferenceId"]: each for each in order["packages"]}
        known[detail["packageReferenceId"]] = {
            "packageReferenceId": detail["packageReferenceId"],
            "carrier": detail.get("carrierName") or detail["carrierCode"],
            "trackingNumber": detail["trackingNumber"],
            "packageItems": detail["orderItems"],
        }
        order["packages"] = list(known.values())
        for row in order["orderItems"]:
            gone = sum(
                each["quantity"]
                for package in order["packages"]
                for each in package["packageItems"]
                if each["orderItemId"] == row["orderItemId"]
            )
            left = row["quantityOrdered"] - gone
            row["fulfillment"] = {"quantityFulfilled": gone, "quantityUnfulfilled": left}
        is_done = all(not row["fulfillment"]["quantityUnfulfilled"] for row in order["orderItems"])
        self.set_status(order, "SHIPPED" if is_done else "PARTIALLY_SHIPPED")
        return Reply(b"", 204)

    # Feeds

    def _createFeedDocument(self, asked):
        key = f"doc-{next(self._ids)}"
        self.documents[key] = b""
        return Reply({"feedDocumentId": key, "url": f"{self.address}/upload/{key}"}, 201)

    def _document(self, asked):
        key = asked.path.rpartition("/")[2]
        if asked.method == "PUT":
            self.documents[key] = asked.raw
            return Reply(b"")
        return Reply(self.documents[key], 200, {"Content-Type": "application/octet-stream"})

    def _getFeedDocument(self, asked):
        key = asked.path.rpartition("/")[2]
        return Reply({"feedDocumentId": key, "url": f"{self.address}/upload/{key}"})

    def _createFeed(self, asked):
        key = f"feed-{next(self._ids)}"
        self.feeds[key] = {
            "feedId": key,
            "feedType": asked.body["feedType"],
            "createdTime": self.now(),
            "processingStatus": "IN_QUEUE",
            "document": asked.body["inputFeedDocumentId"],
        }
        return Reply({"feedId": key}, 202)

    def _getFeed(self, asked):
        return Reply(self._shown_feed(self.feeds[asked.path.rpartition("/")[2]]))

    def _getFeeds(self, asked):
        found = [
            self._shown_feed(each)
            for each in self.feeds.values()
            if each["feedType"] in asked.query["feedTypes"].split(",")
            and _at(each["createdTime"]) >= _at(asked.query["createdSince"])
        ]
        return Reply({"feeds": found})

    @staticmethod
    def _shown_feed(feed):
        return {name: value for name, value in feed.items() if name != "document"}

    def process(self):
        """Process the feeds that wait, and write their reports."""
        for feed in self.feeds.values():
            if feed["processingStatus"] != "IN_QUEUE":
                continue
            text = self.documents[feed["document"]]
            work = self._listings if feed["feedType"].startswith("JSON") else self._messages
            key = f"doc-{next(self._ids)}"
            self.documents[key] = work(text)
            feed |= {"processingStatus": "DONE", "resultFeedDocumentId": key}

    def _listings(self, text):
        issues = []
        for message in json.loads(text)["messages"]:
            if message["sku"] in self.items and self._patched(message) >= 0:
                row = self.items[message["sku"]]["fulfillmentAvailability"][0]
                row["quantity"] = self._patched(message)
            else:
                issue = {"code": "8560", "severity": "ERROR", "message": "The SKU doesn't match"}
                issues.append({"messageId": message["messageId"], "sku": message["sku"], **issue})
        return json.dumps({"issues": issues, "summary": {"errors": len(issues)}}).encode()

    def _messages(self, text):
        root = ET.fromstring(text)
        order = self.orders[root.findtext(".//AmazonOrderID")]
        error = ""
        if root.findtext("MessageType") == "OrderAcknowledgement":
            if order["packages"]:
                error = "The order has shipped"
            else:
                self.set_status(order, "CANCELLED")
        else:
            refunded = order.setdefault("refunds", [])
            refunded += [float(each.text) for each in root.iter("Amount")]
        result = (
            f"<Result><MessageID>1</MessageID><ResultCode>Error</ResultCode>"
            f"<ResultMessageCode>18028</ResultMessageCode>"
            f"<ResultDescription>{error}</ResultDescription></Result>"
        )
        return (
            "<AmazonEnvelope><Message><ProcessingReport><StatusCode>Complete</StatusCode>"
            f"<ProcessingSummary><MessagesWithError>{int(bool(error))}</MessagesWithError>"
            f"</ProcessingSummary>{result if error else ''}</ProcessingReport></Message>"
            "</AmazonEnvelope>"
        ).encode()

    # Notifications and the queue

    def _notifications(self, asked):
        if asked.path.endswith("/destinations"):
            if asked.method == "POST":
                spec = asked.body["resourceSpecification"]
                self.destinations.append({"destinationId": "d1", "resource": spec})
                return Reply({"payload": self.destinations[-1]})
            return Reply({"payload": self.destinations})
        if asked.method == "POST":
            self.subscriptions.append({"subscriptionId": "sub-1", **asked.body})
            return Reply({"payload": self.subscriptions[-1]})
        if not self.subscriptions:
            return refusal(404, "NotFound", "There is no subscription")
        return Reply({"payload": self.subscriptions[-1]})

    def _queue(self, asked):
        """The queue, if the request is signed: the signature is made again from what came in."""
        names = re.search(r"SignedHeaders=([^,]+)", asked.headers["authorization"])[1].split(";")
        known = {name: asked.headers[name] for name in names if name != "x-amz-date"}
        at = datetime.strptime(asked.headers["x-amz-date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        url, keys = f"{self.address}/", ("AKID", "aws-secret", "eu-west-1", "sqs")
        made = signed("POST", url, known, asked.raw, *keys, at=at)
        if made["authorization"] != asked.headers["authorization"]:
            return Reply({"__type": "com.amazonaws.sqs#InvalidSignature", "message": "no"}, 403)
        if asked.headers["x-amz-target"] == "AmazonSQS.ReceiveMessage":
            part = self.messages[: asked.body["MaxNumberOfMessages"]]
            return Reply({"Messages": [_message(each) for each in part]})
        gone = {each["ReceiptHandle"] for each in asked.body["Entries"]}
        self.messages = [
            each for each in self.messages if _message(each)["ReceiptHandle"] not in gone
        ]
        return Reply({"Successful": [], "Failed": []})


def _message(told):
    body = json.dumps(told)
    return {"Body": body, "ReceiptHandle": hashlib.sha256(body.encode()).hexdigest()}


def _money(value):
    return {"amount": f"{value:.2f}", "currencyCode": "EUR"}


def _at(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00"))
