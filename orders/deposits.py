"""Deposits: taxed invoices of their own, deducted pro rata later; what is not used up is credited."""

from decimal import Decimal

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from oms.core import money, states
from oms.core.errors import Refused
from oms.core.locking import atomic, lock_one
from oms.core.models import User
from orders import billing, issuing
from orders.models import Invoice, InvoiceLine, Order


def ask(order: Order, amount: Decimal, *, reference: str, by: User | None = None) -> Invoice:
    """Ask for a deposit: an invoice of its own at the order's average tax, which bills no units."""
    with atomic():
        order = lock_one(order)
        known = Invoice.objects.filter(reference=reference).first()
        if known:
            return known
        states.require_status(order, Order.Status.PLACED, Order.Status.CONFIRMED)
        if not 0 < amount <= order.gross:
            raise Refused(gettext("A deposit must be more than zero and at most %(gross)s.")
                          % {"gross": order.gross}, field="amount")
        document = issuing.start(order, Invoice.Kind.DEPOSIT, reference)
        lines = _deposit_lines(document, order, money.round_amount(amount, order.currency))
        return issuing.issue(document, lines, None, by)


def ask_share(order: Order, percent: Decimal, *, by: User | None = None) -> Invoice | None:
    """Ask for a share of an order, once; None where that is less than the smallest coin."""
    amount = money.round_amount(order.gross * percent / 100, order.currency)
    return ask(order, amount, reference=f"{order.number}/deposit", by=by) if amount > 0 else None


def _deposit_lines(document: Invoice, order: Order, amount: Decimal) -> list[InvoiceLine]:
    """One line per tax rate, by each rate's share of the order."""
    rates: dict[tuple[Decimal, str, str], list[Decimal]] = {}
    for row in order.taxed():
        totals = rates.setdefault((row.tax_percent, row.tax_category, row.tax_note), [money.ZERO, money.ZERO])
        totals[0] += row.gross
        totals[1] += row.tax
    shares = money.spread(amount, [gross for gross, _ in rates.values()], order.currency)
    lines: list[InvoiceLine] = []
    for (percent, category, note), share in zip(rates, shares, strict=True):
        tax = money.round_amount(share * percent / (100 + percent), order.currency)
        lines.append(InvoiceLine(invoice=document, position=len(lines) + 1, description=_("Deposit on %(number)s")
                                                                                        % {"number": order.number},
                                 unit_price=share - tax, tax_percent=percent, tax_category=category, tax_note=note,
                                 net=share - tax, tax=tax, gross=share))
    return lines


def credit_rest(order: Order, *, by: User | None = None) -> list[Invoice]:
    """Credit what a finished order's invoices did not use up of its deposits. Nothing left is success."""
    with atomic():
        order = lock_one(order)
        asked = Invoice.objects.filter(order=order, kind=Invoice.Kind.DEPOSIT).order_by("pk")
        return [note for note in (_credit_rest(document, by) for document in asked) if note]


def _credit_rest(document: Invoice, by: User | None) -> Invoice | None:
    document = lock_one(document)
    note = issuing.start_credit(document, f"{document.number}/rest")
    lines = [line for line in (_rest_of(note, each) for each in document.lines.filter(credited=0)) if line.gross]
    if not lines:
        return None
    document.lines.filter(pk__in=[line.corrects_id for line in lines]).update(credited=1)
    note = issuing.issue(note, lines, None, by)
    billing.set_off(note, document, by=by)
    return note


def _rest_of(note: Invoice, asked: InvoiceLine) -> InvoiceLine:
    gross, tax = (getattr(asked, name) - billing.deducted(asked, name) for name in ("gross", "tax"))
    return InvoiceLine(invoice=note, position=asked.position, corrects=asked, quantity=1, gross=gross, tax=tax,
                       net=gross - tax, description=_("Rest of %(description)s")
                                                    % {"description": asked.description}, unit_price=gross - tax,
                       tax_percent=asked.tax_percent, tax_category=asked.tax_category, tax_note=asked.tax_note)
