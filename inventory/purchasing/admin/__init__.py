"""Pages of purchasing."""

from inventory.purchasing.admin import purchase_orders, suppliers

__all__ = ["purchase_orders", "suppliers"]
