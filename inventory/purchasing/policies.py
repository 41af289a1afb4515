"""Who sees and edits suppliers, purchase orders and reorder rules."""

from django.utils.translation import gettext_lazy as _

from inventory.policies import FLOOR
from inventory.purchasing.models import (
    PurchaseLine,
    PurchaseOrder,
    ReorderRule,
    Supplier,
    SupplierItem,
)
from oms.core.policy import allow, declare, declare_parts, hide, need, offer
from oms.core.reaching import every_row, master, rows

declare(Supplier, every_row, view="accountant", edit="buyer manager")
offer("import", Supplier, _("Import"), "buyer manager")
declare_parts(Supplier, "supplier", SupplierItem)
offer("import", SupplierItem, _("Import"), "buyer manager")
declare(ReorderRule, master("warehouse__company"), edit="buyer manager")
declare(
    PurchaseOrder,
    rows(warehouse="warehouse", company="company"),
    view=f"accountant {FLOOR}",
    edit="buyer manager",
)
allow(
    "buyer manager",
    PurchaseOrder,
    "approve",
    "send",
    "close",
    "reopen",
    "undo_receipt",
    "return_to_supplier",
    "cancel",
)
allow(f"{FLOOR} buyer manager", PurchaseOrder, "receive")
declare_parts(PurchaseOrder, "order", PurchaseLine)

for costed in (SupplierItem, PurchaseLine):
    hide("see_cost", costed)
for kind in (SupplierItem, PurchaseOrder, PurchaseLine):
    need("see_cost", kind, "add", "change")  # forms with costs
