"""Parcels as people and programs state them: rows of a line, its units and a parcel's number."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from fulfillment import packing, parcels
from fulfillment.models import Carton, Shipment, ShipmentLine
from fulfillment.parcels import Parcel
from oms.core.errors import Refused
from oms.core.models import User


@dataclass(frozen=True)
class ParcelRow:
    """Units of a line in a parcel. Carton and weight may be given on any row of their parcel."""

    line: ShipmentLine = field(
        metadata={
            "among": lambda rows, shipment: rows.filter(shipment=shipment).select_related(
                "reservation__sku"
            )
        }
    )
    quantity: int = 1
    parcel: int = field(
        default=1,
        metadata={
            "label": gettext_lazy("Package"),
            "help": gettext_lazy("Number of the package, for example 1."),
        },
    )
    carton: Carton | None = None
    weight_g: int | None = field(
        default=None, metadata={"help": gettext_lazy("Default: carton and contents.")}
    )


@dataclass(frozen=True)
class ParcelsInput:
    lines: list[ParcelRow]


def choose_parcels(
    shipment: Shipment, *, lines: list[ParcelRow], by: User | None = None
) -> Shipment:
    """Pack a picked shipment into the chosen parcels, or change those of a packed one that has no labels."""
    chosen = grouped(lines)
    if shipment.status == Shipment.Status.PACKED:
        return packing.repack(shipment, chosen, by=by)
    return packing.pack(shipment, chosen, by=by)


def offered(shipment: Shipment) -> ParcelsInput:
    """The suggested parcels, or those of a packed shipment, and an empty row per line to split it."""
    packed = shipment.status == Shipment.Status.PACKED
    known = parcels.as_packed(shipment) if packed else parcels.suggest(shipment)
    rows = [
        ParcelRow(line, units, number, parcel.carton, parcel.weight_g if packed else None)
        for number, parcel in enumerate(known, 1)
        for line, units in parcel.contents
    ]
    spare = {row.line.pk: ParcelRow(row.line, 0, len(known) + 1) for row in rows}
    return ParcelsInput(sorted([*rows, *spare.values()], key=lambda row: (row.line.pk, row.parcel)))


def grouped(rows: Sequence[ParcelRow]) -> list[Parcel]:
    """The parcels that rows describe, in the order of their numbers. Rows without units count for nothing."""
    numbers = sorted({row.parcel for row in rows if row.quantity})
    return [
        _parcel(number, [row for row in rows if row.parcel == number and row.quantity])
        for number in numbers
    ]


def _parcel(number: int, rows: Sequence[ParcelRow]) -> Parcel:
    units: dict[ShipmentLine, int] = {}
    for row in rows:
        if row.quantity < 0:
            raise Refused(
                _("Package %(number)s: the quantity must be positive.") % {"number": number},
                field="quantity",
            )
        units[row.line] = units.get(row.line, 0) + row.quantity
    return Parcel(
        tuple(units.items()), _one(number, rows, "carton"), _one(number, rows, "weight_g")
    )


def _one(number: int, rows: Sequence[ParcelRow], name: str) -> Any:
    """What the rows of a parcel say of it; they must agree."""
    told = {getattr(row, name) for row in rows} - {None}
    if len(told) > 1:
        raise Refused(
            _("Package %(number)s has more than one %(name)s. Give one.")
            % {"number": number, "name": _("carton") if name == "carton" else _("weight")},
            field=name,
        )
    return next(iter(told), None)
