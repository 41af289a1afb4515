"""What people and programs can ask of orders."""

from dataclasses import dataclass, field
from datetime import date, timedelta

from django.db import models
from django.utils.translation import gettext_lazy as _

from oms.core.models import User
from oms.core.operations import declare, in_status
from orders import amending, holds, lifecycle, order_entry, pricing, screening
from orders.models import Order, OrderHold, OrderLine

S = Order.Status


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
    available=in_status(S.DRAFT, S.QUOTED),
)
declare(
    "quote",
    Order,
    order_entry.quote,
    label=_("Create quote"),
    input=QuoteInput,
    available=in_status(S.DRAFT),
    example={"valid_until": "2027-12-31"},
    initial=lambda order: QuoteInput(order.company.today() + timedelta(days=14)),
)
declare(
    "update_prices",
    Order,
    pricing.reprice,
    label=_("Update prices"),
    many=True,
    available=in_status(S.DRAFT),
)
declare(
    "reopen_as_draft",
    Order,
    order_entry.reopen,
    label=_("Reopen as draft"),
    available=in_status(S.QUOTED),
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
    available=in_status(S.CONFIRMED),
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
    available=in_status(S.PLACED, S.CONFIRMED),
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
    available=in_status(S.PLACED, S.CONFIRMED),
)
declare(
    "cancel_lines",
    Order,
    _cancel_lines,
    label=_("Cancel items"),
    input=CancelInput,
    example={"lines": [{"line": 1, "units": 1}], "reason": "Customer ordered one too many."},
    available=in_status(S.PLACED, S.CONFIRMED),
    initial=lambda order: CancelInput(
        [CancelRow(line) for line in order.lines.select_related("sku") if line.open_quantity]
    ),
)
declare(
    "cancel",
    Order,
    lifecycle.cancel,
    label=_("Cancel order"),
    input=ReasonInput,
    danger=True,
    available=in_status(S.DRAFT, S.QUOTED, S.PLACED, S.CONFIRMED),
)
