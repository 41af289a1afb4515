"""From what eBay says to what an order or a listing is here."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from oms.core import money
from orders.channels.connectors import (
    ChargeKind,
    ListingFacts,
    Paid,
    Sold,
    SoldCharge,
    SoldLine,
    SoldPayment,
    SoldRefund,
    SoldShipment,
    Stage,
)

Row = Mapping[str, Any]
CANCELED, UNPAID = "CANCELED", "UNPAID"
STAGES = {
    "NOT_STARTED": Stage.SHIP,
    "IN_PROGRESS": Stage.SHIP,
    "FULFILLED": Stage.DONE,
    CANCELED: Stage.CANCELED,
    UNPAID: Stage.RESERVE,
    "CANCEL_REQUESTED": Stage.HOLD,
}
IS_PAID = ("PAID", "PARTIALLY_REFUNDED", "FULLY_REFUNDED")
UNTAXED = ("EBAY_US", "EBAY_CA")  # marketplaces whose prices are without tax
MOST_OFFERS = 6  # of one item, one for each marketplace that it is sold in


def order(row: Row, fulfillments: Sequence[Row] = ()) -> Sold:
    """A whole order. Raises KeyError, TypeError or ValueError where a field isn't as eBay describes it."""
    pricing, lines = row["pricingSummary"], row["lineItems"]
    currency = str(pricing["total"]["currency"])
    marketplace = str(lines[0].get("purchaseMarketplaceId") or "") if lines else ""
    is_inside = marketplace not in UNTAXED
    sold = [_line(each, is_inside=is_inside) for each in lines]
    charges = _charges(row, is_inside=is_inside)
    rows: list[SoldLine | SoldCharge] = [*sold, *charges]
    remitted = sum((each.tax_remitted for each in rows), money.ZERO)
    received = sum((each.gross for each in rows), money.ZERO)
    total = amount(pricing["total"])
    summary, state = row.get("paymentSummary") or {}, _state(row)
    is_paid = row.get("orderPaymentStatus") in IS_PAID
    ship_to = _ship_to(row)
    return Sold(
        id=str(row["orderId"]),
        number=str(row.get("salesRecordReference") or row["orderId"]),
        placed_at=moment(row["creationDate"]),
        currency=currency,
        prices_include_tax=is_inside,
        state=state,
        stage=STAGES.get(state, Stage.HOLD),
        paid=Paid.YES if is_paid else Paid.NO,
        gross=total + remitted if total == received else total,
        lines=sold,
        charges=charges,
        payments=_payments(row, total if total == received else total - remitted)
        if is_paid
        else (),
        refunds=[_refund(each, row) for each in summary.get("refunds") or ()],
        shipments=shipments(fulfillments),
        ship_to=ship_to,
        email=_step(row).get("email") or "",
        phone=ship_to.get("phone", ""),
        buyer=str(inside(row, "buyer.username") or ""),
        vat_number=_vat_number(row),
        note=str(row.get("buyerCheckoutNotes") or ""),
        gift_message="\n".join(
            str(text) for each in lines if (text := (each.get("giftDetails") or {}).get("message"))
        ),
        ship_by=_first_date(lines, "shipByDate"),
        deliver_by=_first_date(lines, "maxEstimatedDeliveryDate"),
        cancel_requested=_asks_to_cancel(row),
        doubts=[] if ship_to else [_("eBay gives no address.")],
        source=marketplace,
        link=f"https://www.ebay.com/mesh/ord/details?orderid={row['orderId']}",
        raw={"order": row, "fulfillments": fulfillments},
    )


def amount(value: Row | None) -> Decimal:
    """An amount in the currency that the buyer pays in, rounded to its coins; 0 where there is none."""
    if not value:
        return money.ZERO
    return money.round_amount(Decimal(str(value["value"])), str(value["currency"]))


def inside(row: Row, path: str) -> Any:
    """What a row has at the end of a path, such as "buyer.username"; None where it ends before."""
    found: Any = row
    for name in path.split("."):
        found = (found or {}).get(name)
    return found


def moment(value: object) -> datetime:
    """A time as eBay writes it, in UTC."""
    return datetime.fromisoformat(str(value).replace("Z", "+00:00"))


def _state(row: Row) -> str:
    """The state of an order: canceled, or unpaid, before how far it is shipped."""
    cancel = (row.get("cancelStatus") or {}).get("cancelState")
    if cancel == CANCELED:
        return CANCELED
    if row.get("orderPaymentStatus") not in IS_PAID:
        return UNPAID
    return "CANCEL_REQUESTED" if cancel == "IN_PROGRESS" else str(row["orderFulfillmentStatus"])


def _asks_to_cancel(row: Row) -> bool:
    """Whether the buyer asks to cancel: only a whole order says so, lists never do."""
    requests = (row.get("cancelStatus") or {}).get("cancelRequests") or ()
    return any(
        each.get("cancelInitiator") == "BUYER" and each.get("cancelRequestState") == "REQUESTED"
        for each in requests
    )


def _remitted(line: Row) -> Decimal:
    """Tax of a line that eBay collects and pays to the authorities."""
    rows = line.get("ebayCollectAndRemitTaxes") or ()
    return sum((amount(each["amount"]) for each in rows), money.ZERO)


def _line(line: Row, *, is_inside: bool) -> SoldLine:
    """A line after discounts. Tax that eBay pays comes on top of its price; named tax of ours is in it, or on top."""
    price = amount(line.get("discountedLineItemCost") or line["lineItemCost"])
    taxes = sum((amount(each["amount"]) for each in line.get("taxes") or ()), money.ZERO)
    remitted, quantity = _remitted(line), int(line["quantity"])
    return SoldLine(
        id=str(line["lineItemId"]),
        variant=variant_of(line),
        quantity=quantity,
        net=price - taxes if is_inside else price,
        tax=taxes,
        sku=str(line.get("sku") or ""),
        name=str(line.get("title") or ""),
        unit_price=amount(line["lineItemCost"]) / quantity if quantity else None,
        tax_remitted=remitted,
        is_remitted=bool(remitted),
        is_tax_unknown=is_inside and not taxes and not remitted,
    )


def variant_of(line: Row) -> str:
    """The id of a listing: its SKU, by which its quantity is set, else the item's and variation's number."""
    sku = str(line.get("sku") or "")
    parts = [str(line.get("legacyItemId") or ""), str(line.get("legacyVariationId") or "")]
    return sku or "/".join(part for part in parts if part)


def _charges(row: Row, *, is_inside: bool) -> list[SoldCharge]:
    """Shipping after its discount, and other rows of the total."""
    pricing = row["pricingSummary"]
    shipping = amount(pricing.get("deliveryCost")) - abs(amount(pricing.get("deliveryDiscount")))
    is_remitted = any(_remitted(line) for line in row["lineItems"])
    unknown = (
        is_inside and not is_remitted and not any(line.get("taxes") for line in row["lineItems"])
    )
    rows = [
        (ChargeKind.SHIPPING, _("Shipping"), shipping, "delivery"),
        (ChargeKind.FEE, _("Fee"), amount(pricing.get("fee")), "fee"),
        (ChargeKind.DISCOUNT, _("Adjustment"), amount(pricing.get("adjustment")), "adjustment"),
    ]
    return [
        SoldCharge(kind, text, value, is_remitted=is_remitted, is_tax_unknown=unknown, id=key)
        for kind, text, value, key in rows
        if value
    ]


def _payments(row: Row, received: Decimal) -> list[SoldPayment]:
    """What the buyer paid, less tax that eBay keeps for the authorities; one payment, or several in its proportion."""
    rows = [
        each
        for each in (row.get("paymentSummary") or {}).get("payments") or ()
        if each.get("paymentStatus") == "PAID"
    ]
    if not rows:
        return [SoldPayment(str(row["orderId"]), received, True, "eBay")] if received else []
    shares = money.spread(
        received, [amount(each["amount"]) for each in rows], str(rows[0]["amount"]["currency"])
    )
    return [
        SoldPayment(
            str(each.get("paymentReferenceId") or f"{row['orderId']}/{number}"),
            share,
            True,
            str(each.get("paymentMethod") or "eBay"),
            moment(each["paymentDate"]) if each.get("paymentDate") else None,
        )
        for number, (each, share) in enumerate(zip(rows, shares, strict=True))
    ]


def _refund(refund: Row, row: Row) -> SoldRefund:
    """A refund, with the units of lines that were refunded whole."""
    key = str(refund.get("refundId") or refund.get("refundReferenceId") or "")
    units = {
        str(line["lineItemId"]): int(line["quantity"])
        for line in row["lineItems"]
        for each in line.get("refunds") or ()
        if key
        and str(each.get("refundId") or "") == key
        and amount(each["amount"]) >= amount(line.get("total") or line["lineItemCost"])
    }
    return SoldRefund(
        id=key or f"{row['orderId']} {refund.get('refundDate')}",
        amount=amount(refund["amount"]),
        units=units,
        at=moment(refund["refundDate"]) if refund.get("refundDate") else None,
        is_done=refund.get("refundStatus") == "REFUNDED",
    )


def shipments(rows: Sequence[Row]) -> list[SoldShipment]:
    """What eBay shows of parcels."""
    return [_shipment(row) for row in rows]


def _shipment(row: Row) -> SoldShipment:
    number = str(row.get("shipmentTrackingNumber") or "")
    return SoldShipment(
        str(row["fulfillmentId"]),
        {str(each["lineItemId"]): int(each.get("quantity") or 0) for each in row["lineItems"]},
        str(row.get("shippingCarrierCode") or ""),
        (number,) if number else (),
    )


def _step(row: Row) -> Row:
    """Where to ship: of the Global Shipping Program and of authentication it is eBay's own address."""
    instructions = row.get("fulfillmentStartInstructions") or ()
    first = instructions[0] if instructions else {}
    found: Row = (first.get("shippingStep") or {}).get("shipTo") or {}
    return found


def _ship_to(row: Row) -> dict[str, str]:
    """The address to ship to; empty where eBay keeps it to itself, or no longer has it."""
    there = _step(row)
    place = there.get("contactAddress") or {}
    instructions = row.get("fulfillmentStartInstructions") or ()
    reference = (
        (instructions[0].get("shippingStep") or {}).get("shipToReferenceId") if instructions else ""
    )
    street = [place.get("addressLine1"), place.get("addressLine2"), reference]
    known = {
        "name": str(there.get("fullName") or ""),
        "company": str(there.get("companyName") or ""),
        "street": ", ".join(str(part) for part in street if part),
        "postal_code": str(place.get("postalCode") or ""),
        "city": str(place.get("city") or ""),
        "region": str(place.get("stateOrProvince") or ""),
        "country": str(place.get("countryCode") or ""),
        "phone": str((there.get("primaryPhone") or {}).get("phoneNumber") or ""),
    }
    return (
        {key: value for key, value in known.items() if value} if place.get("addressLine1") else {}
    )


def _vat_number(row: Row) -> str:
    return str(inside(row, "buyer.taxIdentifier.taxpayerId") or "")


def _first_date(lines: Sequence[Row], name: str) -> datetime | None:
    dates = [
        moment(text)
        for each in lines
        if (text := (each.get("lineItemFulfillmentInstructions") or {}).get(name))
    ]
    return min(dates, default=None)


def listing(row: Row, offers: Sequence[str] = ()) -> ListingFacts:
    """An inventory item; `quantity` is what can be bought of it, `stock_id` its offers."""
    product = row.get("product") or {}
    there = (row.get("availability") or {}).get("shipToLocationAvailability") or {}
    codes = [*(product.get("ean") or ()), *(product.get("upc") or ()), *(product.get("isbn") or ())]
    quantity = there.get("quantity")
    return ListingFacts(
        variant=str(row["sku"]),
        sku=str(row["sku"]),
        barcode=str(codes[0]) if codes else "",
        title=str(product.get("title") or ""),
        stock_id=",".join(offers[:MOST_OFFERS]),
        quantity=None if quantity is None else int(quantity),
    )
