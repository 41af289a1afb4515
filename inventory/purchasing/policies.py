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
from oms.core.policy import allow, declare, every_row, hide, need, offer, part_of, rows

declare(Supplier, every_row, view="accountant", edit="buyer manager")
offer("import", Supplier, _("Import"), "buyer manager")
declare(SupplierItem, every_row)
offer("import", SupplierItem, _("Import"), "buyer manager")
declare(ReorderRule, every_row, edit="buyer manager")
declare(
    PurchaseOrder, rows(warehouse="warehouse"), view=f"accountant {FLOOR}", edit="buyer manager"
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
declare(PurchaseLine, part_of("order", PurchaseOrder))

for costed in (SupplierItem, PurchaseLine):
    hide("see_cost", costed)
for kind in (SupplierItem, PurchaseOrder, PurchaseLine):
    need("see_cost", kind, "add", "change")  # forms with costs
