"""Giving up what is not worth asking for: small differences, discounts for paying early, bad debts."""

from datetime import date
from decimal import Decimal

from django.utils.translation import gettext as _

from oms.core import events, money, periods
from oms.core.errors import Refused
from oms.core.locking import atomic, lock_one
from oms.core.models import User
from oms.core.money import display
from orders import dues
from orders.models import Allocation, Invoice, InvoiceLine, Payment, WriteOff

Kind = WriteOff.Kind


def write_off(
    document: Invoice, kind: str, *, amount: Decimal | None = None, reason: str = "", on: date | None = None,
    by: User | None = None,
) -> WriteOff:
    """Give up (a part of) what is open of an issued invoice.

    A small difference is so only up to the company's limit; a discount and a bad debt take their part of the
    invoice's tax back (Directive 2006/112/EC, Articles 79 and 90).
    """
    with atomic():
        document = lock_one(document)
        if document.kind == Invoice.Kind.CREDIT or document.status != Invoice.Status.ISSUED:
            raise Refused(_("%(document)s is no issued invoice.") % {"document": document})
        given_up = document.open_amount if amount is None else amount
        if not 0 < given_up <= document.open_amount:
            raise Refused(_("%(document)s has %(open)s open; no more can be written off.")
                          % {"document": document, "open": display(document.open_amount, document.currency)},
                          field="amount")
        limit = document.company.write_off_limit
        if kind == Kind.DIFFERENCE and given_up > limit:
            raise Refused(_("%(amount)s is no small difference: those are up to %(limit)s. Credit it, or write it "
                            "off as a bad debt.") % {"amount": display(given_up, document.currency),
                                                      "limit": display(limit, document.currency)}, field="amount")
        return _book(document, kind, given_up, reason, on or document.company.today(), by)


def _book(document: Invoice, kind: str, amount: Decimal, reason: str, on: date, by: User | None) -> WriteOff:
    periods.require_open(document.company, on)
    taxes = _taxes(document, amount) if kind != Kind.DIFFERENCE else []
    row = WriteOff.objects.create(
        kind=kind, invoice=document, amount=amount, reason=reason[:200], booked_on=on, by=by,
        tax=sum((Decimal(each["tax"]) for each in taxes), money.ZERO), taxes=taxes)
    Allocation.objects.create(write_off=row, invoice=document, amount=amount, by=by)
    dues.use(document, amount)
    events.emit("invoice.written_off", document, by=by, kind=kind, amount=str(amount), reason=reason)
    if document.open_amount == 0:
        events.emit("invoice.paid", document, by=by)
    return row


def _taxes(document: Invoice, amount: Decimal) -> list[dict[str, str]]:
    """The tax in an amount of an invoice less its credits, by category and rate."""
    left: dict[tuple[str, Decimal], list[Decimal]] = {}
    for line in [*document.lines.all(), *InvoiceLine.objects.filter(invoice__corrects=document)]:
        sign = 1 if line.invoice_id == document.pk else -1
        sums = left.setdefault((line.tax_category, line.tax_percent.normalize()), [money.ZERO, money.ZERO])
        sums[0] += sign * line.gross
        sums[1] += sign * line.tax
    groups = {key: sums for key, sums in sorted(left.items()) if sums[0] > 0}
    shares = money.spread(amount, [gross for gross, _tax in groups.values()], document.currency)
    return [{"category": category, "percent": f"{percent:f}", "amount": str(share),
             "tax": str(money.round_amount(share * tax / gross, document.currency))}
            for ((category, percent), (gross, tax)), share in zip(groups.items(), shares, strict=True)]


def grant_discount(document: Invoice, payment: Payment, *, by: User | None = None) -> WriteOff | None:
    """Give up what a locked invoice lacks for the part paid in time for its discount; None if it lacks more."""
    assert payment.paid_on is not None
    if document.discount_until is None or document.write_offs.exists():
        return None
    if not 0 < document.open_amount <= dues.earned_discount(document):
        return None
    on = periods.open_day(document.company, payment.paid_on)
    return _book(document, Kind.DISCOUNT, document.open_amount, payment.number, on, by)


def write_off_rest(payment: Payment, *, reason: str = "", by: User | None = None) -> Payment:
    """Keep what a payment has too much, up to the company's limit for small differences."""
    with atomic():
        payment = lock_one(payment)
        amount, limit = payment.unallocated, payment.company.write_off_limit
        if not 0 < amount <= limit:
            raise Refused(_("%(number)s has %(amount)s left; up to %(limit)s can be written off. Allocate or refund "
                            "it.") % {"number": payment.number, "amount": display(amount, payment.currency),
                                      "limit": display(limit, payment.currency)})
        WriteOff.objects.create(kind=Kind.DIFFERENCE, payment=payment, amount=amount, reason=reason[:200],
                                booked_on=payment.company.today(), by=by)
        payment.written_off += amount
        payment.save(update_fields=["written_off"])
        events.emit("payment.written_off", payment, by=by, amount=str(amount), reason=reason)
    return payment
