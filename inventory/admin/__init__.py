"""Stock, purchasing and warehouses in the admin."""

from inventory.admin import catalog, documents, stock, warehouses

__all__ = ["catalog", "documents", "stock", "warehouses"]
