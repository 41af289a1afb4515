"""What people and programs can ask of payments."""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import F, Q, Sum
from django.utils.translation import gettext_lazy as _

from oms.core.money import ZERO, round_amount
from oms.core.operations import declare
from orders.accounting import applying, counter_entries, outcomes, payments, refunds, write_offs
from orders.accounting.applying import Share
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


def uses_of(rows: Any, document: Invoice | Payment) -> Any:
    """Where a payment or credit note is applied, or what is applied to an invoice, and is not taken back yet."""
    if isinstance(document, Payment):
        own = rows.filter(payment=document)
    elif document.kind == Invoice.Kind.CREDIT:
        own = rows.filter(credit=document)
    else:
        own = rows.filter(invoice=document, write_off=None)
    return live(own)


def written_off(rows: Any, document: Invoice | Payment) -> Any:
    """What was written off of an invoice or a payment and is not reversed yet."""
    about = "payment" if isinstance(document, Payment) else "invoice"
    return live(rows.filter(**{about: document}))


def live(rows: Any) -> Any:
    """Allocations or write-offs of which something is left."""
    taken = Sum("reversals__amount", default=ZERO)
    return (
        rows.filter(reverses=None)
        .annotate(taken=taken)
        .filter(amount__gt=-F("taken"))
        .order_by("pk")
    )


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


@dataclass(frozen=True)
class RefundInput:
    amount: Decimal
    credit: Invoice | None = field(default=None, metadata={"among": _credits})


def _is_refundable(payment: Payment) -> bool:
    """Whether something of it is unused, or a credit note can be paid with it."""
    if payment.status != Payment.Status.CAPTURED or payment.refundable <= 0:
        return False
    return payment.unapplied > 0 or _credits(Invoice.objects.all(), payment).exists()


@dataclass(frozen=True)
class ApplySeveralInput:
    lines: list[Share]


def _oldest_first(payment: Payment) -> ApplySeveralInput:
    """The open invoices, the oldest due first, as far as the payment goes."""
    left, rows = payment.unapplied, []
    for document in _payable(Invoice.objects.filter(applied__lt=F("gross")), payment)[:200]:
        part = min(left, document.open_amount)
        rows.append(Share(document, round_amount(part, payment.currency)))
        left -= part
    return ApplySeveralInput(rows)


@dataclass(frozen=True)
class UnapplyInput:
    use: PaymentApplication = field(metadata={"among": uses_of})
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


@dataclass(frozen=True)
class MoveInput:
    customer: Customer
    reason: str = ""
    on: date | None = field(
        default=None,
        metadata={"help": _("Empty: the payment's value date, if its books are open.")},
    )


@dataclass(frozen=True)
class ReverseInput:
    write_off: WriteOff = field(metadata={"among": written_off})
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
    payments.apply,
    label=_("Apply payment"),
    input=ApplyPaymentInput,
    available=lambda payment: payment.status == P.CAPTURED and payment.unapplied > 0,
)
declare(
    "apply_several",
    Payment,
    applying.apply_many,
    label=_("Pay several invoices"),
    input=ApplySeveralInput,
    initial=_oldest_first,
    example={"lines": []},
    available=lambda payment: payment.status == P.CAPTURED and payment.unapplied > 0,
)
declare(
    "unapply",
    Payment,
    counter_entries.unapply,
    acts_on="use",
    label=_("Unapply from an invoice"),
    danger=True,
    input=UnapplyInput,
    available=lambda payment: payment.applied > 0,
)
declare(
    "returned",
    Payment,
    counter_entries.return_payment,
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
    counter_entries.move,
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
    write_offs.reverse,
    acts_on="write_off",
    label=_("Reverse write-off"),
    danger=True,
    input=ReverseInput,
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
    refunds.refund,
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
