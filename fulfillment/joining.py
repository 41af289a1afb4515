"""What was cut off a line's stock goes on the same shipment, before the event that tells of it is delivered."""

from collections.abc import Sequence

from fulfillment import parcels
from fulfillment.models import Shipment, ShipmentLine
from inventory.holds import LIVE
from inventory.models import Reservation
from oms.core.bulk_sql import any_of
from orders.models import Promise


def join_cuts(shipments: Sequence[Shipment]) -> None:
    """Put what was cut off the lines of locked shipments on lines beside them. Safe to repeat.

    Whoever works on a shipment asks for it first: what is unknown to it would be packed, sent or put back without.
    """
    lines = ShipmentLine.objects.filter(shipment__in=shipments).select_related(
        "reservation", "shipment"
    )
    homes = {line.reservation.bundle: line.shipment for line in lines}
    orders = {shipment.order_id for shipment in homes.values()}
    own = any_of("demand_id", Promise.objects.filter(line__order__in=orders).values("demand"))
    placed = ShipmentLine.objects.filter(
        any_of("reservation_id", Reservation.objects.filter(own).values("pk"))
    )
    cuts = Reservation.objects.filter(own, bundle__in=homes, state__in=LIVE).exclude(
        pk__in=placed.values("reservation")
    )
    new = [
        ShipmentLine(
            shipment=homes[row.bundle], reservation=row, order_line_id=row.demand.promise.line_id
        )
        for row in cuts.select_related("demand__promise").order_by("pk")
        if row.state != Reservation.State.RESERVED
        or homes[row.bundle].status == Shipment.Status.OPEN
    ]
    for line in ShipmentLine.objects.bulk_create(new):
        parcels.take_share(line)
