"""Taking money back by entries of its own: what was booked stays, and a later row says that it no longer counts."""

from datetime import date
from decimal import Decimal

from django.utils.translation import gettext as _

from oms.core import events, idempotency, money, money_text, periods, states
from oms.core.errors import Refused
from oms.core.locking import atomic, lock, lock_one
from oms.core.models import User
from orders import letters, order_entry, pricing
from orders.accounting import due_dates, exchange_gains, issuing, payments, write_offs
from orders.accounting.models import (
    Invoice,
    InvoiceLine,
    Payment,
    PaymentApplication,
    Refund,
    WriteOff,
)
from orders.models import Customer, TaxRate

S = Payment.Status


def unapply(
    use: PaymentApplication,
    amount: Decimal | None = None,
    *,
    on: date | None = None,
    by: User | None = None,
) -> PaymentApplication:
    """Take (a part of) a payment or a credit note off the invoice that it paid: that is open again, and so is the
    source. What the invoice lacked for early payment is owed again, too."""
    with atomic():
        payment = lock_one(use.payment) if use.payment else None
        documents = _locked(use.invoice_id, use.credit_id)
        use = PaymentApplication.objects.get(pk=use.pk)
        if use.write_off_id or use.reverses_id:
            raise Refused(
                _("%(use)s is not a payment or a credit note. Reverse the write-off instead.")
                % {"use": use},
                code="not_applied",
            )
        day = on or documents[use.invoice_id].company.today()
        periods.require_open(documents[use.invoice_id].company, day)
        made = _take_back(use, _of(use, amount), day, by)
        if payment is not None:
            payments.book(payment, applied=made.amount)
            events.emit(
                "payment.unapplied",
                payment,
                by=by,
                invoice=documents[use.invoice_id].number,
                amount=str(-made.amount),
            )
        else:
            due_dates.use(documents[use.credit_id or 0], made.amount)
        _open_again(documents[use.invoice_id], made, day, by)
    return made


def _locked(*keys: int | None) -> dict[int, Invoice]:
    return {
        row.pk: row for row in lock(Invoice.objects.filter(pk__in=[key for key in keys if key]))
    }


def _of(use: PaymentApplication, amount: Decimal | None) -> Decimal:
    """How much of it is taken back: what is given, at most what is left of it, else all of that."""
    left = use.left
    wanted = left if amount is None else amount
    if not 0 < wanted <= left:
        raise Refused(
            _("You can take back up to %(left)s of %(use)s.")
            % {"left": money_text.display(left, use.currency), "use": use},
            code="too_much",
            field="amount",
        )
    return wanted


def _take_back(
    use: PaymentApplication, amount: Decimal, day: date, by: User | None
) -> PaymentApplication:
    before, home = use.amount - use.left, use.invoice.company.currency
    difference = money.part(use.exchange_difference, use.amount, before, before + amount, home)
    return PaymentApplication.objects.create(
        payment=use.payment,
        credit=use.credit,
        invoice=use.invoice,
        amount=-amount,
        exchange_difference=-difference,
        reverses=use,
        booked_on=day,
        by=by,
    )


def _open_again(document: Invoice, made: PaymentApplication, day: date, by: User | None) -> None:
    was_paid = document.open_amount == 0
    due_dates.use(document, made.amount)
    if made.payment_id:
        for row in document.write_offs.filter(kind=WriteOff.Kind.DISCOUNT, reverses=None):
            if row.left:
                write_offs.take_back(document, row, row.left, on=day, by=by)
    if was_paid:
        events.emit("invoice.reopened", document, by=by, open=str(document.open_amount))


def return_payment(
    payment: Payment,
    amount: Decimal | None = None,
    *,
    on: date | None = None,
    fee: Decimal = money.ZERO,
    bills_fee: bool = True,
    reason: str = "",
    reference: str = "",
    by: User | None = None,
) -> Refund:
    """Book that the bank took a payment back (a bounced debit or cheque, a chargeback): its invoices are open again,
    the newest first, as far as it is missing. A fee can be billed on to the customer, without tax.

    Again with the same reference: the first.
    """
    with atomic():
        payment = lock_one(payment)
        states.require_status(payment, S.CAPTURED)
        reference = reference or idempotency.new_reference(payment.number)
        wanted = payment.refundable if amount is None else amount
        known = _known_return(reference, payment, amount, fee)
        if known:
            return known
        day = on or payment.company.today()
        row = _take_out(
            payment,
            wanted,
            Refund(
                kind=Refund.Kind.RETURNED,
                status=Refund.Status.DONE,
                reference=reference,
                reason=reason[:200],
                fee=fee,
                booked_on=day,
            ),
            by,
        )
        events.emit(
            "payment.returned",
            payment,
            by=by,
            refund=row.pk,
            amount=str(wanted),
            fee=str(fee),
            reason=reason,
        )
        if fee and bills_fee:
            _bill_fee(payment, row, by)
    return row


def _known_return(
    reference: str, payment: Payment, amount: Decimal | None, fee: Decimal
) -> Refund | None:
    """The return with this reference. Raises Refused where it is another payment's or of another amount."""
    known = Refund.objects.filter(reference=reference).first()
    if known:
        told = _("the return of %(amount)s of a payment") % {
            "amount": money_text.display(known.amount, known.currency)
        }
        idempotency.require_same(
            known,
            told,
            payment_id=payment.pk,
            kind=Refund.Kind.RETURNED,
            fee=fee,
            amount=known.amount if amount is None else amount,
        )
    return known


def _take_out(payment: Payment, amount: Decimal, row: Refund, by: User | None) -> Refund:
    """Take money out of a locked payment that paid invoices with it: they are open again, the newest first."""
    day = row.booked_on
    periods.require_open(payment.company, day)
    if day > payment.company.today() or (payment.paid_on and day < payment.paid_on):
        raise Refused(
            _("%(day)s is not a day between the payment's value date, %(paid_on)s, and today.")
            % {"day": day, "paid_on": payment.paid_on},
            field="on",
        )
    if (
        amount != money.round_amount(amount, payment.currency)
        or not 0 < amount <= payment.refundable
    ):
        raise Refused(
            _("Enter an amount of up to %(most)s: that much of %(number)s is still here.")
            % {
                "most": money_text.display(payment.refundable, payment.currency),
                "number": payment.number,
            },
            code="too_much",
            field="amount",
        )
    uses = list(payment.applications.filter(reverses=None).order_by("-pk"))
    _locked(*{use.invoice_id for use in uses})
    for use in uses:
        payment.refresh_from_db()
        missing = min(amount - payment.unapplied, use.left)
        if missing > 0:
            unapply(use, missing, on=day, by=by)
    payment.refresh_from_db()
    row.payment, row.amount = payment, amount
    row.exchange_rate = pricing.exchange_rate(payment.company, payment.currency, day)
    row.exchange_difference = exchange_gains.refund_difference(row)
    row.save()
    payments.book(payment, refunded=amount, refunded_unlinked=amount)
    return row


def _bill_fee(payment: Payment, row: Refund, by: User | None) -> Invoice:
    """A fee that is passed on is compensation, and carries no tax."""
    customer, company = payment.customer, payment.company
    last = (
        Invoice.objects.filter(customer=customer, company=company)
        .exclude(bill_to={})
        .order_by("-pk")
        .first()
    )
    bill_to = last.bill_to if last else order_entry.addresses(customer)[0]
    document = Invoice(
        kind=Invoice.Kind.INVOICE,
        company=company,
        customer=customer,
        currency=payment.currency,
        reference=f"{payment.number}/fee {row.pk}",
        seller=company.identity(),
        bill_to={**bill_to, **customer.identity()},
    )
    with letters.language_of(customer, company):
        note = _("Compensation, outside the scope of VAT")
        description = _("Bank fee for returned payment %(number)s") % {"number": payment.number}
    line = InvoiceLine(
        invoice=document,
        position=1,
        quantity=1,
        unit_price=row.fee,
        net=row.fee,
        gross=row.fee,
        tax_category=TaxRate.Category.OUTSIDE,
        tax_note=note,
        description=description,
    )
    return issuing.issue(document, [line], None, by)


def move(
    payment: Payment,
    customer: Customer,
    *,
    on: date | None = None,
    reason: str = "",
    by: User | None = None,
) -> Payment:
    """Move what is left of a payment that was booked on the wrong customer. Returns the new payment.

    It leaves the one's account and comes to the other's on one day: its value date, if the books of that are open.
    """
    with atomic():
        payment = lock_one(payment)
        states.require_status(payment, S.CAPTURED)
        if customer.pk == payment.customer_id:
            raise Refused(
                _("%(number)s is booked on %(customer)s already. Choose another customer.")
                % {"number": payment.number, "customer": customer},
                field="customer",
            )
        assert payment.paid_on is not None
        day, amount = on or periods.open_day(payment.company, payment.paid_on), payment.refundable
        reference = idempotency.new_reference(payment.number)
        _take_out(
            payment,
            amount,
            Refund(
                kind=Refund.Kind.MOVED,
                status=Refund.Status.DONE,
                reference=reference,
                reason=reason[:200],
                booked_on=day,
            ),
            by,
        )
        made = _receive_for(customer, payment, amount, reference, day, by)
        events.emit(
            "payment.moved", payment, by=by, to=made.number, amount=str(amount), reason=reason
        )
    return made


def _receive_for(
    customer: Customer,
    payment: Payment,
    amount: Decimal,
    reference: str,
    day: date,
    by: User | None,
) -> Payment:
    """Book what left a payment as one of another customer."""
    return payments.receive(
        Payment(
            company=payment.company,
            customer=customer,
            currency=payment.currency,
            amount=amount,
            origin=payment,
            reference=reference,
            gateway=payment.gateway,
            gateway_reference=payment.gateway_reference,
        ),
        on=day,
        by=by,
    )


def free(payment: Payment, *, by: User | None = None) -> Payment:
    """Free what is left of a prepayment from its order: it can pay any invoice of the customer."""
    with atomic():
        order = lock_one(payment.order) if payment.order else None
        payment = lock_one(payment)
        states.require_status(payment, S.CAPTURED)
        if order is None or payment.unapplied <= 0:
            raise Refused(
                _("Nothing of %(number)s is reserved for an order.") % {"number": payment.number},
                code="not_reserved",
            )
        payment.order = None
        payment.save(update_fields=["order"])
        events.emit(
            "payment.released", payment, by=by, order=order.number, amount=str(payment.unapplied)
        )
    return payment
