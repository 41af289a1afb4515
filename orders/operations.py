"""What people and programs can ask of orders, invoices and payments."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from oms.core.models import User
from oms.core.money import ZERO, round_amount
from oms.core.operations import declare
from orders import (
    amending,
    billing,
    deposits,
    due_dates,
    export_runs,
    holds,
    lifecycle,
    order_entry,
    payments,
    pricing,
    screening,
)
from orders import invoice_operations as invoice_operations  # declared with these
from orders.models import ExportRun, Invoice, Order, OrderHold, OrderLine, Payment
from orders.payment_operations import AmountInput, ReceivedInput, ask_about_rest

S = Order.Status


def _is(*statuses: str) -> Any:
    return lambda document: document.status in statuses


@dataclass(frozen=True)
class QuoteInput:
    valid_until: date


@dataclass(frozen=True)
class ReasonInput:
    reason: str = ""


class ByHand(models.TextChoices):
    """The holds that people place."""

    MANUAL = OrderHold.Kind.MANUAL.value, OrderHold.Kind.MANUAL.label
    FRAUD = OrderHold.Kind.FRAUD.value, OrderHold.Kind.FRAUD.label


@dataclass(frozen=True)
class HoldInput:
    reason: str = field(metadata={"help": _("For example: asked for a call before shipping.")})
    kind: ByHand = field(
        default=ByHand.MANUAL,
        metadata={"help": _("During a fraud check no money is collected, either.")},
    )


@dataclass(frozen=True)
class NoteInput:
    note: str = ""


@dataclass(frozen=True)
class RescheduleInput:
    requested_on: date | None = field(
        default=None, metadata={"help": _("Empty: as soon as possible.")}
    )


@dataclass(frozen=True)
class CancelRow:
    line: OrderLine
    units: int = 0


@dataclass(frozen=True)
class CancelInput:
    lines: list[CancelRow]
    reason: str = ""


def _cancel_lines(
    order: Order, *, lines: list[CancelRow], reason: str = "", by: User | None = None
) -> Order:
    return lifecycle.cancel_lines(
        order, {row.line.pk: row.units for row in lines}, reason=reason, by=by
    )


def _due(order: Order) -> AmountInput:
    return AmountInput(round_amount(due_dates.of_order(order), order.currency), "")


def _whole(order: Order) -> ReceivedInput:
    return ReceivedInput(round_amount(order.gross, order.currency), "")


def _ask_beyond(order: Order, amount: Decimal, reference: str) -> None:
    ask_about_rest(
        amount,
        max(order.gross, ZERO),
        reference,
        _(
            "Order %(document)s comes to %(most)s. %(rest)s more can pay no invoice of it and "
            "stays with %(customer)s as an unapplied payment."
        ),
        order,
    )


def _authorize(order: Order, *, amount: Decimal, reference: str, by: User | None = None) -> Payment:
    return payments.authorize(order, amount, reference=reference, by=by)


def _prepay(
    order: Order,
    *,
    amount: Decimal,
    reference: str,
    paid_on: date | None = None,
    by: User | None = None,
) -> Payment:
    _ask_beyond(order, amount, reference)
    return payments.register_transfer(
        order.customer,
        amount,
        company=order.company,
        reference=reference,
        currency=order.currency,
        order=order,
        on=paid_on,
        by=by,
    )


def _deposit(order: Order, *, amount: Decimal, reference: str, by: User | None = None) -> Invoice:
    return deposits.ask(order, amount, reference=reference, by=by)


def _on_hold(order: Order) -> bool:
    return bool(
        order.status in (S.PLACED, S.CONFIRMED) and order.holds.filter(released_at=None).exists()
    )


def _can_hold(order: Order) -> bool:
    return order.status in (S.PLACED, S.CONFIRMED) and bool(_holds_left(order))


def _holds_left(order: Order) -> list[ByHand]:
    placed = set(
        order.holds.filter(kind__in=ByHand.values, released_at=None).values_list("kind", flat=True)
    )
    return [kind for kind in ByHand if kind not in placed]


@dataclass(frozen=True)
class ShipCompleteInput:
    only_complete: bool = field(
        default=True, metadata={"help": _("Nothing leaves until everything ordered is in stock.")}
    )


declare(
    "place",
    Order,
    order_entry.place,
    label=_("Place order"),
    many=True,
    available=_is(S.DRAFT, S.QUOTED),
)
declare(
    "quote",
    Order,
    order_entry.quote,
    label=_("Create quote"),
    input=QuoteInput,
    available=_is(S.DRAFT),
    example={"valid_until": "2027-12-31"},
    initial=lambda order: QuoteInput(order.company.today() + timedelta(days=14)),
)
declare(
    "update_prices",
    Order,
    pricing.reprice,
    label=_("Update prices"),
    many=True,
    available=_is(S.DRAFT),
)
declare(
    "reopen_as_draft",
    Order,
    order_entry.reopen,
    label=_("Reopen as draft"),
    available=_is(S.QUOTED),
)
declare(
    "release_hold",
    Order,
    screening.release_hold,
    label=_("Release hold"),
    input=NoteInput,
    available=_on_hold,
)
declare(
    "confirm",
    Order,
    lifecycle.confirm,
    label=_("Confirm order"),
    many=True,
    available=lambda order: order.status == S.PLACED and not _on_hold(order),
)
declare(
    "amend",
    Order,
    amending.amend,
    label=_("Edit order"),
    input=amending.Amendment,
    initial=amending.unchanged,
    preview=amending.preview,
    available=_is(S.CONFIRMED),
    example={"lines": [{"line": 1, "quantity": 3}], "additions": [{"sku": "20846", "quantity": 2}]},
)
declare(
    "hold",
    Order,
    screening.hold,
    label=_("Place on hold"),
    input=HoldInput,
    example={"reason": "Customer asked for a call before shipping."},
    initial=lambda order: HoldInput("", _holds_left(order)[0]),
    available=_can_hold,
    inverse="release_hold",
)
declare(
    "ship_complete",
    Order,
    holds.ship_complete,
    label=_("Ship complete only"),
    input=ShipCompleteInput,
    example={"only_complete": True},
    available=_is(S.PLACED, S.CONFIRMED),
    initial=lambda order: ShipCompleteInput(order.ships_complete),
)
declare(
    "reschedule",
    Order,
    lifecycle.reschedule,
    label=_("Change requested date"),
    input=RescheduleInput,
    example={"requested_on": "2027-12-01"},
    initial=lambda order: RescheduleInput(order.requested_on),
    available=_is(S.PLACED, S.CONFIRMED),
)
declare(
    "cancel_lines",
    Order,
    _cancel_lines,
    label=_("Cancel items"),
    input=CancelInput,
    example={"lines": [{"line": 1, "units": 1}], "reason": "Customer ordered one too many."},
    available=_is(S.PLACED, S.CONFIRMED),
    initial=lambda order: CancelInput(
        [CancelRow(line) for line in order.lines.select_related("sku") if line.open_quantity]
    ),
)
declare(
    "authorize",
    Order,
    _authorize,
    label=_("Authorize payment"),
    input=AmountInput,
    example={"amount": "10.00", "reference": "card 4711"},
    available=_is(S.PLACED, S.CONFIRMED),
    initial=_due,
)
declare(
    "record_prepayment",
    Order,
    _prepay,
    label=_("Record prepayment"),
    input=ReceivedInput,
    example={"amount": "10.00", "reference": "bank 2027-01-04/17", "paid_on": "2027-01-04"},
    available=_is(S.PLACED, S.CONFIRMED),
    initial=_whole,
)
declare(
    "invoice_deposit",
    Order,
    _deposit,
    label=_("Create deposit invoice"),
    input=AmountInput,
    example={"amount": "1.00", "reference": "deposit 1"},
    available=_is(S.PLACED, S.CONFIRMED),
)
declare(
    "invoice_shipped",
    Order,
    billing.bill_now,
    label=_("Invoice shipped items"),
    many=True,
    available=lambda order: (
        order.status == S.CONFIRMED and order.lines.filter(shipped__gt=F("invoiced")).exists()
    ),
)
declare(
    "cancel",
    Order,
    lifecycle.cancel,
    label=_("Cancel order"),
    input=ReasonInput,
    danger=True,
    available=_is(S.DRAFT, S.QUOTED, S.PLACED, S.CONFIRMED),
)


declare(
    "send",
    ExportRun,
    export_runs.send,
    label=_("Mark as sent"),
    inverse="undo",
    available=lambda run: run.status == ExportRun.Status.PREPARED and bool(run.totals),
)
declare(
    "undo",
    ExportRun,
    export_runs.undo,
    label=_("Undo export"),
    danger=True,
    available=_is(ExportRun.Status.PREPARED, ExportRun.Status.SENT),
)
