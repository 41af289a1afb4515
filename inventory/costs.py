"""What goods cost: in the company's currency when they come, and as they left when they come back."""

from collections.abc import Iterable
from decimal import Decimal

from django.db.models import Case, F, QuerySet, Sum, When

from inventory.models import SKU, Bin, Lot, Move, PurchaseLine, PurchaseOrder
from oms.core import rates

PLACES = 4


def arriving(order: PurchaseOrder, line: PurchaseLine) -> Decimal:
    """What a base unit of a purchase line costs in the company's currency at the rate of its business day."""
    rate = rates.exchange_rate(order.company, order.currency, order.company.today())
    return round(line.unit_cost / rate, PLACES)


def received(order: PurchaseOrder, line: PurchaseLine) -> Decimal:
    """What the received units of a purchase line cost on average as they came in, less receipts that were undone."""
    return _average(Move.objects.filter(sku=line.sku, reference=order.number, reason=Move.Reason.RECEIPT),
                    came=Bin.Kind.SUPPLIER) or arriving(order, line)


def left_at(sku: SKU, lot: Lot | None, shipments: Iterable[str]) -> Decimal | None:
    """What a base unit of a SKU (and lot) cost on average when these shipments left; None where they had none."""
    moves = Move.objects.filter(sku=sku, reference__in=list(shipments), reason=Move.Reason.SHIP)
    of_lot = _average(moves.filter(lot=lot), came=None) if lot else None
    return of_lot if of_lot is not None else _average(moves, came=None)


def _average(moves: QuerySet[Move], *, came: str | None) -> Decimal | None:
    """The average cost of moves; those that don't come from the place `came` count against the others."""
    sign = Case(When(source__kind=came, then=1), default=-1) if came else 1
    sums = moves.aggregate(units=Sum(F("quantity") * sign), worth=Sum(F("quantity") * F("unit_cost") * sign))
    return round(sums["worth"] / sums["units"], PLACES) if sums["units"] else None
