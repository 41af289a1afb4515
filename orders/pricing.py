"""What an order costs: its prices, its tax and its totals."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from itertools import chain

from django.utils.translation import gettext as _

from oms.core import money, money_text, states
from oms.core.errors import Refused
from oms.core.exchange_rates import exchange_rate as exchange_rate
from oms.core.models import Company, User
from orders import bearing, customer_prices, origins, taxing
from orders.models import Order, OrderCharge, OrderLine
from orders.planners import taxes
from orders.planners.taxes import Taxed
from orders.taxing import Goods, TaxRule

AMOUNTS = ("net", "tax", "gross")
TAX_FIELDS = ("tax_percent", "tax_category", "tax_note", "origin", *AMOUNTS)
LINE_FIELDS = ("unit_price", "price_source", "discount_percent", "included_percent", *TAX_FIELDS)
CHARGE_FIELDS = ("taxes", *TAX_FIELDS)
Rules = dict[str, dict[str, TaxRule]]  # taxes by the place that goods leave from and by tax class


def reprice(order: Order, *, by: User | None = None) -> Order:
    """Price a draft anew by what applies today; prices given by hand stay."""
    with states.change(order, event="order.repriced", by=by) as order:
        states.require_status(order, Order.Status.DRAFT, Order.Status.QUOTED)
        price_and_save(order)
    return order


def price_and_save(order: Order) -> None:
    """Price a locked order and write its lines, charges and totals."""
    lines, charges = (
        list(order.lines.select_related("sku").order_by("position")),
        list(order.charges.order_by("pk")),
    )
    price(order, lines, charges)
    _save(order, lines, charges)


def _save(order: Order, lines: Sequence[OrderLine], charges: Sequence[OrderCharge]) -> None:
    OrderLine.objects.bulk_update(lines, LINE_FIELDS)
    if charges:
        OrderCharge.objects.bulk_update(charges, CHARGE_FIELDS)
    order.save(update_fields=[*AMOUNTS, "units", "exchange_rate", "origin"])


def price(order: Order, lines: Sequence[OrderLine], charges: Sequence[OrderCharge]) -> None:
    """Fill in prices, discounts, tax and totals of an order in memory. Raises Refused where a price is missing."""
    today = order.company.today()
    customer_prices.fill_prices(order, lines, today)
    _expect_origin(order, lines, charges)
    _fill_taxes(order, lines, charges, today)
    order.exchange_rate = exchange_rate(order.company, order.currency, today)
    fill_totals(order, lines, charges)


def price_new_lines(order: Order, lines: Sequence[OrderLine]) -> None:
    """Price lines that are added to an order whose other lines stand; their place is that of the order, if none."""
    today = order.company.today()
    for line in lines:
        line.origin = line.origin or order.origin
    customer_prices.fill_prices(order, lines, today)
    _fill_taxes(order, lines, [], today)


def freeze(order: Order) -> None:
    """Price a locked order for the last time: from here its prices, rates and tax texts stand."""
    price_and_save(order)
    require_positive(order)
    if not order.units:
        raise Refused(
            _("Order %(number)s has no lines.") % {"number": order.number}, code="no_lines"
        )


def require_positive(order: Order) -> None:
    """Raise Refused for an order that comes to less than nothing."""
    if order.gross < 0 or order.net < 0:
        raise Refused(
            _(
                "The order comes to %(gross)s: its allowances are more than what is ordered. Lower them."
            )
            % {"gross": money_text.display(order.gross, order.currency)},
            code="below_zero",
        )


def lower_allowances(
    order: Order, charges: Sequence[OrderCharge], lines: Sequence[OrderLine]
) -> None:
    """Lower the allowances of a locked order to what its goods and charges come to.

    One that is billed already is replaced by a lower one, or by one at other rates: it is credited with the goods that
    were canceled.
    """
    _lower_open(order, charges, lines)
    if not any(line.quantity > line.canceled for line in lines):
        return
    replaced = bearing.to_replace(order, lines, charges)
    OrderCharge.objects.filter(pk__in=[charge.pk for charge in replaced]).update(is_canceled=True)
    for charge in replaced:
        charge.is_canceled = True
    charges = [*charges, *(_replacement(charge) for charge in replaced)]
    parts = bearing.spread(order, lines, charges)
    if replaced or parts:
        charges += parts
        follow_goods(order, lines, charges)
        fill_totals(order, lines, charges)
        _lower_open(order, charges, lines)


def drop_charges(order: Order, charges: Sequence[OrderCharge]) -> None:
    """Cancel charges of a locked order that aren't billed; its totals follow."""
    keys = [charge.pk for charge in charges]
    OrderCharge.objects.filter(pk__in=keys).update(is_canceled=True)
    fill_totals(order, list(order.lines.all()), list(order.charges.all()))
    order.save(update_fields=[*AMOUNTS, "units"])


def _replacement(charge: OrderCharge) -> OrderCharge:
    kept = {
        name: getattr(charge, name)
        for name in ("order", "kind", "description", "amount", *CHARGE_FIELDS)
    }
    return OrderCharge.objects.create(**kept, replaces=charge)


def _lower_open(order: Order, charges: Sequence[OrderCharge], lines: Sequence[OrderLine]) -> None:
    for charge in sorted(charges, key=lambda charge: charge.gross):
        if order.gross >= 0:
            return
        if charge.gross < 0 and not (charge.is_invoiced or charge.is_canceled):
            kept = min(money.ZERO, charge.gross - order.gross)
            charge.amount = money.round_down(charge.amount * kept / charge.gross, order.currency)
            charge.save(update_fields=["amount"])
            follow_goods(order, lines, charges)
            fill_totals(order, lines, charges)


def tax_rules(order: Order) -> Rules:
    """Today's taxes of an order from where it leaves to where it goes. Raises Refused for a missing rate."""
    lines = list(order.lines.select_related("sku"))
    _expect_origin(order, lines)
    return _rules(order, lines, order.company.today())


def retax(order: Order) -> None:
    """Write a locked order's taxes and totals anew; its prices stand, and all amounts of one that came as sold."""
    if order.is_as_sold:
        return
    lines, charges = (
        list(order.lines.select_related("sku").order_by("position")),
        list(order.charges.order_by("pk")),
    )
    _expect_origin(order, lines, charges)
    _fill_taxes(order, lines, charges, order.company.today())
    fill_totals(order, lines, charges)
    _save(order, lines, charges)


def retotal(order: Order) -> None:
    """Write a locked order's totals from its lines, which its open charges follow."""
    lines, charges = list(order.lines.all()), list(order.charges.all())
    follow_goods(order, lines, charges)
    fill_totals(order, lines, charges)
    lower_allowances(order, charges, lines)
    require_positive(order)
    order.save(update_fields=[*AMOUNTS, "units"])


def _expect_origin(
    order: Order, lines: Sequence[OrderLine], charges: Sequence[OrderCharge] = ()
) -> None:
    """Until stock is promised, all of an order is taxed from where it should leave."""
    if order.status == Order.Status.CONFIRMED:
        return
    order.origin = origins.expected(order, lines)
    rows: list[OrderLine | OrderCharge] = [*lines, *charges]
    for row in rows:
        row.origin = order.origin


def fill_totals(order: Order, lines: Sequence[OrderLine], charges: Sequence[OrderCharge]) -> None:
    """Add up what is not canceled: gross and tax of each line's part, and of the charges; net is the rest."""
    for name in ("gross", "tax"):
        total = sum(
            (
                money.part(
                    getattr(line, name),
                    line.quantity,
                    0,
                    line.quantity - line.canceled,
                    order.currency,
                )
                for line in lines
            ),
            money.ZERO,
        )
        total += sum(
            (getattr(charge, name) for charge in charges if not charge.is_canceled), money.ZERO
        )
        setattr(order, name, total)
    order.net = order.gross - order.tax
    order.units = sum(line.quantity for line in lines)


def _fill_taxes(
    order: Order, lines: Sequence[OrderLine], charges: Sequence[OrderCharge], today: date
) -> None:
    rules = _rules(order, [*lines, *charges], today)
    amounts = _after_order_discount(order, [_line_amount(order, line) for line in lines])
    goods = [
        Goods(line.origin, rules[line.origin][line.sku.tax_class], amount)
        for line, amount in zip(lines, amounts, strict=True)
    ]
    shared = [taxing.shares(order, charge, goods, _own_rule(charge, rules)) for charge in charges]
    taxed = iter(
        _compute(
            order, [*((each.rule, each.amount) for each in goods), *chain.from_iterable(shared)]
        )
    )
    for line, each in zip(lines, goods, strict=True):
        _write_tax(line, each.rule, next(taxed))
    for charge, parts in zip(charges, shared, strict=True):
        taxing.set_parts(charge, taxing.parts_of(parts, [next(taxed) for _part in parts]))


def _compute(order: Order, parts: Iterable[tuple[TaxRule, Decimal]]) -> list[Taxed]:
    return taxes.compute(
        [taxing.taxable(order, amount, rule) for rule, amount in parts],
        includes_tax=order.prices_include_tax,
        currency=order.currency,
        per_line=order.company.tax_rounding == Company.Rounding.LINE,
    )


def _write_tax(line: OrderLine, rule: TaxRule, taxed: Taxed) -> None:
    line.tax_percent, line.tax_category, line.tax_note = rule.percent, rule.category, rule.note
    line.included_percent = rule.included
    line.net, line.tax, line.gross = taxed.net, taxed.tax, taxed.gross


def _rules(order: Order, rows: Iterable[OrderLine | OrderCharge], today: date) -> Rules:
    classes: dict[str, set[str]] = defaultdict(lambda: {"standard"})
    for row in rows:
        classes[row.origin].add(row.sku.tax_class if isinstance(row, OrderLine) else "standard")
    return {
        origin: taxing.rules(order, origin, names, today, also=OrderCharge.Kind.values)
        for origin, names in classes.items()
    }


def _own_rule(charge: OrderCharge, rules: Rules) -> TaxRule:
    own = rules[charge.origin]
    return own.get(charge.kind, own["standard"])


def tax_moved(
    order: Order,
    amounts: Sequence[tuple[OrderLine, Decimal]],
    charges: Sequence[OrderCharge],
    lines: Sequence[OrderLine],
) -> None:
    """Tax lines and charges of an order, in memory, by the places that they leave from now.

    `amounts`: lines, each with what it comes to in the order's price mode. `lines`: all that charges may follow.
    """
    rules = _rules(order, [*(line for line, _amount in amounts), *charges], order.company.today())
    own = [(rules[line.origin][line.sku.tax_class], amount) for line, amount in amounts]
    for (line, _amount), (rule, _same), taxed in zip(
        amounts, own, _compute(order, own), strict=True
    ):
        _write_tax(line, rule, taxed)
    goods = taxing.goods_left(order, lines)
    for charge in charges:
        taxing.share(order, charge, goods, _own_rule(charge, rules))


def follow_goods(order: Order, lines: Sequence[OrderLine], charges: Sequence[OrderCharge]) -> None:
    """Let a locked order's open charges follow the goods that are left of it; those of a channel stay as sold."""
    if order.is_as_sold:
        return
    changed = taxing.follow_goods(order, lines, charges)
    if changed:
        OrderCharge.objects.bulk_update(changed, CHARGE_FIELDS)


def _line_amount(order: Order, line: OrderLine) -> Decimal:
    assert line.unit_price is not None
    return customer_prices.discounted(
        line.unit_price, line.quantity, line.discount_percent, order.currency
    )


def _after_order_discount(order: Order, amounts: list[Decimal]) -> list[Decimal]:
    if not order.discount_percent:
        return amounts
    off = money.round_amount(
        sum(amounts, money.ZERO) * order.discount_percent / 100, order.currency
    )
    shares = money.spread(off, amounts, order.currency)
    return [amount - share for amount, share in zip(amounts, shares, strict=True)]
