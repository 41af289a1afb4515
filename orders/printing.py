"""Quotes, order confirmations, pro-forma invoices, invoices and credit notes on paper, and what letters share."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils import translation
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from oms.core import money, stored_files
from oms.core.errors import Refused
from oms.core.models import StoredDocument
from oms.core.money import display, grouped, part
from oms.printing import barcodes, letterheads, printouts, rendering
from oms.printing.barcodes import Bars, Matrix
from oms.printing.letterheads import Letterhead
from orders import due_dates, einvoicing, issuing, taxing
from orders.connectors.einvoices.en16931 import connector
from orders.models import Customer, Invoice, Order, OrderLine

Facts = list[tuple[str, str]]
LETTER_MM = 170  # across a letter between its margins


@dataclass(frozen=True)
class Paper:
    """What stands on a letter to a customer: parties, facts, lines, totals, what is said below, a code."""

    title: str
    number: str
    letterhead: Letterhead
    language: str
    recipient: list[str]
    facts: Facts
    lines: list[dict[str, str]]
    taxes: list[dict[str, str]]
    net: str
    tax: str
    gross: str
    notes: list[str]
    elsewhere: Facts = field(default_factory=list)
    bars: Bars | Matrix | None = None


def freeze_invoice(document: Invoice) -> StoredDocument:
    """Render an issued invoice and keep its bytes for good; for who gets e-invoices with its data, or that beside it.

    Raises RendererMissing where PDFs cannot be made.
    """
    names = {"subject_type": document.subject_type, "subject_number": str(document.number)}
    if document.customer.einvoice == Customer.EInvoice.UBL and not stored_files.legal(
        "ubl", **names
    ):
        data = connector.ubl(einvoicing.document_of(document))
        stored_files.freeze("ubl", content=data, suffix="xml", **names)
    known = stored_files.legal(document.kind, **names)
    return known or stored_files.freeze(document.kind, content=invoice_pdf(document), **names)


def invoice_pdf(document: Invoice) -> bytes:
    """The PDF of an issued document as PDF/A-3, with its data inside where its customer wants Factur-X."""
    with issuing.language_of(document.customer, document.company):
        paper = invoice_paper(document)
        pdf = render("invoice", paper, archive=True)
    if document.customer.einvoice != Customer.EInvoice.FACTUR_X:
        return pdf
    xml = connector.cii(einvoicing.document_of(document))
    return connector.factur_x(
        pdf,
        xml,
        title=f"{paper.title} {document.number}",
        author=paper.letterhead.name,
        language=paper.language,
    )


def render(template: str, paper: Paper, *, archive: bool = False) -> bytes:
    """A letter as a PDF, under its company's logo."""
    head = paper.letterhead
    return rendering.render(
        template,
        {"paper": paper},
        assets={head.logo_name: head.logo} if head.logo else {},
        archive=archive,
    )


def invoice_paper(document: Invoice) -> Paper:
    """What stands on an invoice or a credit note: the record as it is frozen."""
    lines = list(document.lines.select_related("order_line__order").order_by("position"))
    shown = [_line(line, line.description, line.quantity, document.currency) for line in lines]
    return Paper(
        title=_title(document),
        number=str(document.number),
        letterhead=letterheads.letterhead(document.company, document.seller),
        language=translation.get_language(),
        recipient=recipient(document.bill_to, document.bill_to.get("vat_number", "")),
        facts=_invoice_facts(document),
        lines=_with_orders(document, lines, shown),
        **_sums(document, lines),
        notes=[
            *([document.reason] if document.reason else []),
            *due_dates.in_words(document),
            *_tax_notes(lines),
        ],
        elsewhere=_in_company_currency(document),
        bars=barcodes.symbol(str(document.number), LETTER_MM),
    )


def _title(document: Invoice) -> str:
    return {
        Invoice.Kind.INVOICE: gettext("Invoice"),
        Invoice.Kind.DEPOSIT: gettext("Deposit invoice"),
        Invoice.Kind.CREDIT: gettext("Credit note"),
    }[Invoice.Kind(document.kind)]


def _invoice_facts(document: Invoice) -> Facts:
    order = document.order
    facts = [
        (gettext("Date"), digits(document.issued_on)),
        (gettext("Date of supply"), digits(document.supplied_on)),
        (gettext("Customer"), document.customer.code),
    ]
    if order is not None:
        facts += [
            (gettext("Order"), str(order.number)),
            (gettext("Your reference"), order.customer_reference),
        ]
    if document.corrects is not None:
        facts.append(
            (
                gettext("Corrects invoice"),
                f"{document.corrects.number}, {digits(document.corrects.issued_on)}",
            )
        )
    return [fact for fact in facts if fact[1]]


def digits(day: Any) -> str:
    """A day as papers show it; nothing for none."""
    return day.isoformat() if day else ""


def _with_orders(
    document: Invoice, lines: Sequence[Any], shown: list[dict[str, str]]
) -> list[dict[str, str]]:
    """The lines of a collective invoice under the orders that they are of."""
    if document.order is not None:
        return shown
    before, found = None, []
    for line, row in zip(lines, shown, strict=True):
        order = line.order_line.order if line.order_line else None
        if order is not None and order != before:
            reference = f" · {order.customer_reference}" if order.customer_reference else ""
            found.append({"heading": f"{gettext('Order')} {order.number}{reference}"})
        before = order or before
        found.append(row)
    return found


def _in_company_currency(document: Invoice) -> Facts:
    """The totals in the company's currency, where the document has another."""
    home = document.company.currency
    if document.currency == home:
        return []
    rate = document.exchange_rate
    return [(gettext("Rate"), f"{rate.normalize():f} {document.currency}/{home}")] + [
        (label, display(money.round_amount(amount / rate, home), home))
        for label, amount in (
            (gettext("Net"), document.net),
            (gettext("Tax"), document.tax),
            (gettext("Total"), document.gross),
        )
    ]


def order_paper(order: Order, *, title: str = "") -> Paper:
    """What stands on a quote or an order confirmation: what is not canceled, and the charges."""
    lines = [
        _without_canceled(line, order.currency)
        for line in order.lines.select_related("sku", "order").order_by("position")
        if line.quantity > line.canceled
    ]
    charges = [charge for charge in order.charges.order_by("pk") if not charge.is_canceled]
    shown = [
        _line(line, f"{line.sku.code} {line.description}", line.quantity, order.currency)
        for line in lines
    ]
    parts = [(part, charge.description) for charge in charges for part in charge.parts]
    shown += [_line(part, description, 1, order.currency) for part, description in parts]
    taxed = [*lines, *(part for part, _description in parts)]
    facts = [
        (gettext("Date"), digits(order.placed_on or order.company.day_of(order.status_at))),
        (gettext("Customer"), order.customer.code),
        (gettext("Your reference"), order.customer_reference),
        (gettext("Valid until"), digits(order.valid_until)),
        (gettext("Requested delivery date"), digits(order.requested_on)),
    ]
    is_quote = order.status == Order.Status.QUOTED
    return Paper(
        title=title or (gettext("Quote") if is_quote else gettext("Order confirmation")),
        number=str(order.number),
        letterhead=letterheads.letterhead(order.company),
        language=translation.get_language(),
        recipient=recipient(order.bill_to, order.customer.vat_number),
        facts=[fact for fact in facts if fact[1]],
        lines=shown,
        **_sums(order, taxed),
        notes=_tax_notes(taxed),
    )


def recipient(address: dict[str, str], vat_number: str) -> list[str]:
    """The lines of an address, and the VAT number below it."""
    place = f"{address.get('postal_code', '')} {address.get('city', '')}".strip()
    lines = [
        address.get("name", ""),
        address.get("street", ""),
        place,
        address.get("region", ""),
        address.get("country", ""),
        gettext("VAT number %(value)s") % {"value": vat_number} if vat_number else "",
    ]
    return [line for line in lines if line]


def _tax_notes(lines: Sequence[Any]) -> list[str]:
    return sorted({taxing.translated(line.tax_note) for line in lines if line.tax_note})


def _without_canceled(line: OrderLine, currency: str) -> OrderLine:
    """A line as far as it is still wanted, by the parts that the order's totals add up (never saved)."""
    left = line.quantity - line.canceled
    net, tax = (part(amount, line.quantity, 0, left, currency) for amount in (line.net, line.tax))
    return OrderLine(
        order=line.order,
        sku=line.sku,
        description=line.description,
        quantity=left,
        unit_price=line.billed_price,
        net=net,
        tax=tax,
        gross=net + tax,
        tax_percent=line.tax_percent,
        tax_category=line.tax_category,
        tax_note=line.tax_note,
        discount_percent=line.discount_percent,
    )


def _line(line: Any, description: str, quantity: int, currency: str) -> dict[str, str]:
    price = getattr(line, "unit_price", None)
    return {
        "description": description,
        "quantity": str(quantity) if quantity else "",
        "unit_price": grouped(line.net if price is None else price, currency),
        "discount": _discount(line, quantity, currency),
        "tax": f"{line.tax_percent.normalize():f} %",
        "net": grouped(line.net, currency),
    }


def _discount(line: Any, quantity: int, currency: str) -> str:
    """What is off a line: its own percentage, and what its share of the order's discount comes to."""
    order_line = line if isinstance(line, OrderLine) else getattr(line, "order_line", None)
    if order_line is None or not quantity:
        return ""
    own = line.discount_percent
    with_tax = order_line.order.prices_include_tax
    full = money.round_amount(line.unit_price * quantity * (100 - own) / 100, currency)
    rest = full - (line.gross if with_tax else line.net)
    told = ([f"−{own.normalize():f} %"] if own else []) + (
        [f"−{grouped(rest, currency)}"] if rest > 0 else []
    )
    return ", ".join(told)


def _sums(document: Any, lines: Sequence[Any]) -> dict[str, Any]:
    """The totals of a document, and its tax by rate."""
    currency = document.currency
    return {
        "net": display(document.net, currency),
        "tax": display(document.tax, currency),
        "gross": display(document.gross, currency),
        "taxes": [
            {
                "percent": f"{group.percent:f} %",
                "base": display(group.net, currency),
                "tax": display(group.tax, currency),
            }
            for group in einvoicing.tax_groups(lines)
        ],
    }


def print_order(order: Order, *, title: str = "") -> bytes:
    """A quote, an order confirmation or a pro-forma invoice as a PDF. Raises Refused for a draft or what is canceled.

    A pro-forma invoice is for customs and prepayment: no number of a series, no booking.
    """
    if not _is_printable(order):
        raise Refused(
            gettext("Order %(number)s is %(status)s and can't be printed. Quote or place it first.")
            % {"number": order.number, "status": order.get_status_display()}
        )
    with issuing.language_of(order.customer, order.company):
        return render("order", order_paper(order, title=str(title)))


def _is_printable(order: Order) -> bool:
    return order.status not in (Order.Status.DRAFT, Order.Status.CANCELED)


def read_invoice(document: Invoice) -> bytes:
    """The frozen PDF of an issued document. Raises Refused where it is not made yet, or was changed."""
    stored = stored_files.legal(
        document.kind, subject_type=document.subject_type, subject_number=str(document.number)
    )
    if stored is None:
        why = (
            gettext("Try again in a moment.")
            if rendering.can_render()
            else rendering.MISSING_SYSTEM_LIBRARY
        )
        raise Refused(
            gettext("The PDF for %(document)s isn't ready yet. %(why)s")
            % {"document": document, "why": why},
            code="not_made_yet",
        )
    return stored_files.read(stored)


printouts.register(
    "order", Order, _("Print"), draw=print_order, available=_is_printable, needs="see_money"
)
printouts.register(
    "pro_forma",
    Order,
    _("Pro-forma invoice"),
    available=_is_printable,
    needs="see_money",
    draw=lambda order: print_order(order, title=gettext("Pro-forma invoice")),
)
printouts.register(
    "invoice",
    Invoice,
    _("PDF"),
    draw=read_invoice,
    needs="see_money",
    available=lambda document: (
        document.status == Invoice.Status.ISSUED and not document.is_imported
    ),
)
