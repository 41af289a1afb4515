"""What carriers say, and what follows from it."""

from datetime import datetime

from django.utils.translation import gettext as _

from fulfillment import shipping
from fulfillment.models import Package, Shipment, ShippingLabel, TrackingEvent
from oms.core.errors import Refused
from oms.core.locking import atomic, lock_one
from oms.core.models import User


def record(
    tracking_number: str,
    kind: TrackingEvent.Kind,
    at: datetime,
    *,
    text: str = "",
    place: str = "",
    by: User | None = None,
) -> Shipment:
    """Record a carrier's scan once; the last parcel's delivery delivers the shipment."""
    parcel = _parcel(tracking_number)
    if parcel is None:
        raise Refused(
            _("No package has tracking number %(tracking_number)s.")
            % {"tracking_number": tracking_number},
            code="unknown_tracking_number",
        )
    with atomic():
        shipment = lock_one(parcel.shipment)
        TrackingEvent.objects.bulk_create(
            [
                TrackingEvent(
                    shipment=shipment,
                    tracking_number=tracking_number,
                    kind=kind,
                    at=at,
                    text=text,
                    place=place,
                )
            ],
            ignore_conflicts=True,
        )
        if shipment.status == Shipment.Status.SHIPPED and _all_delivered(shipment):
            return shipping.deliver(shipment, by=by, at=at)
    return shipment


def _parcel(tracking_number: str) -> ShippingLabel | Package | None:
    """Our label with this number, else a parcel that a partner sent."""
    ours = ShippingLabel.objects.filter(
        tracking_number=tracking_number, status=ShippingLabel.Status.BOUGHT
    )
    return (
        ours.select_related("shipment__order").first()
        or Package.objects.filter(tracking_number=tracking_number)
        .exclude(tracking_number="")
        .select_related("shipment__order")
        .order_by("-pk")
        .first()
    )


def _all_delivered(shipment: Shipment) -> bool:
    numbers = set(shipping.tracking_numbers(shipment))
    delivered = shipment.tracking_events.filter(kind=TrackingEvent.Kind.DELIVERED)
    return bool(numbers) and numbers <= set(delivered.values_list("tracking_number", flat=True))
