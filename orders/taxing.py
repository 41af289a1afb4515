"""Which taxes apply to an order: the rule of each tax class, and how its charges share the rates of its goods."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any, Protocol

from django.utils.translation import gettext as _

from oms.core import money
from oms.core.errors import Refused
from oms.core.models import Company
from oms.core.money import ZERO
from orders import registrations
from orders.models import Customer, Order, OrderCharge, OrderLine, TaxRate
from orders.models.order import ChargePart
from orders.planners import prices, taxes, vat
from orders.planners.places import Place
from orders.planners.taxes import Taxable, TaxGroup
from orders.registrations import destination_of, home_of, origin_of

COMPENSATION = "Compensation, not consideration for a supply: no VAT."
SERVICES = "services"  # the tax class of what isn't goods
Rate = tuple[Decimal, str]  # percent and category


@dataclass(frozen=True)
class TaxRule:
    """The tax of a tax class: percent, EN 16931's category, and the text that an invoice must show.

    `included`: the rate that is in prices with tax and comes off for a buyer who pays none.
    """

    percent: Decimal
    category: str
    note: str
    included: Decimal = Decimal(0)


class Rated(Protocol):
    """What has an amount at a tax rate: a line of an order or of an invoice, a part of a charge."""

    @property
    def tax_percent(self) -> Decimal: ...

    @property
    def tax_category(self) -> str: ...

    @property
    def gross(self) -> Decimal: ...


@dataclass(frozen=True)
class Goods:
    """Goods that charges follow: where they leave from, their tax, and their amount in the order's price mode."""

    origin: str
    rule: TaxRule
    amount: Decimal


# Texts for invoices that the code gives; what a company writes on its own rates stays as it is.
NOTES = (COMPENSATION, vat.INTRA_COMMUNITY, vat.SERVICE, vat.EU_EXPORT, vat.EXPORT)
UNTAXED_FEE = TaxRule(Decimal(0), TaxRate.Category.EXEMPT, COMPENSATION)


def translated(note: str) -> str:
    """A tax text in the language that is active, if it is one of ours."""
    return _(note) if note in NOTES else note


def is_place_uncertain(order: Order) -> bool:
    """Whether an order is untaxed only if its address without a postal code means what is usual."""
    if order.customer.is_tax_exempt:
        return False
    origin = origin_of(order.company, order.origin)
    return vat.is_uncertain(origin, destination_of(order, origin), order.customer.vat_number)


def rules(
    order: Order, origin: str, classes: Collection[str], on: date, *, also: Collection[str] = ()
) -> dict[str, TaxRule]:
    """The taxes of an order's goods that leave from a place (by its code), on a day, by tax class.

    VAT goes by where transport begins (Directive 2006/112/EC, Articles 32, 33 and 138). Raises Refused where a class
    has none, but for those of `also`, and where the company may not sell from there.
    """
    start = origin_of(order.company, origin)
    registrations.require(order.company, start)
    end = destination_of(order, start)
    rates = _rates(end, order.ship_to.get("region", ""), on)
    found = {
        name: _untaxed(order, start, end, name, bool(rates)) or rates.get(name)
        for name in {*classes, *also}
    }
    missing = {name for name in classes if found[name] is None}
    if missing:
        raise _no_rate(missing, end, on)
    known = {name: rule for name, rule in found.items() if rule is not None}
    return _with_included(order, known, on) if order.prices_include_tax else known


def where_goods_are(
    place: Place, customer: Customer, classes: Collection[str], on: date
) -> dict[str, TaxRule]:
    """The taxes of goods that are sold to a customer where they are, on a day, by tax class.

    Raises Refused where a class has none.
    """
    if customer.is_tax_exempt:
        return dict.fromkeys(
            classes, TaxRule(Decimal(0), TaxRate.Category.EXEMPT, customer.exemption_note)
        )
    rates = _rates(place, "", on)
    missing = set(classes) - set(rates)
    if missing:
        raise _no_rate(missing, place, on)
    return {name: rates[name] for name in classes}


def _rates(place: Place, region: str, on: date) -> dict[str, TaxRule]:
    """The rates of a place: those of its region before its country's, dated ones before undated ones."""
    rows = [
        row
        for row in TaxRate.objects.filter(country=place.country)
        if prices.applies(row.valid_from, row.valid_to, on) and _is_there(row, place, region)
    ]
    rows.sort(
        key=lambda row: (
            bool(row.region),
            bool(row.valid_from or row.valid_to),
            str(row.valid_from or ""),
            row.pk,
        )
    )
    return {row.tax_class: TaxRule(row.percent, row.category, row.note) for row in rows}


def _is_there(row: TaxRate, place: Place, region: str) -> bool:
    """Whether a rate holds at a place; in a territory outside its country's VAT area only the territory's own."""
    own = row.region.casefold()
    if place.territory:
        return own == place.territory.casefold()
    return own in ("", region.casefold())


def _untaxed(
    order: Order, start: Place, end: Place, tax_class: str, is_registered_there: bool
) -> TaxRule | None:
    if order.customer.is_tax_exempt:
        return TaxRule(Decimal(0), TaxRate.Category.EXEMPT, order.customer.exemption_note)
    is_goods = tax_class != SERVICES
    found = vat.between(
        start if is_goods else home_of(order.company),
        end,
        order.customer.vat_number,
        is_registered_there=is_registered_there,
        is_goods=is_goods,
    )
    return TaxRule(Decimal(0), found.category, found.note) if found else None


def _with_included(order: Order, known: dict[str, TaxRule], on: date) -> dict[str, TaxRule]:
    """Rules with the rate at home that prices with tax include, where the buyer pays no tax."""
    if order.customer.is_tax_exempt or any(
        rule.category in ("K", "G", "AE") for rule in known.values()
    ):
        home = home_of(order.company)
        rates = _rates(home, "", on)
        untaxed = {
            name: rule for name, rule in known.items() if rule.category in ("E", "K", "G", "AE")
        }
        if not rates:
            raise _no_rate(untaxed, home, on)
        return known | {
            name: replace(rule, included=rates.get(name, rates.get("standard", rule)).percent)
            for name, rule in untaxed.items()
            if not rule.percent
        }
    return known


def _no_rate(missing: Collection[str], place: Place, on: date) -> Refused:
    name = f"{place.country} {place.territory}".strip()
    return Refused(
        _(
            "No tax rate for %(missing)s in %(country)s on %(today)s. Add one under Finance > Tax rates."
        )
        % {"missing": ", ".join(sorted(missing)), "country": name, "today": on},
        code="no_tax_rate",
        country=place.country,
    )


def without_included(amount: Decimal, included: Decimal, currency: str) -> Decimal:
    """An amount with tax as a buyer who pays none owes it: gross ÷ (1 + rate)."""
    return money.round_amount(amount * 100 / (100 + included), currency) if included else amount


def rate_of(row: Rated) -> Rate:
    """The tax rate of a line, or of a part of a charge."""
    return row.tax_percent.normalize(), row.tax_category


def has_rates_of_goods(company: Company, charge: OrderCharge) -> bool:
    """Whether a charge shares the tax rates of the goods that leave from its place."""
    return charge.kind not in OrderCharge.COMPENSATION and bool(
        origin_of(company, charge.origin).area
    )


def shares(
    order: Order, charge: OrderCharge, goods: Sequence[Goods], own: TaxRule | None
) -> list[tuple[TaxRule, Decimal]]:
    """The rules of a charge, each with its part of the charge's amount.

    Freight, fees and allowances are ancillary to the goods that leave from the charge's place: they follow their rates
    pro rata where that is in the European Union or the United Kingdom, and have the rate `own` elsewhere. Compensation
    carries no tax.
    """
    if charge.kind in OrderCharge.COMPENSATION:
        return [(UNTAXED_FEE, charge.amount)]
    weights: dict[TaxRule, Decimal] = {}
    for each in goods:
        if each.amount and each.origin == charge.origin:
            weights[each.rule] = weights.get(each.rule, money.ZERO) + each.amount
    if weights and (own is None or origin_of(order.company, charge.origin).area):
        parts = money.spread(charge.amount, list(weights.values()), order.currency)
        rules_and_parts = list(zip(weights, parts, strict=True))
        return [each for each in rules_and_parts if each[1]] or rules_and_parts[:1]
    return [(own, charge.amount)] if own is not None else []


def set_parts(charge: OrderCharge, parts: Sequence[ChargePart]) -> None:
    """Give a charge its parts by tax rate; its own rate is that of the largest."""
    largest = max(parts, key=lambda part: abs(part.amount))
    charge.tax_percent, charge.tax_category, charge.tax_note = (
        largest.tax_percent,
        largest.tax_category,
        largest.tax_note,
    )
    for name in ("net", "tax", "gross"):
        setattr(charge, name, sum((getattr(part, name) for part in parts), money.ZERO))
    charge.taxes = [part.as_json() for part in parts]


def parts_of(
    shared: Sequence[tuple[TaxRule, Decimal]], taxed: Sequence[taxes.Taxed]
) -> list[ChargePart]:
    """The parts of a charge from its shares and what each of them is taxed."""
    return [
        ChargePart(
            each.gross if rule.included else amount,
            rule.percent,
            rule.category,
            rule.note,
            each.net,
            each.tax,
            each.gross,
        )
        for (rule, amount), each in zip(shared, taxed, strict=True)
    ]


def taxable(order: Order, amount: Decimal, rule: TaxRule) -> Taxable:
    return Taxable(without_included(amount, rule.included, order.currency), rule.percent)


def follow_goods(
    order: Order, lines: Sequence[OrderLine], charges: Sequence[OrderCharge]
) -> list[OrderCharge]:
    """Share the charges that are still to be billed by the goods that are left; returns those that changed."""
    goods = goods_left(order, lines)
    if not any(each.amount for each in goods):
        return []
    changed = []
    for charge in charges:
        is_as_shared = charge.amount == sum((part.amount for part in charge.parts), money.ZERO)
        is_free = not origin_of(order.company, charge.origin).area
        if charge.is_invoiced or charge.is_canceled or (is_as_shared and is_free):
            continue
        before = charge.origin, charge.taxes
        charge.origin = _origin_among(charge, goods)
        share(
            order, charge, goods, TaxRule(charge.tax_percent, charge.tax_category, charge.tax_note)
        )
        if (charge.origin, charge.taxes) != before:
            changed.append(charge)
    return changed


def goods_left(order: Order, lines: Sequence[OrderLine]) -> list[Goods]:
    """What is not canceled of an order's lines."""
    return [Goods(line.origin, _rule_of(line), _left(order, line)) for line in lines]


def _origin_among(charge: OrderCharge, goods: Sequence[Goods]) -> str:
    """Where a charge's goods leave from; once none of them are left, where most of the others do."""
    by_origin: dict[str, Decimal] = {}
    for each in goods:
        by_origin[each.origin] = by_origin.get(each.origin, money.ZERO) + each.amount
    return (
        charge.origin
        if by_origin.get(charge.origin)
        else max(by_origin, key=lambda name: by_origin[name])
    )


def share(order: Order, charge: OrderCharge, goods: Sequence[Goods], own: TaxRule | None) -> None:
    """Tax a charge by its goods, or at its own rate."""
    shared = shares(order, charge, goods, own)
    taxed = taxes.compute(
        [taxable(order, amount, rule) for rule, amount in shared],
        includes_tax=order.prices_include_tax,
        per_line=True,
        currency=order.currency,
    )
    set_parts(charge, parts_of(shared, taxed))


def _rule_of(line: OrderLine) -> TaxRule:
    return TaxRule(line.tax_percent, line.tax_category, line.tax_note, line.included_percent)


def _left(order: Order, line: OrderLine) -> Decimal:
    """What is not canceled of a line, in the order's price mode."""
    return money.part(
        agreed(order, line), line.quantity, 0, line.quantity - line.canceled, order.currency
    )


def agreed(order: Order, line: OrderLine) -> Decimal:
    """What a whole line comes to in the order's price mode, whatever its tax."""
    whole = line.gross if order.prices_include_tax else line.net
    return whole * (100 + line.included_percent) / 100


def tax_groups(lines: Iterable[Any]) -> list[TaxGroup]:
    """Net and tax by category and rate, with the text that says why there is none."""
    found: dict[tuple[str, Decimal], list[Any]] = {}
    for line in lines:
        found.setdefault((line.tax_category, line.tax_percent.normalize()), []).append(line)
    return [
        TaxGroup(
            category,
            percent,
            sum((line.net for line in own), ZERO),
            sum((line.tax for line in own), ZERO),
            next((translated(line.tax_note) for line in own if line.tax_note), ""),
        )
        for (category, percent), own in sorted(found.items())
    ]
