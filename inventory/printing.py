"""The labels of bins and articles."""

from django.utils.translation import gettext_lazy as _

from inventory.models import SKU, Bin
from oms.printing import barcodes, printouts
from oms.printing.printouts import Page

SHEET_MM = 80  # beside the head of a sheet
STICKER_MM = 90  # across a sticker, within which bars have their quiet zone
STICKER_SIZES = ("full", "smaller", "small", "smallest")


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
