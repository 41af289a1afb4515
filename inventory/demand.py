"""How far the demand of a document is, for those who follow it."""

from collections.abc import Collection

from django.db.models import Q, Sum

from inventory import amounts
from inventory.holds import LIVE
from inventory.models import Demand, Reservation, Warehouse
from oms.core import events
from oms.core.locking import atomic, lock, mark_created


def progress(document: str) -> dict[int, tuple[int, int, int]]:
    """Units reserved, picked and shipped so far, by line; a kit counts by its least component."""
    lines: dict[int, tuple[int, int, int]] = {}
    for row in Demand.objects.filter(document=document):
        own = tuple(
            amount // row.per_unit
            for amount in (
                row.reserved + row.picked + row.shipped,
                row.picked + row.shipped,
                row.shipped,
            )
        )
        known = lines.get(row.line, own)
        lines[row.line] = tuple(map(min, known, own))  # type: ignore[assignment]
    return lines


def hand_over(document: str, line: int, new_line: int) -> None:
    """Give what is unshipped of a line's demand, with its reservations, to another line of the document."""
    with atomic():
        demands = lock(Demand.objects.filter(document=document, line=line))
        events.record_once(
            "demand.handed_over",
            subject_type="demand",
            subject_number=document,
            order_number=document,
        )
        for row in demands:
            if not row.shipped:
                row.line = new_line
                row.save(update_fields=["line"])
            else:
                _hand_over_rest(row, new_line)


def sent_from(document: str) -> dict[int, dict[Warehouse, int]]:
    """What is set aside of each line and still wanted, in units of the line, by warehouse."""
    return _units(document, _wanted())


def placed_in(document: str) -> dict[int, dict[str, int]]:
    """What is set aside of each line, or was shipped of it, in units of the line, by the warehouse's code."""
    found = _units(document, _wanted() | Q(state=Reservation.State.SHIPPED))
    return {
        line: {warehouse.code: count for warehouse, count in units.items()}
        for line, units in found.items()
    }


def _units(document: str, which: Q) -> dict[int, dict[Warehouse, int]]:
    rows = (
        Reservation.objects.filter(which, demand__document=document)
        .values_list("demand", "demand__line", "demand__per_unit", "warehouse")
        .annotate(Sum("quantity"))
    )
    units: dict[tuple[int, int], int] = {}
    for _demand, line, per_unit, warehouse, quantity in rows:
        units[line, warehouse] = max(units.get((line, warehouse), 0), -(-quantity // per_unit))
    warehouses = Warehouse.objects.in_bulk({warehouse for _line, warehouse in units})
    found: dict[int, dict[Warehouse, int]] = {}
    for (line, warehouse), count in units.items():
        found.setdefault(line, {})[warehouses[warehouse]] = count
    return found


def lock_live(document: str) -> None:
    """Lock a document's demand and what is set aside for it."""
    demands = lock(Demand.objects.filter(document=document))
    lock(Reservation.objects.filter(demand__in=demands, state__in=LIVE))


def _wanted() -> Q:
    return Q(
        state__in=LIVE,
        put_back_reason__in=[Reservation.PutBackReason.NO, Reservation.PutBackReason.ASKED],
    )


def part(
    document: str, line: int, new_line: int, units: int, warehouses: Collection[Warehouse]
) -> None:
    """Give units of a line to another line of the document, with all that these warehouses have set aside for it."""
    with atomic():
        demands = lock(Demand.objects.filter(document=document, line=line))
        rows = lock(
            Reservation.objects.filter(_wanted(), demand__in=demands, warehouse__in=warehouses)
        )
        events.record_once(
            "demand.handed_over",
            subject_type="demand",
            subject_number=document,
            order_number=document,
        )
        changes = amounts.Amounts()
        for demand in demands:
            own = [row for row in rows if row.demand_id == demand.pk]
            picked = sum(row.quantity for row in own if row.state == Reservation.State.PICKED)
            taken = {
                "quantity": units * demand.per_unit,
                "reserved": sum(row.quantity for row in own) - picked,
                "picked": picked,
            }
            new = _copy(demand, new_line, **taken)
            changes.part(demand.pk, **taken)
            Reservation.objects.filter(pk__in=[row.pk for row in own]).update(demand=new)
        changes.write()


def _copy(row: Demand, new_line: int, *, quantity: int, reserved: int, picked: int) -> Demand:
    kept = (
        "company",
        "document",
        "sku",
        "per_unit",
        "is_component",
        "can_backorder",
        "priority",
        "requested_on",
        "reserve_from",
        "min_life_days",
        "ship_country",
        "ship_postal_code",
    )
    made = Demand(
        **{name: getattr(row, name) for name in kept},
        line=new_line,
        quantity=quantity,
        reserved=reserved,
        picked=picked,
    )
    made.save(force_insert=True)
    mark_created([made])
    return made


def _hand_over_rest(row: Demand, new_line: int) -> None:
    rest = _copy(
        row, new_line, quantity=row.quantity - row.shipped, reserved=row.reserved, picked=row.picked
    )
    amounts.keep_shipped(row)
    live = lock(
        row.reservations.exclude(
            state__in=[Reservation.State.SHIPPED, Reservation.State.UNRESERVED]
        )
    )
    Reservation.objects.filter(pk__in=[each.pk for each in live]).update(demand=rest)
