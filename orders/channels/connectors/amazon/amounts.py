"""What an Amazon order was sold for: proceeds by kind, as lines and charges with their taxes.

Amazon names proceeds per item (ITEM, SHIPPING, GIFT_WRAP, COD_FEE, OTHER, DISCOUNT, TAX), the last two by what they
belong to. Whether the tax is on top of these or in them follows from their sum; where the sum has no tax in it, from
the marketplace: prices contain it everywhere but in the United States and Canada.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_noop

from oms.core import money
from orders.channels.connectors import ChargeKind, SoldCharge

Row = Mapping[str, Any]
ITEM, TAX, DISCOUNT = "ITEM", "TAX", "DISCOUNT"
CHARGES = {
    "SHIPPING": (ChargeKind.SHIPPING, gettext_noop("Shipping")),
    "GIFT_WRAP": (ChargeKind.GIFT_WRAP, gettext_noop("Gift wrap")),
    "COD_FEE": (ChargeKind.FEE, gettext_noop("Cash on delivery")),
    "OTHER": (ChargeKind.FEE, gettext_noop("Other charges")),
}
FACILITATOR = "MARKETPLACE_FACILITATOR"
UNTAXED = ("ATVPDKIKX0DER", "A2EUQ1WTGCTBG2")  # marketplaces whose prices are without tax


@dataclass(frozen=True)
class Part:
    """Net and tax of a kind of proceeds. `remitted`: tax that Amazon pays."""

    net: Decimal
    tax: Decimal = money.ZERO
    remitted: Decimal = money.ZERO


@dataclass(frozen=True)
class Item:
    """What an order item was sold for: its goods, and what was charged besides, by kind."""

    goods: Part
    charges: Mapping[str, Part] = field(default_factory=dict)
    is_remitted: bool = False
    is_tax_unknown: bool = False


def amount(value: Row | None) -> Decimal:
    """An amount as Amazon writes it, rounded to the coins of its currency; 0 where there is none."""
    if not value:
        return money.ZERO
    return money.round_amount(Decimal(str(value["amount"])), str(value["currencyCode"]))


def has_taxed_prices(marketplace: str) -> bool:
    """Whether the prices of a marketplace contain taxes."""
    return marketplace not in UNTAXED


def is_remitted(item: Row) -> bool:
    """Whether Amazon pays an item's tax itself."""
    collections = (item.get("tax") or {}).get("taxCollections") or ()
    return any(each.get("model") == FACILITATOR for each in collections)


def of_item(item: Row, marketplace: str) -> Item:
    """What an order item was sold for."""
    proceeds = item.get("proceeds") or {}
    rows = proceeds.get("breakdowns") or ()
    total = amount(proceeds.get("proceedsTotal"))
    plain = {str(row["type"]): amount(row["subtotal"]) for row in rows}
    taxes = _details(rows, TAX)
    discounts = {kind: abs(value) for kind, value in _details(rows, DISCOUNT).items()}
    kinds = dict.fromkeys((ITEM, *CHARGES))
    known = {kind: plain.get(kind, money.ZERO) - discounts.get(kind, money.ZERO) for kind in kinds}
    if not rows:
        known[ITEM] = total
    tax = sum(taxes.values(), money.ZERO)
    is_inside = has_taxed_prices(marketplace) and sum(known.values()) + tax != total
    pays = is_remitted(item)
    parts = {
        kind: _part(value, taxes.get(kind, money.ZERO), is_inside=is_inside, pays=pays)
        for kind, value in known.items()
    }
    return Item(
        parts[ITEM],
        {kind: part for kind, part in parts.items() if kind != ITEM and (part.net or part.tax)},
        is_remitted=pays,
        is_tax_unknown=not tax and not pays and has_taxed_prices(marketplace),
    )


def _details(rows: Sequence[Row], kind: str) -> dict[str, Decimal]:
    """A tax or discount by what it belongs to; what isn't told apart belongs to the goods."""
    found: dict[str, Decimal] = {}
    for row in rows:
        if row["type"] != kind:
            continue
        rest = amount(row["subtotal"])
        sign = -1 if rest < 0 else 1
        for each in row.get("detailedBreakdowns") or ():
            value = amount(each.get("value"))
            value = abs(value) * sign if kind == DISCOUNT else value
            name = str(each.get("subtype", ITEM))
            name = name if name in CHARGES else ITEM
            found[name] = found.get(name, money.ZERO) + value
            rest -= value
        if rest:
            found[ITEM] = found.get(ITEM, money.ZERO) + rest
    return found


def _part(value: Decimal, tax: Decimal, *, is_inside: bool, pays: bool) -> Part:
    net = value - tax if is_inside else value
    return Part(net, money.ZERO, tax) if pays else Part(net, tax)


def charges(items: Sequence[Item], describe: Any) -> list[SoldCharge]:
    """What was charged besides goods, a row for each kind, apart for tax that Amazon pays."""
    found = []
    for kind, (meant, text) in CHARGES.items():
        for remitted in (False, True):
            rows = [each for each in items if each.is_remitted == remitted and kind in each.charges]
            parts = [each.charges[kind] for each in rows]
            if parts:
                found.append(
                    SoldCharge(
                        meant,
                        describe(text),
                        sum((part.net for part in parts), money.ZERO),
                        sum((part.tax for part in parts), money.ZERO),
                        tax_remitted=sum((part.remitted for part in parts), money.ZERO),
                        is_remitted=remitted,
                        is_tax_unknown=all(each.is_tax_unknown for each in rows),
                        id=kind if not remitted else f"{kind} remitted",
                    )
                )
    return found
