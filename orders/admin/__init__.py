"""Customers, prices, orders, invoices and payments in the admin."""

from orders.admin import billing, customers, orders, prices

__all__ = ["billing", "customers", "orders", "prices"]
