"""From what WooCommerce says to what an order, a listing or a refund is here."""

import html
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

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
ORDER_MARK = "_oms_order"  # the key of what marks an order that came from us
REFUND_MARK = "_oms_refund"
SHIPMENT_MARK = "_oms_shipment"
TRACKING_PLUGIN = "_wc_shipment_tracking_items"
STAGES = {
    "pending": Stage.RESERVE,
    "on-hold": Stage.RESERVE,
    "processing": Stage.SHIP,
    "completed": Stage.DONE,
    "cancelled": Stage.CANCELED,
    "refunded": Stage.CANCELED,
    "failed": Stage.CANCELED,
    "trash": Stage.CANCELED,
    "checkout-draft": Stage.CANCELED,  # a cart: not sold yet
    "auto-draft": Stage.CANCELED,
}
TIPS = ("tip", "gratuity", "trinkgeld")
VAT_NUMBERS = ("_billing_vat_number", "_vat_number", "billing_vat", "vat_number", "_billing_vat_id")


def order(
    row: Row, refunds: Sequence[Row], fulfillments: Sequence[Row], link: str, raw: Row
) -> Sold:
    """A whole order. Raises KeyError, TypeError or ValueError where a field isn't as WooCommerce describes it."""
    currency, state = str(row["currency"]), str(row["status"])
    given_back = [_refund(each, currency) for each in refunds]
    cards = [_used_card(each, currency) for each in row.get("gift_cards") or ()]
    paid_at = moment(row.get("date_paid_gmt"))
    total = amount(row["total"], currency)
    paid = [SoldPayment(f"order {row['id']}", total, True, str(row["payment_method"]), paid_at)]
    meta = metas(row)
    return Sold(
        id=str(row["id"]),
        number=str(row["number"]),
        placed_at=_required(row["date_created_gmt"]),
        currency=currency,
        prices_include_tax=bool(row["prices_include_tax"]),
        state=state,
        stage=STAGES.get(state, Stage.HOLD),
        paid=Paid.YES if paid_at else Paid.NO,
        gross=total + sum((card.amount for card in cards), money.ZERO),
        lines=_lines(row, given_back, currency),
        charges=_charges(row, currency),
        payments=[*cards, *(paid if paid_at and total else ())],
        refunds=given_back,
        shipments=_shipments(meta, fulfillments),
        ship_to=address(row["shipping"]) or address(row["billing"]),
        bill_to=address(row["billing"]),
        email=str(row["billing"].get("email", "")),
        phone=str(row["shipping"].get("phone") or row["billing"].get("phone") or ""),
        buyer=str(row["customer_id"] or ""),
        language=str(meta.get("wpml_language", "")),
        vat_number=next((str(meta[key]) for key in VAT_NUMBERS if meta.get(key)), ""),
        note=str(row["customer_note"]),
        is_ours=row["created_via"] == "rest-api" and ORDER_MARK in meta,
        source=str(meta.get("_wc_order_attribution_utm_source", "")),
        campaign=_campaign(row, meta),
        link=link,
        raw=raw,
    )


def amount(value: object, currency: str) -> Decimal:
    """An amount, rounded once to the coins of its currency: shops may calculate with more digits."""
    return money.round_amount(Decimal(str(value or "0")), currency)


def moment(value: object) -> datetime | None:
    """A time of a field that ends in `_gmt`: it has no zone in itself, and is in whole seconds."""
    return datetime.fromisoformat(str(value)).replace(tzinfo=UTC) if value else None


def _required(value: object) -> datetime:
    found = moment(value)
    if found is None:
        raise ValueError("a time is missing")
    return found


def metas(row: Row) -> dict[str, Any]:
    """What plug-ins, and we, keep with a record, by key."""
    return {str(each["key"]): each["value"] for each in row.get("meta_data") or ()}


def _lines(row: Row, refunds: Sequence[SoldRefund], currency: str) -> list[SoldLine]:
    rates = {str(each["rate_id"]): each for each in row["tax_lines"]}
    return [_line(each, row, rates, refunds, currency) for each in row["line_items"]]


def _line(
    line: Row, row: Row, rates: Mapping[str, Row], refunds: Sequence[SoldRefund], currency: str
) -> SoldLine:
    key, quantity = str(line["id"]), int(line["quantity"])
    before = Decimal(line["subtotal"])
    if row["prices_include_tax"]:
        before += Decimal(line["subtotal_tax"] or "0")
    return SoldLine(
        id=key,
        variant=str(line["variation_id"] or line["product_id"]),
        quantity=quantity,
        net=amount(line["total"], currency),
        tax=amount(line["total_tax"], currency),
        sku=str(line.get("sku") or ""),
        barcode=str(line.get("global_unique_id") or ""),
        name=html.unescape(str(line["name"])),
        unit_price=before / quantity if quantity else None,
        tax_percent=_percent(line, rates),
        refunded=sum(each.units.get(key, 0) for each in refunds),
        note=_wishes(line),
    )


def _percent(line: Row, rates: Mapping[str, Row]) -> Decimal | None:
    """The rate of a row with one tax that isn't calculated on top of others; None where it follows from the amounts."""
    used = [
        rates[str(each["id"])]
        for each in line.get("taxes") or ()
        if str(each["id"]) in rates and Decimal(str(each.get("total") or "0"))
    ]
    if len(used) != 1 or used[0].get("compound") or used[0].get("rate_percent") is None:
        return None
    return Decimal(str(used[0]["rate_percent"]))


def _wishes(line: Row) -> str:
    """What the buyer asked for, such as an engraving; attributes of a variation are part of its name."""
    return "\n".join(
        f"{each.get('display_key') or each['key']}: {each.get('display_value') or each['value']}"
        for each in line.get("meta_data") or ()
        if not str(each["key"]).startswith(("_", "pa_")) and isinstance(each["value"], str)
    )


def _charges(row: Row, currency: str) -> list[SoldCharge]:
    """Shipping and fees. Coupons aren't listed: lines and shipping are given after them."""
    rates = {str(each["rate_id"]): each for each in row["tax_lines"]}
    rows = [(each, ChargeKind.SHIPPING, each["method_title"]) for each in row["shipping_lines"]]
    rows += [(each, _kind(each), each["name"]) for each in row["fee_lines"]]
    return [
        SoldCharge(
            kind,
            html.unescape(str(title or "")),
            amount(each["total"], currency),
            amount(each["total_tax"], currency),
            _percent(each, rates),
            id=str(each["id"]),
        )
        for each, kind, title in rows
    ]


def _kind(fee: Row) -> ChargeKind:
    if Decimal(str(fee["total"] or "0")) < 0:
        return ChargeKind.DISCOUNT
    return ChargeKind.TIP if str(fee["name"]).lower().startswith(TIPS) else ChargeKind.FEE


def _used_card(card: Row, currency: str) -> SoldPayment:
    return SoldPayment(
        f"gift card {card['id']}", amount(card["amount"], currency), True, "gift card"
    )


def _campaign(row: Row, meta: Row) -> str:
    codes = [str(each["code"]) for each in row["coupon_lines"]]
    return str(meta.get("_wc_order_attribution_utm_campaign") or ", ".join(codes))


def address(there: Row) -> dict[str, str]:
    """An address with the keys of ours; empty where it says nothing of a place."""
    known = {
        "name": " ".join(str(there.get(key) or "") for key in ("first_name", "last_name")).strip(),
        "company": str(there.get("company") or ""),
        "street": ", ".join(
            str(there[key]) for key in ("address_1", "address_2") if there.get(key)
        ),
        "postal_code": str(there.get("postcode") or ""),
        "city": str(there.get("city") or ""),
        "region": str(there.get("state") or ""),
        "country": str(there.get("country") or ""),
        "phone": str(there.get("phone") or ""),
    }
    is_place = any(known[key] for key in ("street", "postal_code", "city", "country"))
    return {key: value for key, value in known.items() if value} if is_place else {}


def _refund(row: Row, currency: str) -> SoldRefund:
    """A refund, a record of its own: its lines name the order's in a mark, and have negative quantities."""
    units: dict[str, int] = {}
    for line in row["line_items"]:
        key = str(metas(line).get("_refunded_item_id", ""))
        if key and int(line["quantity"]):
            units[key] = units.get(key, 0) + abs(int(line["quantity"]))
    reason = str(row.get("reason") or "")
    return SoldRefund(
        id=str(row["id"]),
        amount=abs(amount(row["amount"], currency)),
        units=units,
        at=moment(row["date_created_gmt"]),
        note=reason,
        key=str(metas(row).get(REFUND_MARK, "")) or key_in(reason),
    )


def reason_with(reason: str, key: str) -> str:
    """A refund's reason with our key: the mark beside it is written a moment later, and may be lost."""
    return f"{reason} ({key})".strip()


def key_in(reason: str) -> str:
    """Our key at the end of a refund's reason; empty where there is none."""
    _text, _bracket, end = reason.rpartition("(")
    return end[:-1] if end.startswith("refund ") and end.endswith(")") else ""


def _shipments(meta: Row, fulfillments: Sequence[Row]) -> list[SoldShipment]:
    """What was told of parcels: by us, by a tracking plug-in, and by the feature "Order Fulfillments"."""
    ours = meta.get(SHIPMENT_MARK)
    found = (
        [_marked(each) for each in ours if isinstance(each, dict)] if isinstance(ours, list) else []
    )
    told = {number for each in found for number in each.tracking}
    plugged = meta.get(TRACKING_PLUGIN)
    for each in plugged if isinstance(plugged, list) else ():
        number = str(each.get("tracking_number", ""))
        if number and number not in told:
            carrier = each.get("tracking_provider") or each.get("custom_tracking_provider")
            found.append(
                SoldShipment(
                    str(each.get("tracking_id", number)), {}, str(carrier or ""), (number,)
                )
            )
    return [*found, *(_fulfilled(each) for each in fulfillments if each.get("is_fulfilled"))]


def _marked(told: Row) -> SoldShipment:
    units = {str(key): int(count) for key, count in dict(told.get("units") or {}).items()}
    number = str(told.get("tracking") or "")
    reference = str(told["number"])
    return SoldShipment(
        reference, units, str(told.get("carrier") or ""), (number,) if number else (), reference
    )


def _fulfilled(row: Row) -> SoldShipment:
    meta = metas(row)
    number = str(meta.get("_tracking_number") or "")
    return SoldShipment(
        str(row["id"]),
        {str(each["item_id"]): int(each["qty"]) for each in meta.get("_items") or ()},
        str(meta.get("_shipment_provider") or ""),
        (number,) if number else (),
        str(meta.get(SHIPMENT_MARK) or ""),
    )


def listing(row: Row, parent: Row | None, *, sets_tracking: bool) -> ListingFacts:
    """A product, or a variation of one. A variation whose stock is its parent's can't be given one of its own.

    `sets_tracking`: the company has us switch the shop's own counting of stock on.
    """
    title = html.unescape(str((parent or row)["name"]))
    if parent is not None:
        title = f"{title} – {', '.join(str(each['option']) for each in row['attributes'])}"
    quantity = row.get("stock_quantity")
    return ListingFacts(
        variant=str(row["id"]),
        sku=str(row.get("sku") or ""),
        barcode=str(row.get("global_unique_id") or ""),
        title=title,
        parent=str(parent["id"]) if parent else "",
        quantity=None if quantity is None else int(quantity),
        is_tracked=row["manage_stock"] is True or sets_tracking,
    )
