"""The printout of purchase orders."""

from django.utils import translation
from django.utils.translation import gettext_lazy as _

from inventory.printing import SHEET_MM
from inventory.purchasing.models import PurchaseOrder, SupplierItem
from oms.core import money
from oms.core.money_text import display, grouped
from oms.printing import barcodes, letterheads, printout_revisions, printouts
from oms.printing.printouts import Page


def purchase(order: PurchaseOrder) -> list[Page]:
    """What a supplier reads: their numbers, quantities in base units, and the agreed costs without tax."""
    language = letterheads.language(order.company)
    codes = dict(SupplierItem.objects.filter(supplier=order.supplier).values_list("sku", "code"))
    with translation.override(language):
        rows, total = [], money.ZERO
        for line in order.lines.select_related("sku").order_by("pk"):
            net = money.round_amount(line.quantity * line.unit_cost, order.currency)
            total += net
            rows.append(
                {
                    "code": line.sku.code,
                    "supplier_code": codes.get(line.sku_id, ""),
                    "name": line.sku.name,
                    "quantity": line.quantity,
                    "price": grouped(line.unit_cost, order.currency),
                    "net": grouped(net, order.currency),
                }
            )
        return [
            {
                "order": order,
                "lines": rows,
                "total": display(total, order.currency),
                "language": language,
                "day": order.company.day_of(order.status_at).isoformat(),
                "letterhead": letterheads.letterhead(order.company),
                "bars": barcodes.symbol(printout_revisions.code(order), SHEET_MM),
            }
        ]


printouts.register(
    "purchase_order",
    PurchaseOrder,
    _("Purchase order"),
    template="purchase_order",
    pages=purchase,
    needs="see_cost",
)
