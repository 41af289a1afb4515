"""Shipments, waves, packages and tracking."""

from fulfillment.models.cancellation import Cancellation, CancellationLine
from fulfillment.models.package import Carton, Package, PackageContent, ShippingLabel
from fulfillment.models.shipment import Shipment, ShipmentLine
from fulfillment.models.sscc import SSCCSeries
from fulfillment.models.station_action import StationAction
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
    "Shipment",
    "ShipmentLine",
    "ShippingLabel",
    "StationAction",
    "TrackingEvent",
    "Wave",
]
