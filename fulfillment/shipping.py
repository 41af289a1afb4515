"""Goods leaving the house, and arriving."""

import math
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.translation import gettext as _

from fulfillment import following, gates, labels
from fulfillment.joining import join_cuts
from fulfillment.models import Shipment, ShippingLabel
from inventory import reservations
from inventory.models import Warehouse
from inventory.planners import working_days
from oms.core import states
from oms.core.errors import Refused
from oms.core.models import User
from orders import fulfillment_progress, retaxing

S = Shipment.Status


def ship(shipment: Shipment, *, by: User | None = None, at: datetime | None = None) -> Shipment:
    """Hand the parcels to the carrier: the stock is gone, and what was shipped is billed by event, taxed from here."""
    with states.advance(shipment, to=S.SHIPPED, by=by, at=at, first=shipment.order) as shipment:
        gates.require_may_leave(shipment)
        if shipment.warehouse.kind == Warehouse.Kind.OWN:
            _require_labels(shipment)
            labels.require_bound(shipment)
        join_cuts([shipment])
        if retaxing.follow(shipment.order, by=by):
            following.follow_lines([shipment])
        lines = list(shipment.lines.select_related("reservation"))
        reservations.consume([line.reservation for line in lines], reference=shipment.number, by=by)
        shipment.shipped_at = at or timezone.now()
        shipment.expected_on = _expected_on(shipment)
        shipment.save(update_fields=["shipped_at", "expected_on"])
        units = fulfillment_progress.follow(shipment.order)
        shipment.event_data |= {
            "units": {str(key): count for key, count in units.items()},
            "tracking": tracking_numbers(shipment),
        }
    return shipment


def _expected_on(shipment: Shipment) -> date | None:
    """When the carrier's service should deliver what left just now; not known where a partner sends it."""
    if shipment.service is None or shipment.shipped_at is None:
        return None
    left = shipment.shipped_at.astimezone(ZoneInfo(shipment.warehouse.time_zone)).date()
    return working_days.add(left, math.ceil(shipment.service.days))


def _require_labels(shipment: Shipment) -> None:
    bare = [
        package
        for package in shipment.packages.all()
        if not package.labels.filter(status=ShippingLabel.Status.BOUGHT).exists()
    ]
    if bare:
        raise Refused(
            _("Package %(bare)s has no label yet. Buy one, or wait for the carrier.")
            % {"bare": bare[0]},
            code="no_label",
        )


def tracking_numbers(shipment: Shipment) -> list[str]:
    """The tracking numbers of a shipment's parcels."""
    return shipment.tracking_numbers


def deliver(shipment: Shipment, *, by: User | None = None, at: datetime | None = None) -> Shipment:
    """Note that the customer has the goods."""
    with states.advance(shipment, to=S.DELIVERED, by=by, at=at) as shipment:
        shipment.delivered_at = at or timezone.now()
        shipment.save(update_fields=["delivered_at"])
    return shipment
