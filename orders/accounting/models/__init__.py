"""Invoices, payments, intercompany documents and accounting exports."""

from orders.accounting.models.export import ExportedDocument, ExportRun, TaxCode
from orders.accounting.models.intercompany import (
    IntercompanyRule,
    IntercompanySupply,
    SupplierInvoice,
    SupplierInvoiceLine,
)
from orders.accounting.models.invoice import Installment, Invoice, InvoiceLine
from orders.accounting.models.payment import Payment, PaymentApplication, Refund, WriteOff

__all__ = [
    "ExportRun",
    "ExportedDocument",
    "Installment",
    "IntercompanyRule",
    "IntercompanySupply",
    "Invoice",
    "InvoiceLine",
    "Payment",
    "PaymentApplication",
    "Refund",
    "SupplierInvoice",
    "SupplierInvoiceLine",
    "TaxCode",
    "WriteOff",
]
