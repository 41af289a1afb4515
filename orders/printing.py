"""Invoices and credit notes on paper."""

from dataclasses import dataclass
from decimal import Decimal

from oms.core import documents
from oms.core.models import StoredDocument
from oms.core.money import ZERO, display, grouped
from orders.models import Invoice


@dataclass(frozen=True)
class InvoicePaper:
    """What an invoice's template shows."""

    title: str
    invoice: Invoice
    lines: list[dict[str, str]]
    taxes: list[dict[str, str]]
    net: str
    tax: str
    gross: str
    notes: list[str]


def freeze_invoice(document: Invoice) -> StoredDocument:
    """Render an issued invoice and keep its bytes for good. Raises RendererMissing where PDFs cannot be made."""
    known = documents.legal(document.kind, subject_type=document.subject_type, subject_number=str(document.number))
    if known:
        return known
    content = documents.render("invoice", {"paper": invoice_paper(document)})
    return documents.freeze(document.kind, subject_type=document.subject_type, subject_number=str(document.number),
                            content=content)


def invoice_paper(document: Invoice) -> InvoicePaper:
    """What stands on an invoice or a credit note."""
    lines = list(document.lines.order_by("position"))
    currency = document.currency
    return InvoicePaper(
        title=document.get_kind_display().capitalize(), invoice=document,
        lines=[{"description": line.description, "quantity": str(line.quantity),
                "unit_price": grouped(line.unit_price, currency), "tax": f"{line.tax_percent.normalize():f} %",
                "net": grouped(line.net, currency)} for line in lines],
        taxes=[{"percent": f"{percent.normalize():f} %", "base": display(base, currency), "tax": display(tax, currency)}
               for percent, (base, tax) in _taxes(document).items()],
        net=display(document.net, currency), tax=display(document.tax, currency),
        gross=display(document.gross, currency), notes=sorted({line.tax_note for line in lines if line.tax_note}),
    )


def _taxes(document: Invoice) -> dict[Decimal, tuple[Decimal, Decimal]]:
    totals: dict[Decimal, tuple[Decimal, Decimal]] = {}
    for line in document.lines.all():
        base, tax = totals.get(line.tax_percent, (ZERO, ZERO))
        totals[line.tax_percent] = (base + line.net, tax + line.tax)
    return dict(sorted(totals.items()))
