"""Purchase orders, and the labels of bins and articles."""

from django.utils import translation
from django.utils.translation import gettext_lazy as _

from inventory.models import SKU, Bin, PurchaseOrder, SupplierItem
from oms.core import money
from oms.core.money import display, grouped
from oms.printing import barcodes, letterheads, printout_revisions, printouts
from oms.printing.printouts import Page

SHEET_MM = 80  # beside the head of a sheet
STICKER_MM = 90  # across a sticker, within which bars have their quiet zone
STICKER_SIZES = ("full", "smaller", "small", "smallest")


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


def bin_label(place: Bin) -> list[Page]:
    """The label of a bin, as the stations read it."""
    return [
        {
            "title": place.code,
            "bars": barcodes.symbol(place.code, STICKER_MM),
            "text": str(place.warehouse or ""),
        }
    ]


def item_label(sku: SKU) -> list[Page]:
    """The label of an article: its own barcode, else its code."""
    own = sku.barcodes.filter(pack_quantity=1).order_by("pk").first()
    return [
        {
            "title": sku.code,
            "bars": barcodes.symbol(own.code if own else sku.code, STICKER_MM),
            "text": f"{own.code} · {sku.name}" if own else sku.name,
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
printouts.register(
    "bin_label",
    Bin,
    _("Bin label"),
    template="stickers",
    pages=bin_label,
    order=("code",),
    sizes=STICKER_SIZES,
)
printouts.register(
    "item_label",
    SKU,
    _("Item label"),
    template="stickers",
    pages=item_label,
    order=("code",),
    sizes=STICKER_SIZES,
)
