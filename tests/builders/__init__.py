"""Builders: real rows from what a test cares about, and defaults for the rest."""

from tests.builders.fulfillment import (
    labeled,
    packed,
    picked,
    service,
    ship_rest,
    shipment_of,
    shipped,
)
from tests.builders.orders import (
    channel,
    confirmed,
    customer,
    fresh,
    line,
    order,
    price_list,
    priced,
    taxes,
    transfer,
)
from tests.builders.returns import asked_back, came_back, settled
from tests.builders.stock import (
    arrived,
    bin_stock,
    company,
    ledger_sum,
    put,
    receive_purchase,
    role,
    sent_purchase,
    sku,
    stock_of,
    storage,
    supplier,
    user,
    warehouse,
)

__all__ = ["arrived", "asked_back", "bin_stock", "came_back", "channel", "company", "confirmed", "customer", "fresh",
           "labeled", "ledger_sum", "line", "order", "packed", "picked", "price_list", "priced", "put",
           "receive_purchase", "role", "sent_purchase", "service", "settled", "ship_rest", "shipment_of", "shipped",
           "sku", "stock_of", "storage", "supplier", "taxes", "transfer", "user", "warehouse"]
