"""A seller's eBay on this machine, with what makes it hard.

Lists hold at most 200 orders and never say who asks to cancel, places in them move as orders change, a listing may be
revised 250 times a day, the same parcel twice makes two, refunds come later and must be signed, and notifications are
signed by a key that is asked for.
"""

import base64
import hashlib
import json
import re
from datetime import UTC, datetime, timedelta
from itertools import count
from urllib.parse import parse_qsl, unquote

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from tests.channels.shops.serving import Reply, Server

ORDER = "/sell/fulfillment/v1/order"
INVENTORY = "/sell/inventory/v1"
MOST_REVISIONS = 250
BERLIN = {
    "addressLine1": "Hauptstr. 1",
    "city": "Berlin",
    "postalCode": "10115",
    "countryCode": "DE",
}


def refusal(status, key, message):
    return Reply({"errors": [{"errorId": key, "message": message}]}, status)


def euros(value):
    return {"value": f"{value:.2f}", "currency": "EUR"}


class Shop(Server):
    """One seller; buyers are methods."""

    def __init__(self):
        self.orders, self.items, self.cancellations = {}, {}, {}
        self.destinations, self.subscriptions, self.topics = (
            [],
            [],
            {"MARKETPLACE_ACCOUNT_DELETION"},
        )
        self.tokens, self.own_tokens, self.left = {"v^1"}, set(), None
        self.own_key = ed25519.Ed25519PrivateKey.generate()
        self.key, self.kid, self.asked_keys = ec.generate_private_key(ec.SECP256R1()), "kid-1", 0
        self._ids, self.while_listing = count(1), None
        super().__init__()

    @property
    def private(self):
        """The seller's private key for signatures, as eBay hands it out."""
        text = self.own_key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        return base64.b64encode(text).decode()

    # What its buyers do

    def item(self, sku, quantity):
        self.items[sku] = {
            "quantity": quantity,
            "offer": f"off-{next(self._ids)}",
            "shown": quantity,
            "revisions": 0,
        }

    def buy(self, *items, paid=True, ago=300, shipping=4.90, remitted=0.0, **fields):
        """Sell ("SKU", quantity, price) each; `remitted`: tax that eBay collects on the first line."""
        number = next(self._ids)
        at = _text(datetime.now(UTC) - timedelta(seconds=ago))
        lines = [self._line(number, place, *each, at) for place, each in enumerate(items)]
        if remitted:
            tax = {"taxType": "VAT", "amount": euros(remitted), "collectionMethod": "NET"}
            lines[0]["ebayCollectAndRemitTaxes"] = [tax]
        goods = sum(float(each["lineItemCost"]["value"]) for each in lines)
        total = goods + shipping
        order = {
            "orderId": f"26-{number:05}-00001",
            "legacyOrderId": f"26-{number:05}-00001",
            "creationDate": at,
            "lastModifiedDate": at,
            "orderFulfillmentStatus": "NOT_STARTED",
            "orderPaymentStatus": "PAID" if paid else "PENDING",
            "buyer": {"username": f"buyer{number}"},
            "pricingSummary": {
                "priceSubtotal": euros(goods),
                "deliveryCost": euros(shipping),
                "total": euros(total),
            },
            "cancelStatus": {"cancelState": "NONE_REQUESTED", "cancelRequests": []},
            "paymentSummary": {
                "payments": [
                    {
                        "paymentMethod": "EBAY",
                        "paymentReferenceId": f"pay-{number}",
                        "paymentDate": at,
                        "amount": euros(total + remitted),
                        "paymentStatus": "PAID" if paid else "PENDING",
                    }
                ],
                "refunds": [],
            },
            "fulfillmentStartInstructions": [
                {
                    "shippingStep": {
                        "shipTo": {
                            "fullName": "Jo Doe",
                            "contactAddress": dict(BERLIN),
                            "email": "a@members.ebay.com",
                        }
                    }
                }
            ],
            "lineItems": lines,
            "fulfillmentHrefs": [],
            "fulfillments": [],
            **fields,
        }
        self.orders[order["orderId"]] = order
        for sku, quantity, _price in items:
            self.items[sku]["quantity"] -= quantity
        return order

    def _line(self, number, place, sku, quantity, price, at):
        return {
            "lineItemId": f"{number:04}{place}",
            "legacyItemId": "1100",
            "sku": sku,
            "title": f"Item {sku}",
            "quantity": quantity,
            "lineItemCost": euros(price * quantity),
            "total": euros(price * quantity),
            "purchaseMarketplaceId": "EBAY_DE",
            "taxes": [],
            "ebayCollectAndRemitTaxes": [],
            "lineItemFulfillmentInstructions": {"shipByDate": at},
        }

    def touch(self, order):
        order["lastModifiedDate"] = _text(datetime.now(UTC))

    def ask_to_cancel(self, order):
        """Ask as the buyer does, within the first hour."""
        key = f"50{next(self._ids)}"
        self.cancellations[key] = {
            "cancelId": key,
            "order": order["orderId"],
            "cancelState": "CANCEL_REQUESTED",
        }
        order["cancelStatus"] = {
            "cancelState": "IN_PROGRESS",
            "cancelRequests": [
                {
                    "cancelRequestId": key,
                    "cancelInitiator": "BUYER",
                    "cancelRequestState": "REQUESTED",
                }
            ],
        }
        self.touch(order)

    def settle(self):
        """Do what is pending: cancellations and refunds."""
        for each in self.cancellations.values():
            order = self.orders[each["order"]]
            if each["cancelState"] == "APPROVED":
                order["cancelStatus"]["cancelState"], each["cancelState"] = (
                    "CANCELED",
                    "CANCEL_CLOSED",
                )
                self.touch(order)
        for order in self.orders.values():
            for refund in order["paymentSummary"]["refunds"]:
                if refund["refundStatus"] == "PENDING":
                    refund["refundStatus"] = "REFUNDED"
                    self.touch(order)

    def told(self, topic, data):
        """A notification as eBay sends it: its body, and its headers."""
        note = {"notificationId": f"n-{next(self._ids)}", "data": data}
        body = json.dumps({"metadata": {"topic": topic}, "notification": note}).encode()
        made = self.key.sign(body, ec.ECDSA(hashes.SHA1()))  # noqa: S303
        told = {"alg": "ecdsa", "kid": self.kid, "digest": "SHA1"}
        told["signature"] = base64.b64encode(made).decode()
        return body, {"X-EBAY-SIGNATURE": base64.b64encode(json.dumps(told).encode()).decode()}

    # What connectors see

    def answer(self, asked):
        if asked.path == "/identity/v1/oauth2/token":
            return self._login(asked)
        _scheme, _space, token = asked.headers.get("authorization", "").partition(" ")
        is_own = asked.path.startswith("/commerce/notification")
        if token not in (self.tokens | self.own_tokens if is_own else self.tokens):
            return refusal(401, 1001, "Invalid access token")
        if self.left is not None:
            self.left -= 1
            if self.left < 0:
                return Reply({"errors": [{"errorId": 2001, "message": "Too many"}]}, 429)
        for (method, path), name in ROUTES.items():
            found = re.fullmatch(path, asked.path)
            if found and method == asked.method:
                return getattr(self, name)(asked, *(unquote(each) for each in found.groups()))
        return refusal(404, 2002, f"Resource not found: {asked.path}")

    def _login(self, asked):
        form = dict(parse_qsl(asked.raw.decode()))
        if asked.headers["authorization"] != "Basic " + base64.b64encode(b"app:cert").decode():
            return Reply({"error": "invalid_client", "error_description": "no such app"}, 401)
        if form["grant_type"] == "refresh_token" and form["refresh_token"] != "v^r":
            return Reply({"error": "invalid_grant", "error_description": "revoked"}, 400)
        token = f"v^{next(self._ids)}x"
        is_own = form["grant_type"] == "client_credentials"
        (self.own_tokens if is_own else self.tokens).add(token)
        return Reply({"access_token": token, "expires_in": 7200})

    def _list(self, asked):
        limit, offset = int(asked.query.get("limit", 50)), int(asked.query.get("offset", 0))
        if limit > 200:
            return refusal(400, 30820, "Invalid limit. The maximum is 200")
        name, since, until = re.fullmatch(
            r"(\w+):\[(.+?)\.\.(.*)\]", asked.query.get("filter", "creationdate:[2000-01-01..]")
        ).groups()
        mark = {"lastmodifieddate": "lastModifiedDate", "creationdate": "creationDate"}[name]
        rows = sorted(
            (
                each
                for each in self.orders.values()
                if since <= each[mark] and (not until or each[mark] < until)
            ),
            key=lambda each: (each[mark], each["orderId"]),
        )
        found = [self._visible(each, in_list=True) for each in rows[offset : offset + limit]]
        if self.while_listing:
            self.while_listing(offset)
        return Reply({"total": len(rows), "orders": found})

    @staticmethod
    def _visible(order, *, in_list=False):
        found = json.loads(json.dumps({k: v for k, v in order.items() if k != "fulfillments"}))
        if in_list:
            found["cancelStatus"]["cancelRequests"] = []
        return found

    def _one(self, asked, key):
        order = self.orders.get(key)
        if order is None:
            return refusal(404, 32100, "Invalid order ID")
        found = self._visible(order)
        if asked.query.get("fieldGroups") != "TAX_BREAKDOWN":
            found["pricingSummary"]["total"] = euros(0)  # it may be anything
        return Reply(found)

    def _parcels(self, asked, key):
        return Reply({"fulfillments": self.orders[key]["fulfillments"], "total": 1})

    def _ship(self, asked, key):
        order, number = self.orders[key], asked.body.get("trackingNumber", "")
        if number and not number.isalnum():
            return refusal(400, 32210, "The tracking number must be alphanumeric")
        made = f"9{next(self._ids):05}"
        order["fulfillments"].append(
            {
                "fulfillmentId": made,
                "lineItems": asked.body["lineItems"],
                "shipmentTrackingNumber": number,
                "shippingCarrierCode": asked.body.get("shippingCarrierCode", ""),
            }
        )
        gone = sum(each["quantity"] for row in order["fulfillments"] for each in row["lineItems"])
        whole = sum(each["quantity"] for each in order["lineItems"])
        order["orderFulfillmentStatus"] = "FULFILLED" if gone >= whole else "IN_PROGRESS"
        order["fulfillmentHrefs"].append(made)
        self.touch(order)
        return Reply(b"", 201, {"Location": f"{self.address}{asked.path}/{made}"})

    def _refund(self, asked, key):
        if not self._is_signed(asked):
            return refusal(403, 215000, "The signature is missing or wrong")
        order, made = self.orders[key], f"rf{next(self._ids)}"
        row = {
            "refundId": made,
            "refundDate": _text(datetime.now(UTC)),
            "amount": asked.body["orderLevelRefundAmount"],
            "refundStatus": "PENDING",
        }
        order["paymentSummary"]["refunds"].append(row)
        self.touch(order)
        return Reply({"refundId": made, "refundStatus": "PENDING"})

    def _is_signed(self, asked):
        """Whether the request bears the seller's signature, over what RFC 9421 says."""
        digest = base64.b64encode(hashlib.sha256(asked.raw).digest()).decode()
        values = {
            "content-digest": asked.headers.get("content-digest", ""),
            "x-ebay-signature-key": asked.headers.get("x-ebay-signature-key", ""),
            "@method": asked.method,
            "@path": asked.path,
            "@authority": asked.headers["host"],
        }
        params = asked.headers.get("signature-input", "").removeprefix("sig1=")
        names = re.findall(r'"([^"]+)"', params)
        lines = [f'"{name}": {values[name]}' for name in names]
        text = "\n".join([*lines, f'"@signature-params": {params}'])
        signature = asked.headers.get("signature", "").removeprefix("sig1=:").removesuffix(":")
        try:
            self.own_key.public_key().verify(base64.b64decode(signature), text.encode())
        except InvalidSignature:
            return False
        return set(values) == set(names) and values["content-digest"] == f"sha-256=:{digest}:"

    # Inventory

    def _row(self, sku):
        quantity = self.items[sku]["quantity"]
        there = {"shipToLocationAvailability": {"quantity": quantity}}
        product = {"title": f"Item {sku}", "ean": ["4006381333931"]}
        return {"sku": sku, "product": product, "availability": there}

    def _inventory(self, asked):
        limit, offset = int(asked.query["limit"]), int(asked.query.get("offset", 0))
        keys = list(self.items)[offset : offset + limit]
        return Reply({"total": len(self.items), "inventoryItems": [self._row(key) for key in keys]})

    def _offers(self, asked):
        row = self.items.get(asked.query["sku"])
        if row is None or not row["offer"]:
            return refusal(404, 25713, "This Offer is not available")
        return Reply({"offers": [{"offerId": row["offer"], "status": "PUBLISHED"}]})

    def _bulk_read(self, asked):
        found = []
        for each in asked.body["requests"]:
            sku = each["sku"]
            if sku in self.items:
                found.append({"sku": sku, "statusCode": 200, "inventoryItem": self._row(sku)})
            else:
                found.append({"sku": sku, "statusCode": 404, "errors": [{"errorId": 25710}]})
        return Reply({"responses": found})

    def _bulk_set(self, asked):
        rows = asked.body["requests"]
        if len(rows) > 25:
            return refusal(400, 25759, "At most 25 items")
        return Reply({"responses": [self._set(each) for each in rows]}, 207)

    def _set(self, asked):
        sku = asked["sku"]
        row = self.items.get(sku)
        if row is None:
            return self._refused(sku, 404, 25710, "We didn't find the resource")
        if row["revisions"] >= MOST_REVISIONS:
            return self._refused(sku, 400, 25001, "You exceeded the number of revisions a day")
        for offer in asked["offers"]:
            if offer["offerId"] != row["offer"]:
                return self._refused(sku, 400, 25713, "This Offer is not available")
            row["shown"] = offer["availableQuantity"]
        row["quantity"] = asked["shipToLocationAvailability"]["quantity"]
        row["revisions"] += 1
        return {"sku": sku, "statusCode": 200, "errors": []}

    @staticmethod
    def _refused(sku, status, key, message):
        return {"sku": sku, "statusCode": status, "errors": [{"errorId": key, "message": message}]}

    # Cancellations

    def _search_cancel(self, asked):
        rows = [
            each for each in self.cancellations.values() if each["order"] == asked.query["order_id"]
        ]
        return Reply({"cancellations": rows, "total": len(rows)})

    def _cancel(self, asked):
        key, order = f"50{next(self._ids)}", asked.body["legacyOrderId"]
        self.cancellations[key] = {"cancelId": key, "order": order, "cancelState": "APPROVED"}
        self.orders[order]["cancelStatus"]["cancelState"] = "IN_PROGRESS"
        return Reply({"cancelId": key})

    def _approve(self, asked, key):
        self.cancellations[key]["cancelState"] = "APPROVED"
        return Reply(b"", 204)

    # Notifications

    def _public_key(self, asked, kid):
        self.asked_keys += 1
        if kid != self.kid:
            return refusal(404, 195003, "No such key")
        text = self.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        return Reply(
            {"key": text.decode().replace("\n", ""), "algorithm": "ECDSA", "digest": "SHA1"}
        )

    def _destinations(self, asked):
        return Reply({"destinations": self.destinations})

    def _add_destination(self, asked):
        key = f"d{next(self._ids)}"
        self.destinations.append({"destinationId": key, **asked.body})
        return Reply(b"", 201, {"Location": f"{self.address}{asked.path}/{key}"})

    def _subscriptions(self, asked):
        return Reply({"subscriptions": self.subscriptions})

    def _subscribe(self, asked):
        if asked.body["topicId"] not in self.topics:
            return refusal(400, 195010, "Invalid topic")
        key = f"s{next(self._ids)}"
        self.subscriptions.append({"subscriptionId": key, **asked.body})
        return Reply(b"", 201, {"Location": f"{self.address}{asked.path}/{key}"})


NOTIFICATION = "/commerce/notification/v1"
ROUTES = {
    ("GET", ORDER): "_list",
    ("GET", f"{ORDER}/([^/]+)"): "_one",
    ("GET", f"{ORDER}/([^/]+)/shipping_fulfillment"): "_parcels",
    ("POST", f"{ORDER}/([^/]+)/shipping_fulfillment"): "_ship",
    ("POST", f"{ORDER}/([^/]+)/issue_refund"): "_refund",
    ("GET", f"{INVENTORY}/inventory_item"): "_inventory",
    ("GET", f"{INVENTORY}/offer"): "_offers",
    ("POST", f"{INVENTORY}/bulk_get_inventory_item"): "_bulk_read",
    ("POST", f"{INVENTORY}/bulk_update_price_quantity"): "_bulk_set",
    ("GET", "/post-order/v2/cancellation/search"): "_search_cancel",
    ("POST", "/post-order/v2/cancellation"): "_cancel",
    ("POST", "/post-order/v2/cancellation/([^/]+)/approve"): "_approve",
    ("GET", f"{NOTIFICATION}/public_key/([^/]+)"): "_public_key",
    ("GET", f"{NOTIFICATION}/destination"): "_destinations",
    ("POST", f"{NOTIFICATION}/destination"): "_add_destination",
    ("GET", f"{NOTIFICATION}/subscription"): "_subscriptions",
    ("POST", f"{NOTIFICATION}/subscription"): "_subscribe",
}


def _text(moment):
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
