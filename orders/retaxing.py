"""Taxes follow the goods: what warehouses hold for an order and isn't billed yet is taxed from where it leaves."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from django.db.models import Max
from django.utils.translation import gettext as _

from inventory import demand, sharing
from inventory.models import Warehouse
from inventory.sourcing import SentFrom
from oms.core import bulk_sql, events, money
from oms.core.errors import Refused
from oms.core.locking import attempt, whole
from oms.core.models import User
from orders import (
    accounts,
    bearing,
    fulfillment_progress,
    origins,
    pricing,
    registrations,
    screening,
    taxing,
)
from orders.models import Order, OrderCharge, OrderLine
from orders.planners import origins as planner
from orders.planners.origins import Leaving

Held = dict[int, Counter[str]]  # units of each line by the place that holds them


@dataclass
class _Moved:
    """What a change of places touches: lines with their new amounts, and how much of each place's goods went where."""

    amounts: list[tuple[OrderLine, Decimal]] = field(default_factory=list)
    added: list[OrderLine] = field(default_factory=list)
    sources: list[OrderLine] = field(
        default_factory=list
    )  # of the lines that are added, in their order
    taken_off: dict[int, int] = field(
        default_factory=dict
    )  # units of lines that can't be made smaller
    flows: dict[str, dict[str, Decimal]] = field(default_factory=dict)

    def flow(self, before: str, after: str, amount: Decimal) -> None:
        goods = self.flows.setdefault(before, {})
        goods[after] = goods.get(after, money.ZERO) + amount


@whole
def follow(order: Order, sent_from: SentFrom | None = None, *, by: User | None = None) -> bool:
    """Tax a locked order's lines from where their goods leave; whether that changed something.

    A line that is held in places of different taxes becomes several. `sent_from`: what was promised just now, if the
    caller knows. Raises Refused where the company isn't registered in a place, and where units are billed from another.
    """
    if not _elsewhere(order, demand.sent_from(order.number) if sent_from is None else sent_from):
        return False
    if sent_from is None:
        demand.lock_live(order.number)
        sent_from = demand.sent_from(order.number)
    lines = {line.pk: line for line in order.lines.select_related("sku").order_by("position")}
    reserved = _with_other_taxes(order, lines, _elsewhere(order, sent_from))
    leaving = {line: _leave(line, reserved[key]) for key, line in lines.items() if key in reserved}
    leaving = {
        line: each for line, each in leaving.items() if each.origin != line.origin or each.apart
    }
    if leaving:
        _move(order, leaving, sent_from, by)
    return bool(leaving)


@whole
def follow_or_hold(order: Order) -> None:
    """Let a locked order's taxes follow its goods; where they can't, the order is put on hold."""
    if order.status != Order.Status.CONFIRMED:
        return
    try:
        with attempt():
            follow(order)
    except Refused as refused:
        screening.hold_for_tax(order, refused.message)


def can_follow(order: Order) -> bool:
    """Whether an order's goods may move among the warehouses that its company may send from, as far as taxes go."""
    active = set(Warehouse.objects.active().filter(company__in=sharing.serving(order.company)))
    active -= set(registrations.unregistered(order.company, active))
    is_one_place = len({origins.code_of(row) for row in active}) < 2
    return is_one_place or not any(line.invoiced > line.shipped for line in order.lines.all())


def _elsewhere(order: Order, sent_from: SentFrom) -> Held:
    """Units by place of those lines that are held in another place than the one that they are taxed from."""
    found: Held = {}
    if order.is_as_sold:  # taxed by the channel, or by us as the channel computed it
        return found
    for line in order.lines.all():
        home, units = registrations.origin_of(order.company, line.origin).code, Counter[str]()
        for warehouse, count in sent_from.get(line.pk, {}).items():
            units[_named(line, home, warehouse)] += count
        if set(units) - {line.origin}:
            found[line.pk] = units
    return found


def _named(line: OrderLine, home: str, warehouse: Warehouse) -> str:
    code = origins.code_of(warehouse)
    return line.origin if code == home else code


def _with_other_taxes(order: Order, lines: Mapping[int, OrderLine], reserved: Held) -> Held:
    """The same, where a place with the same taxes and registration counts as the one that a line is taxed from."""
    codes = {code for key, units in reserved.items() for code in (lines[key].origin, *units)}
    classes, today = {lines[key].sku.tax_class for key in reserved}, order.company.today()
    taxes = {
        code: {
            name: (rule, registrations.key_of(order, code, rule.category))
            for name, rule in taxing.rules(order, code, classes, today).items()
        }
        for code in codes
    }
    found: Held = {}
    for key, units in reserved.items():
        line, found[key] = lines[key], Counter()
        for code, count in units.items():
            is_same = taxes[code][line.sku.tax_class] == taxes[line.origin][line.sku.tax_class]
            found[key][line.origin if is_same else code] += count
    return found


def _leave(line: OrderLine, reserved: Mapping[str, int]) -> Leaving:
    kept = line.quantity - line.canceled
    leaving = planner.leave(planner.Line(line.origin, kept, line.shipped, line.invoiced), reserved)
    if leaving.stuck:
        raise Refused(
            _(
                "%(units)s × %(sku)s would leave from %(place)s, but are billed already with "
                "other taxes. Send them from elsewhere, or cancel them and enter a new order."
            )
            % {"units": leaving.stuck, "sku": line.sku, "place": ", ".join(leaving.apart)},
            code="billed_elsewhere",
            line=line.pk,
        )
    return leaving


def _move(
    order: Order, leaving: Mapping[OrderLine, Leaving], sent_from: SentFrom, by: User | None
) -> None:
    gross, tax = str(order.gross), str(order.tax)
    lines, moved = list(order.lines.select_related("sku").order_by("position")), _Moved()
    for line in lines:
        _divide(order, line, leaving.get(line) or Leaving(line.origin), moved)
    lines += moved.added
    charges = [charge for charge in order.charges.order_by("pk") if _is_open(charge)]
    changed, new = _move_charges(order, charges, moved)
    pricing.tax_moved(order, moved.amounts, [*changed, *new], lines)
    _save(order, moved, changed, new, sent_from)
    pricing.retotal(order)
    fulfillment_progress.follow(order)
    order.version += 1
    order.save(update_fields=["version"])
    accounts.require_confirmable(order)
    events.emit(
        "order.retaxed",
        order,
        by=by,
        gross_before=gross,
        tax_before=tax,
        gross_after=str(order.gross),
        tax_after=str(order.tax),
        currency=order.currency,
        places=sorted({line.origin for line in lines}),
    )


def _divide(order: Order, line: OrderLine, leaving: Leaving, moved: _Moved) -> None:
    """Give a line its place, and what leaves from other places lines of their own; its amount is shared by units."""
    whole, quantity = taxing.agreed(order, line), line.quantity
    kept = quantity - line.canceled - sum(leaving.apart.values())
    start = kept
    for place, units in leaving.apart.items():
        amount = money.part(whole, quantity, start, start + units, order.currency)
        moved.added.append(_copy(line, units, place))
        moved.amounts.append((moved.added[-1], amount))
        moved.sources.append(line)
        moved.flow(line.origin, place, amount)
        start += units
    moved.flow(line.origin, leaving.origin, money.part(whole, quantity, 0, kept, order.currency))
    if leaving.apart and (line.invoiced or line.canceled):
        moved.taken_off[line.pk] = sum(leaving.apart.values())
    elif leaving.apart:
        line.quantity = kept
    if line.quantity != quantity or leaving.origin != line.origin:
        line.origin = leaving.origin
        moved.amounts.append((line, money.part(whole, quantity, 0, line.quantity, order.currency)))


def _copy(line: OrderLine, quantity: int, place: str) -> OrderLine:
    kept = (
        "order",
        "sku",
        "description",
        "unit_price",
        "price_source",
        "has_manual_price",
        "discount_percent",
    )
    return OrderLine(
        **{name: getattr(line, name) for name in kept}, quantity=quantity, origin=place
    )


def _is_open(charge: OrderCharge) -> bool:
    return not (charge.is_invoiced or charge.is_canceled or charge.kind in OrderCharge.COMPENSATION)


def _move_charges(
    order: Order, charges: Sequence[OrderCharge], moved: _Moved
) -> tuple[list[OrderCharge], list[OrderCharge]]:
    """Share open charges by where their goods went; returns those that changed, and new ones for other places."""
    changed, new = [], []
    for charge in charges:
        goods = {
            place: amount for place, amount in moved.flows.get(charge.origin, {}).items() if amount
        }
        if set(goods) <= {charge.origin}:
            continue
        first = (
            charge.origin if charge.origin in goods else max(goods, key=lambda place: goods[place])
        )
        shares = dict(
            zip(
                goods,
                money.spread(charge.amount, list(goods.values()), order.currency),
                strict=True,
            )
        )
        new += [
            bearing.part_of(charge, place, share)
            for place, share in shares.items()
            if place != first and share
        ]
        charge.origin, charge.amount = first, shares[first]
        changed.append(charge)
    return changed, new


def _save(
    order: Order,
    moved: _Moved,
    changed: Sequence[OrderCharge],
    new: Sequence[OrderCharge],
    sent_from: SentFrom,
) -> None:
    if moved.taken_off:
        fulfillment_progress.record_canceled(order, moved.taken_off, lowers_allowances=False)
    last = order.lines.aggregate(last=Max("position"))["last"]
    for position, line in enumerate(moved.added, last + 1):
        line.position = position
    OrderLine.objects.bulk_create(moved.added)
    OrderLine.objects.bulk_update(
        [line for line, _amount in moved.amounts if line not in moved.added],
        [*pricing.LINE_FIELDS, "quantity"],
    )
    OrderCharge.objects.bulk_update(changed, [*pricing.CHARGE_FIELDS, "amount"])
    OrderCharge.objects.bulk_create(new)
    for source, line in zip(moved.sources, moved.added, strict=True):
        there = [each for each in sent_from[source.pk] if origins.code_of(each) == line.origin]
        demand.part(order.number, source.pk, line.pk, line.quantity, there)
    bulk_sql.forget(order, "lines", "charges")
