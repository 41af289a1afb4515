"""Labels: asked for, bought by a handler outside of any transaction, recorded; and voided."""

import hashlib
import json
from typing import Any

from django.utils.translation import gettext as _

from fulfillment import gates, rating, sscc
from fulfillment.carriers.connectors import BoughtLabel
from fulfillment.models import Package, PackageContent, Shipment, ShippingLabel
from oms.core import events, policy, states
from oms.core.errors import Refused
from oms.core.locking import atomic, lock_one, whole
from oms.core.models import User
from oms.printing import barcodes

S = ShippingLabel.Status


def buy(shipment: Shipment, *, by: User | None = None) -> Shipment:
    """Ask the carrier for a label for each parcel that has none. A request without an answer bars a second one."""
    with states.change(
        shipment, event="shipment.labels_requested", by=by, first=shipment.order
    ) as shipment:
        states.require_status(shipment, Shipment.Status.PACKED)
        gates.require_workable(shipment)
        if shipment.service is None:
            rating.choose(shipment, by=by)
            shipment.refresh_from_db(fields=["service"])
        without = [
            package
            for package in shipment.packages.order_by("position")
            if not package.labels.filter(status__in=[S.REQUESTED, S.BOUGHT]).exists()
        ]
        if not without:
            raise Refused(
                _(
                    "All packages of %(shipment)s already have labels or are waiting for the carrier."
                )
                % {"shipment": shipment},
                code="has_labels",
            )
        for package in without:
            _request(shipment, package)
    return shipment


def _request(shipment: Shipment, package: Package) -> ShippingLabel:
    service = shipment.service
    assert service is not None
    price = rating.parcel_price(service, shipment, package.weight_g)
    if price is None:
        raise Refused(
            _("%(service)s has no rate for package %(package)s. Choose another service.")
            % {"service": service, "package": package},
            code="no_rate",
        )
    earlier = shipment.labels.count()
    number, count = sscc.take(shipment.order.company)
    return ShippingLabel.objects.create(
        package=package,
        shipment=shipment,
        service=service,
        cost=price,
        sscc=number,
        sscc_count=count,
        key=f"{shipment.number}-{package.position}-{earlier + 1}",
    )


@whole
def record_bought(label: ShippingLabel, answer: BoughtLabel) -> None:
    """Note the carrier's answer, whatever became of the parcel meanwhile: what is not wanted any more is voided."""
    with atomic():
        shipment = lock_one(label.shipment)
        label.refresh_from_db()
        if label.status not in (S.REQUESTED, S.UNWANTED, S.VOIDED) or label.tracking_number:
            return
        label.tracking_number, label.cost = answer.tracking_number, answer.cost
        label.status = S.BOUGHT if label.status == S.REQUESTED else S.UNWANTED
        label.digest = digest(label)
        label.save(update_fields=["tracking_number", "cost", "status", "digest"])
        name = (
            "shipment.label_bought" if label.status == S.BOUGHT else "shipment.label_void_requested"
        )
        events.emit(name, shipment, label=label.pk, tracking_number=label.tracking_number)


def facts(label: ShippingLabel) -> dict[str, Any]:
    """What is printed on a label, and what is in its parcel: its digest is taken over these."""
    shipment, package = label.shipment, label.package
    place = shipment.warehouse
    contents = PackageContent.objects.filter(package=package).select_related(
        "line__reservation__sku", "line__reservation__lot"
    )
    return {
        "sscc": label.sscc or "",
        "tracking_number": label.tracking_number,
        "service": str(label.service),
        "shipment": str(shipment.number),
        "order": shipment.order_number,
        "to": shipment.ship_to,
        "from": [
            place.name,
            place.street,
            f"{place.postal_code} {place.city}".strip(),
            place.country,
        ],
        "parcel": package.position if package else 0,
        "weight_g": package.weight_g if package else 0,
        "contents": sorted(
            [each.line.reservation.sku.code, each.quantity, str(each.line.reservation.lot or "")]
            for each in contents
        )
        if package
        else [],
    }


def digest(label: ShippingLabel) -> str:
    """The SHA-256 of a label's facts in a fixed form; where it is sent from may be corrected."""
    bound = {name: value for name, value in facts(label).items() if name != "from"}
    return hashlib.sha256(json.dumps(bound, sort_keys=True).encode()).hexdigest()


def require_bound(shipment: Shipment) -> None:
    """Raise Refused where a label is not of its parcel as it is now: another address, weight or content."""
    for label in (
        shipment.labels.filter(status=S.BOUGHT)
        .exclude(digest="")
        .select_related("package", "service__account", "shipment__order", "shipment__warehouse")
    ):
        if digest(label) != label.digest:
            raise Refused(
                _(
                    "Package %(package)s changed after label %(label)s was created. Void the label and buy "
                    "a new one."
                )
                % {"package": label.package, "label": label},
                code="label_outdated",
            )


def scanned(code: str, by: User) -> ShippingLabel | None:
    """The label that somebody's scanner read: by its SSCC or its tracking number, also one that is not valid any more.

    None where they don't see its shipment.
    """
    number = barcodes.read_sscc(code)
    seen = policy.scope(ShippingLabel, by)
    found = seen.filter(sscc=number) if number else seen.filter(tracking_number=code)
    return found.select_related("shipment", "package").order_by("-pk").first()


def outdated(label: ShippingLabel) -> str:
    """Why a label must not leave the house, and what became of it; empty where it is the right one."""
    if label.status == S.BOUGHT:
        return ""
    valid = ShippingLabel.objects.filter(
        package=label.package, package__isnull=False, status=S.BOUGHT
    ).first()
    since = [
        event.name
        for event in events.timeline("shipment", label.shipment.number).filter(
            at__gt=label.requested_at
        )
    ]
    now = (
        _("The package now has label %(valid)s.") % {"valid": valid}
        if valid
        else _("The package has no label.")
    )
    return _("This label for %(shipment)s is %(status)s. %(now)s Changes since: %(since)s.") % {
        "shipment": label.shipment,
        "status": label.get_status_display(),
        "since": ", ".join(since[-6:]) or "–",
        "now": now,
    }


@whole
def record_failed(label: ShippingLabel, error: str) -> None:
    """Note that the carrier refused."""
    with atomic():
        shipment = lock_one(label.shipment)
        ShippingLabel.objects.filter(pk=label.pk, status__in=[S.REQUESTED, S.UNWANTED]).update(
            status=S.FAILED, error=error[:200]
        )
        events.emit("shipment.label_failed", shipment, label=label.pk, error=error)


def void(shipment: Shipment, *, by: User | None = None) -> Shipment:
    """Give back the labels of a shipment that has not left; requests under way are marked unwanted."""
    with states.change(shipment, event="shipment.labels_voided", by=by) as shipment:
        states.require_status(shipment, Shipment.Status.PACKED)
        live = list(shipment.labels.filter(status__in=[S.REQUESTED, S.BOUGHT]))
        if not live:
            raise Refused(
                _("%(shipment)s has no labels to void.") % {"shipment": shipment}, code="no_labels"
            )
        for label in live:
            bought = label.status == S.BOUGHT
            label.status = S.UNWANTED
            label.save(update_fields=["status"])
            if bought:
                events.emit(
                    "shipment.label_void_requested",
                    shipment,
                    label=label.pk,
                    tracking_number=label.tracking_number,
                )
    return shipment


@whole
def record_voided(label: ShippingLabel) -> None:
    """Note that the carrier took a label back."""
    with atomic():
        shipment = lock_one(label.shipment)
        if ShippingLabel.objects.filter(pk=label.pk, status=S.UNWANTED).update(status=S.VOIDED):
            events.emit("shipment.label_voided", shipment, label=label.pk)
