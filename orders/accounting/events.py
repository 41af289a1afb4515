"""The events of invoices, payments and exports."""

from dataclasses import dataclass
from typing import Annotated

from django.utils.translation import gettext_lazy as _

from oms.core.event_catalog import (
    Amount,
    Created,
    Currency,
    InvoiceNumber,
    NoData,
    Notation,
    Number,
    Text,
    event,
)

WriteOffKind = Annotated[str, Notation("discount")]


@dataclass(frozen=True)
class InvoiceIssued:
    kind: Annotated[str, Notation("invoice")]
    gross: Amount
    currency: Currency


@dataclass(frozen=True)
class CreditApplied:
    invoice: InvoiceNumber
    amount: Amount


@dataclass(frozen=True)
class InvoiceReopened:
    open: Amount


@dataclass(frozen=True)
class InvoiceWrittenOff:
    kind: WriteOffKind
    amount: Amount
    reason: Text


@dataclass(frozen=True)
class InvoiceWriteOffReversed:
    kind: WriteOffKind
    amount: Amount
    tax: Amount
    reason: Text


@dataclass(frozen=True)
class PaymentFailed:
    error: Text


@dataclass(frozen=True)
class PaymentCaptured:
    """The amount, where it was received without being authorized."""

    amount: Amount = ""


@dataclass(frozen=True)
class CaptureRequested:
    amount: Amount


@dataclass(frozen=True)
class PaymentApplied:
    invoice: InvoiceNumber
    amount: Amount


@dataclass(frozen=True)
class PaymentMoved:
    to: Number
    amount: Amount
    reason: Text


@dataclass(frozen=True)
class PaymentFreed:
    order: Number
    amount: Amount


@dataclass(frozen=True)
class PaymentReturned:
    refund: int
    amount: Amount
    fee: Amount
    reason: Text


@dataclass(frozen=True)
class Refund:
    refund: int
    amount: Amount


@dataclass(frozen=True)
class RefundFailed:
    refund: int
    error: Text


@dataclass(frozen=True)
class PaymentWrittenOff:
    amount: Amount
    reason: Text


event(
    "invoice.issued",
    InvoiceIssued,
    _("An invoice or credit note was issued."),
    is_for_customer=True,
)
event("invoice.settled", NoData, _("What was paid before was applied to a new invoice."))
event("invoice.frozen", NoData, _("The file of an invoice was stored for good."))
event("invoice.paid", NoData, _("An invoice has no balance due."), is_for_customer=True)
event("invoice.reopened", InvoiceReopened, _("An invoice has a balance due again."))
event("invoice.credit_applied", CreditApplied, _("A credit note was applied to an invoice."))
event("invoice.written_off", InvoiceWrittenOff, _("A part of an invoice was written off."))
event(
    "invoice.write_off_reversed",
    InvoiceWriteOffReversed,
    _("A write-off of an invoice was reversed."),
)
event("payment.created", Created, _("A payment was requested or received."))
event("payment.authorized", NoData, _("A payment was authorized."))
event(
    "payment.capture_requested", CaptureRequested, _("The provider is asked to capture a payment.")
)
event("payment.captured", PaymentCaptured, _("A payment was captured or received."))
event("payment.capture_failed", PaymentFailed, _("A payment could not be captured."))
event("payment.failed", PaymentFailed, _("A payment failed."))
event("payment.voided", NoData, _("A payment that was authorized was voided."))
event("payment.void_failed", PaymentFailed, _("A payment could not be voided."))
event("payment.outcome_asked", NoData, _("The provider is asked what became of a payment."))
event("payment.applied", PaymentApplied, _("A payment was applied to an invoice."))
event("payment.unapplied", PaymentApplied, _("A payment was taken off an invoice."))
event("payment.moved", PaymentMoved, _("A payment was moved to another customer."))
event("payment.released", PaymentFreed, _("A prepayment is no longer reserved for its order."))
event("payment.returned", PaymentReturned, _("The bank returned a payment."))
event("payment.refund_requested", Refund, _("A refund was requested."))
event("payment.refunded", Refund, _("A payment was refunded."))
event("payment.refund_failed", RefundFailed, _("A refund failed."))
event("payment.written_off", PaymentWrittenOff, _("A small overpayment was kept."))
event(
    "payment.write_off_reversed",
    PaymentWrittenOff,
    _("An overpayment that was kept is open again."),
)
event("export.created", Created, _("An export for accounting was prepared."))
event("export.sent", NoData, _("An export was sent to accounting."))
event("export.undone", NoData, _("An export was undone: its documents are exported again."))
