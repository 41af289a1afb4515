"""What people and programs can ask of payments."""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import F, Q, Sum
from django.utils.translation import gettext_lazy as _

from oms.core import confirming, idempotency
from oms.core.models import User
from oms.core.money import ZERO, display, round_amount
from oms.core.operations import declare
from orders.accounting import applying, counter_entries, outcomes, payments, refunds, write_offs
from orders.accounting.models import Invoice, Payment, PaymentApplication, WriteOff
from orders.models import Customer

VALUE_DATE = _("The day on which the money came. Empty: today.")
BOOKED_ON = _("Empty: today.")


@dataclass(frozen=True)
class AmountInput:
    amount: Decimal
    reference: str = field(
        metadata={
            "help": _("Bank or card terminal reference. The same reference is recorded only once."),
            "most": 60,
        }
    )


@dataclass(frozen=True)
class ReceivedInput(AmountInput):
    paid_on: date | None = field(default=None, metadata={"help": VALUE_DATE})


def ask_about_rest(
    amount: Decimal, most: Decimal, reference: str, question: Any, document: Any
) -> None:
    """Ask where more money comes in than is open; not again for a payment that is known already."""
    if amount > most and not Payment.objects.filter(reference=reference).exists():
        confirming.ask(
            question
            % {
                "document": document,
                "most": display(most, document.currency),
                "rest": display(amount - most, document.currency),
                "customer": document.customer.name,
            },
            field="amount",
        )


@dataclass(frozen=True)
class ShareRow:
    document: Invoice
    amount: Decimal = ZERO


def shares(lines: list[ShareRow]) -> dict[Invoice, Decimal]:
    return {row.document: row.amount for row in lines if row.amount}


def _uses_of_payment(rows: Any, payment: Payment) -> Any:
    return live(rows.filter(payment=payment))


def live(rows: Any) -> Any:
    """Allocations or write-offs of which something is left."""
    taken = Sum("reversals__amount", default=ZERO)
    return (
        rows.filter(reverses=None)
        .annotate(taken=taken)
        .filter(amount__gt=-F("taken"))
        .order_by("pk")
    )


def unapply(
    document: Any,
    *,
    use: PaymentApplication,
    amount: Decimal | None = None,
    on: date | None = None,
    by: User | None = None,
) -> Any:
    counter_entries.unapply(use, amount, on=on, by=by)
    return document


def reverse(
    document: Any,
    *,
    write_off: WriteOff,
    amount: Decimal | None = None,
    reason: str = "",
    on: date | None = None,
    by: User | None = None,
) -> Any:
    write_offs.reverse(write_off, amount, reason=reason, on=on, by=by)
    return document


@dataclass(frozen=True)
class CaptureInput:
    amount: Decimal


def _payable(rows: Any, payment: Payment) -> Any:
    """The invoices that a payment can pay: open, or given up as a bad debt."""
    bad = WriteOff.objects.filter(
        kind=WriteOff.Kind.BAD_DEBT, invoice__customer=payment.customer
    ).values("invoice")
    own = rows.filter(
        Q(applied__lt=F("gross")) | Q(pk__in=bad),
        status=Invoice.Status.ISSUED,
        customer=payment.customer,
        company=payment.company,
        currency=payment.currency,
    )
    return own.exclude(kind=Invoice.Kind.CREDIT).order_by("due_on", "pk")


def _credits(rows: Any, payment: Payment) -> Any:
    """The credit notes that a payment can give back."""
    own = rows.open().filter(
        customer=payment.customer, company=payment.company, currency=payment.currency
    )
    return own.filter(kind=Invoice.Kind.CREDIT).order_by("pk")


@dataclass(frozen=True)
class ApplyPaymentInput:
    document: Invoice = field(metadata={"among": _payable})
    amount: Decimal | None = None


def _apply_payment(
    payment: Payment, *, document: Invoice, amount: Decimal | None = None, by: User | None = None
) -> Payment:
    payments.apply(payment, document, amount, by=by)
    return payment


@dataclass(frozen=True)
class RefundInput:
    amount: Decimal
    credit: Invoice | None = field(default=None, metadata={"among": _credits})


def _refund(
    payment: Payment, *, amount: Decimal, credit: Invoice | None = None, by: User | None = None
) -> Payment:
    refunds.refund(
        payment, amount, reference=idempotency.new_reference(payment.number), credit=credit, by=by
    )
    return payment


def _is_refundable(payment: Payment) -> bool:
    """Whether something of it is unused, or a credit note can be paid with it."""
    if payment.status != Payment.Status.CAPTURED or payment.refundable <= 0:
        return False
    return payment.unapplied > 0 or _credits(Invoice.objects.all(), payment).exists()


@dataclass(frozen=True)
class ApplySeveralInput:
    lines: list[ShareRow]


def _oldest_first(payment: Payment) -> ApplySeveralInput:
    """The open invoices, the oldest due first, as far as the payment goes."""
    left, rows = payment.unapplied, []
    for document in _payable(Invoice.objects.filter(applied__lt=F("gross")), payment)[:200]:
        part = min(left, document.open_amount)
        rows.append(ShareRow(document, round_amount(part, payment.currency)))
        left -= part
    return ApplySeveralInput(rows)


def _apply_several(payment: Payment, *, lines: list[ShareRow], by: User | None = None) -> Payment:
    applying.apply_many(payment, shares(lines), by=by)
    return payment


@dataclass(frozen=True)
class UnapplyPaymentInput:
    use: PaymentApplication = field(metadata={"among": _uses_of_payment})
    amount: Decimal | None = field(default=None, metadata={"help": _("Empty: all of it.")})
    on: date | None = field(default=None, metadata={"help": BOOKED_ON})


@dataclass(frozen=True)
class ReturnInput:
    amount: Decimal
    fee: Decimal = field(
        default=ZERO, metadata={"help": _("What the bank charged for it, for example 3.50.")}
    )
    bills_fee: bool = field(
        default=True, metadata={"help": _("The customer gets an invoice for the fee, without tax.")}
    )
    reason: str = field(
        default="", metadata={"help": _("For example: account not covered, chargeback.")}
    )
    on: date | None = field(default=None, metadata={"help": BOOKED_ON})


def _return(
    payment: Payment,
    *,
    amount: Decimal,
    fee: Decimal = ZERO,
    bills_fee: bool = True,
    reason: str = "",
    on: date | None = None,
    by: User | None = None,
) -> Payment:
    counter_entries.return_payment(
        payment, amount, fee=fee, bills_fee=bills_fee, reason=reason, on=on, by=by
    )
    return payment


@dataclass(frozen=True)
class MoveInput:
    customer: Customer
    reason: str = ""
    on: date | None = field(
        default=None,
        metadata={"help": _("Empty: the payment's value date, if its books are open.")},
    )


def _move(
    payment: Payment,
    *,
    customer: Customer,
    reason: str = "",
    on: date | None = None,
    by: User | None = None,
) -> Payment:
    counter_entries.move(payment, customer, reason=reason, on=on, by=by)
    return payment


@dataclass(frozen=True)
class ReverseRestInput:
    write_off: WriteOff = field(
        metadata={"among": lambda rows, payment: live(rows.filter(payment=payment))}
    )
    amount: Decimal | None = field(default=None, metadata={"help": _("Empty: all of it.")})
    reason: str = ""
    on: date | None = field(default=None, metadata={"help": BOOKED_ON})


def _is_here(payment: Payment) -> bool:
    return bool(payment.status == Payment.Status.CAPTURED and payment.refundable > 0)


@dataclass(frozen=True)
class KeptInput:
    reason: str = ""


P = Payment.Status
declare(
    "capture",
    Payment,
    payments.capture,
    label=_("Capture payment"),
    input=CaptureInput,
    initial=lambda payment: CaptureInput(round_amount(payment.amount, payment.currency)),
    available=lambda payment: payment.status == P.AUTHORIZED,
)
declare(
    "apply",
    Payment,
    _apply_payment,
    label=_("Apply payment"),
    input=ApplyPaymentInput,
    available=lambda payment: payment.status == P.CAPTURED and payment.unapplied > 0,
)
declare(
    "apply_several",
    Payment,
    _apply_several,
    label=_("Pay several invoices"),
    input=ApplySeveralInput,
    initial=_oldest_first,
    example={"lines": []},
    available=lambda payment: payment.status == P.CAPTURED and payment.unapplied > 0,
)
declare(
    "unapply",
    Payment,
    unapply,
    label=_("Unapply from an invoice"),
    danger=True,
    input=UnapplyPaymentInput,
    available=lambda payment: payment.applied > 0,
)
declare(
    "returned",
    Payment,
    _return,
    label=_("Record returned payment"),
    input=ReturnInput,
    danger=True,
    example={"amount": "1.00", "fee": "3.50", "reason": "Account not covered."},
    initial=lambda payment: ReturnInput(round_amount(payment.refundable, payment.currency)),
    available=_is_here,
)
declare(
    "move",
    Payment,
    _move,
    label=_("Move to another customer"),
    input=MoveInput,
    danger=True,
    available=_is_here,
)
declare(
    "free",
    Payment,
    counter_entries.free,
    label=_("Release from order"),
    available=lambda payment: bool(
        payment.status == P.CAPTURED and payment.order_id and payment.unapplied > 0
    ),
)
declare(
    "reverse_write_off",
    Payment,
    reverse,
    label=_("Reverse write-off"),
    danger=True,
    input=ReverseRestInput,
    available=lambda payment: payment.written_off > 0,
)
declare(
    "ask_outcome",
    Payment,
    outcomes.ask_outcome,
    label=_("Check gateway status"),
    available=outcomes.pending,
)
declare(
    "refund",
    Payment,
    _refund,
    label=_("Refund payment"),
    input=RefundInput,
    danger=True,
    available=_is_refundable,
)
declare(
    "write_off_remainder",
    Payment,
    write_offs.write_off_rest,
    label=_("Write off remainder"),
    input=KeptInput,
    available=lambda payment: (
        payment.status == P.CAPTURED and 0 < payment.unapplied <= write_offs.limit_of(payment)
    ),
)
declare(
    "void",
    Payment,
    payments.void,
    label=_("Void authorization"),
    danger=True,
    available=lambda payment: payment.status == P.AUTHORIZED,
)
