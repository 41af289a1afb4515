"""What a scanner may read: the codes of products, and those of labels."""

from collections.abc import Iterable
from typing import Any

from fulfillment.models import Shipment, ShippingLabel
from inventory.models import SKU, Barcode


def products(skus: Iterable[SKU]) -> dict[str, dict[str, Any]]:
    """What a scanner may read for these SKUs, by code: the code itself and each barcode, with its base units."""
    by_key: dict[int, dict[str, Any]] = {
        sku.pk: {
            "sku": sku.code,
            "name": sku.name,
            "tracking": sku.tracking,
            "has_expiry": sku.has_expiry,
            "barcodes": {sku.code: 1},
        }
        for sku in skus
    }
    for row in Barcode.objects.filter(sku__in=by_key):
        by_key[row.sku_id]["barcodes"][row.code] = row.pack_quantity
    return {product["sku"]: product for product in by_key.values()}


def label_codes(shipment: Shipment) -> dict[str, str]:
    """What a scanner may read of each label: its tracking number, or its SSCC with and without identifier."""
    bought = shipment.labels.filter(status=ShippingLabel.Status.BOUGHT).values_list(
        "tracking_number", "sscc"
    )
    return {code: number for number, sscc in bought for code in (number, sscc, f"00{sscc}") if code}
