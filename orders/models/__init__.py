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
from orders.models.order import Order, OrderCharge, OrderHold, OrderLine
from orders.models.payment import Payment, PaymentApplication, Refund, WriteOff
from orders.models.price import Discount, Price, PriceList
from orders.models.tax import TaxRate
from orders.models.terms import PaymentTerms, TermsPart

__all__ = [
    "Address",
    "Channel",
    "Contact",
    "Customer",
    "CustomerSKU",
    "Discount",
    "ExportRun",
    "ExportedDocument",
    "FraudRule",
    "HistoryRecord",
    "Installment",
    "IntercompanyRule",
    "IntercompanySupply",
    "Invoice",
    "InvoiceLine",
    "Listing",
    "Order",
    "OrderCharge",
    "OrderHold",
    "OrderLine",
    "Payment",
    "PaymentApplication",
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
