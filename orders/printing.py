"""Quotes, order confirmations, invoices and credit notes on paper."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from oms.core import documents
from oms.core.errors import Refused
from oms.core.models import StoredDocument
from oms.core.money import ZERO, display, grouped, part
from orders.models import Invoice, Order, OrderLine


@dataclass(frozen=True)
class Paper:
    """What the template of an invoice, a credit note, a quote or an order confirmation shows."""

    title: str
    document: Invoice | Order
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


def invoice_paper(document: Invoice) -> Paper:
    """What stands on an invoice or a credit note."""
    lines = list(document.lines.order_by("position"))
    return Paper(
        title=document.get_kind_display().capitalize(), document=document,
        lines=[_line(line, line.description, line.quantity, document.currency) for line in lines],
        **_sums(document, lines), notes=sorted({line.tax_note for line in lines if line.tax_note}),
    )


def order_paper(order: Order) -> Paper:
    """What stands on a quote or an order confirmation: what is not cancelled, and the charges."""
    lines = [_without_cancelled(line, order.currency) for line in
             order.lines.select_related("sku").order_by("position") if line.quantity > line.cancelled]
    charges = [charge for charge in order.charges.order_by("pk") if not charge.is_cancelled]
    shown = [_line(line, f"{line.sku.code} {line.description}", line.quantity, order.currency) for line in lines]
    shown += [_line(charge, charge.description, 1, order.currency) for charge in charges]
    return Paper(
        title=(_("Quote")
               ) if order.status == Order.Status.QUOTED else _("Order confirmation"), document=order, lines=shown,
        **_sums(order, [*lines, *charges]), notes=sorted({line.tax_note for line in lines if line.tax_note}))


def _without_cancelled(line: OrderLine, currency: str) -> OrderLine:
    """A line as far as it is still wanted, by the parts that the order's totals add up (never saved)."""
    left = line.quantity - line.cancelled
    net, tax = (part(amount, line.quantity, 0, left, currency) for amount in (line.net, line.tax))
    return OrderLine(sku=line.sku, description=line.description, quantity=left, unit_price=line.unit_price, net=net,
                     tax=tax, tax_percent=line.tax_percent, tax_note=line.tax_note)


def print_order(order: Order) -> bytes:
    """A quote or an order confirmation as a PDF. Raises Refused for a draft or what is cancelled."""
    if order.status in (Order.Status.DRAFT, Order.Status.CANCELLED):
        raise Refused(_("Order %(number)s is %(status)s; quote or place it first.")
                      % {"number": order.number, "status": order.get_status_display()})
    return documents.render("order", {"paper": order_paper(order)})


def _line(line: Any, description: str, quantity: int, currency: str) -> dict[str, str]:
    price = getattr(line, "unit_price", None)
    return {"description": description, "quantity": str(quantity),
            "unit_price": grouped(line.net if price is None else price, currency),
            "tax": f"{line.tax_percent.normalize():f} %", "net": grouped(line.net, currency)}


def _sums(document: Any, lines: Sequence[Any]) -> dict[str, Any]:
    """The totals of a document, and its tax by rate."""
    currency = document.currency
    return {"net": display(document.net, currency), "tax": display(document.tax, currency),
            "gross": display(document.gross, currency), "taxes": [
                {"percent": f"{percent.normalize():f} %", "base": display(base, currency),
                 "tax": display(tax, currency)} for percent, (base, tax) in _taxes(lines).items()]}


def _taxes(lines: Sequence[Any]) -> dict[Decimal, tuple[Decimal, Decimal]]:
    totals: dict[Decimal, tuple[Decimal, Decimal]] = {}
    for line in lines:
        base, tax = totals.get(line.tax_percent, (ZERO, ZERO))
        totals[line.tax_percent] = (base + line.net, tax + line.tax)
    return dict(sorted(totals.items()))
