"""Which allowances the goods of an order can bear: at each tax rate, and at each place that goods leave from."""

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal

from oms.core import money
from orders import registrations, taxing
from orders.models import Order, OrderCharge, OrderLine
from orders.models.order import ChargePart

Key = tuple[str, taxing.Rate]  # a VAT registration and a tax rate


def can_bear(order: Order, lines: Sequence[taxing.Rated], charges: Sequence[OrderCharge]) -> bool:
    """Whether lines to be billed come to no less than the allowances among charges, also at each rate of these."""
    left: dict[taxing.Rate, Decimal] = defaultdict(Decimal)
    parts = [part for charge in charges for part in charge.parts]
    rows: list[taxing.Rated] = [*lines, *parts]
    for row in rows:
        left[taxing.rate_of(row)] += row.gross
    rates = {
        taxing.rate_of(part)
        for charge in charges
        if charge.gross < 0 and taxing.has_rates_of_goods(order.company, charge)
        for part in charge.parts
    }
    return sum(left.values()) >= 0 and all(left[rate] >= 0 for rate in rates)


def to_replace(
    order: Order, lines: Sequence[OrderLine], charges: Sequence[OrderCharge]
) -> list[OrderCharge]:
    """Billed allowances that are more than the goods that are kept.

    All where the order comes to less than nothing; else those at rates where canceled goods are credited so far that
    less would be left than the allowance.
    """
    billed = [
        charge
        for charge in charges
        if charge.gross < 0 and charge.is_invoiced and not charge.is_canceled
    ]
    if order.gross < 0 or not billed:
        return billed
    below = _below(order, lines, charges)
    return [
        charge
        for charge in billed
        if taxing.has_rates_of_goods(order.company, charge)
        and any(_key(order, charge, part) in below for part in charge.parts)
    ]


def _below(order: Order, lines: Sequence[OrderLine], charges: Sequence[OrderCharge]) -> set[Key]:
    """Where what is billed comes to less than nothing without the canceled goods, and to no less with them."""
    billed: dict[Key, Decimal] = defaultdict(Decimal)
    kept: dict[Key, Decimal] = defaultdict(Decimal)
    for line in lines:
        key = registrations.of(order, line), taxing.rate_of(line)
        for totals, units in (
            (billed, line.invoiced),
            (kept, min(line.invoiced, line.quantity - line.canceled)),
        ):
            totals[key] += money.part(line.gross, line.quantity, 0, units, order.currency)
    for charge in charges:
        if charge.is_invoiced and not charge.is_canceled:
            for part in charge.parts:
                billed[_key(order, charge, part)] += part.gross
                kept[_key(order, charge, part)] += part.gross
    return {key for key, amount in kept.items() if amount < 0 <= billed[key]}


def _key(order: Order, charge: OrderCharge, part: ChargePart) -> Key:
    registration = registrations.key_of(order, charge.origin, part.tax_category)
    return registration, taxing.rate_of(part)


def spread(
    order: Order, lines: Sequence[OrderLine], charges: Sequence[OrderCharge]
) -> list[OrderCharge]:
    """Share open allowances that are more than what is kept of their place's goods over all places that have room.

    Returns the new parts, which are saved and not taxed yet.
    """
    room: dict[str, Decimal] = defaultdict(Decimal)  # by place: goods and charges
    for line in lines:
        kept = line.quantity - line.canceled
        room[line.origin] += money.part(line.gross, line.quantity, 0, kept, order.currency)
    goods = {place for place, amount in room.items() if amount > 0}
    for charge in charges:
        room[charge.origin] += money.ZERO if charge.is_canceled else charge.gross
    made: list[OrderCharge] = []
    for charge in charges:
        if charge.origin in goods and room[charge.origin] < 0 and _is_open(order, charge):
            room[charge.origin] -= charge.gross
            made += _shared(order, charge, {place: max(money.ZERO, room[place]) for place in goods})
    return OrderCharge.objects.bulk_create(made)


def _is_open(order: Order, charge: OrderCharge) -> bool:
    is_billed = charge.is_invoiced or charge.is_canceled
    return charge.gross < 0 and not is_billed and taxing.has_rates_of_goods(order.company, charge)


def _shared(order: Order, charge: OrderCharge, room: dict[str, Decimal]) -> list[OrderCharge]:
    """Leave a charge its place's share, and return the parts of other places."""
    shares = money.spread(charge.amount, list(room.values()), order.currency)
    by_place = dict(zip(room, shares, strict=True))
    charge.amount = by_place.pop(charge.origin)
    charge.save(update_fields=["amount"])
    return [part_of(charge, place, share) for place, share in by_place.items() if share]


def part_of(charge: OrderCharge, place: str, amount: Decimal) -> OrderCharge:
    """A part of a charge, not saved and not taxed, that follows the goods of another place."""
    return OrderCharge(
        order=charge.order,
        kind=charge.kind,
        description=charge.description,
        replaces=charge.replaces,
        origin=place,
        amount=amount,
    )
