"""What people and programs can ask of invoices and credit notes."""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from oms.core.money import ZERO, round_amount
from oms.core.operations import declare
from orders.accounting import applying, counter_entries, crediting, incoming_payments, write_offs
from orders.accounting.applying import Share
from orders.accounting.crediting import Credited
from orders.accounting.models import Invoice, PaymentApplication, WriteOff
from orders.accounting.operations.payments import (
    VALUE_DATE,
    ReceivedInput,
    ReverseInput,
    UnapplyInput,
    uses_of,
    written_off,
)


def _what_is_open(document: Invoice) -> ReceivedInput:
    return ReceivedInput(round_amount(document.open_amount, document.currency), "")


@dataclass(frozen=True)
class CreditInput:
    lines: list[Credited]
    reason: str = ""


@dataclass(frozen=True)
class WriteOffInput:
    amount: Decimal
    kind: WriteOff.Kind = WriteOff.Kind.DIFFERENCE
    reason: str = ""


def _whole_write_off(document: Invoice) -> WriteOffInput:
    """All that is open: a small difference, or else a bad debt."""
    is_small = document.open_amount <= write_offs.limit_of(document)
    return WriteOffInput(
        round_amount(document.open_amount, document.currency),
        WriteOff.Kind.DIFFERENCE if is_small else WriteOff.Kind.BAD_DEBT,
    )


def _is_open_invoice(document: Invoice) -> bool:
    return bool(
        document.kind != Invoice.Kind.CREDIT
        and document.status == Invoice.Status.ISSUED
        and document.open_amount > 0
    )


def _is_payable(document: Invoice) -> bool:
    """Open, or given up as a bad debt that may be paid late."""
    return _is_open_invoice(document) or bool(
        document.kind != Invoice.Kind.CREDIT
        and document.status == Invoice.Status.ISSUED
        and write_offs.recoverable(document)
    )


@dataclass(frozen=True)
class PaySeveralInput:
    reference: str = field(
        metadata={
            "help": _("Bank or card terminal reference. The same reference is recorded only once."),
            "most": 60,
        }
    )
    amount: Decimal = field(
        metadata={"help": _("What came. What no invoice gets stays on account.")}
    )
    lines: list[Share]
    paid_on: date | None = field(default=None, metadata={"help": VALUE_DATE})


def _open_beside(document: Invoice) -> PaySeveralInput:
    """The customer's open invoices, with what is open of the one that was looked at."""
    rows = (
        Invoice.objects.open()
        .filter(customer=document.customer, company=document.company, currency=document.currency)
        .exclude(kind=Invoice.Kind.CREDIT)
    )
    here = round_amount(document.open_amount, document.currency)
    return PaySeveralInput(
        "",
        here,
        [
            Share(row, here if row.pk == document.pk else round_amount(ZERO, row.currency))
            for row in rows.order_by("due_on", "pk")[:200]
        ],
    )


def _invoices_beside(rows: Any, note: Invoice) -> Any:
    own = rows.open().filter(customer=note.customer, company=note.company, currency=note.currency)
    return own.exclude(kind=Invoice.Kind.CREDIT).order_by("due_on", "pk")


@dataclass(frozen=True)
class ApplyInput:
    document: Invoice = field(metadata={"among": _invoices_beside})
    amount: Decimal | None = field(
        default=None, metadata={"help": _("Empty: as far as both are open.")}
    )


declare(
    "record_payment",
    Invoice,
    incoming_payments.record,
    label=_("Record payment"),
    input=ReceivedInput,
    example={"amount": "1.00", "reference": "bank 2027-01-04/18", "paid_on": "2027-01-04"},
    initial=_what_is_open,
    available=_is_payable,
)

declare(
    "write_off",
    Invoice,
    write_offs.write_off,
    label=_("Write off balance"),
    input=WriteOffInput,
    example={"amount": "0.01", "kind": "difference", "reason": "Bank charges."},
    danger=True,
    initial=_whole_write_off,
    available=_is_open_invoice,
)

declare(
    "record_payment_for_several",
    Invoice,
    incoming_payments.record_for_several,
    label=_("Record payment for several invoices"),
    input=PaySeveralInput,
    initial=_open_beside,
    available=_is_open_invoice,
    example={"amount": "2.00", "reference": "bank 2027-01-04/19", "lines": []},
)

declare(
    "apply",
    Invoice,
    applying.apply,
    label=_("Apply to an invoice"),
    input=ApplyInput,
    available=lambda note: bool(
        note.kind == Invoice.Kind.CREDIT
        and note.open_amount > 0
        and _invoices_beside(Invoice.objects.all(), note).exists()
    ),
)

declare(
    "unapply",
    Invoice,
    counter_entries.unapply,
    acts_on="use",
    label=_("Unapply a payment"),
    input=UnapplyInput,
    danger=True,
    available=lambda document: uses_of(PaymentApplication.objects.all(), document).exists(),
)

declare(
    "reverse_write_off",
    Invoice,
    write_offs.reverse,
    acts_on="write_off",
    label=_("Reverse write-off"),
    input=ReverseInput,
    danger=True,
    available=lambda document: written_off(WriteOff.objects.all(), document).exists(),
)

declare(
    "credit",
    Invoice,
    crediting.credit,
    label=_("Issue credit note"),
    input=CreditInput,
    example={"lines": [{"line": 1, "quantity": 1}], "reason": "Item arrived damaged."},
    initial=lambda document: CreditInput(
        [
            Credited(line)
            for line in document.lines.order_by("position")
            if line.credited < line.quantity
        ]
    ),
    available=lambda document: (
        document.kind != Invoice.Kind.CREDIT and document.status == Invoice.Status.ISSUED
    ),
)
