"""From what Amazon says to what an order or a listing is here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from oms.core import money
from orders.channels.connectors import (
    ChargeKind,
    ListingFacts,
    Paid,
    Sold,
    SoldCharge,
    SoldLine,
    SoldPayment,
    SoldShipment,
    Stage,
)
from orders.channels.connectors.amazon import amounts

Row = Mapping[str, Any]
STAGES = {
    "PENDING_AVAILABILITY": Stage.RESERVE,
    "PENDING": Stage.RESERVE,
    "UNSHIPPED": Stage.SHIP,
    "PARTIALLY_SHIPPED": Stage.SHIP,
    "SHIPPED": Stage.DONE,
    "CANCELLED": Stage.CANCELED,
    "UNFULFILLABLE": Stage.HOLD,
}
BY_AMAZON = "FBA "  # before the state of what Amazon ships from its own stock
UNPAID = ("PENDING_AVAILABILITY", "PENDING")
DEFAULT = "DEFAULT"  # the channel of what the merchant ships itself
LOOKED_AT_FIRST = {
    "EASY_SHIP": gettext_noop("Amazon Easy Ship: its label is bought at Amazon."),
    "IN_STORE_PICK_UP": gettext_noop("The buyer picks it up in a store."),
}


def stages() -> dict[str, Stage]:
    """What Amazon's states mean; those of its own fulfillment are records of sales."""
    own = {f"{BY_AMAZON}{state}": Stage.ELSEWHERE for state in STAGES}
    return {**STAGES, **own, f"{BY_AMAZON}CANCELLED": Stage.CANCELED}


@dataclass(frozen=True)
class Totals:
    """What the buyer pays, and what of it the seller gets."""

    gross: Decimal
    received: Decimal


def order(row: Row) -> Sold:
    """A whole order. Raises KeyError, TypeError or ValueError where a field isn't as Amazon describes it."""
    marketplace = str(row["salesChannel"].get("marketplaceId", ""))
    fulfillment = row.get("fulfillment") or {}
    status = str(fulfillment.get("fulfillmentStatus", ""))
    state = BY_AMAZON + status if fulfillment.get("fulfilledBy") == "AMAZON" else status
    items = [(each, amounts.of_item(each, marketplace)) for each in row["orderItems"]]
    lines = [_line(each, sold) for each, sold in items]
    charges = [*amounts.charges([sold for _row, sold in items], _), *_tips(row)]
    totals = _totals(row, lines, charges)
    currency = _currency(row)
    is_paid = status not in UNPAID
    ship_to = address((row.get("recipient") or {}).get("deliveryAddress") or {})
    email = inside(row, "buyer.buyerEmail")
    received = [SoldPayment(str(row["orderId"]), totals.received, True, "Amazon")]
    return Sold(
        id=str(row["orderId"]),
        number=str(row["orderId"]),
        placed_at=moment(row["createdTime"]),
        currency=currency,
        prices_include_tax=amounts.has_taxed_prices(marketplace),
        state=state,
        stage=stages().get(state, Stage.HOLD),
        paid=Paid.YES if is_paid else Paid.NO,
        gross=totals.gross,
        lines=lines,
        charges=charges,
        payments=received if is_paid and totals.received > 0 else (),
        shipments=[_shipment(each) for each in row.get("packages") or ()],
        ship_to=ship_to,
        email=str(email or ""),
        phone=ship_to.get("phone", ""),
        vat_number=_vat_number(row),
        note=_note(row),
        gift_message=_gift_message(row),
        ship_by=_end_of(fulfillment.get("shipByWindow")),
        deliver_by=_end_of(fulfillment.get("deliverByWindow")),
        cancel_requested=any(_asks_to_cancel(each) for each in row["orderItems"]),
        doubts=_doubts(row, ship_to),
        source=str(row["salesChannel"].get("marketplaceName") or marketplace),
        link=_link(row),
        raw=row,
    )


def inside(row: Row, path: str) -> Any:
    """What a row has at the end of a path, such as "buyer.buyerEmail"; None where it ends before."""
    found: Any = row
    for name in path.split("."):
        found = (found or {}).get(name)
    return found


def moment(value: object) -> datetime:
    """A time as Amazon writes it; with a zone."""
    found = datetime.fromisoformat(str(value).replace("Z", "+00:00"))
    if found.tzinfo is None:
        raise ValueError("a time has no zone")
    return found


def _end_of(window: Row | None) -> datetime | None:
    latest = (window or {}).get("latestDateTime")
    return moment(latest) if latest else None


def _line(item: Row, sold: amounts.Item) -> SoldLine:
    product, quantity = item["product"], _quantity(item)
    price = (product.get("price") or {}).get("unitPrice")
    sku = str(product.get("sellerSku") or "")
    return SoldLine(
        id=str(item["orderItemId"]),
        variant=sku or str(product.get("asin") or item["orderItemId"]),
        quantity=quantity,
        net=sold.goods.net,
        tax=sold.goods.tax,
        sku=sku,
        name=str(product.get("title") or ""),
        unit_price=amounts.amount(price) if price else None,
        tax_remitted=sold.goods.remitted,
        is_remitted=sold.is_remitted,
        is_tax_unknown=sold.is_tax_unknown,
        note=str((product.get("customization") or {}).get("customizedUrl") or ""),
    )


def _quantity(item: Row) -> int:
    """Units that are sold: without those that were canceled, which Amazon takes out of what is still to be shipped."""
    ordered, known = int(item["quantityOrdered"]), item.get("fulfillment") or {}
    is_canceled = bool((item.get("cancellation") or {}).get("cancellationExecution"))
    if not is_canceled or "quantityUnfulfilled" not in known:
        return ordered
    left = int(known.get("quantityFulfilled") or 0) + int(known["quantityUnfulfilled"])
    return min(ordered, left)


def _tips(row: Row) -> list[SoldCharge]:
    rows = (row.get("proceeds") or {}).get("breakdowns") or ()
    return [
        SoldCharge(ChargeKind.TIP, _("Tip"), amounts.amount(each["subtotal"]), id="DELIVERY_TIP")
        for each in rows
        if each["type"] == "DELIVERY_TIP" and each.get("status") != "PENDING"
    ]


def _totals(row: Row, lines: Sequence[SoldLine], charges: Sequence[SoldCharge]) -> Totals:
    """The order's total is what the seller gets by Amazon's words; tax that Amazon pays may or may not be in it."""
    rows: list[SoldLine | SoldCharge] = [*lines, *charges]
    remitted = sum((each.tax_remitted for each in rows), money.ZERO)
    total = amounts.amount((row.get("proceeds") or {}).get("grandTotal"))
    if total == sum((each.gross for each in rows), money.ZERO):
        return Totals(total + remitted, total)
    return Totals(total, total - remitted)


def _currency(row: Row) -> str:
    """The currency of the order; of one without amounts that of its marketplace, which is in its prices at times."""
    total = (row.get("proceeds") or {}).get("grandTotal")
    prices = [((each["product"].get("price") or {}).get("unitPrice")) for each in row["orderItems"]]
    named = next((each for each in [total, *prices] if each), None)
    if named:
        return str(named["currencyCode"])
    return CURRENCIES.get(str(row["salesChannel"].get("marketplaceId", "")), "EUR")


CURRENCIES = {
    "ATVPDKIKX0DER": "USD",
    "A2EUQ1WTGCTBG2": "CAD",
    "A1AM78C64UM0Y8": "MXN",
    "A2Q3Y263D00KWC": "BRL",
    "A1F83G8C2ARO7P": "GBP",
    "A2NODRKZP88ZB9": "SEK",
    "A1C3SOZRARQ6R3": "PLN",
    "A33AVAJ2PDY3EV": "TRY",
    "ARBP9OOSHTCHU": "EGP",
    "A17E79C6D8DWNP": "SAR",
    "A2VIGQ35RCS4UG": "AED",
    "A21TJRUUN4KGV": "INR",
    "A19VAU5U5O7RUS": "SGD",
    "A39IBJ37TRP1C6": "AUD",
    "A1VC38T7YXB528": "JPY",
}


def address(there: Row) -> dict[str, str]:
    """An address with the keys of ours; empty where Amazon keeps it to itself."""
    known = {
        "name": str(there.get("name") or ""),
        "company": str(there.get("companyName") or ""),
        "street": ", ".join(
            str(there[f"addressLine{number}"])
            for number in (1, 2, 3)
            if there.get(f"addressLine{number}")
        ),
        "postal_code": str(there.get("postalCode") or ""),
        "city": str(there.get("city") or there.get("municipality") or ""),
        "region": str(there.get("stateOrRegion") or there.get("districtOrCounty") or ""),
        "country": str(there.get("countryCode") or ""),
        "phone": str(there.get("phone") or ""),
    }
    return {key: value for key, value in known.items() if value} if known["street"] else {}


def _doubts(row: Row, ship_to: Row) -> list[str]:
    """Why an order isn't shipped like others: no address, or a program with rules of its own."""
    found = [] if ship_to else [_("Amazon gives no address. Does the app lack the role?")]
    programs = row.get("programs") or ()
    found += [_(text) for name, text in LOOKED_AT_FIRST.items() if name in programs]
    if any("TRANSPARENCY" in (each.get("programs") or ()) for each in row["orderItems"]):
        found.append(_("Amazon wants the Transparency codes of its units."))
    return found


def _vat_number(row: Row) -> str:
    registrations = (row.get("tax") or {}).get("taxRegistrations") or ()
    return next(
        (
            str(each["taxRegistrationNumber"])
            for each in registrations
            if each.get("entityType") == "BUYER" and each.get("taxRegistrationNumber")
        ),
        "",
    )


def _note(row: Row) -> str:
    """What whoever packs should know: the number that customs want on the label, and what the buyer wrote."""
    found = dict.fromkeys(
        _("IOSS number for the label: %(number)s") % {"number": number}
        for each in row["orderItems"]
        if (number := _shipping_of(each).get("iossNumber"))
    )
    wish = inside(row, "recipient.deliveryPreference.addressInstruction")
    return "\n".join([*found, *([str(wish)] if wish else [])])


def _shipping_of(item: Row) -> Row:
    shipping = (item.get("fulfillment") or {}).get("shipping") or {}
    found: Row = shipping.get("internationalShipping") or {}
    return found


def _gift_message(row: Row) -> str:
    texts = [
        (((each.get("fulfillment") or {}).get("packing") or {}).get("giftOption") or {}).get(
            "giftMessage"
        )
        for each in row["orderItems"]
    ]
    return "\n".join(dict.fromkeys(str(text) for text in texts if text))


def _asks_to_cancel(item: Row) -> bool:
    asked = (item.get("cancellation") or {}).get("cancellationRequest") or {}
    return asked.get("requester") == "BUYER"


def _shipment(package: Row) -> SoldShipment:
    number = str(package.get("trackingNumber") or "")
    reference = str(package["packageReferenceId"])
    return SoldShipment(
        reference,
        {
            str(each["orderItemId"]): int(each["quantity"])
            for each in package.get("packageItems") or ()
        },
        str(package.get("carrier") or ""),
        (number,) if number else (),
        reference,
    )


def _link(row: Row) -> str:
    name = str(row["salesChannel"].get("marketplaceName") or "").lower()
    if not name.startswith("amazon."):
        return ""
    return f"https://sellercentral.{name}/orders-v3/order/{row['orderId']}"


def listing(row: Row, marketplaces: Sequence[str]) -> ListingFacts:
    """A listings item; it is counted by us where the merchant ships it. `stock_id` is its product type."""
    summaries = [
        each
        for each in row.get("summaries") or ()
        if not marketplaces or each.get("marketplaceId") in marketplaces
    ]
    first = summaries[0] if summaries else {}
    own = next(
        (
            each
            for each in row.get("fulfillmentAvailability") or ()
            if each.get("fulfillmentChannelCode") == DEFAULT
        ),
        None,
    )
    quantity = own.get("quantity") if own else None
    return ListingFacts(
        variant=str(row["sku"]),
        sku=str(row["sku"]),
        title=str(first.get("itemName") or ""),
        stock_id=str(first.get("productType") or ""),
        quantity=None if quantity is None else int(quantity),
        is_tracked=own is not None,
    )
