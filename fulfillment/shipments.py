"""Shipments: opened for what is held, split, handed over, and closed when nothing is left on them."""

from collections.abc import Sequence

from django.utils.translation import gettext as _

from fulfillment.models import Shipment, ShipmentLine
from inventory.models import Reservation, Warehouse
from oms.core import states
from oms.core.errors import Refused
from oms.core.locking import atomic, lock, lock_one
from oms.core.models import User
from orders.models import Order

S = Shipment.Status
LIVE = (S.OPEN, S.PICKING, S.PACKED)


def open_for(order: Order, *, by: User | None = None) -> list[Shipment]:
    """Open a shipment per warehouse for what an order holds and no shipment has. Nothing new is success."""
    with atomic():
        order = lock_one(order)
        mine = Reservation.objects.filter(demand__document=order.number, state=Reservation.State.HELD)
        on_lines = ShipmentLine.objects.filter(reservation__in=mine).values("reservation")
        rows = list(mine.exclude(pk__in=on_lines).select_related("warehouse", "demand").order_by("warehouse", "pk"))
        if order.status != Order.Status.CONFIRMED or not rows:
            return []
        by_warehouse = {shipment.warehouse_id: shipment for shipment in lock_live(order)
                        if shipment.status == S.OPEN and shipment.wave_id is None}
        opened = []
        for warehouse in {row.warehouse_id: row.warehouse for row in rows}.values():
            if warehouse.pk not in by_warehouse:
                by_warehouse[warehouse.pk] = _create(order, warehouse, by)
                opened.append(by_warehouse[warehouse.pk])
        ShipmentLine.objects.bulk_create(
            ShipmentLine(shipment=by_warehouse[row.warehouse_id], reservation=row, order_line_id=row.demand.line)
            for row in rows
        )
        return opened


def lock_live(order: Order) -> list[Shipment]:
    """Lock all shipments of a locked order that have not left, so that what follows may touch any of them."""
    return lock(Shipment.objects.filter(order=order, status__in=LIVE).select_related("warehouse"))


def _create(order: Order, warehouse: Warehouse, by: User | None) -> Shipment:
    return states.create(
        Shipment(order=order, warehouse=warehouse, ship_to=order.ship_to, promised_on=order.wanted_on), by=by,
        warehouse=warehouse.code)


def drop_freed(order: Order, *, by: User | None = None) -> None:
    """Take lines off an order's shipments whose stock was freed; what has no lines left is cancelled."""
    with atomic():
        order = lock_one(order)
        shipments = lock_live(order)
        freed = ShipmentLine.objects.filter(shipment__in=shipments, reservation__state=Reservation.State.FREED)
        touched = set(freed.values_list("shipment_id", flat=True))
        freed.delete()
        for shipment in shipments:
            if shipment.pk in touched and not shipment.lines.exists():
                close_empty(shipment, by=by)


def attach_stopping(order: Order) -> None:
    """Give picked goods that must be put back a line beside the one that they were cut off."""
    with atomic():
        order = lock_one(order)
        rows = Reservation.objects.filter(demand__document=order.number, state=Reservation.State.PICKED).exclude(
            stopping="")
        on_lines = ShipmentLine.objects.filter(reservation__in=rows).values("reservation")
        for row in rows.exclude(pk__in=on_lines):
            beside = ShipmentLine.objects.filter(reservation__demand=row.demand_id, shipment__status__in=LIVE,
                                                 shipment__warehouse=row.warehouse_id).latest("pk")
            ShipmentLine.objects.create(shipment=beside.shipment, reservation=row, order_line=beside.order_line,
                                        package=beside.package)


def drop_empty(shipment: Shipment, *, by: User | None = None) -> None:
    """Cancel a shipment if nothing is left on it."""
    with atomic():
        for row in lock_live(lock_one(shipment.order)):
            if row.pk == shipment.pk and not row.lines.exists():
                close_empty(row, by=by)


def close_empty(shipment: Shipment, *, by: User | None = None) -> Shipment:
    """Cancel a shipment that has no lines left, over the statuses in between."""
    ways = {S.OPEN: (S.CANCELLED,), S.PICKING: (S.OPEN, S.CANCELLED), S.PACKED: (S.PICKING, S.OPEN, S.CANCELLED)}
    for status in ways[S(shipment.status)]:
        with states.advance(shipment, to=status, by=by) as shipment:
            pass
    return shipment


def split(shipment: Shipment, lines: Sequence[ShipmentLine], *, by: User | None = None) -> Shipment:
    """Move lines of an open shipment to one of its own, to be sent apart."""
    with states.change(shipment, event="shipment.split", by=by, first=shipment.order) as shipment:
        states.require_status(shipment, S.OPEN)
        chosen = shipment.lines.filter(pk__in=[line.pk for line in lines])
        if not chosen.exists() or chosen.count() == shipment.lines.count():
            raise Refused(_("Choose some of the lines, and leave some."), code="split_nothing")
        other = _create(shipment.order, shipment.warehouse, by)
        chosen.update(shipment=other)
        shipment.event_data["new"] = other.number
    return other


def hand_over(shipment: Shipment, *, external_id: str, by: User | None = None) -> Shipment:
    """Note that a shop or third party has taken a shipment on, under its own number."""
    with states.change(shipment, event="shipment.handed_over", by=by, external_id=external_id) as shipment:
        states.require_status(shipment, S.OPEN)
        if shipment.warehouse.kind == Warehouse.Kind.OWN:
            raise Refused(_("%(warehouse)s is our own warehouse; pick it here.") % {"warehouse": shipment.warehouse})
        if not external_id.strip():
            raise Refused(_("Enter the number under which they have it."), field="external_id")
        shipment.external_id = external_id.strip()
        shipment.save(update_fields=["external_id"])
    return shipment
