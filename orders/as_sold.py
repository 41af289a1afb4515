"""Orders as a channel sold them: with the amounts and taxes that the buyer paid, never priced by us."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from django.utils.translation import gettext as _

from inventory.models import SKU
from oms.core import bulk_sql, events, money, money_text, states
from oms.core.errors import Refused
from oms.core.locking import atomic, mark_created, whole
from oms.core.models import User
from oms.core.postal_codes import tidy
from orders import origins, pricing, screening, taxing
from orders.models import Channel, Customer, Order, OrderCharge, OrderHold, OrderLine, TaxRate
from orders.taxing import TaxRule

PRICE_PLACES = 4
LINE_AMOUNTS = ["unit_price", "net", "tax", "gross", "tax_percent", "tax_category", "tax_note"]
REMITTED = "Tax is collected and remitted by the marketplace."
Holds = Sequence[tuple[OrderHold.Kind, str]]


@dataclass(frozen=True)
class SoldItem:
    """Base units of a SKU, and what all of them came to. `tax_percent`: as the channel says, else computed."""

    sku: SKU
    quantity: int
    net: Decimal
    tax: Decimal
    tax_percent: Decimal | None = None
    is_remitted: bool = False
    description: str = ""
    is_tax_unknown: bool = False  # `net` contains tax that the channel doesn't name: ours is taken


@dataclass(frozen=True)
class SoldExtra:
    """Freight, a fee or an allowance (below zero), as the buyer paid it."""

    kind: OrderCharge.Kind
    description: str
    net: Decimal
    tax: Decimal = Decimal(0)
    tax_percent: Decimal | None = None
    is_remitted: bool = False
    is_tax_unknown: bool = False


@dataclass(frozen=True)
class SoldOrder:
    """A whole order as it was sold."""

    channel: Channel
    customer: Customer
    currency: str
    prices_include_tax: bool
    external_id: str
    items: Sequence[SoldItem]
    extras: Sequence[SoldExtra] = ()
    ship_to: dict[str, str] = field(default_factory=dict)
    bill_to: dict[str, str] = field(default_factory=dict)
    reference: str = ""
    note: str = ""
    requested_on: date | None = None


def enter(
    sold: SoldOrder, *, holds: Holds = (), by: User | None = None, at: datetime | None = None
) -> Order:
    """Take an order in as it was sold, and screen it. `holds`: what the channel or the intake found."""
    with atomic():
        order = _new_order(sold)
        lines = [_line(order, item, position) for position, item in enumerate(sold.items, start=1)]
        charges = [_charge(order, extra) for extra in sold.extras]
        order.exchange_rate = pricing.exchange_rate(
            order.company, order.currency, order.company.today()
        )
        _expect_origin(order, lines, charges)
        doubts = _find_taxes(order, _pairs(lines, charges, sold))
        _categorize(order, lines, charges)
        pricing.fill_totals(order, lines, charges)
        order.status = Order.Status.PLACED
        order.placed_on = order.company.day_of(at) if at else order.company.today()
        order.save(force_insert=True)
        mark_created([order], as_inserted=True)
        bulk_sql.remember(order, "lines", OrderLine.objects.bulk_create(lines))
        bulk_sql.remember(order, "charges", OrderCharge.objects.bulk_create(charges))
        found = [*screening.screen(order, by=by), *_place(order, [*holds, *doubts])]
        bulk_sql.remember(order, "holds", found)
        events.emit("order.placed", order, by=by, gross=str(order.gross), currency=order.currency)
    return order


@whole
def reprice(order: Order, items: Mapping[int, SoldItem], extras: Sequence[SoldExtra]) -> Order:
    """Give a locked order, entered before its channel named amounts, what it was sold for: items by the line's key.

    Raises Refused where part of it is billed.
    """
    with states.change(order, event="order.amended") as order:
        if order.invoiced:
            raise Refused(_("Part of order %(order)s is invoiced.") % {"order": order})
        lines = list(order.lines.select_related("sku"))
        charges = [_charge(order, extra) for extra in extras]
        priced = [(line, items[line.pk]) for line in lines if line.pk in items]
        for line, item in priced:
            _price(order, line, item)
        for charge in charges:
            charge.origin = order.origin
        doubts = _find_taxes(order, [*priced, *zip(charges, extras, strict=True)])
        _categorize(order, lines, charges)
        OrderLine.objects.bulk_update(lines, LINE_AMOUNTS)
        OrderCharge.objects.bulk_create(charges)
        pricing.retotal(order)
    return hold(order, doubts) if doubts else order


def append(order: Order, items: Sequence[SoldItem]) -> list[OrderLine]:
    """Add lines, as they were sold, to a locked order whose other lines stand."""
    last = max(order.lines.values_list("position", flat=True), default=0)
    lines = [_line(order, item, position) for position, item in enumerate(items, start=last + 1)]
    for line in lines:
        line.origin = order.origin
    _categorize(order, lines, [])
    return OrderLine.objects.bulk_create(lines)


def allow(order: Order, amount: Decimal, reason: str, *, by: User | None = None) -> None:
    """Lower a locked order by an amount (gross) that its channel gave back, at the order's tax rates.

    Raises Refused for more than the order still comes to.
    """
    with states.change(order, event="order.amended", by=by) as order:
        weights = _by_rate(order)
        if amount > sum(weights.values(), money.ZERO):
            raise Refused(
                _("%(amount)s is more than order %(order)s comes to.")
                % {"amount": money_text.display(amount, order.currency), "order": order},
                code="too_much",
            )
        shares = money.spread(amount, list(weights.values()), order.currency)
        OrderCharge.objects.bulk_create(
            _allowance(order, rate, share, reason)
            for rate, share in zip(weights, shares, strict=True)
            if share
        )
        pricing.retotal(order)


def round_off(order: Order, amount: Decimal) -> None:
    """Add a rounding (positive or negative, without tax) to a locked order, so that its total is the channel's."""
    with states.change(order, event="order.amended") as order:
        kind = OrderCharge.Kind.FEE if amount > 0 else OrderCharge.Kind.ALLOWANCE
        charge = _charge(order, SoldExtra(kind, _("Rounding"), amount, tax_percent=money.ZERO))
        charge.origin = order.origin
        _categorize(order, [], [charge])
        charge.save()
        pricing.retotal(order)


Rate = tuple[Decimal, str, str, str]  # percent, category, note, and the place of origin


def _by_rate(order: Order) -> dict[Rate, Decimal]:
    """What isn't billed yet of a locked order, by tax rate."""
    found: dict[Rate, Decimal] = {}
    for line in order.lines.all():
        wanted = line.quantity - line.canceled
        left = money.part(line.gross, line.quantity, line.invoiced, wanted, order.currency)
        rate = (line.tax_percent, line.tax_category, line.tax_note, line.origin)
        found[rate] = found.get(rate, money.ZERO) + left
    for charge in order.charges.filter(is_invoiced=False, is_canceled=False):
        rate = (charge.tax_percent, charge.tax_category, charge.tax_note, charge.origin)
        found[rate] = found.get(rate, money.ZERO) + charge.gross
    return {rate: left for rate, left in found.items() if left > 0}


def _allowance(order: Order, rate: Rate, gross: Decimal, reason: str) -> OrderCharge:
    percent, category, note, origin = rate
    tax = money.round_amount(money.tax_of(gross, percent, includes_tax=True), order.currency)
    return OrderCharge(
        order=order,
        kind=OrderCharge.Kind.ALLOWANCE,
        description=reason[:120],
        amount=-gross if order.prices_include_tax else tax - gross,
        tax_percent=percent,
        tax_category=category,
        tax_note=note,
        origin=origin,
        net=tax - gross,
        tax=-tax,
        gross=-gross,
    )


def _new_order(sold: SoldOrder) -> Order:
    if not sold.items:
        raise Refused(_("The order has no lines."), code="no_lines")
    money.minor_units(sold.currency)  # one that there is
    ship_to = tidy(sold.ship_to)
    return Order(
        company=sold.channel.company,
        channel=sold.channel,
        customer=sold.customer,
        external_id=sold.external_id,
        customer_reference=sold.reference[:80],
        note=sold.note,
        requested_on=sold.requested_on,
        bill_to=tidy(sold.bill_to),
        ship_to=ship_to,
        ship_country=ship_to.get("country", ""),
        currency=sold.currency,
        priority=sold.customer.priority,
        prices_include_tax=sold.prices_include_tax,
        is_as_sold=True,
    )


def _line(order: Order, item: SoldItem, position: int) -> OrderLine:
    line = OrderLine(
        order=order,
        position=position,
        sku=item.sku,
        quantity=item.quantity,
        description=(item.description or item.sku.name)[:200],
        has_manual_price=True,
        price_source=_("As sold"),
    )
    _price(order, line, item)
    return line


def _price(order: Order, line: OrderLine, item: SoldItem) -> None:
    """Give a line the amounts that it was sold for."""
    amount = item.net + item.tax if order.prices_include_tax else item.net
    line.unit_price = round(amount / item.quantity, PRICE_PLACES)
    line.tax_percent = _percent(item)
    line.tax_note = REMITTED if item.is_remitted else ""
    line.net, line.tax, line.gross = item.net, item.tax, item.net + item.tax


def _charge(order: Order, extra: SoldExtra) -> OrderCharge:
    gross = extra.net + extra.tax
    return OrderCharge(
        order=order,
        kind=extra.kind,
        description=extra.description[:120],
        amount=gross if order.prices_include_tax else extra.net,
        tax_percent=_percent(extra),
        tax_note=REMITTED if extra.is_remitted else "",
        net=extra.net,
        tax=extra.tax,
        gross=gross,
    )


Sale = tuple[OrderLine | OrderCharge, SoldItem | SoldExtra]


def _pairs(
    lines: Sequence[OrderLine], charges: Sequence[OrderCharge], sold: SoldOrder
) -> list[Sale]:
    """Rows, and what each was sold as."""
    return [*zip(lines, sold.items, strict=True), *zip(charges, sold.extras, strict=True)]


def _find_taxes(order: Order, sales: Sequence[Sale]) -> list[tuple[OrderHold.Kind, str]]:
    """Take the tax that a channel doesn't name out of its prices, at our own rates; a hold where there is none."""
    unknown = [row for row, sold in sales if sold.is_tax_unknown and sold.net]
    if not unknown:
        return []
    rules = _rules(order, [row for row in unknown if isinstance(row, OrderLine)])
    found = [
        rules.get(row.sku.tax_class if isinstance(row, OrderLine) else "standard")
        for row in unknown
    ]
    for row, rule in zip(unknown, found, strict=True):
        if rule is not None:
            _contain(row, rule.percent, order)
    if all(found):
        return []
    reason = _("The channel did not send taxes, and no tax rate is set up for %(country)s.")
    return [(OrderHold.Kind.TAX, reason % {"country": order.ship_country or "?"})]


def _contain(row: OrderLine | OrderCharge, percent: Decimal, order: Order) -> None:
    """Write the tax that a row's gross amount contains."""
    row.tax_percent = percent
    row.tax = money.round_amount(row.gross * percent / (100 + percent), order.currency)
    row.net = row.gross - row.tax
    if isinstance(row, OrderCharge) and not order.prices_include_tax:
        row.amount = row.net


def _percent(sold: SoldItem | SoldExtra) -> Decimal:
    """The rate as the channel says, else what the tax comes to, to a tenth of a percent."""
    if sold.tax_percent is not None:
        return sold.tax_percent
    return round(sold.tax * 100 / sold.net, 1) if sold.net else Decimal(0)


def _expect_origin(
    order: Order, lines: Sequence[OrderLine], charges: Sequence[OrderCharge]
) -> None:
    order.origin = origins.expected(order, lines)
    rows: list[OrderLine | OrderCharge] = [*lines, *charges]
    for row in rows:
        row.origin = order.origin


def _categorize(order: Order, lines: Sequence[OrderLine], charges: Sequence[OrderCharge]) -> None:
    """Give what was sold the tax categories of EN 16931: as our own rules have it, where they come to the same rate."""
    rules = _rules(order, lines)
    for line in lines:
        _set_category(line, rules.get(line.sku.tax_class))
    for charge in charges:
        _set_category(charge, rules.get("standard"))


def _rules(order: Order, lines: Sequence[OrderLine]) -> dict[str, TaxRule]:
    """Our own taxes of the order; none where we have none for it."""
    classes = {"standard", *(line.sku.tax_class for line in lines)}
    try:
        return taxing.rules(order, order.origin, (), order.company.today(), also=classes)
    except Refused:
        return {}


def _set_category(row: OrderLine | OrderCharge, rule: TaxRule | None) -> None:
    if row.tax_note == REMITTED:
        row.tax_category, row.tax_percent = TaxRate.Category.EXEMPT, Decimal(0)
    elif rule is not None and rule.percent == row.tax_percent:
        row.tax_category, row.tax_note = rule.category, rule.note
    else:
        row.tax_category = TaxRate.Category.STANDARD if row.tax else TaxRate.Category.ZERO


def _place(order: Order, holds: Holds) -> list[OrderHold]:
    reasons: dict[OrderHold.Kind, list[str]] = {}
    for kind, reason in holds:
        reasons.setdefault(kind, []).append(reason)
    return OrderHold.objects.bulk_create(
        [
            OrderHold(order=order, kind=kind, reason="; ".join(told)[:200])
            for kind, told in reasons.items()
        ]
    )


def hold(order: Order, holds: Holds) -> Order:
    """Put an order on hold for what a channel said of it; holds that are open stay as they are."""
    with states.change(
        order, event="order.hold_placed", reason="; ".join(r for _k, r in holds)
    ) as order:
        known = set(order.holds.filter(released_at=None).values_list("kind", flat=True))
        _place(order, [(kind, reason) for kind, reason in holds if kind not in known])
    return order
