"""What goods cost: in the company's currency when they come, and as they left when they come back."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from django.db.models import Case, DecimalField, F, QuerySet, Sum, Value, When

from inventory.models import SKU, Lot, Move
from oms.core.models.money import UnitPriceField

PLACES = 4


def left_at(
    sku: SKU,
    lot: Lot | None,
    shipments: Iterable[str],
    *,
    instead: Mapping[str, Decimal] | None = None,
) -> Decimal | None:
    """What a base unit of a SKU (and lot) cost on average when these shipments left; None where they had none.

    `instead`: other costs of what left, by shipment.
    """
    moves = Move.objects.filter(sku=sku, reference__in=list(shipments), reason=Move.Reason.SHIP)
    of_lot = average(moves.filter(lot=lot), came=None, instead=instead) if lot else None
    return of_lot if of_lot is not None else average(moves, came=None, instead=instead)


def left_with(shipment: str) -> list[tuple[SKU, int, Decimal]]:
    """Base units of each SKU that left with a shipment, and what one cost on average."""
    moves = Move.objects.filter(reference=shipment, reason=Move.Reason.SHIP)
    sums = (
        moves.order_by("sku__code")
        .values_list("sku")
        .annotate(units=Sum("quantity"), worth=Sum(F("quantity") * F("unit_cost")))
    )
    skus = SKU.objects.in_bulk([sku for sku, *_rest in sums])
    return [(skus[sku], units, round(worth / units, PLACES)) for sku, units, worth in sums]


def average(
    moves: QuerySet[Move], *, came: str | None, instead: Mapping[str, Decimal] | None = None
) -> Decimal | None:
    """The average cost of moves; those that don't come from the place `came` count against the others."""
    cost: Any = Case(
        *[When(reference=number, then=Value(price)) for number, price in (instead or {}).items()],
        default=F("unit_cost"),
        output_field=UnitPriceField(),
    )
    sign = Case(When(source__kind=came, then=1), default=-1) if came else 1
    worth = Sum(F("quantity") * cost * sign, output_field=DecimalField())
    sums = moves.aggregate(units=Sum(F("quantity") * sign), worth=worth)
    return round(sums["worth"] / sums["units"], PLACES) if sums["units"] else None
