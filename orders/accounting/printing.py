"""Invoices and credit notes on paper, frozen as they were issued."""

from collections.abc import Sequence
from typing import Any

from django.utils import translation
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from oms.core import money, stored_files
from oms.core.errors import Refused
from oms.core.models import StoredDocument
from oms.core.money_text import display
from oms.printing import barcodes, letterheads, printouts, rendering
from orders import letters
from orders.accounting import due_dates, einvoicing
from orders.accounting.connectors.einvoices.en16931 import connector
from orders.accounting.models import Invoice
from orders.letters import LETTER_MM, Facts, Paper
from orders.models import Customer


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
    with letters.language_of(document.customer, document.company):
        paper = invoice_paper(document)
        pdf = letters.render("invoice", paper, archive=True)
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


def invoice_paper(document: Invoice) -> Paper:
    """What stands on an invoice or a credit note: the record as it is frozen."""
    lines = list(document.lines.select_related("order_line__order").order_by("position"))
    shown = [
        letters.line_cells(line, line.description, line.quantity, document.currency)
        for line in lines
    ]
    return Paper(
        title=_title(document),
        number=str(document.number),
        letterhead=letterheads.letterhead(document.company, document.seller),
        language=translation.get_language(),
        recipient=letters.recipient(document.bill_to, document.bill_to.get("vat_number", "")),
        facts=_invoice_facts(document),
        lines=_with_orders(document, lines, shown),
        **letters.sums(document, lines),
        notes=[
            *([document.reason] if document.reason else []),
            *due_dates.in_words(document),
            *letters.tax_notes(lines),
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
        (gettext("Date"), letters.digits(document.issued_on)),
        (gettext("Date of supply"), letters.digits(document.supplied_on)),
        (gettext("Customer"), document.customer.code),
    ]
    if order is not None:
        facts += [
            (gettext("Order"), str(order.number)),
            (gettext("Your reference"), order.customer_reference),
        ]
    if document.kind == Invoice.Kind.CREDIT:
        corrected = [
            f"{row.number}, {letters.digits(row.issued_on)}" for row in document.preceding()
        ]
        facts.append((gettext("Corrects invoice"), "; ".join(corrected)))
    return [fact for fact in facts if fact[1]]


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
    "invoice",
    Invoice,
    _("PDF"),
    draw=read_invoice,
    needs="see_money",
    available=lambda document: (
        document.status == Invoice.Status.ISSUED and not document.is_imported
    ),
)
