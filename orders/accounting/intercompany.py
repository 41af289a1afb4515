"""Billing what left a company's stock for another company's order: the owner's invoices and credit notes.

The goods are sold where they lie: the selling company has a VAT number there, under which it sells them on, so that the
transport belongs to its own supply (Directive 2006/112/EC, Article 36a(2)).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.utils.translation import gettext as _

from inventory import costs
from inventory.models import SKU, Warehouse
from oms.core import money, numbering, periods
from oms.core.errors import Refused
from oms.core.locking import atomic, lock
from oms.core.models import Company, User
from orders import letters, order_entry, registrations, taxing
from orders.accounting import crediting, einvoicing, issuing
from orders.accounting.models import IntercompanyRule, IntercompanySupply, Invoice, InvoiceLine
from orders.models import Order, Price
from orders.planners import places, prices, taxes
from orders.planners.prices import Offer
from orders.planners.taxes import Taxable
from orders.taxing import TaxRule

Pricing = IntercompanyRule.Pricing


@dataclass(frozen=True)
class Supplied:
    """Base units of a SKU that left, and what one of them is sold for."""

    sku: SKU
    quantity: int
    price: Decimal


def rule_between(selling: Company, supplying: Company) -> IntercompanyRule:
    """The setting of two companies, active or not. Raises Refused where there is none."""
    rule = (
        IntercompanyRule.objects.filter(selling=selling, supplying=supplying)
        .select_related("selling", "supplying", "customer", "price_list")
        .first()
    )
    if rule is None:
        raise Refused(
            _(
                "There is no intercompany setting for stock of %(supplying)s and orders of %(selling)s. Enter "
                "it under Intercompany settings."
            )
            % {"supplying": supplying, "selling": selling},
            code="no_intercompany_rule",
        )
    return rule


def bill_shipment(
    order: Order, shipment: str, warehouse: Warehouse, *, on: date, by: User | None = None
) -> Invoice | None:
    """Bill what a shipment took from another company's warehouse to the order's company; None of its own warehouse.

    Called again for the same shipment it returns the first invoice. Raises Refused where a price or a tax rate is
    missing.
    """
    if warehouse.company_id == order.company_id:
        return None
    with atomic():
        reference = f"{shipment} intercompany"
        known = issuing.known(reference, kind=Invoice.Kind.INVOICE, company=warehouse.company_id)
        if known:
            return known
        rule = rule_between(order.company, warehouse.company)
        day = periods.open_day(warehouse.company, on)
        supplied = [
            Supplied(sku, units, price_of(rule, sku, units, cost, day))
            for sku, units, cost in costs.left_with(shipment)
        ]
        return _issue(rule, order, shipment, warehouse, supplied, reference, day, by)


def _issue(
    rule: IntercompanyRule,
    order: Order,
    shipment: str,
    warehouse: Warehouse,
    supplied: Sequence[Supplied],
    reference: str,
    day: date,
    by: User | None,
) -> Invoice:
    place = places.place(warehouse.country, warehouse.postal_code)
    registrations.require(rule.supplying, place)
    document = _start(rule, reference, place.country)
    rules = taxing.where_goods_are(
        place, rule.customer, {each.sku.tax_class for each in supplied}, day
    )
    with letters.language_of(rule.customer, rule.supplying):
        lines = _lines(document, order, shipment, supplied, rules)
    einvoicing.require_valid(
        rule.supplying,
        rule.customer,
        document.bill_to,
        lines,
        registration=document.registration,
        reference=order.number,
        currency=document.currency,
    )
    document = issuing.issue(document, lines, day, by)
    IntercompanySupply.objects.bulk_create(
        IntercompanySupply(rule=rule, order=order, shipment=shipment, sku=each.sku, line=line)
        for each, line in zip(supplied, lines, strict=True)
    )
    return document


def _start(rule: IntercompanyRule, reference: str, country: str) -> Invoice:
    """An invoice of the supplying company to the selling one, each with its VAT number of a country."""

    def key(company: Company) -> str:
        return "" if registrations.home_of(company).country == country else country

    address, _shipping = order_entry.addresses(rule.customer)
    bill_to = {**(address or {"name": rule.customer.name}), **rule.customer.identity()}
    number = registrations.number(rule.selling, key(rule.selling))
    return Invoice(
        kind=Invoice.Kind.INVOICE,
        company=rule.supplying,
        customer=rule.customer,
        reference=reference,
        bill_to={**bill_to, "vat_number": number} if number else bill_to,
        seller=registrations.seller(rule.supplying, key(rule.supplying)),
        currency=rule.supplying.currency,
    )


def _lines(
    document: Invoice,
    order: Order,
    shipment: str,
    supplied: Sequence[Supplied],
    rules: Mapping[str, TaxRule],
) -> list[InvoiceLine]:
    amounts = [
        money.round_amount(each.price * each.quantity, document.currency) for each in supplied
    ]
    taxed = taxes.compute(
        [
            Taxable(amount, rules[each.sku.tax_class].percent)
            for each, amount in zip(supplied, amounts, strict=True)
        ],
        includes_tax=False,
        per_line=document.company.tax_rounding == Company.Rounding.LINE,
        currency=document.currency,
    )
    return [
        InvoiceLine(
            invoice=document,
            position=position,
            quantity=each.quantity,
            unit_price=each.price,
            description=f"{each.sku.code} {each.sku.name} ({order.number}, {shipment})"[:200],
            tax_percent=rule.percent,
            tax_category=rule.category,
            tax_note=rule.note,
            net=own.net,
            tax=own.tax,
            gross=own.gross,
        )
        for position, (each, own) in enumerate(zip(supplied, taxed, strict=True), 1)
        for rule in [rules[each.sku.tax_class]]
    ]


def price_of(rule: IntercompanyRule, sku: SKU, quantity: int, cost: Decimal, on: date) -> Decimal:
    """The transfer price of a base unit in the supplying company's currency. Raises Refused where there is none."""
    if rule.pricing != Pricing.PRICE_LIST:
        if not cost:
            raise Refused(
                _(
                    "%(sku)s has no cost in the stock of %(company)s, so it has no transfer price. Set the "
                    "intercompany setting to a price list with a price of it."
                )
                % {"sku": sku, "company": rule.supplying},
                code="no_price",
                sku=sku.code,
            )
        percent = rule.percent if rule.pricing == Pricing.COST_PLUS else Decimal(0)
        return round(cost * (100 + percent) / 100, 4)
    offers = [
        Offer(row.unit_price, row.minimum, False, "", row.valid_from, row.valid_to)
        for row in Price.objects.filter(price_list=rule.price_list, sku=sku)
    ]
    offer = prices.choose_price(offers, quantity, on)
    if offer is None:
        raise Refused(
            _("%(sku)s has no price in the price list %(list)s on %(day)s. Add one.")
            % {"sku": sku, "list": rule.price_list, "day": on},
            code="no_price",
            sku=sku.code,
        )
    return offer.unit_price


def credit_returned(
    order: Order,
    company: Company,
    units: Mapping[int, int],
    *,
    reference: str,
    by: User | None = None,
) -> list[Invoice]:
    """Credit base units, by SKU, that came back to the stock of the company that billed them, the newest first.

    What was credited before isn't credited twice, and what was never billed isn't credited.
    """
    supplies = (
        IntercompanySupply.objects.filter(order=order, rule__supplying=company, sku__in=units)
        .select_related("line__invoice")
        .order_by("-line")
    )
    left, found = dict(units), dict[Invoice, list[crediting.Credited]]()
    for each in supplies:
        count = min(left[each.sku_id], each.line.quantity - each.line.credited)
        if count > 0:
            found.setdefault(each.line.invoice, []).append(crediting.Credited(each.line, count))
            left[each.sku_id] -= count
    with atomic():
        invoices = lock(Invoice.objects.filter(pk__in=[invoice.pk for invoice in found]))
        numbering.lock_counters(company, issuing.SERIES.values(), company.today().year)
        return [_credit(invoice, found[invoice], reference, by) for invoice in invoices]


def _credit(
    invoice: Invoice, credited: Sequence[crediting.Credited], reference: str, by: User | None
) -> Invoice:
    with letters.language_of(invoice.customer, invoice.company):
        reason = _("Returned goods (%(number)s)") % {"number": reference}
    return crediting.credit(
        invoice,
        credited,
        reference=f"{reference} intercompany {invoice.number}",
        reason=reason,
        by=by,
    )
