"""What a code stands for, and what the house knows of it."""

from typing import Any

from django.utils.translation import gettext as _

from fulfillment import labels
from fulfillment.models import Shipment, ShippingLabel
from fulfillment.stations.scannable import products
from inventory.models import SKU, Bin, BinStock, Lot, Stock, Warehouse
from oms.core import policy
from oms.core.errors import Refused
from oms.core.models import User

MOST = 50  # rows of a bin


def look_up(warehouse: Warehouse, user: User, name: str) -> dict[str, Any]:
    """What a code stands for, and what the house knows of it: no money."""
    place = Bin.objects.filter(warehouse=warehouse, code=name).first()
    if place is not None:
        return _of_bin(place)
    sku = SKU.objects.filter(code=name).first() or SKU.objects.filter(barcodes__code=name).first()
    if sku is not None:
        return _of_product(sku, warehouse)
    label = labels.scanned(name, user)
    seen = policy.scope(Shipment, user)
    shipment = seen.filter(number=name).first() or (
        seen.filter(pk=label.shipment_id).first() if label else None
    )
    if shipment is not None:
        return _of_shipment(shipment, label)
    raise Refused(_("No match for %(name)s.") % {"name": name}, code="unknown")


def _of_bin(place: Bin) -> dict[str, Any]:
    rows = (
        BinStock.objects.filter(bin=place, on_hand__gt=0)
        .select_related("sku", "lot")
        .order_by("sku__code")
    )
    return {
        "bin": place.code,
        "kind": place.get_kind_display(),
        "rows": [
            [f"{row.sku} {row.sku.name}", row.lot.code if row.lot else "", row.on_hand]
            for row in rows[:MOST]
        ],
        "products": list(products({row.sku for row in rows[:MOST]}).values()),
    }


def _of_product(sku: SKU, warehouse: Warehouse) -> dict[str, Any]:
    bins = BinStock.objects.filter(sku=sku, bin__warehouse=warehouse, on_hand__gt=0).select_related(
        "bin", "lot"
    )
    stock = Stock.objects.filter(sku=sku, warehouse=warehouse).first()
    return {
        **products([sku])[sku.code],
        "product": True,
        "lots": _dated(sku),
        "available": stock.available if stock else 0,
        "rows": [
            [row.bin.code, row.lot.code if row.lot else "", row.on_hand]
            for row in bins.order_by("bin__code")
        ],
    }


def _of_shipment(shipment: Shipment, label: ShippingLabel | None) -> dict[str, Any]:
    return {
        "bin": "",
        "kind": f"shipment {shipment.number}: {shipment.get_status_display()}",
        "changed": [labels.outdated(label)] if label and labels.outdated(label) else [],
        "rows": [
            [f"{line.reservation.sku} {line.reservation.sku.name}", "", line.reservation.quantity]
            for line in shipment.lines.select_related("reservation__sku")
        ],
    }


def _dated(sku: SKU) -> list[str]:
    """The newest lots of a SKU that expires: of another one that is found, the date is asked."""
    if not sku.has_expiry:
        return []
    rows = Lot.objects.filter(sku=sku, expires_on__isnull=False).order_by("-pk")
    return list(rows.values_list("code", flat=True)[:1000])
