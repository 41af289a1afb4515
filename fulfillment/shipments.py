"""Shipments: opened for what is reserved, split, handed over, and closed when nothing is left on them."""

from collections.abc import Sequence
from datetime import date, datetime

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from fulfillment import gates
from fulfillment.models import Shipment, ShipmentLine
from inventory import entrusting, reservations, routes
from inventory.models import Demand, Reservation, Warehouse
from inventory.planners import working_days
from oms.core import states
from oms.core.errors import Refused
from oms.core.locking import lock, lock_one, whole
from oms.core.models import User
from orders.models import Order

S = Shipment.Status
LIVE = (S.OPEN, S.PICKING, S.PACKED)


def lock_live(order: Order, also: Shipment | None = None) -> list[Shipment]:
    """Lock all shipments of a locked order that have not left, so that what follows may touch any of them.

    `also`: the one that is asked for, locked with them in one order even if it has left.
    """
    wanted = Q(status__in=LIVE) | Q(pk=also.pk if also else None)
    rows = lock(Shipment.objects.filter(wanted, order=order).select_related("warehouse"))
    return [row for row in rows if row.status in LIVE]


def create(
    order: Order, warehouse: Warehouse, by: User | None, at: datetime | None = None
) -> Shipment:
    """Open an empty shipment for what a warehouse will send of a locked order, reserved `at` a time (else now)."""
    shipment = Shipment(order=order, warehouse=warehouse, ship_to=order.ship_to)
    shipment.ship_by, shipment.promised_on = _dates(order, warehouse, at or timezone.now())
    return states.create(shipment, by=by, warehouse=warehouse.code)


def _dates(order: Order, warehouse: Warehouse, at: datetime) -> tuple[date, date]:
    """When goods of an order leave a warehouse by its cut-off, and when they can be with the customer."""
    transit = routes.transit_days(warehouse, order.destination.place)
    ship_by = working_days.leave_by(warehouse.ship_day(at), order.requested_on, transit)
    arrival = working_days.add(ship_by, transit)
    return ship_by, max(arrival, order.requested_on) if order.requested_on else arrival


@whole
def follow_date(order: Order) -> None:
    """Bring an order's shipments in line with the day for which it is requested now: leaving later, or not yet
    reserved.
    """
    order = lock_one(order)
    for shipment in lock_live(order):
        shipment.ship_by, shipment.promised_on = _dates(order, shipment.warehouse, timezone.now())
        shipment.save(update_fields=["ship_by", "promised_on"])
    _give_back_for_later(order)


def _give_back_for_later(order: Order) -> None:
    """What reserves on a later day now gives back what nobody has begun with: not allocated, nor taken on by a
    partner.
    """
    later = Demand.objects.filter(promise__line__order=order, reserve_from__gt=timezone.localdate())
    if idle := list(
        Reservation.objects.filter(
            demand__in=later, state=Reservation.State.RESERVED, is_entrusted=False
        )
    ):
        reservations.give_back(idle)


@whole
def close_empty(shipment: Shipment, *, by: User | None = None) -> Shipment:
    """Cancel a shipment that has no lines left, over the statuses in between."""
    ways = {
        S.OPEN: (S.CANCELED,),
        S.PICKING: (S.OPEN, S.CANCELED),
        S.PACKED: (S.PICKING, S.OPEN, S.CANCELED),
    }
    for status in ways[S(shipment.status)]:
        with states.advance(shipment, to=status, by=by) as shipment:
            pass
    return shipment


def split(shipment: Shipment, lines: Sequence[ShipmentLine], *, by: User | None = None) -> Shipment:
    """Move lines of an open shipment to one of its own, to be sent apart."""
    with states.change(shipment, event="shipment.split", by=by, first=shipment.order) as shipment:
        states.require_status(shipment, S.OPEN)
        if shipment.external_id:
            raise Refused(
                _(
                    "%(warehouse)s has shipment %(shipment)s as %(external_id)s. Enter what they sent."
                )
                % {
                    "warehouse": shipment.warehouse,
                    "shipment": shipment,
                    "external_id": shipment.external_id,
                },
                code="handed_over",
            )
        everything = list(shipment.lines.select_related("reservation"))
        chosen = [line for line in everything if line.pk in {each.pk for each in lines}]
        if not chosen or len(chosen) == len(everything):
            raise Refused(_("Choose at least one line, but not all of them."), code="split_nothing")
        reservations.separate([line.reservation for line in chosen])
        other = create(shipment.order, shipment.warehouse, by, shipment.created_at)
        ShipmentLine.objects.filter(pk__in=[line.pk for line in chosen]).update(shipment=other)
        shipment.event_data["new"] = other.number
    return other


def hand_over(shipment: Shipment, *, external_id: str, by: User | None = None) -> Shipment:
    """Note that a shop or third party has taken a shipment on, under its own number."""
    with states.change(
        shipment,
        event="shipment.sent_to_partner",
        by=by,
        first=shipment.order,
        external_id=external_id,
    ) as shipment:
        states.require_status(shipment, S.OPEN)
        gates.require_may_leave(shipment)
        if shipment.warehouse.kind == Warehouse.Kind.OWN:
            raise Refused(
                _("%(warehouse)s is your own warehouse. Pick the shipment here.")
                % {"warehouse": shipment.warehouse}
            )
        if not external_id.strip():
            raise Refused(_("Enter the partner's reference number."), field="external_id")
        shipment.external_id = external_id.strip()
        shipment.save(update_fields=["external_id"])
        entrusting.entrust(Reservation.objects.filter(pk__in=shipment.lines.values("reservation")))
    return shipment
