"""Suppliers, purchase orders and reorder rules."""

from inventory.purchasing.purchase_orders.models.purchase import (
    PurchaseLine,
    PurchaseOrder,
    ReorderRule,
)
from inventory.purchasing.purchase_orders.models.supplier import Supplier, SupplierItem

__all__ = ["PurchaseLine", "PurchaseOrder", "ReorderRule", "Supplier", "SupplierItem"]
