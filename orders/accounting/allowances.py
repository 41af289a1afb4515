"""Allowances that a credit note takes back, so that no more of an invoice or an order is credited than was billed."""

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal

from oms.core import money
from orders.accounting import deducting
from orders.accounting.deducting import Open
from orders.accounting.models import Invoice, InvoiceLine

Allowance = tuple[InvoiceLine, Open]  # what is left of it, below zero


def taken_back(note: Invoice, lines: Sequence[InvoiceLine]) -> list[InvoiceLine]:
    """Lines that take allowances back for a note with these lines; the orders that it credits are locked.

    First come the allowances of the invoices that it credits, then those that were credited alone, also by the note.
    """
    by_order: dict[int, list[InvoiceLine]] = defaultdict(list)
    for line in lines:
        if line.order_key is not None:
            by_order[line.order_key].append(line)
    made = []
    for order, own in by_order.items():
        billed = list(
            InvoiceLine.objects.filter(deducting.lines_of(order), corrects=None)
            .select_related("invoice")
            .order_by("pk")
        )
        left = deducting.open_amounts(billed)
        on_invoices = _on_invoices(note, own, billed, left)
        made += on_invoices + _alone(note, own + on_invoices, billed, left)
    return made


def _on_invoices(
    note: Invoice, own: Sequence[InvoiceLine], billed: Sequence[InvoiceLine], left: dict[int, Open]
) -> list[InvoiceLine]:
    """What allowances on invoices pay, so that no more of an order's part of each is credited than it billed."""
    credited: dict[int, Decimal] = defaultdict(Decimal)
    for line in own:
        if line.corrects is not None and line.corrects.invoice.kind == Invoice.Kind.INVOICE:
            credited[line.corrects.invoice_id] += line.gross
    taken, made = {line.corrects_id for line in own}, []
    for key, amount in credited.items():
        rows = [line for line in billed if line.invoice_id == key]
        excess = amount - sum((left[line.pk].gross for line in rows), money.ZERO)
        made += _take(
            note, excess, [(line, left[line.pk]) for line in rows if line.pk not in taken]
        )
    return made


def _alone(
    note: Invoice, own: Sequence[InvoiceLine], billed: Sequence[InvoiceLine], left: dict[int, Open]
) -> list[InvoiceLine]:
    """What allowances that no invoice bears pay, those of the same VAT registration first."""
    alone = [line for line in billed if line.invoice.kind == Invoice.Kind.CREDIT]
    alone.sort(key=lambda line: line.invoice.registration != note.registration)
    most = sum((line.invoice.sign * left[line.pk].gross for line in billed), money.ZERO)
    credited = sum((line.gross for line in own), money.ZERO)
    taken = {line.corrects_id for line in own}
    rows = [(line, left[line.pk]) for line in alone if line.pk not in taken]
    rows += [(line, Open(line.gross, line.tax)) for line in own if line.corrects is None]
    return _take(
        note,
        min(credited, credited - most),
        [(line, Open(-own.gross, -own.tax)) for line, own in rows],
    )


def _take(note: Invoice, excess: Decimal, allowances: Sequence[Allowance]) -> list[InvoiceLine]:
    made = []
    for line, left in allowances:
        share = min(excess, -left.gross)
        if share > 0:
            excess -= share
            made.append(_share_of(note, line, left, -share))
    return made


def _share_of(note: Invoice, line: InvoiceLine, left: Open, gross: Decimal) -> InvoiceLine:
    tax = money.part(left.tax, left.gross, money.ZERO, gross, note.currency)
    return InvoiceLine(
        invoice=note,
        charge=line.charge,
        corrects=line,
        quantity=0,
        description=line.description,
        unit_price=gross - tax,
        gross=gross,
        tax=tax,
        net=gross - tax,
        tax_percent=line.tax_percent,
        tax_category=line.tax_category,
        tax_note=line.tax_note,
    )
