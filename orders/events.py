"""The events of orders."""

from dataclasses import dataclass
from typing import Annotated

from django.utils.translation import gettext_lazy as _

from oms.core.event_catalog import Amount, Created, Currency, Edited, NoData, Notation, Text, event

RequestedOn = Annotated[str, Notation("2027-01-31")]


@dataclass(frozen=True)
class OrderPlaced:
    gross: Amount
    currency: Currency


@dataclass(frozen=True)
class Reason:
    reason: Text


@dataclass(frozen=True)
class HoldReleased:
    note: Text


@dataclass(frozen=True)
class OrderRescheduled:
    """Requested delivery dates; empty where there is none."""

    before: RequestedOn
    after: RequestedOn


@dataclass(frozen=True)
class OrderRetaxed:
    """An order's sums before and after; `places`: where its goods leave from, as VAT law divides the world."""

    gross_before: Amount
    tax_before: Amount
    gross_after: Amount
    tax_after: Amount
    currency: Currency
    places: list[Annotated[str, Notation("NL")]]


@dataclass(frozen=True)
class ShipComplete:
    only_complete: bool


event("order.created", Created, _("An order was drafted."))
event("order.edited", Edited, _("A drafted order was edited."))
event("order.repriced", NoData, _("The prices of a draft were updated."))
event("order.quoted", NoData, _("An order was offered as a quote."), is_for_customer=True)
event("order.draft", NoData, _("A quote was reopened as a draft."))
event("order.placed", OrderPlaced, _("The customer placed an order."), is_for_customer=True)
event("order.imported", NoData, _("A past order was imported."))
event("order.hold_placed", Reason, _("An order was put on hold."))
event("order.hold_released", HoldReleased, _("A hold of an order was released."))
event(
    "order.confirmed",
    NoData,
    _("An order was confirmed: its stock is promised."),
    is_for_customer=True,
)
event(
    "order.rescheduled",
    OrderRescheduled,
    _("An order is wanted on another day."),
    is_for_customer=True,
)
event(
    "order.retaxed",
    OrderRetaxed,
    _("An order has other taxes, because its goods leave from another country."),
)
event(
    "order.ship_complete",
    ShipComplete,
    _("An order is to leave in one shipment, or in parts again."),
)
event(
    "order.amended", NoData, _("The lines of a confirmed order were changed."), is_for_customer=True
)
event("order.cancel_requested", Reason, _("The cancellation of an order was requested."))
event("order.lines_canceled", Reason, _("Lines of an order were canceled."))
event("order.canceled", NoData, _("An order was canceled."), is_for_customer=True)
event(
    "order.completed",
    NoData,
    _("An order is complete: shipped and invoiced, or canceled in part."),
    is_for_customer=True,
)
