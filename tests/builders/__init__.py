"""Builders: real rows from what a test cares about, and defaults for the rest."""

from tests.builders.stock import bin_stock, company, ledger_sum, receive_purchase, sku, stock_of, user, warehouse

__all__ = ["bin_stock", "company", "ledger_sum", "receive_purchase", "sku", "stock_of", "user", "warehouse"]
