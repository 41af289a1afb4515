"""Shipments, waves, packages and tracking."""

from fulfillment.models.cancellation import Cancellation, CancellationLine
from fulfillment.models.package import Carton, Label, Package, PackageContent
from fulfillment.models.scan import Scan
from fulfillment.models.shipment import Shipment, ShipmentLine
from fulfillment.models.sscc import SSCCSeries
from fulfillment.models.tracking import TrackingEvent
from fulfillment.models.wave import PickTask, Wave

__all__ = [
    "Cancellation",
    "CancellationLine",
    "Carton",
    "Label",
    "Package",
    "PackageContent",
    "PickTask",
    "SSCCSeries",
    "Scan",
    "Shipment",
    "ShipmentLine",
    "TrackingEvent",
    "Wave",
]
