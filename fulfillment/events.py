"""The events of shipments and waves, and what fulfillment does to orders."""

from dataclasses import dataclass, field
from typing import Annotated

from django.utils.translation import gettext_lazy as _

from oms.core.event_catalog import (
    Created,
    LineKey,
    Name,
    NoData,
    Notation,
    Number,
    SkuCode,
    Text,
    event,
)

Tracking = Annotated[str, Notation("1Z999AA10123456784")]
Units = Annotated[str, Notation("2 × TEE-M, 1 × CAP")]  # of each SKU
AddressPart = Annotated[str, Notation("city")]
AddressText = Annotated[str, Notation("Berlin")]


@dataclass(frozen=True)
class Rerouted:
    """From where units are sent, before and after, how both were rated, and how many units move."""

    before: Text
    after: Text
    score_before: float
    score_after: float
    units_moved: int


@dataclass(frozen=True)
class OrderRedirected:
    address: dict[AddressPart, AddressText]


@dataclass(frozen=True)
class ShipmentCreated(Created):
    warehouse: Name


@dataclass(frozen=True)
class ShipmentOpen:
    """The wave from which it was taken out, where it was in one."""

    wave: Number = ""


@dataclass(frozen=True)
class ShipmentSplit:
    new: Number


@dataclass(frozen=True)
class SentToPartner:
    external_id: str


@dataclass(frozen=True)
class ServiceChosen:
    service: str = ""


@dataclass(frozen=True)
class Lines:
    lines: int


@dataclass(frozen=True)
class ShortPicked:
    """Units that are missing, or damaged."""

    sku: SkuCode
    picked: int
    missing: int = 0
    damaged: int = 0


@dataclass(frozen=True)
class LotChanged:
    sku: SkuCode
    from_: str
    to: str


@dataclass(frozen=True)
class PutBack:
    sku: SkuCode


@dataclass(frozen=True)
class ShipmentPacked:
    """The number of packages, and those that have no carton."""

    parcels: int
    without_carton: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class Parcels:
    parcels: int


@dataclass(frozen=True)
class ShipmentVerified:
    parcel: int


@dataclass(frozen=True)
class ShipmentShipped:
    """Shipped units of the order so far by the key of its line, and tracking numbers."""

    units: dict[LineKey, int]
    tracking: list[Tracking]


@dataclass(frozen=True)
class LabelTracked:
    label: int
    tracking_number: Tracking


@dataclass(frozen=True)
class LabelFailed:
    label: int
    error: Text


@dataclass(frozen=True)
class LabelVoided:
    label: int


@dataclass(frozen=True)
class CancellationAsked:
    reason: Text
    units: Units


@dataclass(frozen=True)
class CancellationAnswered:
    answer: Text
    units: Units


@dataclass(frozen=True)
class NewStop:
    sku: SkuCode
    bin: str
    quantity: int


@dataclass(frozen=True)
class GoneStop:
    sku: SkuCode
    bin: str


@dataclass(frozen=True)
class WaveChanged:
    stops: int
    new: list[NewStop]
    gone: list[GoneStop]


event("order.rerouted", Rerouted, _("An order is sent from other warehouses."))
event(
    "order.redirected",
    OrderRedirected,
    _("The delivery address of an order was changed."),
    is_for_customer=True,
)
event(
    "demand.reroute_asked",
    NoData,
    _("An order may be sent from better warehouses."),
    is_internal=True,
)

event("shipment.created", ShipmentCreated, _("A shipment was created for reserved stock."))
event("shipment.split", ShipmentSplit, _("Lines of a shipment were moved to a new one."))
event("shipment.unpicked_split", Lines, _("What was not picked was moved to a new shipment."))
event("shipment.rerouted", Rerouted, _("A shipment is sent from other warehouses."))
event("shipment.sent_to_partner", SentToPartner, _("A partner has taken on a shipment."))
event("shipment.cancellation_asked", CancellationAsked, _("A partner is asked to cancel units."))
event("shipment.cancellation_agreed", CancellationAnswered, _("A partner agreed to cancel."))
event("shipment.cancellation_declined", CancellationAnswered, _("A partner declined to cancel."))
event("shipment.service_chosen", ServiceChosen, _("A carrier service was chosen."))
event("shipment.picking", NoData, _("A shipment is being picked."))
event("shipment.open", ShipmentOpen, _("A shipment is no longer being picked."))
event("shipment.picked", Lines, _("Lines of a shipment were picked."))
event("shipment.short_picked", ShortPicked, _("Less was found than was to be picked."))
event("shipment.lot_changed", LotChanged, _("Another lot or serial number was picked."))
event("shipment.put_back", PutBack, _("Picked goods were put back."))
event("shipment.packed", ShipmentPacked, _("A shipment was packed."))
event("shipment.repacked", Parcels, _("A shipment was packed differently."))
event("shipment.verified", ShipmentVerified, _("The contents of a package were verified."))
event("shipment.labels_requested", NoData, _("Labels were requested from the carrier."))
event("shipment.label_bought", LabelTracked, _("A label was bought."))
event("shipment.label_failed", LabelFailed, _("The carrier returned an error instead of a label."))
event("shipment.labels_voided", NoData, _("The labels of a shipment are to be voided."))
event("shipment.label_void_requested", LabelTracked, _("The carrier is asked to void a label."))
event("shipment.label_voided", LabelVoided, _("A label was voided."))
event("shipment.shipped", ShipmentShipped, _("A shipment left."), is_for_customer=True)
event("shipment.delivered", NoData, _("A shipment was delivered."), is_for_customer=True)
event("shipment.canceled", NoData, _("A shipment was canceled: nothing is left on it."))

event("wave.created", Created, _("A wave was planned."))
event("wave.released", NoData, _("A wave was released for picking."))
event("wave.changed", WaveChanged, _("The stops of a released wave changed."))
event("wave.closed", NoData, _("A wave was closed."))
