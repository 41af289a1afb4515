"""Shipments, waves, packages, carriers and tracking."""

from fulfillment.models.cancellation import Cancellation, CancellationLine
from fulfillment.models.carrier import CarrierAccount, CarrierService, Rate
from fulfillment.models.package import Carton, Label, Package, PackageContent
from fulfillment.models.scan import Scan
from fulfillment.models.shipment import Shipment, ShipmentLine
from fulfillment.models.sscc import SSCCSeries
from fulfillment.models.tracking import TrackingEvent
from fulfillment.models.wave import PickTask, Wave

__all__ = [
    "Cancellation",
    "CancellationLine",
    "CarrierAccount",
    "CarrierService",
    "Carton",
    "Label",
    "Package",
    "PackageContent",
    "PickTask",
    "Rate",
    "SSCCSeries",
    "Scan",
    "Shipment",
    "ShipmentLine",
    "TrackingEvent",
    "Wave",
]
