"""Invoices, payments, exports and intercompany documents in the admin."""

from orders.accounting.admin import billing, customers, exports, intercompany, orders

__all__ = ["billing", "customers", "exports", "intercompany", "orders"]
