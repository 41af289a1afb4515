"""Invoices and credit notes: the parts of what was agreed, issued once."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from django.db.models import Sum
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from oms.core import events, money, numbering, states
from oms.core.errors import Refused, WrongState
from oms.core.locking import atomic, hold_created, lock, lock_one
from oms.core.models import User
from orders import exchange, progress
from orders.models import Allocation, Invoice, InvoiceLine, Order, OrderCharge, OrderLine
from orders.pricing import AMOUNTS

SERIES = {Invoice.Kind.INVOICE: "INV", Invoice.Kind.DEPOSIT: "INV", Invoice.Kind.CREDIT: "CN"}


def invoice(
    order: Order, units: Mapping[int, int], *, reference: str, by: User | None = None, on: date | None = None,
) -> Invoice:
    """Bill units of an order's lines, and the charges that are not billed yet.

    Called again with the same reference it returns the first invoice. The parts of a line add up to the line to the
    cent, however it is cut.
    """
    with atomic():
        order = lock_one(order)
        known = Invoice.objects.filter(reference=reference).first()
        if known:
            return known
        states.require_status(order, Order.Status.CONFIRMED, Order.Status.COMPLETED)
        document = start(order, Invoice.Kind.INVOICE, reference)
        lines = _invoice_lines(document, order, {key: count for key, count in units.items() if count})
        charges = list(order.charges.filter(is_invoiced=False, is_cancelled=False))
        lines += [_charge_line(document, charge, len(lines) + n) for n, charge in enumerate(charges, 1)]
        lines += _deductions(document, order, lines)
        if not lines:
            raise Refused(gettext("Order %(number)s has nothing to bill.")
                          % {"number": order.number}, code="nothing_to_bill")
        OrderCharge.objects.filter(pk__in=[charge.pk for charge in charges]).update(is_invoiced=True)
        progress.record_invoiced(order, units)
        return issue(document, lines, on, by)


def start(order: Order, kind: Invoice.Kind, reference: str, corrects: Invoice | None = None) -> Invoice:
    return Invoice(kind=kind, company=order.company, customer=order.customer, order=order, corrects=corrects,
                   reference=reference, bill_to={**order.bill_to, **order.customer.identity()},
                   seller=order.company.identity(), ship_to=order.ship_to, currency=order.currency,
                   exchange_rate=order.exchange_rate)


def _invoice_lines(document: Invoice, order: Order, units: Mapping[int, int]) -> list[InvoiceLine]:
    lines = {line.pk: line for line in order.lines.select_related("sku").order_by("position")}
    for key, count in units.items():
        if key not in lines or not 0 < count <= lines[key].quantity - lines[key].invoiced:
            raise Refused(gettext("%(count)s of line %(line)s of %(number)s cannot be invoiced.")
                          % {"count": count, "line": lines.get(key, key), "number": order.number}, line=key)
    return [_part_of(document, line, units[key], position)
            for position, (key, line) in enumerate(((k, ln) for k, ln in lines.items() if k in units), 1)]


def _part_of(document: Invoice, line: OrderLine, count: int, position: int) -> InvoiceLine:
    amounts = _part(line, line.quantity, line.invoiced, line.invoiced + count, document.currency)
    return InvoiceLine(invoice=document, position=position, order_line=line, quantity=count,
                       unit_price=line.unit_price or money.ZERO,
                       description=f"{line.sku.code} {line.description}".strip()[:200],
                       discount_percent=line.discount_percent, tax_percent=line.tax_percent,
                       tax_category=line.tax_category, tax_note=line.tax_note, **amounts)


def _part(row: OrderLine | InvoiceLine, quantity: int, before: int, after: int, currency: str) -> dict[str, Decimal]:
    """Gross and tax of a part by the parts rule; net is the rest, so that each part adds up in itself too."""
    gross = money.part(row.gross, quantity, before, after, currency)
    tax = money.part(row.tax, quantity, before, after, currency)
    return {"gross": gross, "tax": tax, "net": gross - tax}


def _deductions(document: Invoice, order: Order, lines: Sequence[InvoiceLine]) -> list[InvoiceLine]:
    """What the order's deposit invoices take off: pro rata to what is billed by now, so the last takes the rest."""
    asked = InvoiceLine.objects.filter(invoice__order=order, invoice__kind=Invoice.Kind.DEPOSIT, credited=0)
    if not lines or not order.gross:
        return []
    before = InvoiceLine.objects.filter(invoice__order=order, invoice__kind=Invoice.Kind.INVOICE, corrects=None)
    so_far = (before.aggregate(total=Sum("gross"))["total"] or money.ZERO) + sum(line.gross for line in lines)
    return [line for line in (
        _deduction(document, each, min(so_far / order.gross, Decimal(1)), len(lines) + n)
        for n, each in enumerate(asked.order_by("pk"), 1)) if line.gross]


def _deduction(document: Invoice, asked: InvoiceLine, share: Decimal, position: int) -> InvoiceLine:
    amounts = {name: money.round_amount(getattr(asked, name) * share, document.currency)
               - deducted(asked, name) for name in ("gross", "tax")}
    return InvoiceLine(invoice=document, position=position, corrects=asked, quantity=0,
                       description=_("Less %(description)s (%(number)s)")
                                   % {"description": asked.description, "number": asked.invoice.number},
                       unit_price=-asked.unit_price, tax_percent=asked.tax_percent,
                       tax_category=asked.tax_category, gross=-amounts["gross"],
                       tax=-amounts["tax"], net=amounts["tax"] - amounts["gross"])


def deducted(asked: InvoiceLine, name: str) -> Decimal:
    """What invoices have taken off for a line of a deposit invoice so far."""
    total: Decimal | None = asked.credit_lines.filter(invoice__kind=Invoice.Kind.INVOICE).aggregate(
        total=Sum(name))["total"]
    return -(total or money.ZERO)


def _charge_line(document: Invoice, charge: OrderCharge, position: int) -> InvoiceLine:
    return InvoiceLine(invoice=document, position=position, charge=charge, description=charge.description,
                       unit_price=charge.amount, tax_percent=charge.tax_percent, tax_category=charge.tax_category,
                       tax_note=charge.tax_note, **{name: getattr(charge, name) for name in AMOUNTS})


def issue(document: Invoice, lines: Sequence[InvoiceLine], on: date | None, by: User | None) -> Invoice:
    """Add up, insert, and take the number last."""
    for name in AMOUNTS:
        setattr(document, name, sum((getattr(line, name) for line in lines), money.ZERO))
    if document.gross < 0:
        raise Refused(gettext("An invoice below zero is not possible; bill the allowance together with goods."))
    document.issued_on = on or document.company.today()
    document.supplied_on = document.supplied_on or document.issued_on
    document.due_on = document.issued_on + timedelta(days=document.customer.terms_days)
    document.series, document.year = SERIES[Invoice.Kind(document.kind)], document.issued_on.year
    document.save(force_insert=True)
    hold_created([document])
    InvoiceLine.objects.bulk_create(lines)
    taken = numbering.take(document.company, document.series, document.year, canonical(document, lines))
    document.number, document.sequence_number = taken.number, taken.sequence_number
    document.hash, document.previous_hash = taken.hash, taken.previous_hash
    document.save(update_fields=["number", "sequence_number", "hash", "previous_hash"])
    states.write_status(document, Invoice.Status.ISSUED)
    events.emit("invoice.issued", document, by=by, kind=document.kind, gross=str(document.gross),
                currency=document.currency)
    return document


def canonical(document: Invoice, lines: Sequence[InvoiceLine]) -> str:
    """What the hash of a legal document covers: its parties, day, and every amount, in a fixed form."""
    content: dict[str, object] = {
        "kind": document.kind, "customer": document.customer_id, "currency": document.currency,
        "issued_on": str(document.issued_on), "bill_to": document.bill_to,
        "totals": [_fixed(getattr(document, name)) for name in AMOUNTS],
        "lines": [[line.position, line.description, line.quantity, _fixed(line.unit_price), _fixed(line.tax_percent),
                   *(_fixed(getattr(line, name)) for name in AMOUNTS)] for line in lines],
    }
    known = {"seller": document.seller, "ship_to": document.ship_to, "supplied_on": str(document.supplied_on or "")}
    content |= {name: value for name, value in known.items() if value}
    return json.dumps(content, sort_keys=True, separators=(",", ":"))


def _fixed(amount: Decimal) -> str:
    return f"{amount:.4f}"


@dataclass(frozen=True)
class Credited:
    """Units of an invoice's line that are credited."""

    line: InvoiceLine
    quantity: int


def credit(
    document: Invoice, credited: Sequence[Credited], *, reference: str, reason: str = "", by: User | None = None,
    on: date | None = None,
) -> Invoice:
    """Credit units of an issued invoice's lines at their price, tax and rate, and set it off against the invoice.

    Called again with the same reference it returns the first credit note.
    """
    with atomic():
        if document.order is not None:
            lock_one(document.order)
        original = lock_one(document)
        known = Invoice.objects.filter(reference=reference).first()
        if known:
            return known
        if original.kind == Invoice.Kind.CREDIT or original.status != Invoice.Status.ISSUED:
            raise WrongState(gettext("%(original)s is no issued invoice; only those are credited.")
                             % {"original": original})
        note = Invoice(kind=Invoice.Kind.CREDIT, company=original.company, customer=original.customer,
                       order=original.order, corrects=original, reference=reference, reason=reason,
                       seller=original.seller, bill_to=original.bill_to, ship_to=original.ship_to,
                       supplied_on=original.supplied_on, currency=original.currency,
                       exchange_rate=original.exchange_rate)
        lines = [_credit_line(note, original, item, position) for position, item in enumerate(credited, 1)]
        if not lines:
            raise Refused(gettext("Choose what to credit."), code="nothing_to_credit")
        note = issue(note, lines, on, by)
        set_off(note, original, by=by)
        return note


def _credit_line(note: Invoice, original: Invoice, item: Credited, position: int) -> InvoiceLine:
    line = original.lines.get(pk=item.line.pk)
    if not 0 < item.quantity <= line.quantity - line.credited:
        raise Refused(gettext("%(quantity)s of %(description)s cannot be credited; %(open)s of "
                              "%(original)s are not credited yet.")
                      % {"quantity": item.quantity, "description": line.description,
                         "open": line.quantity - line.credited, "original": original}, line=line.pk)
    amounts = _part(line, line.quantity, line.credited, line.credited + item.quantity, original.currency)
    line.credited += item.quantity
    line.save(update_fields=["credited"])
    return InvoiceLine(invoice=note, position=position, order_line=line.order_line, charge=line.charge, corrects=line,
                       description=line.description, quantity=item.quantity, unit_price=line.unit_price,
                       discount_percent=line.discount_percent, tax_percent=line.tax_percent,
                       tax_category=line.tax_category, tax_note=line.tax_note, **amounts)


def credit_units(
    order: Order, units: Mapping[int, int], *, reference: str, reason: str = "", by: User | None = None,
) -> list[Invoice]:
    """Credit units of an order's lines over the invoices that billed them, the newest first.

    What was shipped and is not invoiced is invoiced first.
    """
    with atomic():
        order = lock_one(order)
        lock(Invoice.objects.filter(order=order))
        numbering.lock_counters(order.company, SERIES.values(), order.company.today().year)
        _invoice_what_shipped(order, reference, by)
        left = {key: count for key, count in units.items() if count}
        per_invoice: dict[int, list[Credited]] = {}
        billed = InvoiceLine.objects.filter(order_line__in=left, invoice__kind=Invoice.Kind.INVOICE,
                                            invoice__status=Invoice.Status.ISSUED).order_by("-invoice_id", "-pk")
        for line in billed:
            count = min(left.get(line.order_line_id or 0, 0), line.quantity - line.credited)
            if count > 0:
                per_invoice.setdefault(line.invoice_id, []).append(Credited(line, count))
                left[line.order_line_id or 0] -= count
        if any(left.values()):
            raise Refused(gettext("More is to be credited of %(number)s than was invoiced.")
                          % {"number": order.number}, code="not_invoiced")
        invoices = {row.pk: row for row in lock(Invoice.objects.filter(pk__in=per_invoice))}
        return [credit(invoices[key], items, reference=f"{reference}/{invoices[key].number}", reason=reason, by=by)
                for key, items in sorted(per_invoice.items())]


def _invoice_what_shipped(order: Order, reference: str, by: User | None) -> None:
    due = {line.pk: line.shipped - line.invoiced for line in order.lines.all() if line.shipped > line.invoiced}
    if due:
        invoice(order, due, reference=f"{reference}/shipped", by=by)


def set_off(note: Invoice, document: Invoice, *, by: User | None = None) -> Decimal:
    """Use a credit note, as far as both are open, to pay an invoice; both are locked or new. Returns the amount."""
    amount = min(note.open_amount, document.open_amount)
    if amount > 0:
        Allocation.objects.create(credit=note, invoice=document, amount=amount, by=by,
                                  exchange_difference=exchange.difference(note, document, amount))
        for row in (note, document):
            row.allocated += amount
            row.save(update_fields=["allocated"])
    return amount
