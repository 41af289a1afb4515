"""E-invoices: what one says, from the same frozen record as its PDF, and what it would lack."""

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _

from oms.core import codes, money
from oms.core.errors import Refused
from oms.core.identifiers import country_of
from oms.core.models import Company
from oms.core.money import ZERO
from orders import accounts, letters, registrations, taxing
from orders.accounting import due_dates, national_rules
from orders.accounting.connectors.einvoices import (
    CREDIT_NOTE,
    INVOICE,
    PREPAYMENT,
    Adjustment,
    Document,
    Item,
    Party,
)
from orders.accounting.models import Invoice, InvoiceLine
from orders.accounting.national_rules import Missing, Parties
from orders.models import Customer, Order
from orders.planners import places

MOST_PLACES = 2  # of amounts in EN 16931 (BR-DEC)
KINDS = {
    Invoice.Kind.INVOICE: INVOICE,
    Invoice.Kind.DEPOSIT: PREPAYMENT,
    Invoice.Kind.CREDIT: CREDIT_NOTE,
}
PARTY = (
    "name",
    "country",
    "street",
    "postal_code",
    "city",
    "region",
    "vat_number",
    "registration",
    "endpoint",
    "endpoint_scheme",
    "email",
    "phone",
)


def document_of(invoice: Invoice) -> Document:
    """An issued invoice or credit note as EN 16931 knows it, in its customer's language. Bills of deposits stand on it
    as lines below zero."""
    with letters.language_of(invoice.customer, invoice.company):
        return _document_of(invoice)


def _document_of(invoice: Invoice) -> Document:
    lines = list(
        invoice.lines.select_related("order_line__sku", "charge", "corrects__charge").order_by(
            "position"
        )
    )
    charges = [line for line in lines if _is_charge(line)]
    goods = [line for line in lines if line not in charges]
    if not goods:  # a document needs a line; what takes something off stays an allowance
        goods, charges = (
            [line for line in charges if line.net >= 0],
            [line for line in charges if line.net < 0],
        )
    if not goods:
        goods, charges = charges, []
    outside = all(line.tax_category == "O" for line in lines)
    return Document(
        kind=KINDS[Invoice.Kind(invoice.kind)],
        number=str(invoice.number),
        issued_on=invoice.issued_on,  # type: ignore[arg-type]
        currency=invoice.currency,
        places=money.minor_units(invoice.currency),
        seller=_party(invoice.seller, without_vat=outside),
        buyer=_party(invoice.bill_to, without_vat=outside),
        ship_to=_party(invoice.ship_to) if invoice.ship_to.get("country") else None,
        items=[_item(number, line, invoice) for number, line in enumerate(goods, 1)],
        adjustments=[
            Adjustment(line.description, line.net, line.tax_category, line.tax_percent)
            for line in charges
        ],
        taxes=taxing.tax_groups(lines),
        net=invoice.net,
        tax=invoice.tax,
        gross=invoice.gross,
        paid=ZERO if invoice.kind == Invoice.Kind.CREDIT else invoice.applied,
        due_on=_last_due(invoice),
        supplied_on=invoice.supplied_on,
        terms=_payment_terms(invoice),
        notes=_notes(invoice),
        **_references(invoice),
        **_home(invoice),
    )


def _payment_terms(invoice: Invoice) -> str:
    """In words; for German buyers a discount for early payment in the form that their programs read, too (XRechnung 3,
    BR-DE-18)."""
    told = " ".join(due_dates.in_words(invoice))
    is_offered = invoice.discount_until is not None and invoice.open_amount > 0
    if not is_offered or invoice.bill_to.get("country") != "DE":
        return told
    days = (invoice.discount_until - invoice.issued_on).days  # type: ignore[operator]
    return f"{told}\n#SKONTO#TAGE={days}#PROZENT={invoice.discount_percent:.2f}#\n"


def _party(facts: dict[str, str], *, without_vat: bool = False) -> Party:
    known = {name: facts[name] for name in PARTY if facts.get(name)}
    if without_vat:  # BR-O-02: what is outside the scope of VAT names no VAT numbers
        known.pop("vat_number", None)
    return Party(**{"name": "", "country": "", **known})


def _is_charge(line: InvoiceLine) -> bool:
    return line.charge_id is not None


def _item(number: int, line: InvoiceLine, invoice: Invoice) -> Item:
    """A line; what it takes off (a deposit that was invoiced before) is minus one unit at its price,
    a share that is credited one unit."""
    quantity = line.quantity or 1
    if line.net < 0:  # BR-27: a price is never below zero
        quantity = -quantity
    discount = ZERO
    if line.quantity and line.order_line is not None:
        full = money.round_amount(line.unit_price * line.quantity, invoice.currency)
        if not line.order_line.order.prices_include_tax and full > line.net:
            discount = full - line.net
    price = abs(line.unit_price if line.quantity else line.net)
    unit = line.order_line.sku.base_unit if line.order_line and line.quantity else ""
    return Item(
        number,
        line.description,
        quantity,
        price,
        line.net,
        line.tax_category,
        line.tax_percent,
        code=line.order_line.sku.code if line.order_line else "",
        discount=discount,
        discount_reason=_("Discount"),
        unit=unit if unit in codes.units() else "",
    )


def _last_due(invoice: Invoice) -> Any:
    last = invoice.installments.last()
    return last.due_on if last else invoice.due_on


def _notes(invoice: Invoice) -> tuple[str, ...]:
    return (invoice.reason,) if invoice.reason else ()


def _references(invoice: Invoice) -> dict[str, Any]:
    order = invoice.order
    return {
        "order_number": invoice.order_number,
        "purchase_order": order.customer_reference if order else "",
        "buyer_reference": invoice.bill_to.get("buyer_reference", ""),
        "preceding": tuple((str(row.number), row.issued_on) for row in invoice.preceding()),
        "iban": invoice.seller.get("iban", ""),
        "bic": invoice.seller.get("bic", ""),
    }


def _home(invoice: Invoice) -> dict[str, Any]:
    """The tax in the seller's currency, where the document has another (Directive 2006/112/EC, Article 230)."""
    home = invoice.company.currency
    if invoice.currency == home:
        return {}
    return {
        "home_currency": home,
        "home_tax": money.round_amount(invoice.tax / invoice.exchange_rate, home),
    }


def _has_prefix(vat_number: str) -> bool:
    """Whether a VAT number, if there is one, begins with a country's code (BR-CO-09)."""
    return not vat_number or country_of(vat_number) in (*codes.COUNTRIES, places.NORTHERN_IRELAND)


def lacking(
    company: Company,
    customer: Customer,
    address: dict[str, str],
    reference: str = "",
    ship_to: dict[str, str] | None = None,
    registration: str = "",
    currency: str = "",
) -> list[str]:
    """What the records must still say so that a customer's e-invoices are complete; nothing where they get none.

    `registration`: the VAT registration under which the company sells (`registrations.key_of`). `currency`: the
    document's.
    """
    if not customer.einvoice:
        return []
    vat_number = registrations.number(company, registration)
    wanted = [*_of_both(company, customer, address, vat_number, currency)]
    is_ubl = customer.einvoice == Customer.EInvoice.UBL
    if is_ubl:
        wanted += _of_delivery(company, customer, reference)
    missing = [name for known, name in wanted if not known]
    if is_ubl:
        missing += national_rules.lacking(
            Parties(company, customer, address, ship_to or {}, vat_number)
        )
    return missing


def _of_both(
    company: Company, customer: Customer, address: dict[str, str], vat_number: str, currency: str
) -> Missing:
    """What EN 16931 asks of both parties and of the currency."""
    return [
        (
            money.minor_units(currency) <= MOST_PLACES,
            _("another currency: amounts have at most two decimal places (EN 16931), unlike %s")
            % currency,
        ),
        (_has_prefix(vat_number), _("the company's VAT number with its country's prefix")),
        (
            _has_prefix(customer.vat_number),
            _("the customer's VAT number with its country's prefix"),
        ),
        (
            company.street and company.city and company.country,
            _("the company's street, city and country"),
        ),
        (vat_number or company.registration, _("company VAT or registration number")),
        (
            address.get("name") and address.get("country"),
            _("the customer's billing name and country"),
        ),
    ]


def _of_delivery(company: Company, customer: Customer, reference: str) -> Missing:
    """What Peppol asks, to deliver an e-invoice."""
    return [
        (
            company.endpoint and company.endpoint_scheme,
            _("the company's e-invoicing address and its scheme"),
        ),
        (
            customer.endpoint and customer.endpoint_scheme,
            _("the customer's e-invoicing address and its scheme"),
        ),
        (customer.buyer_reference or reference, _("buyer reference (on customer or order)")),
    ]


def lacking_of_taxes(
    company: Company,
    customer: Customer,
    ship_to: dict[str, str],
    lines: Sequence[Any],
    registration: str = "",
) -> list[str]:
    """What the tax categories of lines ask of the records (EN 16931-1: BR-S, BR-E, BR-AE, BR-IC, BR-G, BR-O)."""
    if not customer.einvoice:
        return []
    categories = {line.tax_category for line in lines}
    vat_number = registrations.number(company, registration)
    is_british = (registration or registrations.home_of(company).country) in places.BRITISH
    wanted = [
        (vat_number or categories <= {"O"}, _("the company's VAT number")),
        (
            not is_british or "K" not in categories or vat_number.upper().startswith("XI"),
            _("the company's VAT number with XI, for supplies between Northern Ireland and the EU"),
        ),
        (customer.vat_number or not categories & {"AE", "K"}, _("the customer's VAT number")),
        (ship_to.get("country") or "K" not in categories, _("destination country")),
        (
            customer.einvoice != Customer.EInvoice.UBL
            or national_rules.are_rates_allowed(company, vat_number, lines),
            _("a Swedish tax rate: 25, 12 or 6%"),
        ),
        (
            categories == {"O"} or "O" not in categories,
            _("separate invoices for items outside the scope of VAT"),
        ),
        (
            all(line.tax_note for line in lines if line.tax_category in ("E", "AE", "K", "G", "O")),
            _("legal text for the tax rate or exemption"),
        ),
    ]
    return [name for known, name in wanted if not known]


@accounts.before_confirming
def require_ready(order: Order) -> None:
    """Raise Refused where the e-invoices of a whole order, one for each VAT registration, would not be valid."""
    if not order.customer.einvoice:
        return
    taxed: dict[str, list[Any]] = {}
    for line in order.lines.all():
        taxed.setdefault(registrations.of(order, line), []).append(line)
    for charge in order.charges.filter(is_canceled=False).order_by("pk"):
        taxed.setdefault(registrations.of(order, charge), []).extend(charge.parts)
    for registration, rows in taxed.items():
        require_complete(order, rows, registration)


def require_complete(order: Order, lines: Sequence[Any], registration: str = "") -> None:
    """Raise Refused, naming all that is missing, where an order's e-invoice would not be valid."""
    require_valid(
        order.company,
        order.customer,
        order.bill_to,
        lines,
        registration=registration,
        reference=order.customer_reference,
        ship_to=order.ship_to,
        currency=order.currency,
    )


def require_valid(
    company: Company,
    customer: Customer,
    address: dict[str, str],
    lines: Sequence[Any],
    *,
    registration: str = "",
    reference: str = "",
    ship_to: dict[str, str] | None = None,
    currency: str = "",
) -> None:
    """Raise Refused, naming all that is missing, where an e-invoice of these lines would not be valid."""
    missing = lacking(company, customer, address, reference, ship_to, registration, currency)
    missing += lacking_of_taxes(company, customer, ship_to or {}, lines, registration)
    if missing:
        raise Refused(
            _(
                "E-invoices for %(customer)s are missing: %(missing)s. Add this information and try again."
            )
            % {"customer": customer, "missing": "; ".join(missing)},
            code="einvoice_incomplete",
            missing=missing,
        )
