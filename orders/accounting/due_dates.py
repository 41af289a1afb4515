"""When invoices are due, and counting what is paid of them."""

from datetime import timedelta
from decimal import Decimal

from django.db.models import DecimalField, F, Q, Sum
from django.utils.translation import gettext as _

from oms.core import money
from oms.core.money_text import display
from orders import accounts
from orders.accounting import deducting
from orders.accounting.models import Installment, Invoice, Payment, PaymentApplication
from orders.models import Order
from orders.planners import terms
from orders.planners.terms import Due, Part, Terms


def agree(document: Invoice) -> list[Installment]:
    """Fill in by when an invoice that is issued now is to be paid; installments, if there are more than one."""
    assert document.issued_on is not None
    if document.kind == Invoice.Kind.CREDIT:
        document.due_on = document.issued_on
        return []
    agreed = terms_of(document)
    dues = terms.schedule(agreed, document.gross, document.issued_on, document.currency)
    document.due_on = dues[0].day
    if agreed.discount_percent and agreed.discount_days and document.kind == Invoice.Kind.INVOICE:
        document.discount_percent = agreed.discount_percent
        document.discount_until = document.issued_on + timedelta(days=agreed.discount_days)
    return (
        [Installment(invoice=document, due_on=due.day, amount=due.amount) for due in dues]
        if len(dues) > 1
        else []
    )


def terms_of(document: Invoice) -> Terms:
    """The customer's terms; a deposit is due within the days alone."""
    customer = document.customer
    if customer.terms is None or document.kind == Invoice.Kind.DEPOSIT:
        return Terms((Part(Decimal(100), customer.terms_days),))
    return customer.terms.plan()


@accounts.secures
def secured(order: Order) -> Decimal:
    """What of an order is authorized, received for it, or set off against its invoices."""
    if order.pk is None:
        return money.ZERO
    reserved = Payment.objects.filter(order=order).aggregate(
        set_aside=Sum("amount", filter=Q(status=Payment.Status.AUTHORIZED), default=money.ZERO),
        received=Sum(
            F("captured") - F("refunded_unlinked") - F("written_off"),
            default=money.ZERO,
            output_field=DecimalField(max_digits=16, decimal_places=3),
        ),
    )
    others = (
        PaymentApplication.objects.filter(invoice__order=order)
        .exclude(payment__order=order)
        .aggregate(total=Sum("amount", default=money.ZERO))["total"]
    )
    return Decimal(reserved["set_aside"] + reserved["received"] + others)


def of_order(order: Order) -> Decimal:
    """What of a locked order is neither paid nor set aside: its open invoices and what is still to be billed, less its
    open credits and deposits and the money that is reserved for it."""
    documents = Invoice.objects.open().filter(order=order)
    open_now = sum((document.sign * document.open_amount for document in documents), money.ZERO)
    deposits = sum((left.gross for _line, left in deducting.open_deposits(order)), money.ZERO)
    to_bill = max(money.ZERO, sum(deducting.left_to_bill(order).values(), money.ZERO) - deposits)
    asked = (Payment.Status.REQUESTED, Payment.Status.AUTHORIZED)
    there = sum(
        (
            payment.amount if payment.status in asked else payment.unapplied
            for payment in Payment.objects.filter(order=order)
        ),
        money.ZERO,
    )
    return max(money.ZERO, open_now + to_bill - there)


def use(document: Invoice, amount: Decimal) -> None:
    """Count so much more (or less) of a locked invoice or credit note as paid or used up."""
    document.applied += amount
    dues = [Due(row.due_on, row.amount) for row in document.installments.all()]
    if dues:
        document.due_on = terms.next_due(dues, document.applied)
    document.save(update_fields=["applied", "due_on"])


def early_discount(document: Invoice) -> Decimal:
    """What an invoice less its credits may lack if all of it is paid in time."""
    if document.discount_until is None:
        return money.ZERO
    return money.round_amount(
        _less_credits(document) * document.discount_percent / 100, document.currency
    )


def earned_discount(document: Invoice) -> Decimal:
    """What an invoice may lack for the part that was paid in time, by the days on which its payments came."""
    whole, percent = early_discount(document), document.discount_percent
    in_time = (
        document.applications.filter(payment__paid_on__lte=document.discount_until).aggregate(
            total=Sum("amount")
        )["total"]
        or money.ZERO
    )
    if not whole or in_time >= _less_credits(document) - whole:
        return whole
    return money.round_amount(in_time * percent / (100 - percent), document.currency)


def _less_credits(document: Invoice) -> Decimal:
    credited = document.credits.aggregate(total=Sum("gross"))["total"] or money.ZERO
    return document.gross - credited


def in_words(document: Invoice) -> list[str]:
    """How and until when an invoice is to be paid, a sentence each."""
    if document.kind == Invoice.Kind.CREDIT or document.due_on is None:
        return []
    if document.applied and not document.open_amount:
        return [_("Paid.")]
    parts = list(document.installments.all())
    told = (
        [
            _("Paid: %(paid)s. Open: %(open)s.")
            % {
                "paid": display(document.applied, document.currency),
                "open": display(document.open_amount, document.currency),
            }
        ]
        if document.applied
        else []
    )
    told += [
        _("Pay %(amount)s by %(day)s.")
        % {"amount": display(part.amount, document.currency), "day": part.due_on.isoformat()}
        for part in parts
    ]
    if not parts:
        told.append(_("Pay by %(day)s.") % {"day": document.due_on.isoformat()})
    if document.discount_until:
        less = _less_credits(document) - early_discount(document)
        told.append(
            _("%(percent)s%% discount if paid by %(day)s: pay %(less)s.")
            % {
                "day": document.discount_until.isoformat(),
                "percent": f"{document.discount_percent.normalize():f}",
                "less": display(less, document.currency),
            }
        )
    return told
