"""Verifying parcels: what verification asks for, and how it is done parcel by parcel."""

from dataclasses import dataclass, field

from django.utils.translation import gettext_lazy as _

from fulfillment import packing
from fulfillment.models import Package, PackageContent, Shipment, ShipmentLine
from oms.core.models import User


@dataclass(frozen=True)
class ScannedRow:
    line: ShipmentLine
    scanned: int = 0
    parcel: int = field(default=1, metadata={"fixed": True, "label": _("Package")})


@dataclass(frozen=True)
class VerifyInput:
    lines: list[ScannedRow]


def verify(shipment: Shipment, *, lines: list[ScannedRow], by: User | None = None) -> Shipment:
    for package in Package.objects.filter(shipment=shipment).order_by("position"):
        scanned: dict[str, int] = {}
        for row in lines:
            if row.parcel == package.position:
                code = row.line.reservation.sku.code
                scanned[code] = scanned.get(code, 0) + row.scanned
        packing.verify(package, scanned, by=by)
    return shipment


def to_scan(shipment: Shipment) -> VerifyInput:
    contents = PackageContent.objects.filter(package__shipment=shipment).order_by(
        "package__position", "line"
    )
    return VerifyInput(
        [
            ScannedRow(each.line, parcel=each.package.position)
            for each in contents.select_related(
                "package", "line__reservation__sku", "line__reservation__warehouse"
            )
        ]
    )
