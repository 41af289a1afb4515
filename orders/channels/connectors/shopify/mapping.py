"""From what Shopify says to what an order is here: its state, its buyer, its payments and its parcels."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from orders.channels.connectors import Paid, Sold, SoldPayment, SoldRefund, SoldShipment, Stage
from orders.channels.connectors.shopify import amounts
from orders.channels.connectors.shopify.amounts import presentment, scale
from orders.channels.connectors.shopify.client import Row, tail
from orders.channels.connectors.sold import without_remitted

ORDER_MARK = "oms_order"  # the key of the attribute of an order that came from us
GIFT_NOTES = ("gift note", "gift message", "gift_note", "gift_message")
VAT_NUMBERS = ("vat number", "vat_number", "vat id", "vat_id")
CANCELED, FULFILLED, UNCONFIRMED = "CANCELLED", "FULFILLED", "UNCONFIRMED"
STAGES = {
    CANCELED: Stage.CANCELED,
    FULFILLED: Stage.DONE,
    UNCONFIRMED: Stage.HOLD,  # the shop has not taken its stock
    "ON_HOLD": Stage.RESERVE,  # all that is to be shipped is on hold there
    "SCHEDULED": Stage.RESERVE,
    "PENDING": Stage.RESERVE,
    "AUTHORIZED": Stage.RESERVE,
    "PARTIALLY_PAID": Stage.RESERVE,
    "PAID": Stage.SHIP,
    "PARTIALLY_REFUNDED": Stage.SHIP,
    "REFUNDED": Stage.CANCELED,
    "VOIDED": Stage.HOLD,
    "EXPIRED": Stage.HOLD,
}
UNPAID = ("PENDING", "AUTHORIZED", "PARTIALLY_PAID")
PAID = {
    "AUTHORIZED": Paid.AUTHORIZED,
    "PARTIALLY_PAID": Paid.PARTLY,
    "PAID": Paid.YES,
    "PARTIALLY_REFUNDED": Paid.YES,
    "REFUNDED": Paid.YES,
}
TAKEN, WAITING = ("SALE", "CAPTURE"), ("PENDING", "AWAITING_RESPONSE")


def order(row: Row, link: str, settings: Mapping[str, Any]) -> Sold:
    """A whole order. Raises KeyError, TypeError or ValueError where a field isn't as Shopify describes it.

    `settings`: `ships_unpaid` names payment methods whose orders are shipped before they are paid.
    """
    currency = str(row["presentmentCurrencyCode"])
    refunds = [_refund(each, currency) for each in row["refunds"]]
    given_back = [each for each in refunds if each.amount or not each.is_done]
    kept = amounts.kept_units(row, given_back)
    lines, charges = amounts.rows(row, kept, given_back, currency)
    state = state_of(row)
    attributes = _attributes(row)
    sold = Sold(
        id=tail(row["id"]),
        number=str(row["name"]),
        placed_at=_moment(row["processedAt"] or row["createdAt"]),
        currency=currency,
        prices_include_tax=bool(row["taxesIncluded"]),
        state=state,
        stage=_stage(row, state, settings),
        paid=PAID.get(str(row["displayFinancialStatus"]), Paid.NO),
        gross=amounts.gross(row, kept, given_back, currency),
        lines=lines,
        charges=charges,
        payments=_payments(row, currency),
        refunds=given_back,
        shipments=[
            _shipment(each)
            for each in row["fulfillments"]
            if each["status"] not in ("CANCELLED", "ERROR", "FAILURE")
        ],
        ship_to=address(row["shippingAddress"]),
        bill_to=address(row["billingAddress"]),
        email=str(row["email"] or ""),
        phone=str(row["phone"] or (row["shippingAddress"] or {}).get("phone") or ""),
        buyer=tail((row["customer"] or {}).get("id")),
        language=str(row["customerLocale"] or ""),
        vat_number=next((attributes[key] for key in VAT_NUMBERS if attributes.get(key)), ""),
        note=str(row["note"] or ""),
        gift_message=next((attributes[key] for key in GIFT_NOTES if attributes.get(key)), ""),
        is_test=bool(row["test"]),
        is_ours=ORDER_MARK in attributes,
        source=source_of(row),
        campaign=", ".join(str(code) for code in row["discountCodes"]),
        partner=attributes.get("partner", ""),
        link=link,
        raw=dict(row),
    )
    return without_remitted(sold)


def _attributes(row: Row) -> dict[str, str]:
    return {str(each["key"]).lower(): str(each["value"] or "") for each in row["customAttributes"]}


def state_of(row: Row) -> str:
    """An order's state in one word: Shopify has several, the first that speaks against shipping counts."""
    if row["cancelledAt"]:
        return CANCELED
    if row["displayFulfillmentStatus"] == FULFILLED:
        return FULFILLED
    if not row["confirmed"]:
        return UNCONFIRMED
    if row["displayFulfillmentStatus"] in ("ON_HOLD", "SCHEDULED"):
        return str(row["displayFulfillmentStatus"])
    return str(row["displayFinancialStatus"] or "UNKNOWN")


def _stage(row: Row, state: str, settings: Mapping[str, Any]) -> Stage:
    unpaid = {str(name).lower() for name in settings.get("ships_unpaid") or ()}
    gateways = {str(name).lower() for name in row["paymentGatewayNames"]}
    if state in UNPAID and gateways & unpaid:
        return Stage.SHIP
    return STAGES.get(state, Stage.HOLD)


def source_of(row: Row) -> str:
    """Where an order was sold, such as "web", "pos" or "instagram"; by the app's name where Shopify has a number."""
    source = str(row["sourceName"] or "")
    return str(row["app"]["name"]) if row["app"] and (not source or source.isdigit()) else source


def _moment(value: object) -> datetime:
    return datetime.fromisoformat(str(value).replace("Z", "+00:00"))


def _payments(row: Row, currency: str) -> list[SoldPayment]:
    """What was taken, gift cards included, and what is only authorized. A test order's money is none."""
    if row["test"]:
        return []
    done = [each for each in row["transactions"] if each["status"] == "SUCCESS"]
    taken = {tail((each["parentTransaction"] or {}).get("id")) for each in done}
    found = [_payment(each, True, currency) for each in done if each["kind"] in TAKEN]
    found += [
        _payment(each, False, currency)
        for each in done
        if each["kind"] in ("AUTHORIZATION", "EMV_AUTHORIZATION") and tail(each["id"]) not in taken
    ]
    return [each for each in found if each.amount > 0]


def _payment(each: Row, is_captured: bool, currency: str) -> SoldPayment:
    rounding = each["amountRoundingSet"]
    amount = presentment(each["amountSet"]) + (presentment(rounding) if rounding else 0)
    return SoldPayment(
        tail(each["id"]),
        scale(amount, currency),
        is_captured,
        str(each["gateway"] or ""),
        _moment(each["processedAt"]) if each["processedAt"] else None,
    )


def _refund(row: Row, currency: str) -> SoldRefund:
    """A refund. One without money is how Shopify keeps units that were edited away, or never paid."""
    moved = [each for each in row["transactions"]["nodes"] if each["kind"] == "REFUND"]
    waits = [each for each in moved if each["status"] in WAITING]
    amount = presentment(row["totalRefundedSet"])
    if waits:
        amount = max(amount, sum((presentment(each["amountSet"]) for each in moved), Decimal(0)))
    units: dict[str, int] = {}
    for each in row["refundLineItems"]:
        key = tail(each["lineItem"]["id"])
        units[key] = units.get(key, 0) + int(each["quantity"])
    note = str(row["note"] or "")
    return SoldRefund(
        id=tail(row["id"]),
        amount=scale(amount, currency),
        units={key: count for key, count in units.items() if count},
        at=_moment(row["createdAt"]) if row["createdAt"] else None,
        note=note,
        key=key_in(note),
        is_done=not waits,
    )


def note_with(reason: str, key: str) -> str:
    """A refund's note with our key, by which it is known again."""
    return f"{reason} ({key})".strip()


def key_in(note: str) -> str:
    """Our key at the end of a refund's note; empty where there is none."""
    _text, _bracket, end = note.rpartition("(")
    return end[:-1] if end.startswith("refund ") and end.endswith(")") else ""


def _shipment(row: Row) -> SoldShipment:
    units: dict[str, int] = {}
    for each in row["fulfillmentLineItems"]:
        key = tail(each["lineItem"]["id"])
        units[key] = units.get(key, 0) + int(each["quantity"] or 0)
    told: Sequence[Row] = row["trackingInfo"]
    return SoldShipment(
        tail(row["id"]),
        units,
        str((told[0]["company"] if told else "") or ""),
        [str(each["number"]) for each in told if each["number"]],
    )


def address(there: Row | None) -> dict[str, str]:
    """An address with the keys of ours; empty where the app may not see it, or it says nothing of a place."""
    if there is None:
        return {}
    name = " ".join(str(there[key] or "") for key in ("firstName", "lastName")).strip()
    street = ", ".join(str(there[key]) for key in ("address1", "address2") if there[key])
    known = {
        "name": name,
        "company": str(there["company"] or ""),
        "street": street,
        "postal_code": str(there["zip"] or ""),
        "city": str(there["city"] or ""),
        "region": str(there["provinceCode"] or ""),
        "country": str(there["countryCodeV2"] or ""),
        "phone": str(there["phone"] or ""),
    }
    is_place = any(known[key] for key in ("street", "postal_code", "city", "country"))
    return {key: value for key, value in known.items() if value} if is_place else {}
