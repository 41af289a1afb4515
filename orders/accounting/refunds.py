"""Giving money back: asked for, and done or failed as the gateway says.

The gateway is asked by handlers, as for payments.
"""

from collections.abc import Sequence
from decimal import Decimal

from django.utils.translation import gettext as _

from oms.core import events, idempotency, money, money_text, states
from oms.core.bulk_sql import any_of
from oms.core.errors import Refused
from oms.core.locking import atomic, lock, lock_one, whole
from oms.core.models import User
from orders import pricing
from orders.accounting import due_dates, exchange_gains, payments
from orders.accounting.connectors.gateways import TRANSFER
from orders.accounting.models import Invoice, Payment, PaymentApplication, Refund
from orders.models import Order

S = Payment.Status


def refund(
    payment: Payment,
    amount: Decimal,
    *,
    reference: str = "",
    credit: Invoice | None = None,
    by: User | None = None,
) -> Refund:
    """Ask to give money back: for a credit note, else of what was paid too much.

    Never more than captured − refunded, nor than the credit note has left. Again with the same reference: the first.
    """
    with atomic():
        payment = lock_one(payment)
        amount = payments.positive(amount, payment.currency)
        reference = reference or idempotency.new_reference(payment.number)
        known = Refund.objects.filter(reference=reference).select_related("payment").first()
        if known:
            told = _("a refund of %(amount)s of %(payment)s") % {
                "amount": money_text.display(known.amount, known.currency),
                "payment": known.payment.number,
            }
            idempotency.require_same(
                known,
                told,
                payment_id=payment.pk,
                amount=amount,
                credit_id=credit.pk if credit else None,
            )
            return known
        states.require_status(payment, S.CAPTURED)
        _require_refundable(payment, amount, credit)
        if credit is not None:
            credit = lock_one(credit)
            _require_credit(payment, credit, amount)
        row = Refund(
            payment=payment,
            credit=credit,
            amount=amount,
            reference=reference,
            booked_on=payment.company.today(),
        )
        row.exchange_rate = pricing.exchange_rate(payment.company, payment.currency, row.booked_on)
        row.exchange_difference = exchange_gains.refund_difference(row)
        row.save()
        if credit is not None:
            due_dates.use(credit, amount)
        payments.book(payment, refunded=amount, refunded_unlinked=money.ZERO if credit else amount)
        events.emit("payment.refund_requested", payment, by=by, refund=row.pk, amount=str(amount))
    return row


def _require_refundable(payment: Payment, amount: Decimal, credit: Invoice | None) -> None:
    most = payment.refundable if credit else min(payment.refundable, payment.unapplied)
    if amount > most:
        raise Refused(
            _("You can refund up to %(most)s of %(number)s, not %(amount)s.")
            % {
                "amount": money_text.display(amount, payment.currency),
                "number": payment.number,
                "most": money_text.display(most, payment.currency),
            },
            code="too_much",
            field="amount",
        )


def _require_credit(payment: Payment, credit: Invoice, amount: Decimal) -> None:
    if credit.kind != Invoice.Kind.CREDIT or credit.customer_id != payment.customer_id:
        raise Refused(
            _("%(credit)s isn't one of this customer's credit notes.") % {"credit": credit}
        )
    if credit.currency != payment.currency or credit.company_id != payment.company_id:
        raise Refused(
            _("%(credit)s and %(number)s must have the same company and currency.")
            % {"credit": credit, "number": payment.number}
        )
    if amount > credit.open_amount:
        raise Refused(
            _("%(credit)s has only %(open_amount)s of unapplied credit.")
            % {"credit": credit, "open_amount": credit.open_amount},
            code="too_much",
            field="amount",
        )


@whole
def record_refunded(row: Refund, gateway_reference: str) -> None:
    """Note that the money went back."""
    with atomic():
        payment = lock_one(row.payment)
        changed = Refund.objects.filter(pk=row.pk, status=Refund.Status.REQUESTED).update(
            status=Refund.Status.DONE, gateway_reference=gateway_reference
        )
        if changed:
            events.emit("payment.refunded", payment, refund=row.pk, amount=str(row.amount))


@whole
def record_refund_failed(row: Refund, error: str) -> None:
    """Note that the money did not go back, and take the request back to the cent."""
    with atomic():
        payment = lock_one(row.payment)
        credit = lock_one(row.credit) if row.credit else None
        changed = Refund.objects.filter(pk=row.pk, status=Refund.Status.REQUESTED).update(
            status=Refund.Status.FAILED, error=error[:200]
        )
        if not changed:
            return
        if credit is not None:
            due_dates.use(credit, -row.amount)
        payments.book(
            payment, refunded=-row.amount, refunded_unlinked=money.ZERO if credit else -row.amount
        )
        events.emit("payment.refund_failed", payment, refund=row.pk, error=error)


def give_up(order: Order) -> None:
    """Let go of a canceled order's money: void what is set aside, refund what a gateway collected and nothing used.

    A bank transfer waits for a person, who knows whether it shall pay something else. Nothing due is success.
    """
    with atomic():
        for payment in lock(Payment.objects.filter(order=order)):
            if payment.status == S.AUTHORIZED and not payment.capture_requested:
                payments.void(payment)
            elif (
                payment.status == S.CAPTURED
                and payment.gateway != TRANSFER
                and payment.unapplied > 0
            ):
                refund(
                    payment, payment.unapplied, reference=idempotency.new_reference(payment.number)
                )


def refundable(order: Order) -> Sequence[Payment]:
    """The order's captured payments that have something left, the newest first."""
    paid = PaymentApplication.objects.filter(invoice__order=order, payment__isnull=False).values(
        "payment"
    )
    own = Payment.objects.filter(order=order).values("pk")
    rows = Payment.objects.filter(any_of("pk", paid.union(own)), status=S.CAPTURED).order_by("-pk")
    return [row for row in rows if row.refundable > 0]
