"""Shipments, waves, packages and tracking."""

from fulfillment.models.cancellation import Cancellation, CancellationLine
from fulfillment.models.package import Carton, Package, PackageContent, ShippingLabel
from fulfillment.models.scan import Scan
from fulfillment.models.shipment import Shipment, ShipmentLine
from fulfillment.models.sscc import SSCCSeries
from fulfillment.models.tracking import TrackingEvent
from fulfillment.models.wave import PickTask, Wave

__all__ = [
    "Cancellation",
    "CancellationLine",
    "Carton",
    "Package",
    "PackageContent",
    "PickTask",
    "SSCCSeries",
    "Scan",
    "Shipment",
    "ShipmentLine",
    "ShippingLabel",
    "TrackingEvent",
    "Wave",
]
