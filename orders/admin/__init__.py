"""Customers, channels, prices and orders in the admin."""

from orders.admin import customers, orders, prices, terms

__all__ = ["customers", "orders", "prices", "terms"]
