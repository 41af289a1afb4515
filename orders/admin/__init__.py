"""Customers, prices, orders, invoices, payments and exports in the admin."""

from orders.admin import billing, customers, exports, intercompany, orders, prices

__all__ = ["billing", "customers", "exports", "intercompany", "orders", "prices"]
