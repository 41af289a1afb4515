"""What a unit costs a customer: the prices and discounts that apply, on an order's lines or without an order."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Q
from django.utils.translation import gettext as _

from inventory.models import SKU
from oms.core import money
from oms.core.errors import Refused
from orders.models import Channel, Customer, Discount, Order, OrderLine, Price
from orders.planners import prices
from orders.planners.prices import Offer, Rebate

ENTERED = "given by hand"  # the source of a price that comes with the line


@dataclass(frozen=True)
class Wanted:
    """A SKU that a customer may order: base units (None: not known yet), and a unit price, if one was agreed."""

    sku: SKU
    quantity: int | None
    unit_price: Decimal | None = None


@dataclass(frozen=True)
class Quoted:
    """What a base unit costs a customer, in their currency, and why; no price where there is none.

    `amount` is that of the units less the discount, as an order's line would have it; None without price or units.
    """

    unit_price: Decimal | None
    source: str
    discount_percent: Decimal
    amount: Decimal | None


def prices_for(customer: Customer, channel: Channel, wanted: Sequence[Wanted]) -> list[Quoted]:
    """What a customer would pay through a channel today for quantities of SKUs, without ordering them."""
    order = Order(
        customer=customer,
        channel=channel,
        company=channel.company,
        currency=customer.currency,
        prices_include_tax=prices_include_tax(customer, channel),
    )
    offers, rebates = _offers(order, [each.sku.pk for each in wanted]), _rebates(order)
    return [
        _quoted(order, each, offers[each.sku.pk], rebates[None] + rebates[each.sku.category_id])
        for each in wanted
    ]


def prices_include_tax(customer: Customer, channel: Channel) -> bool:
    """Whether the prices of a customer's orders through a channel are with tax."""
    price_list = customer.price_list or channel.price_list
    return bool(price_list and price_list.includes_tax)


def _quoted(
    order: Order, wanted: Wanted, offers: Sequence[Offer], rebates: Sequence[Rebate]
) -> Quoted:
    price, source, percent = _price_of(wanted, offers, rebates, order.company.today())
    amount = None
    if price is not None and wanted.quantity is not None:
        amount = discounted(price, wanted.quantity, percent, order.currency)
    return Quoted(price, source, percent, amount)


def _price_of(
    wanted: Wanted, offers: Sequence[Offer], rebates: Sequence[Rebate], today: date
) -> tuple[Decimal | None, str, Decimal]:
    """The unit price, where it comes from, and the discount in percent; an agreed price has none."""
    if wanted.unit_price is not None:
        return wanted.unit_price, ENTERED, money.ZERO
    offer, rebate = (
        prices.choose_price(offers, wanted.quantity or 1, today),
        prices.choose_rebate(rebates, today),
    )
    source = ", ".join(each.source for each in (offer, rebate) if each)
    return offer.unit_price if offer else None, source, rebate.percent if rebate else money.ZERO


def fill_prices(order: Order, lines: Sequence[OrderLine], today: date) -> None:
    """Fill in the prices and discounts of lines in memory. Raises Refused where a price is missing."""
    offers = _offers(order, [line.sku_id for line in lines if not line.has_manual_price])
    rebates = _rebates(order)
    for line in lines:
        if not line.has_manual_price:
            _fill_price(order, line, offers[line.sku_id], today)
            rebate = prices.choose_rebate(rebates[None] + rebates[line.sku.category_id], today)
            line.discount_percent = rebate.percent if rebate else Decimal(0)
            line.price_source += f", {rebate.source}" if rebate else ""
        elif not line.price_source:
            line.price_source = ENTERED


def _fill_price(order: Order, line: OrderLine, offers: list[Offer], today: date) -> None:
    offer = prices.choose_price(offers, line.quantity, today)
    if offer is None:
        raise Refused(
            _(
                "%(sku)s has no %(currency)s price for %(customer)s. Add a price or enter one on the line."
            )
            % {"sku": line.sku, "currency": order.currency, "customer": order.customer},
            code="no_price",
            sku=line.sku.code,
        )
    line.unit_price, line.price_source = offer.unit_price, offer.source


def _offers(order: Order, skus: Sequence[int]) -> dict[int, list[Offer]]:
    found: dict[int, list[Offer]] = defaultdict(list)
    if not skus:
        return found
    price_list = order.customer.price_list or order.channel.price_list
    rows = Price.objects.filter(
        Q(customer=order.customer) | Q(price_list=price_list, price_list__isnull=False),
        sku__in=skus,
    ).select_related("price_list")
    for row in rows:
        if row.price_list and (row.price_list.currency, row.price_list.includes_tax) != (
            order.currency,
            order.prices_include_tax,
        ):
            continue
        source = f"list {row.price_list}" if row.price_list else "customer's price"
        break_text = f" from {row.minimum}" if row.minimum > 1 else ""
        found[row.sku_id].append(
            Offer(
                row.unit_price,
                row.minimum,
                row.customer_id is not None,
                source + break_text,
                row.valid_from,
                row.valid_to,
            )
        )
    return found


def _rebates(order: Order) -> dict[int | None, list[Rebate]]:
    found: dict[int | None, list[Rebate]] = defaultdict(list)
    rows = Discount.objects.filter(
        Q(customer=None) | Q(customer=order.customer), Q(channel=None) | Q(channel=order.channel)
    )
    for row in rows:
        found[row.category_id].append(
            Rebate(row.percent, f"discount {row.name}", row.valid_from, row.valid_to)
        )
    return found


def discounted(
    unit_price: Decimal, quantity: int, discount_percent: Decimal, currency: str
) -> Decimal:
    """The amount of a line, less its discount, rounded once."""
    return money.round_amount(unit_price * quantity * (100 - discount_percent) / 100, currency)
