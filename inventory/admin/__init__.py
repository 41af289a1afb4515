"""Stock, purchasing and warehouses in the admin."""

from inventory.admin import catalog, documents, places, stock

__all__ = ["catalog", "documents", "places", "stock"]
