"""Using what a customer has to their credit: prepayments, a payment over several invoices, a credit note."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.utils.translation import gettext as _

from oms.core import events, idempotency, money, money_text
from oms.core.errors import Refused
from oms.core.locking import advisory_lock, atomic, lock, lock_one
from oms.core.models import Company, User
from orders.accounting import crediting, payments
from orders.accounting.models import Invoice, Payment, PaymentApplication
from orders.accounting.payments import S
from orders.models import Customer


def apply_prepayments(document: Invoice, *, by: User | None = None) -> list[PaymentApplication]:
    """Pay an invoice from its order's prepayments, as far as they go. Nothing open is success."""
    with atomic():
        prepayments = lock(
            Payment.objects.filter(
                order=document.order,
                order__isnull=False,
                status=S.CAPTURED,
                company=document.company,
                currency=document.currency,
            )
        )
        made = []
        for payment in prepayments:
            document.refresh_from_db()
            if payment.unapplied > 0 and document.open_amount > 0:
                made.append(payments.apply(payment, document, by=by))
        return made


@dataclass(frozen=True)
class Share:
    """What an invoice gets of a payment."""

    document: Invoice
    amount: Decimal = money.ZERO


def apply_many(
    payment: Payment, lines: Sequence[Share], *, by: User | None = None
) -> list[PaymentApplication]:
    """Use one payment for several invoices, an amount for each."""
    with atomic():
        payment = lock_one(payment)
        shares = [share for share in lines if share.amount]
        lock(Invoice.objects.filter(pk__in=[share.document.pk for share in shares]))
        if not shares:
            raise Refused(
                _("Enter what each invoice gets of the payment."), code="nothing_to_apply"
            )
        whole = sum((share.amount for share in shares), money.ZERO)
        if whole > payment.unapplied:
            raise Refused(
                _("The amounts come to %(whole)s; %(number)s has %(left)s left. Lower them.")
                % {
                    "whole": money_text.display(whole, payment.currency),
                    "number": payment.number,
                    "left": money_text.display(payment.unapplied, payment.currency),
                },
                code="too_much",
            )
        return [
            payments.apply(payment, share.document, share.amount, by=by)
            for share in sorted(shares, key=lambda share: share.document.pk)
        ]


def book_statement_line(
    customer: Customer,
    amount: Decimal,
    *,
    company: Company,
    reference: str,
    currency: str,
    on: date | None = None,
    document: Invoice | None = None,
    by: User | None = None,
) -> Payment | None:
    """Book a line of a bank's statement, and use it for its invoice, as far as both are open.

    None where it is booked already with the same facts. Raises Refused where this reference has others.
    """
    with atomic():
        advisory_lock(f"payment {reference}")
        known = Payment.objects.filter(reference=reference).first()
        payment = payments.register_transfer(
            customer, amount, company=company, reference=reference, currency=currency, on=on, by=by
        )
        if known is None:
            if document is not None:
                payments.apply(payment, document, by=by)
            return payment
        if (on or known.paid_on) != known.paid_on or (
            document and not known.applications.filter(invoice=document).exists()
        ):
            raise idempotency.used(
                _("payment %(number)s of %(day)s") % {"number": known.number, "day": known.paid_on}
            )
        return None


def apply(
    note: Invoice, document: Invoice, amount: Decimal | None = None, *, by: User | None = None
) -> Decimal:
    """Use a credit note, as far as both are open, to pay an invoice of the same customer, company and currency."""
    with atomic():
        rows = {row.pk: row for row in lock(Invoice.objects.filter(pk__in=[note.pk, document.pk]))}
        note, document = rows[note.pk], rows[document.pk]
        names = ("customer_id", "company_id", "currency")
        if any(getattr(note, name) != getattr(document, name) for name in names):
            raise Refused(
                _("%(note)s and %(document)s differ in customer, company or currency.")
                % {"note": note, "document": document},
                code="different",
            )
        most = min(note.open_amount, document.open_amount)
        wanted = most if amount is None else amount
        if (
            note.kind != Invoice.Kind.CREDIT
            or document.kind == Invoice.Kind.CREDIT
            or not 0 < wanted <= most
        ):
            raise Refused(
                _("You can use up to %(most)s of %(note)s for %(document)s.")
                % {
                    "most": money_text.display(most, note.currency),
                    "note": note,
                    "document": document,
                },
                code="too_much",
                field="amount",
            )
        crediting.set_off(note, document, wanted, by=by)
        events.emit(
            "invoice.credit_applied", note, by=by, invoice=document.number, amount=str(wanted)
        )
        if document.open_amount == 0:
            events.emit("invoice.paid", document, by=by)
        return wanted
