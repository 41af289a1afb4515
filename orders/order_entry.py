"""How orders come in: drafts, quotes, and whole orders from programs."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from django.utils.translation import gettext as _

from inventory.models import SKU
from oms.core import bulk_sql, events, states
from oms.core.errors import Refused
from oms.core.locking import atomic, mark_created
from oms.core.models import User
from oms.core.postal_codes import tidy
from orders import customer_prices, pricing, screening
from orders.models import Address, Channel, Customer, Order, OrderCharge, OrderLine
from orders.selling import require_seller


@dataclass(frozen=True)
class Line:
    """A line as it is asked for; without a price, the one that applies to the customer is taken."""

    sku: SKU
    quantity: int
    unit_price: Decimal | None = None
    discount_percent: Decimal = field(default=Decimal(0), metadata={"asked": False})
    description: str = field(default="", metadata={"asked": False})


@dataclass(frozen=True)
class Charge:
    """Freight, a fee or an allowance (negative), in the order's price mode."""

    kind: str
    description: str
    amount: Decimal


@dataclass(frozen=True)
class Entry:
    """A whole order as a program or an import gives it."""

    channel: Channel
    customer: Customer
    lines: Sequence[Line]
    charges: Sequence[Charge] = ()
    ship_to: dict[str, str] | None = None
    bill_to: dict[str, str] | None = None
    external_id: str | None = None
    customer_reference: str = ""
    note: str = ""
    requested_on: date | None = None
    discount_percent: Decimal = Decimal(0)
    ship_complete: bool | None = None


def enter(entry: Entry, *, by: User | None = None, at: datetime | None = None) -> Order:
    """Take a whole order in at once: priced, screened and placed."""
    with atomic():
        order = _new_order(entry)
        lines, charges = new_lines(order, entry.lines), _charges(order, entry)
        pricing.price(order, lines, charges)
        pricing.require_positive(order)
        order.status, order.placed_on = (
            Order.Status.PLACED,
            at.date() if at else order.company.today(),
        )
        if at is not None:
            order.created_at = order.status_at = at
        order.save(force_insert=True)
        mark_created([order], as_inserted=True)
        bulk_sql.remember(order, "lines", OrderLine.objects.bulk_create(lines))
        bulk_sql.remember(order, "charges", OrderCharge.objects.bulk_create(charges))
        bulk_sql.remember(order, "holds", screening.screen(order, by=by))
        events.emit(
            "order.placed", order, by=by, at=at, gross=str(order.gross), currency=order.currency
        )
    return order


def _new_order(entry: Entry) -> Order:
    if not entry.lines:
        raise Refused(_("Add at least one line."), code="no_lines")
    require_seller(entry.channel.company, entry.customer)
    billing, shipping = (
        addresses(entry.customer) if None in (entry.ship_to, entry.bill_to) else ({}, {})
    )
    ship_to = tidy(entry.ship_to) if entry.ship_to is not None else shipping
    return Order(
        company=entry.channel.company,
        channel=entry.channel,
        customer=entry.customer,
        external_id=entry.external_id,
        customer_reference=entry.customer_reference,
        note=entry.note,
        requested_on=entry.requested_on,
        bill_to=tidy(entry.bill_to) if entry.bill_to is not None else billing,
        ship_to=ship_to,
        ship_country=ship_to.get("country", ""),
        currency=entry.customer.currency,
        priority=entry.customer.priority,
        prices_include_tax=customer_prices.prices_include_tax(entry.customer, entry.channel),
        discount_percent=entry.discount_percent,
        ship_complete=entry.ship_complete,
    )


def addresses(customer: Customer) -> tuple[dict[str, str], dict[str, str]]:
    """Snapshots of where the customer is billed and gets goods."""
    known = list(Address.objects.filter(customer=customer).order_by("pk"))
    billing = next((row.snapshot() for row in known if row.is_billing), {})
    shipping = next((row.snapshot() for row in known if row.is_shipping), billing)
    return billing, shipping


def new_lines(order: Order, lines: Sequence[Line], first: int = 1) -> list[OrderLine]:
    """Lines of an order from the position `first` on, not yet priced nor inserted. Raises Refused for a bad one."""
    for number, line in enumerate(lines, first):
        if line.quantity <= 0:
            raise Refused(
                _("Line %(number)s: enter a quantity of at least 1 for %(sku)s.")
                % {"number": number, "sku": line.sku},
                line=number,
            )
        _require_sellable(line.sku, number)
        require_price(line.sku, line.unit_price, number)
    return [
        OrderLine(
            order=order,
            position=number,
            sku=line.sku,
            quantity=line.quantity,
            unit_price=line.unit_price,
            has_manual_price=line.unit_price is not None,
            discount_percent=line.discount_percent,
            description=line.description or line.sku.name,
        )
        for number, line in enumerate(lines, first)
    ]


def require_price(sku: SKU, price: Decimal | None, line: int) -> None:
    """Raise Refused for a price below zero: an invoice takes off by an allowance (EN 16931, BR-27)."""
    if price is not None and price < 0:
        raise Refused(
            _(
                "Line %(line)s: the price of %(sku)s can't be below zero. Enter an allowance instead."
            )
            % {"line": line, "sku": sku},
            code="negative_price",
            line=line,
            sku=sku.code,
        )


def _require_sellable(sku: SKU, line: int) -> None:
    """Raise Refused for a SKU that may not be sold."""
    if not sku.is_sellable:
        raise Refused(
            _("Line %(line)s: %(sku)s isn't for sale.") % {"line": line, "sku": sku},
            code="not_sold",
            line=line,
            sku=sku.code,
        )


def _charges(order: Order, entry: Entry) -> list[OrderCharge]:
    return [
        OrderCharge(
            order=order, kind=charge.kind, description=charge.description, amount=charge.amount
        )
        for charge in entry.charges
    ]


def draft(entry: Entry, *, by: User | None = None) -> Order:
    """Begin an order that is still edited freely, priced by what applies today."""
    with atomic():
        order = states.create(_new_order(entry), by=by)
        OrderLine.objects.bulk_create(new_lines(order, entry.lines))
        OrderCharge.objects.bulk_create(_charges(order, entry))
        pricing.price_and_save(order)
    return order


def complete(order: Order) -> None:
    """Fill in what a draft's customer and channel imply: company, currency, addresses, price mode, priority.

    Raises Refused where the customer is another company's.
    """
    require_seller(order.channel.company, order.customer)
    if Order.objects.filter(pk=order.pk).exclude(customer=order.customer_id).exists():
        order.bill_to = {}  # another customer's
    billing, shipping = addresses(order.customer)
    order.company, order.currency = order.channel.company, order.customer.currency
    order.prices_include_tax = customer_prices.prices_include_tax(order.customer, order.channel)
    order.bill_to, order.ship_to = tidy(order.bill_to or billing), tidy(order.ship_to or shipping)
    order.ship_country, order.priority = order.ship_to.get("country", ""), order.customer.priority


def quote(order: Order, *, valid_until: date, by: User | None = None) -> Order:
    """Offer a draft to the customer until a day."""
    with states.advance(order, to=Order.Status.QUOTED, by=by) as order:
        if valid_until < order.company.today():
            raise Refused(_("The valid-until date can't be in the past."), field="valid_until")
        pricing.freeze(order)
        order.valid_until = valid_until
        order.save(update_fields=["valid_until"])
    return order


def reopen(order: Order, *, by: User | None = None) -> Order:
    """Make a quote a draft again, to change it."""
    with states.advance(order, to=Order.Status.DRAFT, by=by) as order:
        pass
    return order


def place(order: Order, *, by: User | None = None, at: datetime | None = None) -> Order:
    """Take the customer's word: prices are frozen (a quote's are already) and the order is screened."""
    with states.advance(order, to=Order.Status.PLACED, by=by, at=at) as row:
        if row.valid_until and row.valid_until < row.company.today():
            raise Refused(
                _("Quote %(number)s expired on %(valid_until)s. Reopen it and quote again.")
                % {"number": row.number, "valid_until": row.valid_until},
                code="quote_expired",
            )
        for line in row.lines.select_related("sku"):
            _require_sellable(line.sku, line.position)
            require_price(line.sku, line.unit_price, line.position)
        if order.status == Order.Status.DRAFT:
            pricing.freeze(row)
        row.placed_on = at.date() if at else row.company.today()
        row.save(update_fields=["placed_on"])
        screening.screen(row, by=by)
        row.event_data |= {"gross": str(row.gross), "currency": row.currency}
    return row
