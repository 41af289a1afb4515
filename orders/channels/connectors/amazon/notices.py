"""Telling Amazon of parcels at once, and of cancellations and refunds by feeds, whose outcome comes later."""

import hashlib
import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from xml.etree import ElementTree as ET

from django.utils.translation import gettext as _

from oms.core import money, money_text
from orders.channels.connectors import Done, Parcel, RefundRequest, Sold, SoldLine
from orders.channels.connectors.errors import Invalid, SchemaChanged

OTHER = "Other"  # the carrier code of carriers that Amazon doesn't know, which are named
CARRIERS = {
    "dhl": "DHL",
    "dhl express": "DHL",
    "dpd": "DPD",
    "gls": "GLS",
    "hermes": "Hermes",
    "ups": "UPS",
    "usps": "USPS",
    "fedex": "FedEx",
    "la poste": "La Poste",
    "royal mail": "Royal Mail",
    "deutsche post": "Deutsche Post",
    "post nl": "PostNL",
    "postnl": "PostNL",
}
OUR_NUMBER = re.compile(r"\D*(\d{1,12})-(\d{1,3})")  # "SHP-1042-2": the second parcel of a shipment


def package_id(number: str) -> str:
    """A parcel's number as Amazon takes it, a positive number: that of shipment and parcel, else a digest of it."""
    found = OUR_NUMBER.fullmatch(number)
    if found and int(found[1]):
        return str(int(found[1]) * 1000 + int(found[2]))
    return str(int(hashlib.sha256(number.encode()).hexdigest()[:12], 16) + 1)


def confirmation(order: Sold, parcel: Parcel, now: datetime) -> dict[str, Any]:
    """A parcel as Amazon takes it: the same package ID again corrects it."""
    code = CARRIERS.get(parcel.carrier.strip().lower(), OTHER)
    shipped = min(parcel.shipped_at or now, now)
    details: dict[str, Any] = {
        "packageReferenceId": package_id(parcel.number),
        "carrierCode": code,
        "trackingNumber": parcel.tracking,
        "shipDate": shipped.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "orderItems": [
            {"orderItemId": key, "quantity": count} for key, count in parcel.units.items()
        ],
    }
    if code == OTHER:
        details["carrierName"] = parcel.carrier or OTHER
    marketplace = str(order.raw["salesChannel"].get("marketplaceId", ""))
    return {"marketplaceId": marketplace, "packageDetail": details}


def find_parcel(order: Sold, parcel: Parcel) -> Done | None:
    """A parcel that Amazon shows already, by our number or its tracking number, with the units that it has."""
    key = package_id(parcel.number)
    for each in order.shipments:
        is_it = each.reference == key or (parcel.tracking and parcel.tracking in each.tracking)
        if is_it and (not each.units or dict(each.units) == dict(parcel.units)):
            return Done(each.id)
    return None


def cancellation(order: Sold, seller: str) -> str:
    """The feed that cancels a whole order."""
    root, message = _envelope("OrderAcknowledgement", seller)
    ET.SubElement(message, "AmazonOrderID").text = order.id
    ET.SubElement(message, "StatusCode").text = "Failure"
    for line in order.lines:
        item = ET.SubElement(message, "Item")
        ET.SubElement(item, "AmazonOrderItemCode").text = line.id
        ET.SubElement(item, "CancelReason").text = (
            "BuyerCanceled" if order.cancel_requested else "NoInventory"
        )
    return _text(root)


def adjustment(order: Sold, request: RefundRequest, seller: str) -> str:
    """The feed that refunds: an amount by order item, its tax apart where prices are without it.

    Raises Invalid for more than the order's lines and shipping come to.
    """
    root, message = _envelope("OrderAdjustment", seller)
    ET.SubElement(message, "AmazonOrderID").text = order.id
    reason = "CustomerReturn" if any(request.units.values()) else "GeneralAdjustment"
    shares, shipping = shares_of(order, request)
    for number, (line, share) in enumerate(shares):
        extra = shipping if number == 0 else money.ZERO
        if not share and not extra:
            continue
        item = ET.SubElement(message, "AdjustedItem")
        ET.SubElement(item, "AmazonOrderItemCode").text = line.id
        ET.SubElement(item, "MerchantAdjustmentItemID").text = f"{request.key} {number + 1}"
        ET.SubElement(item, "AdjustmentReason").text = reason
        prices = ET.SubElement(item, "ItemPriceAdjustments")
        for kind, value in _components(order, line, share, extra):
            part = ET.SubElement(prices, "Component")
            ET.SubElement(part, "Type").text = kind
            ET.SubElement(part, "Amount", currency=order.currency).text = str(value)
    return _text(root)


def shares_of(
    order: Sold, request: RefundRequest
) -> tuple[list[tuple[SoldLine, Decimal]], Decimal]:
    """What of a refund each line bears, by its units' price or else its own; what is above goes to shipping."""
    chosen = [line for line in order.lines if request.units.get(line.id)] or list(order.lines)
    bearing = [
        (line, line.gross * request.units.get(line.id, line.quantity) / line.quantity)
        for line in chosen
        if line.quantity and line.gross
    ]
    most = money.round_amount(sum((value for _l, value in bearing), money.ZERO), order.currency)
    amount = money.round_amount(request.amount, order.currency)
    for_goods = min(amount - money.round_amount(request.shipping, order.currency), most)
    shipping = amount - for_goods
    charged = sum((each.gross for each in order.charges), money.ZERO)
    if not bearing or shipping > charged:
        raise Invalid(
            _(
                "Amazon refunds no more than an order's items and shipping cost: %(amount)s is too much."
            )
            % {"amount": money_text.display(request.amount, order.currency)}
        )
    values = money.spread(for_goods, [value for _l, value in bearing], order.currency)
    return [(line, value) for (line, _v), value in zip(bearing, values, strict=True)], shipping


def _components(
    order: Sold, line: SoldLine, share: Decimal, shipping: Decimal
) -> list[tuple[str, Decimal]]:
    tax = money.ZERO
    if not order.prices_include_tax and line.tax:
        tax = money.round_amount(share * line.tax / line.gross, order.currency)
    found = [("Principal", share - tax), ("Tax", tax), ("Shipping", shipping)]
    return [(kind, value) for kind, value in found if value]


def require_processed(report: bytes) -> None:
    """Raise Invalid with what Amazon says, where the report of a feed has an error."""
    try:
        if b"<!DOCTYPE" in report:  # entities could make it endless
            raise ET.ParseError(_("it declares a document type"))
        root = ET.fromstring(report)  # noqa: S314
    except ET.ParseError as error:
        raise SchemaChanged(
            _("Amazon's report can't be read: %(error)s.") % {"error": error},
            raw=report[:500].decode(errors="replace"),
        ) from error
    errors = [
        _described(each) for each in root.iter("Result") if each.findtext("ResultCode") == "Error"
    ]
    failed = sum(int(each.text or 0) for each in root.iter("MessagesWithError"))
    if errors or failed:
        text = "; ".join(errors) or _("no reason given")
        raise Invalid(_("Amazon refused: %(text)s") % {"text": text})


def _described(result: ET.Element) -> str:
    code = result.findtext("ResultMessageCode", "")
    return f"{result.findtext('ResultDescription', '')} ({code})"


def _envelope(kind: str, seller: str) -> tuple[ET.Element, ET.Element]:
    root = ET.Element("AmazonEnvelope")
    header = ET.SubElement(root, "Header")
    ET.SubElement(header, "DocumentVersion").text = "1.01"
    ET.SubElement(header, "MerchantIdentifier").text = seller
    ET.SubElement(root, "MessageType").text = kind
    message = ET.SubElement(root, "Message")
    ET.SubElement(message, "MessageID").text = "1"
    return root, ET.SubElement(message, kind)


def _text(root: ET.Element) -> str:
    return '<?xml version="1.0" encoding="UTF-8"?>' + ET.tostring(root, encoding="unicode")
