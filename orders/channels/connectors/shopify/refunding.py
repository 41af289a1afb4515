"""Canceling an order of a Shopify shop, and giving its buyer money back."""

import hashlib
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from oms.core import money_text
from orders.channels.connectors import NOTHING, Account, Done, RefundRequest, Sold, Stage
from orders.channels.connectors.errors import Invalid
from orders.channels.connectors.shopify import documents, mapping
from orders.channels.connectors.shopify.amounts import presentment
from orders.channels.connectors.shopify.client import Client, Row, gid, require_done, tail

GIFT_CARD = "gift_card"
FAILED = ("FAILURE", "ERROR")
MOST_OF_NOTE = 255


def cancel(client: Client, account: Account, order: Sold, key: str, reason: str) -> Done:
    """Cancel a whole order for good, without moving money or stock: a refund is asked for by itself, and the next
    number that we show says what is available. The shop does it in the background."""
    if order.stage == Stage.CANCELED and order.state == mapping.CANCELED:
        return Done(order.id)
    answer = client.tell(
        documents.CANCEL,
        id=gid("Order", order.id),
        reason="OTHER",
        notify=account.notifies_buyer,
        note=f"{reason} ({key})".strip()[:MOST_OF_NOTE],
    )["orderCancel"]
    job = require_done(answer, "orderCancelUserErrors")["job"]
    if job is None or job["done"]:
        return Done(order.id)
    now = client.ask(documents.JOB, id=job["id"])["job"]
    return Done(order.id, is_pending=now is not None and not now["done"])


def refund(client: Client, account: Account, order: Sold, request: RefundRequest) -> Done:
    """Give money back through the payments that it came by, never more than they still hold.

    Raises Invalid for another currency than the buyer paid in, and for more than can be given back.
    """
    if request.currency != order.currency:
        raise Invalid(
            _("The buyer paid in %(currency)s; give it back in that.")
            % {"currency": order.currency}
        )
    asked: dict[str, Any] = {
        "orderId": gid("Order", order.id),
        "currency": order.currency,
        "note": mapping.note_with(request.reason, request.key),
        "notify": account.notifies_buyer,
        "refundLineItems": _lines(order, request),
        "transactions": _transactions(order, request),
    }
    if request.shipping:
        asked["shipping"] = {"amount": str(request.shipping)}
    made = client.tell(documents.REFUND, input=asked, key=_key(order, request))["refundCreate"]
    return _outcome(require_done(made)["refund"])


def find(order: Sold, request: RefundRequest) -> Done | None:
    """A refund that was asked for before, by our key in its note. Raises Invalid where its payments refused it."""
    for row in order.raw["refunds"]:
        if mapping.key_in(str(row["note"] or "")) == request.key:
            return _outcome(row)
    return None


def _outcome(row: Row) -> Done:
    """How far a refund is: its payments may take days, or refuse it."""
    states = [each["status"] for each in row["transactions"]["nodes"] if each["kind"] == "REFUND"]
    if states and all(each in FAILED for each in states):
        raise Invalid(_("The payment provider refused the refund. Look at the order in the shop."))
    return Done(tail(row["id"]), is_pending=any(each in mapping.WAITING for each in states))


def _key(order: Sold, request: RefundRequest) -> str:
    text = f"{order.id} {request.key} {request.amount} {sorted(request.units.items())}"
    return hashlib.sha256(text.encode()).hexdigest()[:36]


def _lines(order: Sold, request: RefundRequest) -> Sequence[Row]:
    """Units that the shop still counts as sold; those that a cancellation took away are refunded by amount alone."""
    known = {tail(line["id"]): int(line["currentQuantity"]) for line in order.raw["lineItems"]}
    found = {key: min(count, known.get(key, 0)) for key, count in request.units.items()}
    return [
        {"lineItemId": gid("LineItem", key), "quantity": count, "restockType": "NO_RESTOCK"}
        for key, count in found.items()
        if count
    ]


def _transactions(order: Sold, request: RefundRequest) -> Sequence[Row]:
    """Parts of the amount by the payments they go back to, gift cards last."""
    left, found = request.amount, []
    for payment in sorted(order.raw["transactions"], key=lambda each: each["gateway"] == GIFT_CARD):
        free = min(left, _free(payment, order.raw["transactions"]))
        if free > 0:
            left -= free
            found.append(
                {
                    "orderId": gid("Order", order.id),
                    "parentId": payment["id"],
                    "gateway": payment["gateway"],
                    "kind": "REFUND",
                    "amount": str(free),
                }
            )
    if left:
        raise Invalid(
            _("Only %(amount)s can be given back by the shop.")
            % {"amount": money_text.display(request.amount - left, order.currency)}
        )
    return found


def _free(payment: Row, all_of_them: Sequence[Row]) -> Decimal:
    """What can still be given back of a payment; nothing of what isn't one."""
    if payment["kind"] not in mapping.TAKEN or payment["status"] != "SUCCESS":
        return NOTHING
    gone = sum(
        (
            presentment(each["amountSet"])
            for each in all_of_them
            if each["kind"] == "REFUND"
            and each["status"] in ("SUCCESS", *mapping.WAITING)
            and (each["parentTransaction"] or {}).get("id") == payment["id"]
        ),
        NOTHING,
    )
    return presentment(payment["amountSet"]) - gone
