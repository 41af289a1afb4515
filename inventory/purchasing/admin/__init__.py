"""Pages of purchasing."""

from inventory.purchasing.purchase_orders.admin import purchase_orders, suppliers

__all__ = ["purchase_orders", "suppliers"]
