"""Stock, purchasing and warehouses in the admin."""

from inventory.admin import catalog, stock, transfers, warehouses

__all__ = ["catalog", "stock", "transfers", "warehouses"]
