"""What buyers, the owner and the API do at a Shopify shop of `tests.channels.shops.shopify`."""

import copy
import json
from decimal import ROUND_HALF_UP, Decimal

from graphql import GraphQLError

BERLIN = {
    "firstName": "Jo",
    "lastName": "Doe",
    "company": None,
    "address1": "Hauptstr. 1",
    "address2": None,
    "city": "Berlin",
    "provinceCode": None,
    "zip": "10115",
    "countryCodeV2": "DE",
    "phone": None,
}
CENT = Decimal("0.01")


def cents(value):
    return Decimal(value).quantize(CENT, ROUND_HALF_UP)


def number(made):
    """The number in an order's ID, by which we know it."""
    return made["id"].rpartition("/")[2]


def bag(value):
    """An amount; the shop's own currency has another number, which nothing should read."""
    return {
        "presentmentMoney": {"amount": str(value)},
        "shopMoney": {"amount": str(Decimal(value) * 2)},
    }


def amount(held):
    return Decimal(held["presentmentMoney"]["amount"])


def taxed(shop, price, *, channel_liable=False):
    """The tax lines of a price."""
    rate = shop.tax_percent / 100
    tax = cents(price * rate / (1 + rate) if shop.taxes_included else price * rate)
    return [
        {
            "rate": float(rate),
            "ratePercentage": float(shop.tax_percent),
            "channelLiable": channel_liable,
            "priceSet": bag(tax),
        }
    ]


def line(shop, variant, quantity, discount="0", **fields):
    """An order line; its discounted unit price is approximate, as Shopify's."""
    price = Decimal(variant["price"]) * quantity - Decimal(discount)
    return {
        "__typename": "LineItem",
        "id": shop.id("LineItem"),
        "sku": variant["sku"],
        "name": variant["product"]["title"],
        "title": variant["product"]["title"],
        "quantity": quantity,
        "currentQuantity": quantity,
        "requiresShipping": True,
        "isGiftCard": False,
        "variant": variant,
        "customAttributes": [],
        "lineItemGroup": None,
        "originalUnitPriceSet": bag(variant["price"]),
        "discountAllocations": [{"allocatedAmountSet": bag(discount)}] if Decimal(discount) else [],
        "taxLines": taxed(shop, price, channel_liable=fields.pop("channel_liable", False)),
        "duties": [],
        **fields,
    }


def shipping(shop, price, title="Standard"):
    return {
        "id": shop.id("ShippingLine"),
        "title": title,
        "isRemoved": False,
        "originalPriceSet": bag(price),
        "discountAllocations": [],
        "taxLines": taxed(shop, Decimal(price)),
    }


def price_of(shop, row, units=None):
    """What the buyer pays for units of a line, or for shipping, tax included."""
    if "quantity" not in row:
        price, share = amount(row["originalPriceSet"]), Decimal(1)
    else:
        price = amount(row["originalUnitPriceSet"]) * row["quantity"]
        share = Decimal(1 if units is None else units) / (1 if units is None else row["quantity"])
    price -= sum(amount(each["allocatedAmountSet"]) for each in row["discountAllocations"])
    tax = sum(amount(each["priceSet"]) for each in row["taxLines"])
    return cents((price if shop.taxes_included else price + tax) * share)


def order(shop, items, *, paid=True, gateway="shopify_payments", freight="4.90", at=None, **fields):
    """An order of ("SKU", quantity) or ("SKU", quantity, discount) each."""
    goods = [(shop.variants[each[0]], *each[1:]) for each in items]
    for variant, quantity, *_rest in goods:
        levels = variant["inventoryItem"]["levels"]
        if levels and sum(levels.values()) < quantity:
            return None
    lines = fields.pop("lines", []) + [line(shop, *each) for each in goods]
    freights = [shipping(shop, freight)] if freight else []
    made = {
        "__typename": "Order",
        "id": shop.id("Order"),
        "name": f"#{1001 + len(shop.orders)}",
        "createdAt": shop.stamp(at),
        "processedAt": shop.stamp(at),
        "updatedAt": shop.stamp(at),
        "cancelledAt": None,
        "cancelReason": None,
        "test": False,
        "confirmed": True,
        "edited": False,
        "displayFinancialStatus": "PAID" if paid else "PENDING",
        "displayFulfillmentStatus": "UNFULFILLED",
        "taxesIncluded": shop.taxes_included,
        "dutiesIncluded": False,
        "currencyCode": "USD",
        "presentmentCurrencyCode": shop.currency,
        "email": "a@example.com",
        "phone": None,
        "note": None,
        "sourceName": "web",
        "customerLocale": "de",
        "discountCodes": [],
        "paymentGatewayNames": [gateway],
        "app": {"id": "gid://shopify/App/1", "name": "Online Store"},
        "customAttributes": [],
        "customer": None,
        "shippingAddress": dict(BERLIN),
        "billingAddress": dict(BERLIN),
        "totalTipReceivedSet": bag("0.0"),
        "totalCashRoundingAdjustment": {"paymentSet": bag("0.0")},
        "additionalFees": [],
        "shippingLines": freights,
        "transactions": [],
        "refunds": [],
        "fulfillments": [],
        "lineItems": lines,
        **fields,
    }
    due = total(shop, made)
    made["totalPriceSet"] = made["currentTotalPriceSet"] = bag(due)
    shop.orders[made["id"]] = made
    if paid:
        pay(shop, made, due, gateway)
    for each in lines:
        take(shop, each, each["quantity"])
    made["fulfillmentOrders"] = [fulfillment_order(shop, lines)]
    shop.changed(made, "ORDERS_CREATE", "ORDERS_UPDATED")
    made["updatedAt"] = shop.stamp(at)
    return made


def total(shop, made):
    rows = [*made["lineItems"], *made["shippingLines"]]
    return sum((price_of(shop, row) for row in rows), Decimal(0)) + amount(
        made["totalTipReceivedSet"]
    )


def take(shop, row, units):
    """Take units of a line from what is available; several buyers at once may take the last one."""
    levels = row["variant"]["inventoryItem"]["levels"] if row["variant"] else {}
    if levels:
        levels[next(iter(levels))] -= units


def pay(shop, made, due, gateway="shopify_payments", kind="SALE", status="SUCCESS"):
    """Take money; gift cards are payments, too."""
    paid = {
        "__typename": "OrderTransaction",
        "id": shop.id("OrderTransaction"),
        "kind": kind,
        "status": status,
        "gateway": gateway,
        "processedAt": shop.stamp(),
        "amountSet": bag(due),
        "amountRoundingSet": None,
        "parentTransaction": None,
    }
    made["transactions"].append(paid)
    return paid


def fulfillment_order(shop, lines, place=None, status="OPEN"):
    return {
        "__typename": "FulfillmentOrder",
        "id": shop.id("FulfillmentOrder"),
        "status": status,
        "assignedLocation": {
            "name": "Place",
            "location": place or next(iter(shop.places.values())),
        },
        "lineItems": [
            {
                "__typename": "FulfillmentOrderLineItem",
                "id": shop.id("FulfillmentOrderLineItem"),
                "remainingQuantity": each["currentQuantity"],
                "lineItem": each,
            }
            for each in lines
            if each["requiresShipping"]
        ],
    }


def edit(shop, made, index, units):
    """Change a line's units: more come as a line of their own; fewer leave a refund without money, as Shopify's do."""
    row = made["lineItems"][index]
    change = units - row["currentQuantity"]
    made["edited"] = True
    if change > 0:
        added = line(shop, row["variant"], change)
        made["lineItems"].append(added)
        made["fulfillmentOrders"].append(fulfillment_order(shop, [added]))
        for name in ("totalPriceSet", "currentTotalPriceSet"):
            made[name] = bag(amount(made[name]) + price_of(shop, added))
        take(shop, added, change)
    else:
        remove(shop, made, {row["id"]: -change}, [], "")
        take(shop, row, change)
    shop.changed(made, "ORDERS_EDITED", "ORDERS_UPDATED")


def remove(shop, made, units, transactions, note, restock=False):
    """A refund: units that aren't sold any more, and what is given back for them; either may be none."""
    lines = {each["id"]: each for each in made["lineItems"]}
    for key, count in units.items():
        gone = price_of(shop, lines[key], count)
        lines[key]["currentQuantity"] -= count
        made["currentTotalPriceSet"] = bag(amount(made["currentTotalPriceSet"]) - gone)
        left = count
        for each in (row for part in made["fulfillmentOrders"] for row in part["lineItems"]):
            if each["lineItem"]["id"] == key:
                less = min(left, each["remainingQuantity"])
                each["remainingQuantity"] -= less
                left -= less
        if restock:
            take(shop, lines[key], -count)
    done = [each for each in transactions if each["status"] == "SUCCESS"]
    given = sum((amount(each["amountSet"]) for each in done), Decimal(0))
    row = {
        "__typename": "Refund",
        "id": shop.id("Refund"),
        "createdAt": shop.stamp(),
        "note": note,
        "totalRefundedSet": bag(given),
        "refundLineItems": [
            {"quantity": count, "lineItem": {"id": key}} for key, count in units.items()
        ],
        "transactions": transactions,
    }
    made["refunds"].append(row)
    made["transactions"] += transactions
    if given and not made["cancelledAt"]:
        back = sum(
            (
                amount(each["amountSet"])
                for each in made["transactions"]
                if each["kind"] == "REFUND"
            ),
            Decimal(0),
        )
        is_all = back >= amount(made["totalPriceSet"])
        made["displayFinancialStatus"] = "REFUNDED" if is_all else "PARTIALLY_REFUNDED"
    return row


def refund(shop, made, given, units=None, note="", restock=False):
    """The owner gives money back, by the first payment."""
    parent = next(each for each in made["transactions"] if each["kind"] == "SALE")
    moved = {**pay(shop, made, given, parent["gateway"], "REFUND"), "parentTransaction": parent}
    made["transactions"].pop()
    row = remove(shop, made, units or {}, [moved], note, restock)
    shop.changed(made, "REFUNDS_CREATE", "ORDERS_UPDATED")
    return row


def cancel(shop, made, *, restock=True, refunds=True):
    """The owner cancels a whole order, with its money and its stock."""
    units = {each["id"]: each["currentQuantity"] for each in made["lineItems"]}
    paid = [each for each in made["transactions"] if each["kind"] == "SALE"] if refunds else []
    made["cancelledAt"] = shop.stamp()
    moved = [
        {**copy.copy(each), "id": shop.id("OrderTransaction"), "kind": "REFUND"}
        | {"parentTransaction": each}
        for each in paid
    ]
    remove(shop, made, {k: n for k, n in units.items() if n}, moved, "", restock)
    for each in made["fulfillmentOrders"]:
        each["status"] = "CLOSED"
    shop.changed(made, "ORDERS_CANCELLED", "ORDERS_UPDATED")


# Mutations


def errors(*rows, name="userErrors", **result):
    made = [{"code": code, "field": field, "message": text} for code, field, text in rows]
    return {name: made, **result}


def once(shop, info, given, act):
    """Do what comes under a key once; the same key with something else is refused."""
    node = info.field_nodes[0]
    directive = next((each for each in node.directives if each.name.value == "idempotent"), None)
    if directive is None:
        raise GraphQLError("The @idempotent directive is required", extensions={"code": "BAD"})
    key = info.variable_values.coerced[directive.arguments[0].value.name.value]
    asked = json.dumps(given, sort_keys=True)
    known = shop.keys.get(key)
    if shop.busy:
        shop.busy = False
        return errors(("IDEMPOTENCY_CONCURRENT_REQUEST", None, "Still running"))
    if known == "failed":
        return errors(("IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED", None, "Failed before"))
    if known and known[0] != asked:
        return errors(("IDEMPOTENCY_KEY_PARAMETER_MISMATCH", None, "Other parameters"))
    if not known:
        known = shop.keys[key] = (asked, act())
    return known[1]


def inventory_set_quantities(shop, info, input):
    return once(shop, info, input, lambda: set_quantities(shop, input))


def set_quantities(shop, input):
    """All or nothing; each row says what it expects, null where it doesn't care."""
    if shop.while_setting:
        shop.while_setting()
    items = {each["inventoryItem"]["id"]: each["inventoryItem"] for each in shop.variants.values()}
    rows, troubles, seen = input["quantities"], [], set()
    assert len(rows) <= 250
    for index, row in enumerate(rows):
        pair = (row["inventoryItemId"], row["locationId"])
        found = ("NO_DUPLICATE_INVENTORY_ITEM_ID_GROUP_ID_PAIR", "Twice") if pair in seen else None
        found = found or trouble_of(shop, items.get(row["inventoryItemId"]), row)
        if found:
            troubles.append((found[0], ["input", "quantities", str(index)], found[1]))
        seen.add(pair)
    for row in () if troubles else rows:
        items[row["inventoryItemId"]]["levels"][row["locationId"]] = row["quantity"]
    return errors(*troubles)


def trouble_of(shop, item, row):
    """What is wrong with a row, as a code and a text; None where nothing is."""
    place = row["locationId"]
    if "changeFromQuantity" not in row:
        raise GraphQLError("changeFromQuantity is required")
    if item is None:
        return "INVALID_INVENTORY_ITEM", "The item could not be found."
    if place not in shop.places:
        return "INVALID_LOCATION", "The location could not be found."
    if item["is_bundle"]:
        return "NON_MUTABLE_INVENTORY_ITEM", "Not allowed for bundles."
    if place not in item["levels"]:
        return None, "The item isn't stocked at the location."
    if row["changeFromQuantity"] not in (None, item["levels"][place]):
        return "CHANGE_FROM_QUANTITY_STALE", "The quantity is another one now."
    return None


def inventory_activate(shop, info, inventoryItemId, locationId, available, **given):
    def act():
        items = (each["inventoryItem"] for each in shop.variants.values())
        item = next((each for each in items if each["id"] == inventoryItemId), None)
        if item is None or locationId not in shop.places or locationId in item["levels"]:
            return errors((None, None, "Not allowed"))
        item["levels"][locationId] = available
        return errors()

    return once(shop, info, [inventoryItemId, locationId, available], act)


def fulfillment_create(shop, info, fulfillment):
    """Not idempotent: what remains can be fulfilled again. Without lines, all that remains is."""
    known = {
        part["id"]: (made, part)
        for made in shop.orders.values()
        for part in made["fulfillmentOrders"]
    }
    chosen, places, orders = [], set(), {}
    for asked in fulfillment["lineItemsByFulfillmentOrder"]:
        made, part = known[asked["fulfillmentOrderId"]]
        orders[made["id"]] = made
        places.add(part["assignedLocation"]["location"]["id"])
        if part["status"] not in ("OPEN", "IN_PROGRESS"):
            return errors((None, None, f"It has an unfulfillable status={part['status'].lower()}."))
        lines = {each["id"]: each for each in part["lineItems"]}
        wanted = asked.get("fulfillmentOrderLineItems") or [
            {"id": key, "quantity": each["remainingQuantity"]} for key, each in lines.items()
        ]
        for each in wanted:
            if not 0 < each["quantity"] <= lines[each["id"]]["remainingQuantity"]:
                return errors((None, None, "Invalid fulfillment order line item quantity."))
            chosen.append((lines[each["id"]], each["quantity"]))
    if len(places) != 1 or len(orders) != 1:
        return errors((None, None, "All must be at the same location."))
    (made,) = orders.values()
    for row, count in chosen:
        row["remainingQuantity"] -= count
    row = fulfilled(shop, made, [(row["lineItem"], n) for row, n in chosen], fulfillment)
    shop.notified.append(fulfillment["notifyCustomer"])
    return errors(fulfillment=row)


def fulfilled(shop, made, chosen, asked):
    told = asked.get("trackingInfo") or {}
    row = {
        "__typename": "Fulfillment",
        "id": shop.id("Fulfillment"),
        "status": "SUCCESS",
        "trackingInfo": [{name: told.get(name) for name in ("number", "company", "url")}],
        "fulfillmentLineItems": [{"quantity": n, "lineItem": each} for each, n in chosen],
    }
    made["fulfillments"].append(row)
    parts = [each for part in made["fulfillmentOrders"] for each in part["lineItems"]]
    is_done = not any(each["remainingQuantity"] for each in parts)
    made["displayFulfillmentStatus"] = "FULFILLED" if is_done else "PARTIALLY_FULFILLED"
    shop.changed(made, "ORDERS_UPDATED")
    return row


def order_cancel(shop, info, orderId, reason, restock, refundMethod, notifyCustomer, **given):
    """In the background: it is done once it was asked for `shop.waits` times."""
    made = shop.orders[orderId]
    name = "orderCancelUserErrors"
    if made["cancelledAt"] or made["fulfillments"]:
        return errors(("INVALID", None, "Cannot cancel this order."), name=name, job=None)
    job = {"id": shop.id("Job"), "done": False, "order": made, "polls": int(shop.waits)}
    shop.jobs[job["id"]] = job
    job["restock"], job["refunds"] = restock, refundMethod["originalPaymentMethodsRefund"]
    if not shop.waits:
        finish_cancel(shop, job)
    return errors(name=name, job=job)


def finish_cancel(shop, job):
    job["done"] = True
    cancel(shop, job["order"], restock=job["restock"], refunds=job["refunds"])


def refund_create(shop, info, input):
    return once(shop, info, input, lambda: make_refund(shop, input))


def make_refund(shop, input):
    made = shop.orders[input["orderId"]]
    if input["currency"] != made["presentmentCurrencyCode"]:
        return errors((None, None, "Currency must be the presentment currency."), refund=None)
    lines = {each["id"]: each for each in made["lineItems"]}
    units = {each["lineItemId"]: each["quantity"] for each in input["refundLineItems"]}
    if any(count > lines[key]["currentQuantity"] for key, count in units.items()):
        text = "Quantity cannot refund more items than were purchased"
        return errors((None, None, text), refund=None)
    assert all(each["restockType"] == "NO_RESTOCK" for each in input["refundLineItems"])
    moved = []
    for asked in input["transactions"]:
        parent = next(each for each in made["transactions"] if each["id"] == asked["parentId"])
        gone = sum(
            amount(each["amountSet"])
            for each in made["transactions"]
            if (each["parentTransaction"] or {}).get("id") == parent["id"]
            and each["status"] != "FAILURE"
        )
        if Decimal(asked["amount"]) > amount(parent["amountSet"]) - gone:
            return errors((None, None, "Refund amount is too high"), refund=None)
        moved.append(
            {**parent, "id": shop.id("OrderTransaction"), "kind": "REFUND"}
            | {"parentTransaction": parent, "amountSet": bag(asked["amount"])}
            | {"status": shop.refund_status}
        )
    row = remove(shop, made, units, moved, input["note"])
    shop.notified.append(input["notify"])
    shop.changed(made, "REFUNDS_CREATE", "ORDERS_UPDATED")
    return errors(refund=row)


def webhook_subscription_create(shop, info, topic, webhookSubscription):
    row = {"id": shop.id("WebhookSubscription"), "topic": topic, **webhookSubscription}
    shop.hooks[row["id"]] = row
    return errors(webhookSubscription=row)
