"""Deposits: taxed invoices of their own, deducted pro rata later; what is not used up is credited."""

from collections import defaultdict
from decimal import Decimal

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from oms.core import money, money_text, states
from oms.core.errors import Refused
from oms.core.locking import atomic, lock, lock_one
from oms.core.models import User
from orders import letters, registrations
from orders.accounting import billing, crediting, deducting, einvoicing, issuing
from orders.accounting.deducting import Open
from orders.accounting.models import Invoice, InvoiceLine
from orders.models import Order


def ask(order: Order, amount: Decimal, *, reference: str, by: User | None = None) -> Invoice:
    """Ask for a deposit: an invoice of its own at the order's average tax, which bills no units.

    Raises Refused where the goods fall under several VAT registrations: an invoice is of one.
    """
    with atomic():
        order = lock_one(order)
        known = issuing.known(reference, order=order.pk, kind=Invoice.Kind.DEPOSIT, gross=amount)
        if known:
            return known
        found = _registrations(order)
        if len(found) > 1:
            raise Refused(
                gettext(
                    "The goods of order %(number)s fall under several VAT numbers (%(numbers)s), and a "
                    "deposit invoice has one. Register a prepayment instead."
                )
                % {"number": order.number, "numbers": registrations.numbers(order.company, found)},
                code="several_registrations",
            )
        return _ask(order, amount, reference, found[0] if found else "", by)


def _registrations(order: Order) -> list[str]:
    """The VAT registrations under which something of an order is still to be billed."""
    left = [line for line in order.lines.all() if line.quantity - line.canceled > line.invoiced]
    return sorted({registrations.of(order, line) for line in left})


def _ask(
    order: Order, amount: Decimal, reference: str, registration: str, by: User | None
) -> Invoice:
    states.require_status(order, Order.Status.PLACED, Order.Status.CONFIRMED)
    _require_room(order, amount)
    document = issuing.start(order, Invoice.Kind.DEPOSIT, reference, registration)
    with letters.language_of(order.customer, order.company):
        lines = _deposit_lines(document, order, money.round_amount(amount, order.currency))
    einvoicing.require_complete(order, lines, registration)
    return issuing.issue(document, lines, None, by)


def _require_room(order: Order, amount: Decimal) -> None:
    """Raise Refused where deposits would ask for more than what is still to be billed."""
    to_bill = sum(deducting.left_to_bill(order).values(), money.ZERO)
    asked = sum((left.gross for _line, left in deducting.open_deposits(order)), money.ZERO)
    most = max(money.ZERO, to_bill - asked)
    if 0 < amount <= most:
        return
    raise Refused(
        gettext(
            "A deposit on order %(number)s must be more than zero and at most %(most)s: %(to_bill)s is "
            "still to be billed, and deposits of %(asked)s are open."
        )
        % {
            "number": order.number,
            "most": money_text.display(most, order.currency),
            "to_bill": money_text.display(to_bill, order.currency),
            "asked": money_text.display(asked, order.currency),
        },
        code="too_much",
        field="amount",
    )


def ask_share(order: Order, percent: Decimal, *, by: User | None = None) -> Invoice | None:
    """Ask for a share of an order, once: an invoice for each of its VAT registrations, of which the first is returned.

    None where that is less than the smallest coin.
    """
    with atomic():
        order, reference = lock_one(order), f"{order.number}/deposit"
        asked = (
            Invoice.objects.filter(reference__startswith=reference, order=order)
            .order_by("pk")
            .first()
        )
        if asked:
            return asked
        found = {
            key: sum(deducting.left_to_bill(order, key).values(), money.ZERO)
            for key in _registrations(order)
        }
        whole = money.round_amount(order.gross * percent / 100, order.currency)
        shares = money.spread(whole, list(found.values()), order.currency)
        made = [
            _ask(order, share, f"{reference} {key}".strip(), key, by)
            for key, share in zip(found, shares, strict=True)
            if share > 0
        ]
        return made[0] if made else None


def _deposit_lines(document: Invoice, order: Order, amount: Decimal) -> list[InvoiceLine]:
    """One line per tax rate, by each rate's share of what is still to be billed."""
    rates: dict[tuple[Decimal, str, str], Decimal] = defaultdict(Decimal)
    for line in order.lines.all():
        if registrations.of(order, line) != document.registration:
            continue
        wanted = max(line.invoiced, line.quantity - line.canceled)
        rates[line.tax_percent, line.tax_category, line.tax_note] += money.part(
            line.gross, line.quantity, line.invoiced, wanted, order.currency
        )
    for charge in billing.open_charges(order, document.registration):
        for part in charge.parts:
            rates[part.tax_percent, part.tax_category, part.tax_note] += part.gross
    rates = {
        rate: gross for rate, gross in rates.items() if gross > 0
    }  # allowances have none of it
    shares = money.spread(amount, list(rates.values()), order.currency)
    lines: list[InvoiceLine] = []
    for (percent, category, note), share in zip(rates, shares, strict=True):
        tax = money.round_amount(money.tax_of(share, percent, includes_tax=True), order.currency)
        lines.append(
            InvoiceLine(
                invoice=document,
                position=len(lines) + 1,
                description=_("Deposit on %(number)s") % {"number": order.number},
                unit_price=share - tax,
                tax_percent=percent,
                tax_category=category,
                tax_note=note,
                net=share - tax,
                tax=tax,
                gross=share,
            )
        )
    return lines


def credit_rest(order: Order, *, by: User | None = None) -> list[Invoice]:
    """Credit what a finished order's invoices did not use up of its deposits. Nothing left is success.

    What was paid of it pays the order's other invoices first.
    """
    with atomic():
        order = lock_one(order)
        if not order.invoices.filter(kind=Invoice.Kind.DEPOSIT).exists():
            return []
        documents = {row.pk: row for row in lock(Invoice.objects.filter(order=order))}
        left: dict[int, list[tuple[InvoiceLine, Open]]] = {}
        for line, amounts in deducting.open_deposits(order):
            left.setdefault(line.invoice_id, []).append((line, amounts))
        made = [_credit_rest(documents[key], rows, by) for key, rows in left.items()]
        others = [row for row in documents.values() if row.kind == Invoice.Kind.INVOICE]
        for note in made:
            for other in others:
                crediting.set_off(note, other, by=by)
        return made


def _credit_rest(
    document: Invoice, left: list[tuple[InvoiceLine, Open]], by: User | None
) -> Invoice:
    note = issuing.start_credit(document, f"{document.number}/rest")
    with letters.language_of(document.customer, document.company):
        lines = [_rest_of(note, asked, amounts) for asked, amounts in left]
    document.lines.filter(pk__in=[line.corrects_id for line in lines]).update(credited=1)
    note = issuing.issue(note, lines, None, by)
    crediting.set_off(note, document, by=by)
    return note


def _rest_of(note: Invoice, asked: InvoiceLine, left: Open) -> InvoiceLine:
    net = left.gross - left.tax
    return InvoiceLine(
        invoice=note,
        position=asked.position,
        corrects=asked,
        quantity=1,
        gross=left.gross,
        tax=left.tax,
        net=net,
        description=_("Unused %(description)s") % {"description": asked.description},
        unit_price=net,
        tax_percent=asked.tax_percent,
        tax_category=asked.tax_category,
        tax_note=asked.tax_note,
    )
