"""Crediting a part of what an order was billed: units of its lines, or a share of a price for a component that came."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _

from oms.core import money, numbering
from oms.core.errors import Refused
from oms.core.locking import atomic, lock, lock_one
from oms.core.models import User
from orders import letters
from orders.accounting import billing, crediting, deducting, issuing
from orders.accounting.deducting import Open
from orders.accounting.issuing import SERIES, start_credit
from orders.accounting.models import Invoice, InvoiceLine
from orders.models import Order


def credit_units(
    order: Order,
    units: Mapping[int, int],
    *,
    reference: str,
    reason: str = "",
    by: User | None = None,
) -> list[Invoice]:
    """Credit units of an order's lines over the invoices that billed them, the newest first.

    What was shipped and is not invoiced is invoiced first. What was credited by hand before isn't credited twice.
    """
    with atomic():
        order = lock_one(order)
        lock(Invoice.objects.filter(pk__in=billing.of_order(order).values("pk")))
        numbering.lock_counters(order.company, SERIES.values(), order.company.today().year)
        billing.invoice_what_shipped(order, reference, by)
        per_invoice = crediting.spread_units(order, units)
        invoices = {row.pk: row for row in lock(Invoice.objects.filter(pk__in=per_invoice))}
        return [
            crediting.credit(
                invoices[key],
                items,
                reference=f"{reference}/{invoices[key].number}",
                reason=reason,
                by=by,
            )
            for key, items in sorted(per_invoice.items())
        ]


@dataclass(frozen=True)
class _Part:
    """What is credited of an invoice line: a share of one unit's price."""

    line: InvoiceLine
    share: Decimal
    amount: Open


def credit_shares(
    order: Order, shares: Mapping[int, Decimal], *, reference: str, by: User | None = None
) -> list[Invoice]:
    """Credit shares of units of an order's lines (0.5: half of one unit's price), the newest invoice first.

    What was shipped and is not invoiced is invoiced first. What was credited manually before isn't credited twice. No
    units are credited: who asks for shares sees to it that they come to no more than what was sold.
    """
    with atomic():
        order = lock_one(order)
        lock(Invoice.objects.filter(pk__in=billing.of_order(order).values("pk")))
        numbering.lock_counters(order.company, SERIES.values(), order.company.today().year)
        billing.invoice_what_shipped(order, reference, by)
        parts = _spread(order, shares)
        invoices = {row.pk: row for row in lock(Invoice.objects.filter(pk__in=parts))}
        notes = [
            _note(
                invoices[key],
                own,
                f"{reference}/{invoices[key].number}",
                _("Components returned"),
                by,
            )
            for key, own in sorted(parts.items())
        ]
        return [note for note in notes if note is not None]


def credit_amount(
    order: Order,
    amount: Decimal,
    *,
    only: Collection[int] = (),
    reference: str,
    reason: str,
    by: User | None = None,
) -> list[Invoice]:
    """Credit an amount (gross) of what a locked order was billed, as far as that is open, in proportion to what is.

    `only`: of these order lines, by key; empty: of all lines and charges. No units are credited. What can't be credited
    is left to the caller, who compares the sum of the credit notes.
    """
    with atomic():
        order = lock_one(order)
        lock(Invoice.objects.filter(pk__in=billing.of_order(order).values("pk")))
        numbering.lock_counters(order.company, SERIES.values(), order.company.today().year)
        billed = InvoiceLine.objects.filter(
            deducting.lines_of(order),
            invoice__kind=Invoice.Kind.INVOICE,
            invoice__status=Invoice.Status.ISSUED,
            gross__gt=0,
        )
        if only:
            billed = billed.filter(order_line__in=only)
        lines = list(billed.select_related("invoice", "order_line__sku").order_by("pk"))
        opened = deducting.open_amounts(lines)
        left = [max(money.ZERO, opened[line.pk].gross) for line in lines]
        taken = money.spread(min(amount, sum(left, money.ZERO)), left, order.currency)
        parts: dict[int, list[_Part]] = {}
        for line, gross in zip(lines, taken, strict=True):
            if gross > 0:
                tax = _tax_of(opened[line.pk], gross, order.currency)
                part = _Part(line, gross * line.quantity / line.gross, Open(gross, tax))
                parts.setdefault(line.invoice_id, []).append(part)
        invoices = {row.pk: row for row in lock(Invoice.objects.filter(pk__in=parts))}
        notes = [
            _note(invoices[key], own, f"{reference}/{invoices[key].number}", reason, by)
            for key, own in sorted(parts.items())
        ]
        return [note for note in notes if note is not None]


def _tax_of(left: Open, gross: Decimal, currency: str) -> Decimal:
    return money.part(left.tax, left.gross, money.ZERO, gross, currency)


def _spread(order: Order, shares: Mapping[int, Decimal]) -> dict[int, list[_Part]]:
    """The shares over the invoice lines that billed the units, as far as these are open, by invoice."""
    billed = list(
        InvoiceLine.objects.filter(
            order_line__in=shares,
            invoice__kind=Invoice.Kind.INVOICE,
            invoice__status=Invoice.Status.ISSUED,
        )
        .select_related("invoice", "order_line__sku")
        .order_by("-invoice_id", "-pk")
    )
    _require_billed(order, shares, billed)
    opened, left = deducting.open_amounts(billed), dict(shares)
    parts: dict[int, list[_Part]] = {}
    for line in billed:
        assert line.order_line_id is not None
        part = _part(line, left[line.order_line_id], opened[line.pk], order.currency)
        left[line.order_line_id] -= part.share
        if part.amount.gross > 0:
            parts.setdefault(line.invoice_id, []).append(part)
    return parts


def _require_billed(order: Order, shares: Mapping[int, Decimal], billed: list[InvoiceLine]) -> None:
    for key, share in shares.items():
        if share > sum(line.quantity for line in billed if line.order_line_id == key):
            raise Refused(
                _("You can't credit more on %(number)s than was invoiced.")
                % {"number": order.number},
                code="not_invoiced",
            )


def _part(line: InvoiceLine, share: Decimal, left: Open, currency: str) -> _Part:
    """What a line can give of a share; within the smallest coin, by which shares are rounded, it gives all of it."""
    wanted = money.round_amount(line.gross * share / line.quantity, currency)
    gross = min(wanted, left.gross)
    tax = _tax_of(left, gross, currency)
    is_whole = wanted - gross <= money.quantum(currency)
    return _Part(line, share if is_whole else share * gross / wanted, Open(gross, tax))


def _note(
    original: Invoice, parts: list[_Part], reference: str, reason: str, by: User | None
) -> Invoice | None:
    """A credit note for shares; None where allowances take all of it."""
    known = issuing.known(reference, corrects=original.pk)
    if known:
        return known
    with letters.language_of(original.customer, original.company):
        note = start_credit(original, reference, reason)
        lines = [_line(note, part) for part in parts]
    lines = crediting.less_allowances(note, lines)
    if crediting.is_nothing(lines):
        return None
    return crediting.issue_credit(note, original, lines, by=by)


def _line(note: Invoice, part: _Part) -> InvoiceLine:
    line, gross, tax = part.line, part.amount.gross, part.amount.tax
    percent = round(part.share * 100, 2).normalize()
    return InvoiceLine(
        invoice=note,
        order_line=line.order_line,
        charge=line.charge,
        corrects=line,
        quantity=0,
        unit_price=gross - tax,
        gross=gross,
        tax=tax,
        net=gross - tax,
        tax_percent=line.tax_percent,
        tax_category=line.tax_category,
        tax_note=line.tax_note,
        description=(
            _("%(percent)s%% of the price of one %(description)s")
            % {"percent": f"{percent:f}", "description": line.description}
        )[:200],
    )
