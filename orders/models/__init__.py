"""Customers, channels, prices, taxes and orders."""

from orders.models.channel import Channel, FraudRule
from orders.models.customer import Address, Contact, Customer, CustomerSKU
from orders.models.exposure import ExposureEntry
from orders.models.order import Order, OrderCharge, OrderHold, OrderLine
from orders.models.price import Discount, Price, PriceList
from orders.models.promise import Promise
from orders.models.tax import TaxRate
from orders.models.terms import PaymentTerms, TermsPart

__all__ = [
    "Address",
    "Channel",
    "Contact",
    "Customer",
    "CustomerSKU",
    "Discount",
    "ExposureEntry",
    "FraudRule",
    "Order",
    "OrderCharge",
    "OrderHold",
    "OrderLine",
    "PaymentTerms",
    "Price",
    "PriceList",
    "Promise",
    "TaxRate",
    "TermsPart",
]
