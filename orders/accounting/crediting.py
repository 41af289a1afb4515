"""Credit notes: what an invoice billed, given back once, and set off against it."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.utils.translation import gettext

from oms.core import idempotency, money
from oms.core.errors import Refused, WrongState
from oms.core.locking import atomic, lock, lock_one
from oms.core.models import User
from orders.accounting import allowances, deducting, due_dates, exchange_gains, issuing
from orders.accounting.issuing import issue, start_credit
from orders.accounting.models import Invoice, InvoiceLine, PaymentApplication
from orders.models import Order, OrderCharge


@dataclass(frozen=True)
class Credited:
    """Units of an invoice's line that are credited."""

    line: InvoiceLine
    quantity: int = 0


def credit(
    document: Invoice,
    lines: Sequence[Credited],
    *,
    reference: str = "",
    reason: str = "",
    by: User | None = None,
    on: date | None = None,
) -> Invoice:
    """Credit units of an issued invoice's lines at their price, tax and rate, and set it off against the invoice.

    Called again with the same reference it returns the first credit note; without one, each call is another.
    """
    with atomic():
        reference = reference or idempotency.new_reference(document.number)
        keys = [document.order_id, *(item.line.order_key for item in lines)]
        lock(Order.objects.filter(pk__in={key for key in keys if key is not None}))
        original = lock_one(document)
        credited = _merged(lines)
        known = issuing.known(
            reference,
            units={item.line.pk: item.quantity for item in credited},
            about="corrects",
            corrects=original.pk,
        )
        if known:
            return known
        if original.kind == Invoice.Kind.CREDIT or original.status != Invoice.Status.ISSUED:
            raise WrongState(
                gettext("%(original)s can't be credited. Only issued invoices can.")
                % {"original": original}
            )
        own = set(original.lines.values_list("pk", flat=True))
        for item in credited:
            if item.line.pk not in own:
                raise Refused(
                    gettext("%(line)s is not a line of %(original)s.")
                    % {"line": item.line, "original": original}
                )
        return note_of(original, credited, reference=reference, reason=reason, by=by, on=on)


def note_of(
    original: Invoice,
    credited: Sequence[Credited],
    *,
    reference: str,
    reason: str = "",
    by: User | None = None,
    on: date | None = None,
    charges: Sequence[OrderCharge] = (),
) -> Invoice:
    """A credit note over units and charges for a locked invoice, set off against it."""
    note = start_credit(original, reference, reason)
    lines = [_credit_line(note, item) for item in credited]
    lines += [line for charge in charges for line in issuing.charge_lines(note, charge, sign=-1)]
    if not lines:
        raise Refused(gettext("Choose at least one line to credit."), code="nothing_to_credit")
    return issue_credit(note, original, less_allowances(note, lines), on=on, by=by)


def less_allowances(note: Invoice, lines: Sequence[InvoiceLine]) -> list[InvoiceLine]:
    """The lines of a credit note with the allowances that it takes back; the orders of its lines are locked."""
    lines = [*lines, *allowances.taken_back(note, lines)]
    for position, line in enumerate(lines, 1):
        line.position = position
    return lines


def is_nothing(lines: Sequence[InvoiceLine]) -> bool:
    """Whether a credit note with these lines would change nothing: it comes to zero and credits no units.

    One that credits units is issued even at zero: the invoice names quantities and reductions that hold no longer, and
    amending these takes a document that refers to it (Directive 2006/112/EC, Articles 219 and 226).
    """
    has_units = any(line.quantity and line.corrects for line in lines)
    return not has_units and not sum((line.gross for line in lines), money.ZERO)


def issue_credit(
    note: Invoice,
    original: Invoice,
    lines: Sequence[InvoiceLine],
    *,
    on: date | None = None,
    by: User | None = None,
) -> Invoice:
    """Issue a credit note for a locked invoice, and set it off against that."""
    note = issue(note, lines, on, by)
    set_off(note, original, by=by)
    return note


def _merged(credited: Sequence[Credited]) -> list[Credited]:
    """Each line once, with all its units."""
    units: dict[int, int] = defaultdict(int)
    for item in credited:
        units[item.line.pk] += item.quantity
    return [
        Credited(line, units[key])
        for key, line in {item.line.pk: item.line for item in credited}.items()
        if units[key]
    ]


def _credit_line(note: Invoice, item: Credited) -> InvoiceLine:
    line = InvoiceLine.objects.select_related("invoice").get(pk=item.line.pk)
    original = line.invoice
    if not 0 < item.quantity <= line.quantity - line.credited:
        raise Refused(
            gettext(
                "You can credit up to %(open)s × %(description)s on %(original)s, not %(quantity)s."
            )
            % {
                "quantity": item.quantity,
                "description": line.description,
                "open": line.quantity - line.credited,
                "original": original,
            },
            line=line.pk,
        )
    left = deducting.open_amounts([line])[line.pk]
    if original.kind == Invoice.Kind.DEPOSIT and not left.gross:
        raise Refused(
            gettext(
                "%(original)s was deducted from later invoices already; nothing of it is left to credit."
            )
            % {"original": original},
            code="nothing_to_credit",
            line=line.pk,
        )
    sign = original.sign  # an allowance that was credited is taken back
    amounts = {
        name: sign * amount
        for name, amount in deducting.part_left(
            line, item.quantity, left, original.currency
        ).items()
    }
    line.credited += item.quantity
    line.save(update_fields=["credited"])
    return InvoiceLine(
        invoice=note,
        order_line=line.order_line,
        charge=line.charge,
        corrects=line,
        description=line.description,
        quantity=item.quantity,
        unit_price=sign * line.unit_price,
        discount_percent=line.discount_percent,
        tax_percent=line.tax_percent,
        tax_category=line.tax_category,
        tax_note=line.tax_note,
        **amounts,
    )


def spread_units(order: Order, units: Mapping[int, int]) -> dict[int, list[Credited]]:
    """Units of a locked order's lines over the invoices that billed them, the newest first, by invoice."""
    left = {key: count for key, count in units.items() if count}
    per_invoice: dict[int, list[Credited]] = {}
    billed = InvoiceLine.objects.filter(
        order_line__in=left,
        invoice__kind=Invoice.Kind.INVOICE,
        invoice__status=Invoice.Status.ISSUED,
    ).order_by("-invoice_id", "-pk")
    credited_before: dict[int, int] = {}
    for line in billed:
        key = line.order_line_id or 0
        credited_before[key] = credited_before.get(key, 0) + line.credited
        count = min(left.get(key, 0), line.quantity - line.credited)
        if count > 0:
            per_invoice.setdefault(line.invoice_id, []).append(Credited(line, count))
            left[key] -= count
    if any(count > credited_before.get(key, 0) for key, count in left.items()):
        raise Refused(
            gettext("You can't credit more on %(number)s than was invoiced.")
            % {"number": order.number},
            code="not_invoiced",
        )
    return per_invoice


def set_off(
    note: Invoice, document: Invoice, most: Decimal | None = None, *, by: User | None = None
) -> Decimal:
    """Use a credit note, as far as both are open, to pay an invoice; both are locked or new. Returns the amount."""
    amount = min(note.open_amount, document.open_amount)
    amount = amount if most is None else min(amount, most)
    if amount > 0:
        PaymentApplication.objects.create(
            credit=note,
            invoice=document,
            amount=amount,
            by=by,
            exchange_difference=exchange_gains.difference(note, document, amount),
        )
        for row in (note, document):
            due_dates.use(row, amount)
    return amount
