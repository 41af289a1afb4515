"""From the JSON of an order to what was sold. The format is described in docs/drop-folder.md."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from oms.core import money
from orders.channels.connectors import (
    ChargeKind,
    Paid,
    Sold,
    SoldCharge,
    SoldLine,
    SoldPayment,
    SoldRefund,
    Stage,
)
from orders.channels.connectors.drop_folder.fields import Fields
from orders.channels.connectors.sold import without_remitted

STAGES = {
    "unpaid": Stage.RESERVE,
    "paid": Stage.SHIP,
    "ship": Stage.SHIP,
    "hold": Stage.HOLD,
    "done": Stage.DONE,
    "canceled": Stage.CANCELED,
}
ORDER = (
    "id", "number", "placed_at", "currency", "prices_include_tax", "state", "gross", "lines", "charges", "payments",
    "refunds", "ship_to", "bill_to", "email", "phone", "buyer_id", "language", "vat_number", "note", "gift_message",
    "ship_by", "deliver_by", "test", "cancel_requested", "source", "campaign", "partner", "link",
)  # fmt: skip
TEXTS = (
    "email", "phone", "language", "vat_number", "note", "gift_message", "source", "campaign", "partner",
    "link",
)  # fmt: skip
LINE = (
    "id", "variant", "sku", "barcode", "name", "quantity", "net", "tax", "tax_percent", "tax_remitted", "unit_price",
    "refunded", "gift_card", "needs_shipping", "note",
)  # fmt: skip
ADDRESS = ("name", "company", "street", "postal_code", "city", "region", "country", "phone")


def order(raw: Mapping[str, Any], where: str, variants: Mapping[str, str] | None = None) -> Sold:
    """A whole order. Raises Invalid, which names the field; `where` names the order.

    `variants`: the listing's id by SKU, for lines that name no listing.
    """
    row = Fields(raw, where).only(*ORDER)
    currency = row.text("currency", required=True).upper()
    if currency not in money.MINOR_UNITS and len(currency) != 3:
        raise row.wrong(
            "currency", _("“%(value)s” isn't a currency, such as EUR") % {"value": currency}
        )
    lines = [_line(each, currency, variants or {}) for each in row.many("lines", required=True)]
    charges = [_charge(each, currency) for each in row.many("charges")]
    total = sum((each.gross + each.tax_remitted for each in lines), money.ZERO)
    total += sum((each.gross + each.tax_remitted for each in charges), money.ZERO)
    gross = row.amount("gross", currency) if row.text("gross") else total
    state = row.text("state", required=True)
    payments = [_payment(each, currency) for each in row.many("payments")]
    if state == "paid" and not payments and gross:
        payments = [SoldPayment(f"order {row.text('id')}", gross)]
    placed_at = row.moment("placed_at", required=True)
    assert placed_at is not None  # required
    sold = Sold(
        id=row.text("id", required=True),
        number=row.text("number") or row.text("id"),
        placed_at=placed_at,
        currency=currency,
        prices_include_tax=row.flag("prices_include_tax", True),
        state=state,
        stage=STAGES.get(state, Stage.HOLD),
        paid=_paid(payments, gross),
        gross=gross,
        lines=lines,
        charges=charges,
        payments=payments,
        refunds=[_refund(each, currency) for each in row.many("refunds")],
        ship_to=_address(row.one("ship_to")),
        bill_to=_address(row.one("bill_to")),
        ship_by=row.moment("ship_by"),
        deliver_by=row.moment("deliver_by"),
        is_test=row.flag("test", False),
        cancel_requested=row.flag("cancel_requested", False),
        raw=dict(raw),
        buyer=row.text("buyer_id"),
        **_texts(row),
    )
    return without_remitted(sold)


def _texts(row: Fields) -> dict[str, Any]:
    return {name: row.text(name) for name in TEXTS}


def _line(row: Fields, currency: str, variants: Mapping[str, str]) -> SoldLine:
    row.only(*LINE)
    quantity = row.count("quantity", required=True)
    if not quantity:
        raise row.wrong("quantity", _("must be 1 or more"))
    if not row.text("sku") and not row.text("variant"):
        raise row.wrong("sku", _("is missing"))
    return SoldLine(
        id=row.text("id", required=True),
        variant=row.text("variant") or variants.get(row.text("sku"), row.text("sku")),
        quantity=quantity,
        net=row.amount("net", currency, required=True),
        tax=row.amount("tax", currency),
        sku=row.text("sku"),
        barcode=row.text("barcode"),
        name=row.text("name"),
        unit_price=row.number("unit_price"),
        tax_percent=row.number("tax_percent"),
        tax_remitted=row.amount("tax_remitted", currency),
        refunded=row.count("refunded"),
        is_gift_card=row.flag("gift_card", False),
        needs_shipping=row.flag("needs_shipping", True),
        note=row.text("note"),
    )


def _charge(row: Fields, currency: str) -> SoldCharge:
    row.only("kind", "description", "net", "tax", "tax_percent", "tax_remitted", "id")
    kind = row.text("kind", required=True)
    if kind not in set(ChargeKind):
        raise row.wrong(
            "kind", _("unknown. Use these: %(names)s") % {"names": ", ".join(ChargeKind)}
        )
    return SoldCharge(
        ChargeKind(kind),
        row.text("description") or kind,
        row.amount("net", currency, required=True),
        row.amount("tax", currency),
        row.number("tax_percent"),
        row.amount("tax_remitted", currency),
        row.text("id"),
    )


def _payment(row: Fields, currency: str) -> SoldPayment:
    row.only("id", "amount", "captured", "method", "at")
    return SoldPayment(
        row.text("id", required=True),
        row.amount("amount", currency, required=True),
        row.flag("captured", True),
        row.text("method"),
        row.moment("at"),
    )


def _refund(row: Fields, currency: str) -> SoldRefund:
    row.only("id", "amount", "units", "at", "note", "key")
    units = row.one("units")
    return SoldRefund(
        row.text("id", required=True),
        row.amount("amount", currency, required=True),
        {name: units.count(name) for name in units.values},
        row.moment("at"),
        row.text("note"),
        row.text("key"),
    )


def _address(row: Fields) -> dict[str, str]:
    row.only(*ADDRESS)
    return {name: text for name in ADDRESS if (text := row.text(name))}


def _paid(payments: Sequence[SoldPayment], gross: Decimal) -> Paid:
    captured = sum((each.amount for each in payments if each.is_captured), money.ZERO)
    if captured >= gross:
        return Paid.YES
    if captured:
        return Paid.PARTLY
    return Paid.AUTHORIZED if payments else Paid.NO
