"""What people and programs can ask of invoices, payments and exports."""

from orders.accounting.operations import exports, invoices, orders, payments

__all__ = ["exports", "invoices", "orders", "payments"]
