"""Suppliers, purchase orders, receiving against them, and replenishment."""
