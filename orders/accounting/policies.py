"""Who sees and edits invoices, payments, exports and intercompany documents."""

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from oms.core.actors import Actor
from oms.core.models.role import OutsideReach
from oms.core.policy import allow, declare, declare_parts, entrust, hide, made_of, need, offer
from oms.core.reaching import leads, master, rows
from orders.accounting.models import (
    ExportedDocument,
    ExportRun,
    Installment,
    IntercompanyRule,
    IntercompanySupply,
    Invoice,
    InvoiceLine,
    Payment,
    PaymentApplication,
    Refund,
    SupplierInvoice,
    SupplierInvoiceLine,
    TaxCode,
    WriteOff,
)
from orders.models import Customer, Order
from orders.policies import ACCOUNTS

declare(TaxCode, master("company"), edit=ACCOUNTS)
INVOICES = rows(customer="customer", company="company", order="order")


@leads(OutsideReach.ORDER)
def _invoices(actor: Actor, reach: str) -> Q | None:
    """Invoices of an actor's orders, customers and companies; to an order's customer, those that were issued."""
    known = INVOICES(actor, reach)
    return known and known & Q(status="issued") if reach == OutsideReach.ORDER else known


declare(Invoice, _invoices, view=f"rep {ACCOUNTS}")
allow(
    ACCOUNTS,
    Invoice,
    "record_payment",
    "record_payment_for_several",
    "apply",
    "unapply",
    "credit",
    "write_off",
    "reverse_write_off",
)
declare_parts(Invoice, "invoice", InvoiceLine, Installment)
declare_parts(Invoice, "invoice", PaymentApplication, is_internal=True)
entrust(OutsideReach.ORDER, Invoice, "view")
declare(
    IntercompanyRule,
    master("selling", "supplying"),
    view="accountant",
    edit="manager",
    is_kept=True,
)
declare(IntercompanySupply, rows(company=("rule__selling", "rule__supplying")))
declare(SupplierInvoice, rows(company="company"), view=ACCOUNTS)
declare_parts(SupplierInvoice, "invoice", SupplierInvoiceLine)
declare(Payment, rows(customer="customer", company="company"), view=f"rep {ACCOUNTS}")
allow(
    ACCOUNTS,
    Payment,
    "capture",
    "apply",
    "apply_several",
    "unapply",
    "returned",
    "move",
    "free",
    "ask_outcome",
    "refund",
    "void",
    "write_off_remainder",
    "reverse_write_off",
)
offer("import", Payment, _("Import"), ACCOUNTS)
declare_parts(Payment, "payment", Refund)
declare(WriteOff, rows(company=("invoice__company", "payment__company")), view=ACCOUNTS)
declare(ExportRun, rows(company="company"), view=ACCOUNTS)
allow(ACCOUNTS, ExportRun, "send", "undo")
offer("prepare", ExportRun, _("Prepare an export"), ACCOUNTS)
declare(ExportedDocument, rows(company="run__company"), view=ACCOUNTS)
for kind in (
    Invoice,
    InvoiceLine,
    Installment,
    PaymentApplication,
    Payment,
    Refund,
    WriteOff,
    ExportRun,
    ExportedDocument,
    SupplierInvoice,
    SupplierInvoiceLine,
):
    need("see_money", kind)
need("see_cost", IntercompanyRule, "add", "change")
for kind in (SupplierInvoice, SupplierInvoiceLine):
    need("see_cost", kind)
hide("see_cost", IntercompanyRule, "percent")
made_of(Invoice, Order, "is_paid", "bridge")
made_of(Invoice, Customer, "statement")
