"""Crediting shares of what was invoiced: a part of a kit's price for a component that came back."""

from collections.abc import Mapping
from decimal import Decimal

from django.utils.translation import gettext as _

from oms.core import money, numbering
from oms.core.errors import Refused
from oms.core.locking import atomic, lock, lock_one
from oms.core.models import User
from orders import billing, deducting, issuing
from orders.issuing import SERIES, issue, start_credit
from orders.models import Invoice, InvoiceLine, Order


def credit_shares(
    order: Order, shares: Mapping[int, Decimal], *, reference: str, by: User | None = None,
) -> list[Invoice]:
    """Credit shares of units of an order's lines (0.5: half of one unit's price), the newest invoice first.

    No units are credited: who asks for shares sees to it that they come to no more than what was sold.
    """
    with atomic():
        order = lock_one(order)
        invoices = {row.pk: row for row in lock(Invoice.objects.filter(pk__in=billing.of_order(order).values("pk")))}
        numbering.lock_counters(order.company, SERIES.values(), order.company.today().year)
        parts = _spread(order, shares)
        return [_note(invoices[key], own, f"{reference}/{invoices[key].number}", by)
                for key, own in sorted(parts.items())]


def _spread(order: Order, shares: Mapping[int, Decimal]) -> dict[int, list[tuple[InvoiceLine, Decimal]]]:
    """The shares over the invoice lines that billed the units, by invoice."""
    parts: dict[int, list[tuple[InvoiceLine, Decimal]]] = {}
    billed = InvoiceLine.objects.filter(order_line__in=shares, invoice__kind=Invoice.Kind.INVOICE,
                                        invoice__status=Invoice.Status.ISSUED).order_by("-invoice_id", "-pk")
    left = dict(shares)
    for line in billed.select_related("order_line__sku"):
        assert line.order_line_id is not None
        part = min(left[line.order_line_id], Decimal(line.quantity - line.credited))
        if part > 0:
            parts.setdefault(line.invoice_id, []).append((line, part))
            left[line.order_line_id] -= part
    if any(left.values()):
        raise Refused(_("You can't credit more on %(number)s than was invoiced.") % {"number": order.number},
                      code="not_invoiced")
    return parts


def _note(original: Invoice, parts: list[tuple[InvoiceLine, Decimal]], reference: str, by: User | None) -> Invoice:
    known = issuing.known(reference, corrects=original.pk)
    if known:
        return known
    with issuing.language_of(original.customer, original.company):
        note = start_credit(original, reference, _("Components returned"))
        lines = [_line(note, line, part, position) for position, (line, part) in enumerate(parts, 1)]
    lines += deducting.less_allowances(note, original, lines)
    for position, line in enumerate(lines, 1):
        line.position = position
    note = issue(note, lines, None, by)
    billing.set_off(note, original, by=by)
    return note


def _line(note: Invoice, line: InvoiceLine, part: Decimal, position: int) -> InvoiceLine:
    left = deducting.open_amounts([line])[line.pk]
    gross = money.round_amount(line.gross * part / line.quantity, note.currency)
    if gross - left.gross > money.quantum(note.currency):
        raise Refused(_("Only %(left)s of %(description)s isn't credited yet; you can't credit %(gross)s more.")
                      % {"left": money.display(left.gross, note.currency), "description": line.description,
                         "gross": money.display(gross, note.currency)}, code="not_invoiced")
    gross = min(gross, left.gross)
    tax = min(money.round_amount(line.tax * part / line.quantity, note.currency), left.tax)
    percent = (part * 100).normalize()
    return InvoiceLine(
        invoice=note, position=position, order_line=line.order_line, corrects=line, quantity=0,
        unit_price=gross - tax, gross=gross, tax=tax, net=gross - tax, tax_percent=line.tax_percent,
        tax_category=line.tax_category, tax_note=line.tax_note,
        description=(_("%(percent)s%% of the price of one %(description)s")
                     % {"percent": f"{percent:f}", "description": line.description})[:200])
