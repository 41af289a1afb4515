"""A shipment that was started goes on with what is picked, or isn't picked after all."""

from django.utils.translation import gettext as _

from fulfillment import following, waves
from fulfillment.joining import join_cuts
from fulfillment.models import Shipment, ShipmentLine
from inventory import leaving
from inventory.models import Reservation
from oms.core import states
from oms.core.errors import Refused
from oms.core.locking import atomic
from oms.core.models import User
from orders import fulfillment_progress

S, State = Shipment.Status, Reservation.State


def split_unpicked(shipment: Shipment, *, by: User | None = None) -> Shipment:
    """Go on with what is picked; the rest leaves the walk and waits on an open shipment. Kits stay whole."""
    with atomic():
        _order, _live, touched = following.lock_all(shipment.order, shipment)
        known = {wave.pk: waves.stops(wave) for wave in touched}
        with states.change(shipment, event="shipment.unpicked_split", by=by) as shipment:
            rows = _started(shipment)
            picked = [row for row in rows if row.state == State.PICKED and not row.put_back_reason]
            if not picked:
                raise Refused(
                    _(
                        "Nothing of %(shipment)s is picked yet. Pick something first, or stop picking it."
                    )
                    % {"shipment": shipment},
                    code="nothing_picked",
                )
            if len(picked) == len([row for row in rows if not row.put_back_reason]):
                raise Refused(
                    _("All of %(shipment)s is picked; pack it.") % {"shipment": shipment},
                    code="all_picked",
                )
            if shipment.order.ships_complete:
                raise Refused(
                    _(
                        "Order %(number)s ships complete only. Pick the rest, or allow partial "
                        "shipments on the order."
                    )
                    % {"number": shipment.order.number},
                    code="ships_complete",
                )
            later = leaving.leave_behind(rows, by=by)
            ShipmentLine.objects.filter(reservation__in=later).delete()
            shipment.event_data["lines"] = len(later)
        for wave in touched:
            waves.follow(wave, known[wave.pk], by=by)
        following.follow(shipment.order, by=by)
        fulfillment_progress.follow(shipment.order)
    return shipment


def stop_picking(shipment: Shipment, *, by: User | None = None) -> Shipment:
    """Take a shipment of which nothing is picked off its wave: it is open again, its stock reserved as before."""
    with atomic():
        _order, _live, touched = following.lock_all(shipment.order, shipment)
        known = {wave.pk: waves.stops(wave) for wave in touched}
        with states.advance(shipment, to=S.OPEN, by=by) as shipment:
            rows = _started(shipment)
            if any(row.state == State.PICKED for row in rows):
                raise Refused(
                    _(
                        "Some of %(shipment)s is picked. Put it back first, or move the unpicked "
                        "items to a new shipment."
                    )
                    % {"shipment": shipment},
                    code="picked",
                )
            leaving.deallocate(rows)
            shipment.event_data["wave"] = str(shipment.wave or "")
            shipment.wave = None
            shipment.save(update_fields=["wave"])
        for wave in touched:
            waves.follow(wave, known[wave.pk], by=by)
    return shipment


def _started(shipment: Shipment) -> list[Reservation]:
    """What a shipment that is being picked carries."""
    states.require_status(shipment, S.PICKING)
    join_cuts([shipment])
    return [
        line.reservation
        for line in shipment.lines.select_related("reservation").order_by("reservation")
    ]
