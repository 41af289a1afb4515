"""Shipments, waves and carriers in the admin."""

from fulfillment.admin import carriers, shipments

__all__ = ["carriers", "shipments"]
