"""Reading what a scan says: the rows, numbers and days that it names."""

from datetime import date
from typing import Any, TypeVar

from django.utils.translation import gettext as _

from fulfillment.models import Shipment, ShipmentLine
from inventory.models import SKU, Bin, Lot, Warehouse
from oms.core import limits, policy
from oms.core.errors import Refused
from oms.core.models import User

Body = dict[str, Any]
Entry = TypeVar("Entry")


def line_of(warehouse: Warehouse, body: Body, by: User) -> ShipmentLine:
    """The stop of a walk that a scan is of."""
    lines = ShipmentLine.objects.filter(
        shipment__in=policy.scope(Shipment, by).filter(warehouse=warehouse)
    )
    line = (
        lines.filter(pk=number(body, "line"))
        .select_related("reservation__sku", "reservation__lot", "reservation__bin", "shipment")
        .first()
    )
    if line is None:
        raise Refused(_("This pick was removed because the shipment changed."), code="gone")
    return line


def shipment_of(warehouse: Warehouse, body: Body, by: User) -> Shipment:
    rows = policy.scope(Shipment, by).filter(warehouse=warehouse)
    shipment = rows.filter(number=body.get("shipment")).select_related("order", "warehouse").first()
    if shipment is None:
        raise Refused(
            _("Shipment %(shipment)s not found in %(warehouse)s.")
            % {"shipment": body.get("shipment"), "warehouse": warehouse},
            code="unknown",
        )
    return shipment


def sku_of(body: Body) -> SKU:
    sku = SKU.objects.filter(code=body.get("sku")).first()
    if sku is None:
        raise Refused(_("SKU %(sku)s not found.") % {"sku": body.get("sku")}, code="unknown")
    return sku


def lot_of(sku: SKU, body: Body) -> Lot | None:
    if sku.tracking == SKU.Tracking.NONE:
        return None
    lot = Lot.objects.filter(sku=sku, code=body.get("lot", "")).first()
    if lot is None:
        raise Refused(
            _("Lot %(lot)s of %(sku)s not found.")
            % {"sku": sku, "lot": body.get("lot") or _("(nothing scanned)")},
            code="unknown",
        )
    return lot


def bin_of(warehouse: Warehouse, body: Body, name: str) -> Bin:
    place = Bin.objects.filter(warehouse=warehouse, code=body.get(name)).first()
    if place is None:
        raise Refused(
            _("Bin %(bin)s not found in %(warehouse)s.")
            % {"warehouse": warehouse, "bin": body.get(name)},
            code="unknown",
        )
    return place


def number(body: Body, name: str) -> int:
    value = body.get(name, 0)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= limits.MOST_UNITS:
        raise Refused(
            _("%(name)s must be a whole number. Got %(value)r.") % {"name": name, "value": value},
            code="malformed",
        )
    return value


def entries(body: Body, name: str, kind: type[Entry]) -> list[Entry]:
    value = body.get(name, [])
    if not isinstance(value, list) or not all(isinstance(each, kind) for each in value):
        raise Refused(
            _("%(name)s must be a list of what was scanned, not %(value)r.")
            % {"name": name, "value": value},
            code="malformed",
        )
    return value


def day_of(body: Body) -> date | None:
    value = body.get("expires_on")
    try:
        return date.fromisoformat(str(value)) if value else None
    except ValueError:
        raise Refused(
            _("“%(value)s” isn't a date. Write it like 2027-01-31.") % {"value": value},
            code="malformed",
        ) from None
