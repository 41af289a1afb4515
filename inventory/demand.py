"""How far the demand of a document is, for those who follow it."""

from inventory import amounts
from inventory.models import Demand, Reservation
from oms.core import events
from oms.core.locking import atomic, hold_created, lock


def progress(document: str) -> dict[int, tuple[int, int, int]]:
    """Units allocated, picked and shipped so far, by line; a kit counts by its least component."""
    lines: dict[int, tuple[int, int, int]] = {}
    for row in Demand.objects.filter(document=document):
        own = tuple(amount // row.per_unit for amount in (
            row.held + row.picked + row.shipped, row.picked + row.shipped, row.shipped))
        known = lines.get(row.line, own)
        lines[row.line] = tuple(map(min, known, own))  # type: ignore[assignment]
    return lines


def hand_over(document: str, line: int, new_line: int) -> None:
    """Give what is unshipped of a line's demand, with its reservations, to another line of the document."""
    with atomic():
        demands = lock(Demand.objects.filter(document=document, line=line))
        events.record_once("demand.handed_over", subject_type="demand", subject_number=document, order_number=document)
        for row in demands:
            if not row.shipped:
                row.line = new_line
                row.save(update_fields=["line"])
            else:
                _hand_over_rest(row, new_line)


def _hand_over_rest(row: Demand, new_line: int) -> None:
    kept = ("company", "document", "sku", "per_unit", "is_component", "may_wait", "priority", "wanted_on",
            "reserve_from", "min_life_days", "ship_country", "ship_postal_code")
    rest = Demand(**{name: getattr(row, name) for name in kept}, line=new_line, quantity=row.quantity - row.shipped,
                  held=row.held, picked=row.picked)
    rest.save(force_insert=True)
    hold_created([rest])
    amounts.keep_shipped(row)
    live = lock(row.reservations.exclude(state__in=[Reservation.State.SHIPPED, Reservation.State.FREED]))
    Reservation.objects.filter(pk__in=[each.pk for each in live]).update(demand=rest)
