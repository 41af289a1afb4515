"""What lies in which parcel: a line spreads over parcels by quantity."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import F, Sum
from django.utils.translation import gettext as _

from fulfillment.models import Carton, Package, PackageContent, Shipment, ShipmentLine
from fulfillment.planners import cartons as planner
from fulfillment.planners.cartons import Box, Item
from inventory.models import Reservation
from oms.core.errors import Refused

MOST_GRAMS = 2**31 - 1


@dataclass(frozen=True)
class Parcel:
    """Units of lines that go into one carton; without a weight, that of carton and contents is taken (g)."""

    contents: tuple[tuple[ShipmentLine, int], ...]
    carton: Carton | None = None
    weight_g: int | None = None
    carrier: str = ""
    tracking_number: str = ""


def whole(lines: Iterable[ShipmentLine]) -> Parcel:
    """Everything in one parcel."""
    return Parcel(tuple((line, line.reservation.quantity) for line in lines))


def suggest(shipment: Shipment) -> list[Parcel]:
    """Return which cartons to take for what."""
    lines = {
        line.pk: line
        for line in shipment.lines.select_related("reservation__sku", "reservation__lot")
    }
    cartons = {carton.pk: carton for carton in Carton.objects.all()}
    found = planner.suggest(
        [_item(line) for line in lines.values()], [_box(each) for each in cartons.values()]
    )
    return [
        Parcel(
            tuple((lines[key], units) for key, units in packed.contents),
            cartons.get(packed.box or 0),
            packed.weight_g,
        )
        for packed in found
    ]


def fitting_no_carton(lines: Sequence[ShipmentLine]) -> list[ShipmentLine]:
    """The lines whose units fit none of our cartons."""
    keys = set(
        planner.loose(
            [_item(line) for line in lines], [_box(each) for each in Carton.objects.all()]
        )
    )
    return [line for line in lines if line.pk in keys]


def told_loose(lines: Sequence[ShipmentLine]) -> str:
    """Say which goods fit no carton; empty where all do."""
    codes = sorted({line.reservation.sku.code for line in fitting_no_carton(lines)})
    return (
        _("No carton fits %(skus)s: packed without one.") % {"skus": ", ".join(codes)}
        if codes
        else ""
    )


def _item(line: ShipmentLine) -> Item:
    sku = line.reservation.sku
    return Item(
        line.pk,
        line.reservation.quantity,
        (sku.length_mm, sku.width_mm, sku.height_mm),
        sku.weight_g,
    )


def _box(carton: Carton) -> Box:
    return Box(
        carton.pk,
        (carton.length_mm, carton.width_mm, carton.height_mm),
        carton.weight_g,
        carton.max_weight_g,
    )


def place(
    shipment: Shipment, lines: Sequence[ShipmentLine], parcels: Sequence[Parcel]
) -> list[Package]:
    """Write the parcels of a locked shipment, whose lines must all be in them with all their units."""
    _require_all_placed(lines, parcels)
    for number, parcel in enumerate(parcels, 1):
        _require_possible(parcel, number)
    shipment.packages.all().delete()
    packages = Package.objects.bulk_create(
        Package(
            shipment=shipment,
            position=position,
            carton=parcel.carton,
            weight_g=weight(parcel),
            carrier=parcel.carrier,
            tracking_number=parcel.tracking_number,
        )
        for position, parcel in enumerate(parcels, 1)
    )
    PackageContent.objects.bulk_create(
        PackageContent(package=package, line=line, quantity=units)
        for package, parcel in zip(packages, parcels, strict=True)
        for line, units in parcel.contents
    )
    return packages


def _require_all_placed(lines: Sequence[ShipmentLine], parcels: Sequence[Parcel]) -> None:
    wanted = {line.pk: line for line in lines}
    placed: Counter[int] = Counter()
    for line, units in (each for parcel in parcels for each in parcel.contents):
        if line.pk not in wanted:
            raise Refused(
                _("Line %(line)s isn't on this shipment. Reload it.") % {"line": line.pk},
                code="not_all_packed",
            )
        placed[line.pk] += units
    for key, line in wanted.items():
        if placed[key] != line.reservation.quantity:
            raise Refused(
                _(
                    "%(placed)s of %(quantity)s × %(sku)s are in packages. Put each unit into exactly one."
                )
                % {
                    "placed": placed[key],
                    "quantity": line.reservation.quantity,
                    "sku": line.reservation.sku,
                },
                code="not_all_packed",
                line=key,
            )


def _require_possible(parcel: Parcel, number: int) -> None:
    if not parcel.contents or any(units <= 0 for _line, units in parcel.contents):
        raise Refused(
            _("Package %(number)s is empty. Put something into it or leave it out.")
            % {"number": number},
            code="empty_parcel",
        )
    grams, carton = weight(parcel), parcel.carton
    if not 0 <= grams <= MOST_GRAMS:
        raise Refused(
            _("Package %(number)s can't weigh %(grams)s g.") % {"number": number, "grams": grams},
            code="impossible_weight",
        )
    if carton and grams > carton.weight_g + carton.max_weight_g:
        raise Refused(
            _(
                "Package %(number)s is too heavy: carton %(carton)s holds up to %(most)s g, this would be "
                "%(grams)s g. Take another carton or split it."
            )
            % {
                "number": number,
                "carton": carton,
                "most": carton.max_weight_g,
                "grams": grams - carton.weight_g,
            },
            code="too_heavy",
        )


def weight(parcel: Parcel) -> int:
    """The weight that was given (g), else that of carton and contents."""
    if parcel.weight_g is not None:
        return parcel.weight_g
    contents = sum(units * line.reservation.sku.weight_g for line, units in parcel.contents)
    return contents + (parcel.carton.weight_g if parcel.carton else 0)


def as_packed(shipment: Shipment) -> list[Parcel]:
    """The parcels of a packed shipment, to be changed."""
    rows = (
        shipment.packages.order_by("position")
        .select_related("carton")
        .prefetch_related("contents__line__reservation__sku", "contents__line__reservation__lot")
    )
    return [
        Parcel(
            tuple((each.line, each.quantity) for each in package.contents.all()),
            package.carton,
            package.weight_g,
            package.carrier,
            package.tracking_number,
        )
        for package in rows
    ]


def take_share(line: ShipmentLine) -> None:
    """Give a line its part of the parcels of the packed line that it was cut off: goods stay where they are."""
    if line.reservation.state != Reservation.State.PICKED:
        return
    beside = ShipmentLine.objects.filter(
        shipment=line.shipment_id, reservation__demand=line.reservation.demand_id
    )
    cut = (
        beside.annotate(packed=Sum("contents__quantity"))
        .filter(packed__gt=F("reservation__quantity"))
        .first()
    )
    if cut is not None:
        _pass_on(cut, line, line.reservation.quantity)


def _pass_on(line: ShipmentLine, to: ShipmentLine, units: int) -> None:
    for content in line.contents.order_by("-package__position"):
        moved = min(units, content.quantity)
        if moved <= 0:
            return
        PackageContent.objects.create(package=content.package, line=to, quantity=moved)
        units -= moved
        if moved == content.quantity:
            content.delete()
        else:
            content.quantity -= moved
            content.save(update_fields=["quantity"])


def inside(package: Package) -> Counter[str]:
    """Base units by SKU code in a parcel."""
    counts: Counter[str] = Counter()
    for content in package.contents.select_related("line__reservation__sku"):
        counts[content.line.reservation.sku.code] += content.quantity
    return counts
