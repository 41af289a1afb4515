"""Invoices: the parts of what was agreed, billed once."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from django.db.models import QuerySet
from django.utils.translation import gettext

from oms.core import idempotency, money, numbering, periods, states
from oms.core.bulk_sql import any_of
from oms.core.errors import Refused
from oms.core.locking import atomic, lock, lock_one, whole
from oms.core.models import User
from orders import bearing, fulfillment_progress, letters, pricing, registrations
from orders.accounting import crediting, deducting, einvoicing, issuing
from orders.accounting.issuing import SERIES, issue, start, start_credit
from orders.accounting.models import Invoice, InvoiceLine
from orders.models import Customer, Order, OrderCharge, OrderLine


def invoice(
    order: Order,
    units: Mapping[int, int],
    *,
    reference: str,
    by: User | None = None,
    on: date | None = None,
    registration: str | None = None,
) -> Invoice:
    """Bill units of an order's lines, and the charges that are not billed yet.

    Called again with the same reference it returns the first invoice. The parts of a line add up to the line to the
    cent, however it is cut. An invoice falls under one VAT registration: its lines', else the one that is given; raises
    Refused where lines fall under several.
    """
    with atomic():
        order = lock_one(order)
        known = issuing.known(reference, units=units, order=order.pk, kind=Invoice.Kind.INVOICE)
        if known:
            return known
        states.require_status(order, Order.Status.CONFIRMED, Order.Status.COMPLETED)
        document = start(
            order, Invoice.Kind.INVOICE, reference, _only_registration(order, units, registration)
        )
        document.issued_on = on or order.company.today()
        lines = bill(document, order, units)
        einvoicing.require_complete(order, lines, document.registration)
        if not lines:
            raise Refused(
                gettext("Order %(number)s has nothing left to invoice.") % {"number": order.number},
                code="nothing_to_bill",
            )
        document = issue(document, lines, on, by)
        credit_allowances(order, document, on=document.issued_on, by=by)
        return document


def by_registration(order: Order, units: Mapping[int, int]) -> dict[str, dict[int, int]]:
    """Units of an order's lines by the VAT registration that they fall under; an invoice is of one."""
    found: dict[str, dict[int, int]] = {}
    for line in order.lines.all():
        if units.get(line.pk, 0) > 0:
            found.setdefault(registrations.of(order, line), {})[line.pk] = units[line.pk]
    return dict(sorted(found.items()))


def _only_registration(order: Order, units: Mapping[int, int], given: str | None) -> str:
    found = [*by_registration(order, units)]
    if len(found) > 1:
        raise Refused(
            gettext(
                "These goods fall under several VAT numbers of %(company)s (%(numbers)s). Bill "
                "them apart."
            )
            % {"company": order.company, "numbers": registrations.numbers(order.company, found)},
            code="several_registrations",
        )
    return found[0] if found else given or ""


def _invoice_each(
    order: Order,
    units: Mapping[int, int],
    *,
    reference: str,
    by: User | None = None,
    on: date | None = None,
) -> list[Invoice]:
    """Bill units of an order's lines, on an invoice for each VAT registration that they fall under."""
    parts = by_registration(order, units) or {"": {}}
    return [
        invoice(order, part, reference=f"{reference} {key}".strip(), by=by, on=on)
        for key, part in parts.items()
    ]


def bill(
    document: Invoice, order: Order, units: Mapping[int, int], *, after: int = 0
) -> list[InvoiceLine]:
    """Lines, from a position on, for units of a locked order and its open charges, less its deposits; they count.

    Allowances that are more than what is billed with them, also at one of their tax rates, wait for the next invoice.
    """
    lines = _invoice_lines(document, order, {key: count for key, count in units.items() if count})
    charges = open_charges(order, document.registration)
    if not bearing.can_bear(order, lines, charges):
        assert document.issued_on is not None
        numbering.lock_counters(
            order.company, SERIES.values(), document.issued_on.year
        )  # it may have to be credited
        charges = [charge for charge in charges if charge.gross >= 0]
    lines += [line for charge in charges for line in issuing.charge_lines(document, charge)]
    with letters.language_of(order.customer, order.company):
        lines += deducting.deductions(document, order, lines)
    for position, line in enumerate(lines, after + 1):
        line.position = position
    OrderCharge.objects.filter(pk__in=[charge.pk for charge in charges]).update(is_invoiced=True)
    fulfillment_progress.record_invoiced(order, units)
    return lines


def open_charges(order: Order, registration: str) -> list[OrderCharge]:
    """Charges of an order that aren't billed yet and fall under a VAT registration; compensation falls under any."""
    return [
        charge
        for charge in order.charges.filter(is_invoiced=False, is_canceled=False)
        if charge.kind in OrderCharge.COMPENSATION
        or registrations.of(order, charge) == registration
    ]


def credit_allowances(
    order: Order, document: Invoice, *, on: date | None = None, by: User | None = None
) -> Invoice | None:
    """Credit the allowances that no invoice of an order could bear, once all its goods are billed.

    Those of which nothing is left, since the goods were credited before, are dropped.
    """
    waiting = [charge for charge in open_charges(order, document.registration) if charge.gross < 0]
    if not waiting or any(
        line.invoiced < line.quantity - line.canceled
        for line in order.lines.all()
        if registrations.of(order, line) == document.registration
    ):
        return None
    with letters.language_of(order.customer, order.company):
        note = start_credit(
            document, f"{order.number}/allowances {waiting[0].pk}", gettext("Allowance")
        )
    lines = [line for charge in waiting for line in issuing.charge_lines(note, charge, sign=-1)]
    lines = crediting.less_allowances(note, lines)
    if crediting.is_nothing(lines):
        pricing.drop_charges(order, waiting)
        return None
    order.charges.filter(pk__in=[charge.pk for charge in waiting]).update(is_invoiced=True)
    return crediting.issue_credit(note, document, lines, on=on, by=by)


def settle_charges(order: Order, *, by: User | None = None) -> Invoice | None:
    """Bill, or credit, charges that are left when nothing of an order is left to ship and its goods are billed.

    The rest was canceled with which they would have been billed. None where nothing is left, or it isn't time yet.
    """
    with atomic():
        order = lock_one(order)
        left = list(order.charges.filter(is_invoiced=False, is_canceled=False))
        waits = any(
            line.open_quantity or line.invoiced < line.shipped for line in order.lines.all()
        )
        if order.status != Order.Status.CONFIRMED or not order.shipped or waits or not left:
            return None
        found = {registrations.of(order, charge): charge for charge in left}
        made = [_settle(order, registration, by) for registration in sorted(found)]
        return next((document for document in made if document), None)


def _settle(order: Order, registration: str, by: User | None) -> Invoice | None:
    """Bill what is left of an order's charges under a registration; allowances alone are credited."""
    left = open_charges(order, registration)
    if any(charge.gross >= 0 for charge in left):
        return invoice(
            order,
            {},
            reference=f"{order.number}/charges {left[0].pk}",
            by=by,
            registration=registration,
        )
    billed = [
        row
        for row in of_order(order)
        .filter(kind=Invoice.Kind.INVOICE, status=Invoice.Status.ISSUED)
        .order_by("pk")
        if row.registration == registration
    ]
    if not left or not billed:
        return None
    (last,) = lock(Invoice.objects.filter(pk=billed[-1].pk))
    return credit_allowances(order, last, by=by)


def bill_shipped(
    order: Order,
    units: Mapping[int, int],
    *,
    reference: str,
    on: date | None = None,
    by: User | None = None,
) -> Invoice | None:
    """Bill what was shipped, as far as it is not billed yet; None where it waits for the month's invoice, or is."""
    with atomic():
        order = lock_one(order)
        if order.customer.billing == Customer.Billing.MONTH:
            return None
        due = {
            line.pk: min(units.get(line.pk, 0), line.shipped - line.invoiced)
            for line in order.lines.all()
        }
        if not any(count > 0 for count in due.values()):
            return None
        day = periods.open_day(order.company, on) if on else None
        return _invoice_each(order, due, reference=reference, by=by, on=day)[-1]


def bill_now(order: Order, *, by: User | None = None) -> Invoice:
    """Bill all that was shipped and is not billed yet. Raises Refused where nothing is left to bill."""
    with atomic():
        order = lock_one(order)
        due = {
            line.pk: line.shipped - line.invoiced
            for line in order.lines.all()
            if line.shipped > line.invoiced
        }
        return _invoice_each(order, due, reference=idempotency.new_reference(order.number), by=by)[
            -1
        ]


def bill_order(order: Order, *, by: User | None = None) -> Invoice | None:
    """Bill the whole of a confirmed order at once; None where nothing is left to bill."""
    with atomic():
        order = lock_one(order)
        due = {line.pk: line.quantity - line.canceled - line.invoiced for line in order.lines.all()}
        if not any(count > 0 for count in due.values()):
            return None
        return _invoice_each(order, due, reference=f"{order.number}/whole", by=by)[-1]


def _invoice_lines(document: Invoice, order: Order, units: Mapping[int, int]) -> list[InvoiceLine]:
    lines = {line.pk: line for line in order.lines.select_related("sku").order_by("position")}
    for key, count in units.items():
        if key not in lines or not 0 < count <= lines[key].quantity - lines[key].invoiced:
            raise Refused(
                gettext(
                    "You can't invoice %(count)s units of line %(line)s on order %(number)s. Check "
                    "how many are left to invoice."
                )
                % {"count": count, "line": lines.get(key, key), "number": order.number},
                line=key,
            )
    return [_part_of(document, line, units[key]) for key, line in lines.items() if key in units]


def _part_of(document: Invoice, line: OrderLine, count: int) -> InvoiceLine:
    amounts = _part(line, line.invoiced, line.invoiced + count, document.currency)
    return InvoiceLine(
        invoice=document,
        order_line=line,
        quantity=count,
        unit_price=line.billed_price or money.ZERO,
        description=f"{line.sku.code} {line.description}".strip()[:200],
        discount_percent=line.discount_percent,
        tax_percent=line.tax_percent,
        tax_category=line.tax_category,
        tax_note=line.tax_note,
        **amounts,
    )


def _part(line: OrderLine, before: int, after: int, currency: str) -> dict[str, Decimal]:
    """Gross and tax of a part by the parts rule; net is the rest, so that each part adds up in itself too."""
    gross = money.part(line.gross, line.quantity, before, after, currency)
    tax = money.part(line.tax, line.quantity, before, after, currency)
    return {"gross": gross, "tax": tax, "net": gross - tax}


def of_order(order: Order) -> QuerySet[Invoice]:
    """The invoices and credit notes that bill or credit something of an order, collective ones too."""
    billed = InvoiceLine.objects.filter(deducting.lines_of(order))
    own = Invoice.objects.filter(order=order)
    return Invoice.objects.filter(any_of("pk", own.values("pk").union(billed.values("invoice"))))


@whole
def invoice_what_shipped(order: Order, reference: str, by: User | None) -> None:
    """Bill what was shipped of a locked order and isn't billed yet; it is credited next."""
    due = {
        line.pk: line.shipped - line.invoiced
        for line in order.lines.all()
        if line.shipped > line.invoiced
    }
    if due:
        _invoice_each(order, due, reference=f"{reference}/shipped", by=by)
