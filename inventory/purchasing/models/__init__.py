"""Suppliers, purchase orders and reorder rules."""

from inventory.purchasing.models.purchase import PurchaseLine, PurchaseOrder, ReorderRule
from inventory.purchasing.models.supplier import Supplier, SupplierItem

__all__ = ["PurchaseLine", "PurchaseOrder", "ReorderRule", "Supplier", "SupplierItem"]
