"""Labels: asked for, bought by a handler outside of any transaction, recorded; and voided."""


from django.utils.translation import gettext as _

from fulfillment import rating
from fulfillment.connectors.carriers import BoughtLabel
from fulfillment.models import Label, Package, Shipment
from oms.core import events, states
from oms.core.errors import Refused
from oms.core.locking import atomic, lock_one
from oms.core.models import User

S = Label.Status


def buy(shipment: Shipment, *, by: User | None = None) -> Shipment:
    """Ask the carrier for a label for each parcel that has none. A request without an answer bars a second one."""
    with states.change(shipment, event="shipment.labels_requested", by=by) as shipment:
        states.require_status(shipment, Shipment.Status.PACKED)
        if shipment.service is None:
            rating.choose(shipment, by=by)
            shipment.refresh_from_db(fields=["service"])
        without = [package for package in shipment.packages.order_by("position")
                   if not package.labels.filter(status__in=[S.REQUESTED, S.BOUGHT]).exists()]
        if not without:
            raise Refused(_("All parcels of %(shipment)s have labels, or wait for the carrier's answer.")
                          % {"shipment": shipment},
                          code="has_labels")
        for package in without:
            _request(shipment, package)
    return shipment


def _request(shipment: Shipment, package: Package) -> Label:
    service = shipment.service
    assert service is not None
    price = rating.parcel_price(service, shipment, package.weight_g)
    if price is None:
        raise Refused(_("%(service)s has no rate for parcel %(package)s; choose another service.")
                      % {"service": service, "package": package}, code="no_rate")
    earlier = shipment.labels.count()
    return Label.objects.create(package=package, shipment=shipment, service=service, cost=price,
                                key=f"{shipment.number}-{package.position}-{earlier + 1}")


def record_bought(label: Label, answer: BoughtLabel) -> None:
    """Note the carrier's answer, whatever became of the parcel meanwhile: what is not wanted any more is voided."""
    with atomic():
        shipment = lock_one(label.shipment)
        label.refresh_from_db()
        if label.status not in (S.REQUESTED, S.UNWANTED, S.VOIDED) or label.tracking_number:
            return
        label.tracking_number, label.cost = answer.tracking_number, answer.cost
        label.status = S.BOUGHT if label.status == S.REQUESTED else S.UNWANTED
        label.save(update_fields=["tracking_number", "cost", "status"])
        name = "shipment.label_bought" if label.status == S.BOUGHT else "shipment.label_unwanted"
        events.emit(name, shipment, label=label.pk, tracking_number=label.tracking_number)


def record_failed(label: Label, error: str) -> None:
    """Note that the carrier refused."""
    with atomic():
        shipment = lock_one(label.shipment)
        Label.objects.filter(pk=label.pk, status__in=[S.REQUESTED, S.UNWANTED]).update(status=S.FAILED,
                                                                                       error=error[:200])
        events.emit("shipment.label_failed", shipment, label=label.pk, error=error)


def void(shipment: Shipment, *, by: User | None = None) -> Shipment:
    """Give back the labels of a shipment that has not left; requests under way are marked unwanted."""
    with states.change(shipment, event="shipment.labels_voided", by=by) as shipment:
        states.require_status(shipment, Shipment.Status.PACKED)
        live = list(shipment.labels.filter(status__in=[S.REQUESTED, S.BOUGHT]))
        if not live:
            raise Refused(_("%(shipment)s has no labels to void.") % {"shipment": shipment}, code="no_labels")
        for label in live:
            bought = label.status == S.BOUGHT
            label.status = S.UNWANTED
            label.save(update_fields=["status"])
            if bought:
                events.emit("shipment.label_unwanted", shipment, label=label.pk,
                            tracking_number=label.tracking_number)
    return shipment


def record_voided(label: Label) -> None:
    """Note that the carrier took a label back."""
    with atomic():
        shipment = lock_one(label.shipment)
        if Label.objects.filter(pk=label.pk, status=S.UNWANTED).update(status=S.VOIDED):
            events.emit("shipment.label_voided", shipment, label=label.pk)
