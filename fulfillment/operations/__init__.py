"""What people and programs can ask of shipments, of the orders that they are for, and of waves."""

from fulfillment.operations import orders, shipments, waves

__all__ = ["orders", "shipments", "waves"]
