"""Packing: what goes into which parcel, and is it the right thing?"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils import timezone
from django.utils.translation import gettext as _

from fulfillment import picking
from fulfillment.models import Carton, Label, Package, Shipment, ShipmentLine
from fulfillment.planners import cartons as planner
from fulfillment.planners.cartons import Box, Item
from inventory.models import Demand, Reservation
from oms.core import states
from oms.core.errors import Refused
from oms.core.models import User


@dataclass(frozen=True)
class Parcel:
    """Lines that go into one carton; without a weight, the weight of carton and contents is taken (g)."""

    lines: tuple[ShipmentLine, ...]
    carton: Carton | None = None
    weight_g: int | None = None


def suggest(shipment: Shipment) -> list[Parcel]:
    """Which cartons to take for what."""
    lines = {line.pk: line for line in shipment.lines.select_related("reservation__sku")}
    cartons = {carton.pk: carton for carton in Carton.objects.all()}
    items = [
        Item(key, line.reservation.quantity, _size(line), line.reservation.sku.weight_g) for key, line in lines.items()
    ]
    boxes = [Box(key, (carton.length_mm, carton.width_mm, carton.height_mm), carton.weight_g, carton.max_weight_g)
             for key, carton in cartons.items()]
    return [Parcel(tuple(lines[key] for key in packed.keys), cartons.get(packed.box or 0), packed.weight_g)
            for packed in planner.suggest(items, boxes)]


def _size(line: ShipmentLine) -> tuple[int, int, int]:
    sku = line.reservation.sku
    return sku.length_mm, sku.width_mm, sku.height_mm


def pack(shipment: Shipment, parcels: Sequence[Parcel] | None = None, *, by: User | None = None) -> Shipment:
    """Put everything picked into parcels; without a choice, into the suggested ones."""
    with states.advance(shipment, to=Shipment.Status.PACKED, by=by, first=shipment.order) as shipment:
        lines = list(shipment.lines.select_related("reservation__sku", "reservation__demand"))
        _require_ready(shipment, lines)
        parcels = suggest(shipment) if parcels is None else parcels
        placed = Counter(line.pk for parcel in parcels for line in parcel.lines)
        if placed != Counter(line.pk for line in lines):
            raise Refused(_("Every line must be in exactly one parcel."), code="not_all_packed")
        shipment.packages.filter(labels=None).delete()
        first = max(shipment.packages.values_list("position", flat=True), default=0) + 1
        for position, parcel in enumerate(parcels, first):
            package = Package.objects.create(shipment=shipment, position=position, carton=parcel.carton,
                                             weight_g=parcel.weight_g or _weight(parcel))
            ShipmentLine.objects.filter(pk__in=[line.pk for line in parcel.lines]).update(package=package)
        shipment.event_data["parcels"] = len(parcels)
    return shipment


def _require_ready(shipment: Shipment, lines: Sequence[ShipmentLine]) -> None:
    if picking.must_put_back(shipment):
        raise Refused(_("Some of %(shipment)s was cancelled after it was picked; put it back first.")
                      % {"shipment": shipment},
                      code="put_back_first")
    waiting = [line for line in lines if line.reservation.state != Reservation.State.PICKED]
    if waiting or not lines:
        raise Refused(_("%(waiting)s lines of %(shipment)s are not picked yet.")
                      % {"waiting": len(waiting), "shipment": shipment}, code="not_picked")
    _require_whole_kits(shipment, lines)


def _require_whole_kits(shipment: Shipment, lines: Sequence[ShipmentLine]) -> None:
    """Each kit leaves with all its components, also with those that are not on this shipment at all."""
    here: Counter[tuple[int, int]] = Counter()
    for line in lines:
        here[line.order_line_id, line.reservation.sku_id] += line.reservation.quantity
    demands = Demand.objects.filter(document=shipment.order.number, is_component=True)
    parts = demands.filter(line__in={line for line, _ in here})
    kits: dict[int, set[float]] = {}
    for part in parts:
        kits.setdefault(part.line, set()).add(here[part.line, part.sku_id] / part.per_unit)
    for order_line, units in kits.items():
        if len(units) > 1:
            raise Refused(_("The kits of line %(order_line)s are not whole; pick the missing parts or put the "
                            "rest back.") % {"order_line": order_line},
                          code="kit_not_whole")


def _weight(parcel: Parcel) -> int:
    contents = sum(line.reservation.quantity * line.reservation.sku.weight_g for line in parcel.lines)
    return contents + (parcel.carton.weight_g if parcel.carton else 0)


def unpack(shipment: Shipment, *, by: User | None = None) -> Shipment:
    """Take everything out of its parcels again; the inverse of pack. Labels must be voided first."""
    with states.advance(shipment, to=Shipment.Status.PICKING, by=by, first=shipment.order) as shipment:
        live = shipment.labels.filter(status__in=[Label.Status.REQUESTED, Label.Status.BOUGHT])
        if live.exists():
            raise Refused(_("Void the labels of %(shipment)s first.") % {"shipment": shipment}, code="labels_live")
        shipment.lines.update(package=None)
        shipment.labels.update(package=None)
        shipment.packages.all().delete()
    return shipment


def verify(package: Package, scanned: Mapping[str, int], *, by: User | None = None) -> Package:
    """Compare what was scanned (base units by SKU code) with what should be in a parcel. Raises what differs."""
    with states.change(package.shipment, event="shipment.verified", by=by, parcel=package.position) as shipment:
        states.require_status(shipment, Shipment.Status.PACKED)
        expected: Counter[str] = Counter()
        for line in package.lines.select_related("reservation__sku"):
            expected[line.reservation.sku.code] += line.reservation.quantity
        difference = {code: scanned.get(code, 0) - expected[code] for code in {*scanned, *expected}
                      if scanned.get(code, 0) != expected[code]}
        if difference:
            listed = ", ".join(f"{code} {count:+d}" for code, count in sorted(difference.items()))
            raise Refused(_("Parcel %(package)s is not right: %(listed)s.")
                          % {"package": package, "listed": listed}, code="wrong_content", difference=difference)
        package.verified_at = timezone.now()
        package.save(update_fields=["verified_at"])
    return package
