"""The one writer of how far lines and orders are."""

from collections.abc import Mapping

from inventory import demand
from oms.core import bulk_sql
from orders import pricing
from orders.models import Order, OrderLine

QUANTITIES = ("canceled", "reserved", "picked", "shipped", "invoiced", "returned")


def follow(order: Order) -> dict[int, int]:
    """Take over from the stock what is reserved, picked and shipped; return the newly shipped units by line.

    The order is locked. A kit counts as far as its least component ÷ per kit.
    """
    known = demand.progress(order.number)
    lines = {line.pk: line for line in order.lines.all()}
    changed, shipped = {}, {}
    for key, (reserved, picked, gone) in known.items():
        line = lines.get(key)
        if line is None or (line.reserved, line.picked, line.shipped) == (reserved, picked, gone):
            continue
        changed[key] = {"reserved": reserved, "picked": picked, "shipped": gone}
        if gone > line.shipped:
            shipped[key] = gone - line.shipped
    bulk_sql.write(OrderLine, changed)
    if changed:
        summarize(order)
    return shipped


def forget_unshipped(line: OrderLine) -> None:
    """Count nothing of a locked order's line as reserved or picked: all its demand is another line's by now."""
    OrderLine.objects.filter(pk=line.pk, shipped=0).update(reserved=0, picked=0)


def record_invoiced(order: Order, units: Mapping[int, int]) -> None:
    """Count units as invoiced, by line; the order is locked."""
    _add(order, "invoiced", units)


def record_returned(order: Order, units: Mapping[int, int]) -> None:
    """Count units as returned, by line; the order is locked."""
    _add(order, "returned", units)


def record_canceled(
    order: Order, units: Mapping[int, int], *, lowers_allowances: bool = True
) -> None:
    """Count units as canceled, by line; the order is locked and its totals follow, its allowances with them."""
    _add(order, "canceled", units)
    lines, charges = list(order.lines.all()), list(order.charges.all())
    pricing.follow_goods(order, lines, charges)
    pricing.fill_totals(order, lines, charges)
    if lowers_allowances:
        pricing.lower_allowances(order, charges, lines)
    order.save(update_fields=[*pricing.AMOUNTS, "units"])


def _add(order: Order, column: str, units: Mapping[int, int]) -> None:
    bulk_sql.add(
        OrderLine, {key: {column: quantity} for key, quantity in units.items() if quantity}
    )
    summarize(order)


def summarize(order: Order) -> None:
    """Write the order's summary columns: the sums of its lines' quantities."""
    rows = order.lines.values_list(*QUANTITIES)
    for name, total in zip(
        QUANTITIES, (sum(column) for column in zip(*rows, strict=True)), strict=False
    ):
        setattr(order, name, total)
    order.save(update_fields=list(QUANTITIES))
