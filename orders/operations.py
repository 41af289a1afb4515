"""What people and programs can ask of orders, invoices and payments."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import F
from django.utils.translation import gettext_lazy as _

from inventory.models import SKU
from oms.core import confirming
from oms.core.models import User
from oms.core.money import ZERO, display, round_amount
from oms.core.operations import declare
from orders import (
    amending,
    billing,
    deposits,
    exporting,
    holds,
    intake,
    lifecycle,
    payments,
    pricing,
    screening,
    write_offs,
)
from orders.amending import LineChange
from orders.billing import Credited
from orders.intake import Line
from orders.models import ExportRun, Hold, Invoice, InvoiceLine, Order, OrderLine, Payment, WriteOff

S = Order.Status
SALES = "rep manager"


def _is(*statuses: str) -> Any:
    return lambda document: document.status in statuses


@dataclass(frozen=True)
class QuoteInput:
    valid_until: date


@dataclass(frozen=True)
class ReasonInput:
    reason: str = ""


@dataclass(frozen=True)
class HoldInput:
    reason: str = field(metadata={"help": _("For example: asked for a call before shipping.")})


@dataclass(frozen=True)
class NoteInput:
    note: str = ""


@dataclass(frozen=True)
class RescheduleInput:
    wanted_on: date | None = field(default=None, metadata={"help": _("Empty: as soon as possible.")})


@dataclass(frozen=True)
class CancelRow:
    line: OrderLine
    units: int = 0


@dataclass(frozen=True)
class CancelInput:
    lines: list[CancelRow]
    reason: str = ""


def _cancel_lines(order: Order, *, lines: list[CancelRow], reason: str = "", by: User | None = None) -> Order:
    return lifecycle.cancel_lines(order, {row.line.pk: row.units for row in lines}, reason=reason, by=by)


@dataclass(frozen=True)
class AmendRow:
    line: OrderLine
    quantity: int | None = None
    unit_price: Decimal | None = None


@dataclass(frozen=True)
class AdditionRow:
    sku: SKU | None = None
    quantity: int = 1
    unit_price: Decimal | None = None


@dataclass(frozen=True)
class AmendInput:
    lines: list[AmendRow]
    additions: list[AdditionRow] = field(default_factory=list)


def _changes(lines: list[AmendRow]) -> list[LineChange]:
    return [LineChange(row.line, row.quantity, row.unit_price) for row in lines
            if (row.quantity, row.unit_price) != (row.line.quantity - row.line.cancelled, row.line.unit_price)]


def _new_lines(additions: list[AdditionRow]) -> list[Line]:
    return [Line(row.sku, row.quantity, row.unit_price) for row in additions if row.sku]


def _amend(
    order: Order, *, lines: list[AmendRow], additions: list[AdditionRow], by: User | None = None,
) -> Order:
    return amending.amend(order, _changes(lines), _new_lines(additions), by=by)


def _amend_preview(
    order: Order, *, lines: list[AmendRow], additions: list[AdditionRow], by: User | None = None,
) -> amending.Effect:
    return amending.preview(order, _changes(lines), _new_lines(additions), by=by)


@dataclass(frozen=True)
class AmountInput:
    amount: Decimal
    reference: str = field(metadata={
        "help": _("The bank's or the card terminal's; entered twice it counts once."), "most": 60})


def _whole(order: Order) -> AmountInput:
    return AmountInput(round_amount(order.gross, order.currency), "")


def _what_is_open(document: Invoice) -> AmountInput:
    return AmountInput(round_amount(document.open_amount, document.currency), "")


def _ask_about_rest(amount: Decimal, most: Decimal, reference: str, question: Any, document: Any) -> None:
    """Ask where more money comes in than is open; not again for a payment that is known already."""
    if amount > most and not Payment.objects.filter(reference=reference).exists():
        confirming.ask(question % {
            "document": document, "most": display(most, document.currency),
            "rest": display(amount - most, document.currency), "customer": document.customer.name}, field="amount")


def _ask_beyond(order: Order, amount: Decimal, reference: str) -> None:
    _ask_about_rest(amount, max(order.gross, ZERO), reference, _(
        "Order %(document)s comes to %(most)s. %(rest)s more can pay no invoice of it and stays with %(customer)s as "
        "an unapplied payment."), order)


def _authorize(order: Order, *, amount: Decimal, reference: str, by: User | None = None) -> Payment:
    _ask_beyond(order, amount, reference)
    return payments.authorize(order, amount, reference=reference, by=by)


def _prepay(order: Order, *, amount: Decimal, reference: str, by: User | None = None) -> Payment:
    _ask_beyond(order, amount, reference)
    return payments.register_transfer(order.customer, amount, company=order.company, reference=reference,
                                      currency=order.currency, order=order, by=by)


def _deposit(order: Order, *, amount: Decimal, reference: str, by: User | None = None) -> Invoice:
    return deposits.ask(order, amount, reference=reference, by=by)


def _bill(order: Order, *, by: User | None = None) -> Invoice:
    due = {line.pk: line.shipped - line.invoiced for line in order.lines.all() if line.shipped > line.invoiced}
    return billing.invoice(order, due, reference=f"{order.number}/by hand {order.invoiced}", by=by)


def _on_hold(order: Order) -> bool:
    return bool(order.status in (S.PLACED, S.CONFIRMED) and order.holds.filter(lifted_at=None).exists())


def _can_hold(order: Order) -> bool:
    is_held = order.holds.filter(kind=Hold.Kind.MANUAL, lifted_at=None).exists()
    return order.status in (S.PLACED, S.CONFIRMED) and not is_held


@dataclass(frozen=True)
class ShipCompleteInput:
    only_complete: bool = field(default=True, metadata={
        "help": _("Nothing leaves until everything ordered is in stock.")})


declare("place", Order, intake.place, roles=SALES, many=True, available=_is(S.DRAFT, S.QUOTED))
declare("quote", Order, intake.quote, roles=SALES, input=QuoteInput, available=_is(S.DRAFT),
        example={"valid_until": "2027-12-31"},
        initial=lambda order: QuoteInput(order.company.today() + timedelta(days=14)))
declare("reprice", Order, pricing.reprice, roles=SALES, many=True, available=_is(S.DRAFT))
declare("reopen", Order, intake.reopen, roles=SALES, label=_("Back to draft"), available=_is(S.QUOTED))
declare("lift", Order, screening.lift, roles="manager accountant", label=_("Lift the hold"), input=NoteInput,
        available=_on_hold)
declare("confirm", Order, lifecycle.confirm, roles=SALES, many=True,
        available=lambda order: order.status == S.PLACED and not _on_hold(order))
declare("amend", Order, _amend, roles=SALES, input=AmendInput, preview=_amend_preview, available=_is(S.CONFIRMED),
        example={"lines": [{"line": 1, "quantity": 3}], "additions": [{"sku": "20846", "quantity": 2}]},
        initial=lambda order: AmendInput([
            AmendRow(line, line.quantity - line.cancelled, line.unit_price)
            for line in order.lines.select_related("sku").order_by("position") if line.open_quantity],
            [AdditionRow() for _ in range(3)]))
declare("hold", Order, screening.hold, roles="rep manager accountant", label=_("Put on hold"), input=HoldInput,
        example={"reason": "They asked for a call first."},
        available=_can_hold, inverse="lift")
declare("ship_complete", Order, holds.ship_complete, roles="rep manager", label=_("Ship complete only"),
        input=ShipCompleteInput, example={"only_complete": True}, available=_is(S.PLACED, S.CONFIRMED),
        initial=lambda order: ShipCompleteInput(order.ships_complete))
declare("reschedule", Order, lifecycle.reschedule, roles=SALES, label=_("Change the requested date"),
        input=RescheduleInput, example={"wanted_on": "2027-12-01"},
        initial=lambda order: RescheduleInput(order.wanted_on), available=_is(S.PLACED, S.CONFIRMED))
declare("cancel_lines", Order, _cancel_lines, roles=SALES, label=_("Cancel units"), input=CancelInput,
        example={"lines": [{"line": 1, "units": 1}], "reason": "Ordered one too many."},
        available=_is(S.PLACED, S.CONFIRMED),
        initial=lambda order: CancelInput([CancelRow(line) for line in order.lines.select_related("sku")
                                           if line.open_quantity]))
declare("authorize", Order, _authorize, roles="rep accountant manager", label=_("Authorize a payment"),
        input=AmountInput, example={"amount": "10.00", "reference": "card 4711"},
        available=_is(S.PLACED, S.CONFIRMED), initial=_whole)
declare("prepay", Order, _prepay, roles="accountant manager", label=_("Register a prepayment"), input=AmountInput,
        example={"amount": "10.00", "reference": "bank 2027-01-04/17"},
        available=_is(S.PLACED, S.CONFIRMED), initial=_whole)
declare("deposit", Order, _deposit, roles="accountant manager", label=_("Invoice a deposit"), input=AmountInput,
        example={"amount": "1.00", "reference": "deposit 1"},
        available=_is(S.PLACED, S.CONFIRMED))
declare("bill", Order, _bill, roles="accountant manager", label=_("Bill what was shipped"), many=True,
        available=lambda order: order.status == S.CONFIRMED and order.lines.filter(shipped__gt=F("invoiced")).exists())
declare("cancel", Order, lifecycle.cancel, roles=SALES, label=_("Cancel the order"), input=ReasonInput, danger=True,
        available=_is(S.DRAFT, S.QUOTED, S.PLACED, S.CONFIRMED))


@dataclass(frozen=True)
class CreditRow:
    line: InvoiceLine
    quantity: int = 0


@dataclass(frozen=True)
class CreditInput:
    lines: list[CreditRow]
    reason: str = ""


def _credit(document: Invoice, *, lines: list[CreditRow], reason: str = "", by: User | None = None) -> Invoice:
    reference = f"{document.number}/by hand {document.credits.count() + 1}"
    return billing.credit(document, [Credited(row.line, row.quantity) for row in lines if row.quantity],
                          reference=reference, reason=reason, by=by)


def _pay(document: Invoice, *, amount: Decimal, reference: str, by: User | None = None) -> Invoice:
    open_now = Invoice.objects.get(pk=document.pk).open_amount
    _ask_about_rest(amount, open_now, reference, _(
        "Only %(most)s of %(document)s is open. %(rest)s stays with %(customer)s as an unapplied payment."), document)
    payment = payments.register_transfer(document.customer, amount, company=document.company, reference=reference,
                                         currency=document.currency, by=by)
    payments.allocate(payment, document, by=by)
    return document


@dataclass(frozen=True)
class WriteOffInput:
    amount: Decimal
    kind: WriteOff.Kind = WriteOff.Kind.DIFFERENCE
    reason: str = ""


def _write_off(
    document: Invoice, *, amount: Decimal, kind: WriteOff.Kind, reason: str = "", by: User | None = None,
) -> Invoice:
    write_offs.write_off(document, kind, amount=amount, reason=reason, by=by)
    return document


def _whole_write_off(document: Invoice) -> WriteOffInput:
    """All that is open: a small difference, or else a bad debt."""
    is_small = document.open_amount <= document.company.write_off_limit
    return WriteOffInput(round_amount(document.open_amount, document.currency),
                         WriteOff.Kind.DIFFERENCE if is_small else WriteOff.Kind.BAD_DEBT)


def _is_open_invoice(document: Invoice) -> bool:
    return bool(document.kind != Invoice.Kind.CREDIT and document.status == Invoice.Status.ISSUED
                and document.open_amount > 0)


declare("pay", Invoice, _pay, roles="accountant manager", label=_("Register a payment"), input=AmountInput,
        example={"amount": "1.00", "reference": "bank 2027-01-04/18"},
        initial=_what_is_open, available=_is_open_invoice)
declare("write_off", Invoice, _write_off, roles="accountant manager", label=_("Write off"), input=WriteOffInput,
        example={"amount": "0.01", "kind": "difference", "reason": "Bank charges."}, danger=True,
        initial=_whole_write_off,
        available=_is_open_invoice)
declare("credit", Invoice, _credit, roles="accountant manager", input=CreditInput,
        example={"lines": [{"line": 1, "quantity": 1}], "reason": "Arrived damaged."},
        initial=lambda document: CreditInput([CreditRow(line) for line in document.lines.order_by("position")
                                              if line.credited < line.quantity]),
        available=lambda document: document.kind != Invoice.Kind.CREDIT and document.status == Invoice.Status.ISSUED)


@dataclass(frozen=True)
class CaptureInput:
    amount: Decimal


def _payable(rows: Any, payment: Payment) -> Any:
    """The open invoices that a payment can pay."""
    own = rows.open().filter(customer=payment.customer, company=payment.company, currency=payment.currency)
    return own.exclude(kind=Invoice.Kind.CREDIT).order_by("due_on", "pk")


def _credits(rows: Any, payment: Payment) -> Any:
    """The credit notes that a payment can give back."""
    own = rows.open().filter(customer=payment.customer, company=payment.company, currency=payment.currency)
    return own.filter(kind=Invoice.Kind.CREDIT).order_by("pk")


@dataclass(frozen=True)
class AllocateInput:
    document: Invoice = field(metadata={"among": _payable})
    amount: Decimal | None = None


def _allocate(payment: Payment, *, document: Invoice, amount: Decimal | None = None, by: User | None = None) -> Payment:
    payments.allocate(payment, document, amount, by=by)
    return payment


@dataclass(frozen=True)
class RefundInput:
    amount: Decimal
    credit: Invoice | None = field(default=None, metadata={"among": _credits})


def _refund(payment: Payment, *, amount: Decimal, credit: Invoice | None = None, by: User | None = None) -> Payment:
    reference = f"{payment.number}/by hand {payment.refunds.count() + 1}"
    payments.refund(payment, amount, reference=reference, credit=credit, by=by)
    return payment


def _is_refundable(payment: Payment) -> bool:
    """Whether something of it is unused, or a credit note can be paid with it."""
    if payment.status != Payment.Status.CAPTURED or payment.refunded >= payment.captured:
        return False
    return payment.unallocated > 0 or _credits(Invoice.objects.all(), payment).exists()


declare("send", ExportRun, exporting.send, roles="accountant manager", label=_("Mark as sent"), inverse="undo",
        available=lambda run: run.status == ExportRun.Status.PREPARED and bool(run.totals))
declare("undo", ExportRun, exporting.undo, roles="accountant manager", label=_("Take back"), danger=True,
        available=_is(ExportRun.Status.PREPARED, ExportRun.Status.SENT))
P = Payment.Status
declare("capture", Payment, payments.capture, roles="accountant manager", input=CaptureInput,
        initial=lambda payment: CaptureInput(round_amount(payment.amount, payment.currency)),
        available=_is(P.AUTHORIZED))
declare("allocate", Payment, _allocate, roles="accountant manager", input=AllocateInput,
        available=lambda payment: payment.status == P.CAPTURED and payment.unallocated > 0)
declare("refund", Payment, _refund, roles="accountant manager", input=RefundInput, danger=True,
        available=_is_refundable)
declare("write_off_rest", Payment, write_offs.write_off_rest, roles="accountant manager",
        label=_("Write off the rest"), input=ReasonInput, available=lambda payment: (
            payment.status == P.CAPTURED and 0 < payment.unallocated <= payment.company.write_off_limit))
declare("void", Payment, payments.void, roles="accountant manager", danger=True, available=_is(P.AUTHORIZED))
