"""Shipments, waves, carriers and the stations in the admin."""

from fulfillment.admin import carriers, shipments, stations, waves

__all__ = ["carriers", "shipments", "stations", "waves"]
