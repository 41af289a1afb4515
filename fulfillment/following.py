"""Shipments carry what is reserved for their order, whatever happened to the stock or to the order."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from fulfillment import cancellations, shipments, waves
from fulfillment.joining import join_cuts
from fulfillment.models import Shipment, ShipmentLine, Wave
from inventory import reservations
from inventory.models import Reservation, Warehouse
from oms.core.locking import atomic, lock, lock_one
from oms.core.models import User
from orders.models import Order

State, Status = Reservation.State, Shipment.Status


def follow(order: Order, *, at: datetime | None = None, by: User | None = None) -> list[Shipment]:
    """Bring an order's shipments in line with its reservations; return those that were opened. Safe to repeat.

    What was unreserved leaves its shipment, what was cut off stays beside what it was cut off, and what is reserved and
    on no shipment goes on an open one, which leaves by the cut-off after `at`. Shipments and waves on which nothing is
    left are closed.
    """
    with atomic():
        order, live, touched = lock_all(order)
        known = {wave.pk: waves.stops(wave) for wave in touched}
        cancellations.cancel_lost(order, by=by)
        _give_back_unallocated(live, by)
        join_cuts(
            live
        )  # while the lines that they were cut off are there, even if those were unreserved
        ShipmentLine.objects.filter(shipment__in=live, reservation__state=State.UNRESERVED).delete()
        follow_lines(live)
        opened = _place(order, live, at, by)
        cancellations.follow(live, by=by)
        for shipment in live:
            if not shipment.lines.exists():
                shipments.close_empty(shipment, by=by)
        for wave in touched:
            waves.follow(wave, known[wave.pk], by=by)
        return opened


def lock_all(
    order: Order, also: Shipment | None = None
) -> tuple[Order, list[Shipment], list[Wave]]:
    """Lock an order with its shipments that have not left, and their waves, before the stock behind them.

    `also`: the one that is asked for, which may have left meanwhile.
    """
    order = lock_one(order)
    live = shipments.lock_live(order, also)
    return (
        order,
        live,
        lock(Wave.objects.filter(pk__in={row.wave_id for row in live if row.wave_id})),
    )


def _give_back_unallocated(live: Sequence[Shipment], by: User | None) -> None:
    """What is reserved on a shipment that is being picked has no stop: it waits again, and goes on another shipment."""
    begun = [row for row in live if row.status != Status.OPEN]
    lines = ShipmentLine.objects.filter(
        shipment__in=begun, reservation__state=State.RESERVED
    ).select_related("reservation")
    if stuck := [line.reservation for line in lines]:
        reservations.give_back(stuck, by=by)


def follow_lines(live: Sequence[Shipment]) -> None:
    """A reservation that went to another line of its order takes its shipment line along."""
    moved = []
    for line in ShipmentLine.objects.filter(shipment__in=live).select_related(
        "reservation__demand__promise"
    ):
        promise = line.reservation.demand.promise
        if line.order_line_id != promise.line_id:
            line.order_line_id = promise.line_id
            moved.append(line)
    ShipmentLine.objects.bulk_update(moved, ["order_line"])


def _place(
    order: Order, live: Sequence[Shipment], at: datetime | None, by: User | None
) -> list[Shipment]:
    """Put what is reserved and on no shipment on an open one."""
    reserved = Reservation.objects.filter(demand__promise__line__order=order, state=State.RESERVED)
    on_lines = ShipmentLine.objects.filter(reservation__in=reserved).values("reservation")
    loose = list(
        reserved.exclude(pk__in=on_lines)
        .select_related("warehouse", "demand__promise")
        .order_by("warehouse", "pk")
    )
    if not loose or order.status != Order.Status.CONFIRMED:
        return []
    targets, opened = _open(
        order, {row.warehouse_id: row.warehouse for row in loose}.values(), live, at, by
    )
    ShipmentLine.objects.bulk_create(
        ShipmentLine(
            shipment=targets[row.warehouse_id],
            reservation=row,
            order_line_id=row.demand.promise.line_id,
        )
        for row in loose
    )
    return opened


def _open(
    order: Order,
    warehouses: Iterable[Warehouse],
    live: Sequence[Shipment],
    at: datetime | None,
    by: User | None,
) -> tuple[dict[int, Shipment], list[Shipment]]:
    """The shipment of each warehouse that can take more lines, opened where there is none."""
    targets = {
        row.warehouse_id: row
        for row in reversed(live)
        if row.status == Status.OPEN and not row.external_id
    }
    opened = []
    for warehouse in warehouses:
        if warehouse.pk not in targets:
            targets[warehouse.pk] = shipments.create(order, warehouse, by, at)
            opened.append(targets[warehouse.pk])
    return targets, opened
