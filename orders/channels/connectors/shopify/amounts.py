"""The amounts of a Shopify order as the buyer paid them, in the currency that they paid in (presentment money)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from oms.core import money
from orders.channels.connectors import NOTHING, ChargeKind, SoldCharge, SoldLine, SoldRefund
from orders.channels.connectors.shopify.client import Row, tail

HUNDRED = Decimal(100)


@dataclass(frozen=True)
class Taxed:
    """An amount of an order: without tax, its tax, and tax that the channel pays to the authorities itself."""

    net: Decimal
    tax: Decimal
    remitted: Decimal
    percent: Decimal | None

    def share(self, units: int, of: int, currency: str) -> "Taxed":
        """What falls to some of its units, rounded once."""
        if units == of:
            parts = (self.net, self.tax, self.remitted)
        else:
            parts = (self.net * units / of, self.tax * units / of, self.remitted * units / of)
        net, tax, remitted = (scale(each, currency) for each in parts)
        return Taxed(net, tax, remitted, self.percent)


def presentment(bag: Row) -> Decimal:
    """An amount in the currency that the buyer paid in."""
    return Decimal(str(bag["presentmentMoney"]["amount"]))


def scale(amount: Decimal, currency: str) -> Decimal:
    """An amount in the coins of its currency."""
    return money.round_amount(amount, currency)


def kept_units(row: Row, refunds: Sequence[SoldRefund]) -> dict[str, int]:
    """Units of each line without those that were edited away; refunded ones count.

    Shopify's own two numbers are all units that there ever were, and those that are neither refunded nor edited away.
    """
    found = {}
    for line in row["lineItems"]:
        key = tail(line["id"])
        refunded = sum(each.units.get(key, 0) for each in refunds)
        found[key] = min(int(line["quantity"]), int(line["currentQuantity"]) + refunded)
    return found


def gross(
    row: Row, kept: Mapping[str, int], refunds: Sequence[SoldRefund], currency: str
) -> Decimal:
    """What the buyer pays in all, before what was given back.

    Without refunds that is the current total. With some, it is the total before returns, less what was edited away.
    """
    rounding = presentment(row["totalCashRoundingAdjustment"]["paymentSet"])
    if not refunds:
        return scale(presentment(row["currentTotalPriceSet"]) + rounding, currency)
    removed = NOTHING
    for line in row["lineItems"]:
        away = int(line["quantity"]) - kept[tail(line["id"])]
        if away:
            part = _of_line(line, row).share(away, int(line["quantity"]), currency)
            removed += part.net + part.tax + part.remitted
    return scale(presentment(row["totalPriceSet"]) + rounding - removed, currency)


def rows(
    row: Row, kept: Mapping[str, int], refunds: Sequence[SoldRefund], currency: str
) -> tuple[list[SoldLine], list[SoldCharge]]:
    """The lines and the charges: shipping, fees, duties, tips and the rounding of cash."""
    tip = scale(presentment(row["totalTipReceivedSet"]), currency)
    tips = [each for each in row["lineItems"] if tip and _is_tip(each)]
    lines = [
        _line(each, row, kept, refunds, currency) for each in row["lineItems"] if each not in tips
    ]
    charges = [
        _shipping(each, row, currency) for each in row["shippingLines"] if not each["isRemoved"]
    ]
    charges += [_fee(each, row, currency) for each in row["additionalFees"]]
    charges += _duties(row, currency)
    if tip:
        charges.append(
            SoldCharge(ChargeKind.TIP, "Tip", tip, id=tail(tips[0]["id"]) if tips else "")
        )
    rounding = scale(presentment(row["totalCashRoundingAdjustment"]["paymentSet"]), currency)
    if rounding:
        charges.append(SoldCharge(ChargeKind.ROUNDING, "Cash rounding", rounding))
    return lines, charges


def _is_tip(line: Row) -> bool:
    """Whether a line is the checkout's tip, which Shopify also counts in a total of its own."""
    return (
        line["variant"] is None
        and not line["requiresShipping"]
        and not line["sku"]
        and str(line["title"]).strip().lower() in ("tip", "trinkgeld", "pourboire")
    )


def _line(
    line: Row, row: Row, kept: Mapping[str, int], refunds: Sequence[SoldRefund], currency: str
) -> SoldLine:
    key, units = tail(line["id"]), int(line["quantity"])
    part = _of_line(line, row).share(kept[key], units, currency)
    return SoldLine(
        id=key,
        variant=variant_of(line),
        quantity=kept[key],
        net=part.net,
        tax=part.tax,
        sku=str(line["sku"] or ""),
        barcode=str((line["variant"] or {}).get("barcode") or ""),
        name=str(line["name"]),
        unit_price=presentment(line["originalUnitPriceSet"]),
        tax_percent=part.percent,
        tax_remitted=part.remitted,
        refunded=sum(each.units.get(key, 0) for each in refunds),
        is_gift_card=bool(line["isGiftCard"]),
        needs_shipping=bool(line["requiresShipping"]),
        note=_wishes(line),
    )


def variant_of(line: Row) -> str:
    """The listing of a line; a custom item, or one whose variant is gone, is known by its SKU or its title."""
    if line["variant"]:
        return tail(line["variant"]["id"])
    return f"custom/{line['sku'] or line['title']}"[:80]


def _wishes(line: Row) -> str:
    """What the buyer asked for, such as an engraving; apps keep their own notes under names that begin with "_"."""
    return "\n".join(
        f"{each['key']}: {each['value']}"
        for each in line["customAttributes"]
        if each["value"] and not str(each["key"]).startswith("_")
    )


def _of_line(line: Row, row: Row) -> Taxed:
    """A line with all units that there ever were, after its shares of discounts.

    Not by Shopify's own discounted unit price, which is approximate.
    """
    price = presentment(line["originalUnitPriceSet"]) * int(line["quantity"])
    return _taxed(price - _discounts(line), line["taxLines"], row)


def _discounts(part: Row) -> Decimal:
    return sum(
        (presentment(each["allocatedAmountSet"]) for each in part["discountAllocations"]), NOTHING
    )


def _taxed(price: Decimal, taxes: Sequence[Row], row: Row) -> Taxed:
    """A price of the order's price mode, and its taxes."""
    remitted = sum(
        (presentment(each["priceSet"]) for each in taxes if each["channelLiable"]), NOTHING
    )
    tax = sum(
        (presentment(each["priceSet"]) for each in taxes if not each["channelLiable"]), NOTHING
    )
    net = price - tax - remitted if row["taxesIncluded"] else price
    return Taxed(net, tax, remitted, _percent(taxes))


def _percent(taxes: Sequence[Row]) -> Decimal | None:
    """The rate of a row with one tax; None where there are several, and the rate follows from the amounts."""
    used = [each for each in taxes if presentment(each["priceSet"])]
    if len(used) != 1:
        return None
    if used[0]["ratePercentage"] is not None:
        return Decimal(str(used[0]["ratePercentage"]))
    rate = used[0]["rate"]
    return Decimal(str(rate)) * HUNDRED if rate is not None else None


def _charge(kind: ChargeKind, name: object, part: Taxed, id: object, currency: str) -> SoldCharge:
    part = part.share(1, 1, currency)
    return SoldCharge(kind, str(name), part.net, part.tax, part.percent, part.remitted, tail(id))


def _shipping(each: Row, row: Row, currency: str) -> SoldCharge:
    price = presentment(each["originalPriceSet"]) - _discounts(each)
    part = _taxed(price, each["taxLines"], row)
    return _charge(ChargeKind.SHIPPING, each["title"], part, each["id"], currency)


def _fee(each: Row, row: Row, currency: str) -> SoldCharge:
    part = _taxed(presentment(each["price"]), each["taxLines"], row)
    return _charge(ChargeKind.FEE, each["name"], part, each["id"], currency)


def _duties(row: Row, currency: str) -> list[SoldCharge]:
    """Import duties of all lines, unless prices include them."""
    if row["dutiesIncluded"]:
        return []
    found: list[Any] = [duty for line in row["lineItems"] for duty in line["duties"]]
    price = sum((presentment(each["price"]) for each in found), NOTHING)
    if not price:
        return []
    taxes = [tax for each in found for tax in each["taxLines"]]
    return [_charge(ChargeKind.DUTY, "Duties", _taxed(price, taxes, row), "", currency)]
