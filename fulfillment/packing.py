"""Packing: what goes into which parcel, and whether it is the right thing."""

from collections import Counter
from collections.abc import Mapping, Sequence

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from fulfillment import gates, parcels, picking
from fulfillment.joining import join_cuts
from fulfillment.models import Package, Shipment, ShipmentLine, ShippingLabel
from fulfillment.parcels import Parcel
from inventory.models import Demand, Reservation
from oms.core import states
from oms.core.errors import Refused
from oms.core.models import User


def pack(
    shipment: Shipment, chosen: Sequence[Parcel] | None = None, *, by: User | None = None
) -> Shipment:
    """Put everything picked into parcels; without a choice, into the suggested ones."""
    with states.advance(
        shipment, to=Shipment.Status.PACKED, by=by, first=shipment.order
    ) as shipment:
        join_cuts([shipment])
        lines = list(
            shipment.lines.select_related("reservation__sku", "reservation__demand__promise")
        )
        gates.require_workable(shipment)
        _require_ready(shipment, lines)
        packages = parcels.place(
            shipment, lines, parcels.suggest(shipment) if chosen is None else chosen
        )
        shipment.event_data["parcels"] = len(packages)
        if without := [package.position for package in packages if package.carton_id is None]:
            shipment.event_data["without_carton"] = without
    return shipment


def repack(shipment: Shipment, chosen: Sequence[Parcel], *, by: User | None = None) -> Shipment:
    """Put the goods of a packed shipment into other parcels. Labels must be voided first, canceled goods put back."""
    with states.change(
        shipment, event="shipment.repacked", by=by, first=shipment.order
    ) as shipment:
        states.require_status(shipment, Shipment.Status.PACKED)
        _require_no_labels(shipment)
        join_cuts([shipment])
        lines = list(
            shipment.lines.select_related("reservation__sku", "reservation__demand__promise")
        )
        _require_ready(shipment, lines)
        shipment.labels.update(package=None)
        packages = parcels.place(shipment, lines, chosen)
        shipment.event_data["parcels"] = len(packages)
    return shipment


def _require_ready(shipment: Shipment, lines: Sequence[ShipmentLine]) -> None:
    if picking.must_put_back(shipment):
        raise Refused(
            _(
                "Some items of %(shipment)s were canceled after picking, or kits are incomplete. Put them "
                "back before packing."
            )
            % {"shipment": shipment},
            code="put_back_first",
        )
    waiting = [line for line in lines if line.reservation.state != Reservation.State.PICKED]
    if waiting or not lines:
        raise Refused(
            ngettext(
                "%(waiting)s line of %(shipment)s hasn't been picked yet.",
                "%(waiting)s lines of %(shipment)s haven't been picked yet.",
                len(waiting),
            )
            % {"waiting": len(waiting), "shipment": shipment},
            code="not_picked",
        )
    _require_whole_kits(shipment, lines)


def _require_whole_kits(shipment: Shipment, lines: Sequence[ShipmentLine]) -> None:
    """Each kit leaves with all its components, also with those that are not on this shipment at all."""
    here: Counter[tuple[int, int]] = Counter()
    for line in lines:
        key = line.reservation.demand.promise.line_id
        here[key, line.reservation.sku_id] += line.reservation.quantity
    parts = Demand.objects.filter(
        promise__line__in={line for line, _ in here}, is_component=True
    ).select_related("promise")
    kits: dict[int, set[float]] = {}
    for part in parts:
        key = part.promise.line_id
        kits.setdefault(key, set()).add(here[key, part.sku_id] / part.per_unit)
    for order_line, units in kits.items():
        if len(units) > 1 or any(count % 1 for count in units):
            raise Refused(
                _(
                    "Line %(order_line)s has incomplete kits. Pick the missing components or put the "
                    "others back."
                )
                % {"order_line": order_line},
                code="kit_not_whole",
            )


def unpack(shipment: Shipment, *, by: User | None = None) -> Shipment:
    """Take everything out of its parcels again; the inverse of pack. Labels must be voided first."""
    with states.advance(
        shipment, to=Shipment.Status.PICKING, by=by, first=shipment.order
    ) as shipment:
        _require_no_labels(shipment)
        shipment.labels.update(package=None)
        shipment.packages.all().delete()
    return shipment


def _require_no_labels(shipment: Shipment) -> None:
    live = shipment.labels.filter(
        status__in=[ShippingLabel.Status.REQUESTED, ShippingLabel.Status.BOUGHT]
    )
    if live.exists():
        raise Refused(
            _("Void the labels of %(shipment)s before unpacking.") % {"shipment": shipment},
            code="labels_live",
        )


def verify(package: Package, scanned: Mapping[str, int], *, by: User | None = None) -> Package:
    """Compare what was scanned (base units by SKU code) with what should be in a parcel. Raises what differs."""
    with states.change(
        package.shipment, event="shipment.verified", by=by, parcel=package.position
    ) as shipment:
        states.require_status(shipment, Shipment.Status.PACKED)
        expected = parcels.inside(package)
        difference = {
            code: scanned.get(code, 0) - expected[code]
            for code in {*scanned, *expected}
            if scanned.get(code, 0) != expected[code]
        }
        if difference:
            listed = ", ".join(f"{code} {count:+d}" for code, count in sorted(difference.items()))
            raise Refused(
                _("Package %(package)s doesn't match: %(listed)s.")
                % {"package": package, "listed": listed},
                code="wrong_content",
                difference=difference,
            )
        package.verified_at = timezone.now()
        package.save(update_fields=["verified_at"])
    return package
