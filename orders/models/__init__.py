"""Customers, channels, prices, taxes, orders, payments and invoices."""

from orders.models.channel import Channel, FraudRule, Listing
from orders.models.customer import Address, Contact, Customer, CustomerSKU
from orders.models.export import ExportedDocument, ExportRun, TaxCode
from orders.models.imported_record import HistoryRecord
from orders.models.intercompany import (
    IntercompanyRule,
    IntercompanySupply,
    SupplierInvoice,
    SupplierInvoiceLine,
)
from orders.models.invoice import Installment, Invoice, InvoiceLine
from orders.models.order import Hold, Order, OrderCharge, OrderLine
from orders.models.payment import Allocation, Payment, Refund, WriteOff
from orders.models.price import Discount, Price, PriceList
from orders.models.tax import TaxRate
from orders.models.terms import PaymentTerms, TermsPart

__all__ = [
    "Address",
    "Allocation",
    "Channel",
    "Contact",
    "Customer",
    "CustomerSKU",
    "Discount",
    "ExportRun",
    "ExportedDocument",
    "FraudRule",
    "HistoryRecord",
    "Hold",
    "Installment",
    "IntercompanyRule",
    "IntercompanySupply",
    "Invoice",
    "InvoiceLine",
    "Listing",
    "Order",
    "OrderCharge",
    "OrderLine",
    "Payment",
    "PaymentTerms",
    "Price",
    "PriceList",
    "Refund",
    "SupplierInvoice",
    "SupplierInvoiceLine",
    "TaxCode",
    "TaxRate",
    "TermsPart",
    "WriteOff",
]
