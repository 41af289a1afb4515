"""Customers, channels, prices, taxes, orders, payments and invoices."""

from orders.models.channel import Channel, Listing
from orders.models.customer import Address, Contact, Customer, CustomerSKU
from orders.models.history import HistoryRecord
from orders.models.invoice import Invoice, InvoiceLine
from orders.models.order import Hold, Order, OrderCharge, OrderLine
from orders.models.payment import Allocation, Payment, Refund
from orders.models.price import Discount, Price, PriceList
from orders.models.tax import TaxRate

__all__ = ["Address", "Allocation", "Channel", "Contact", "Customer", "CustomerSKU", "Discount", "HistoryRecord",
           "Hold", "Invoice", "InvoiceLine", "Listing", "Order", "OrderCharge", "OrderLine", "Payment",
           "Price", "PriceList", "Refund", "TaxRate"]
