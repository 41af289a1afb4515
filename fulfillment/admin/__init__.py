"""Shipments, waves, labels and the stations in the admin."""

from fulfillment.admin import labels, shipments, stations, waves

__all__ = ["labels", "shipments", "stations", "waves"]
