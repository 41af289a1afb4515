"""Sending an order to another address, as long as nothing of it is labeled."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction
from django.db.models import Sum
from django.utils.translation import gettext as _

from fulfillment import rerouting, shipments
from fulfillment.models import Shipment, ShippingLabel
from inventory import demand
from inventory import rerouting as routes
from inventory.models import Reservation
from oms.core import states
from oms.core.errors import Refused
from oms.core.locking import atomic
from oms.core.models import User
from oms.core.postal_codes import tidy
from orders import redirecting, retaxing
from orders.models import Address, Order, OrderHold

LIVE = (Reservation.State.RESERVED, Reservation.State.ALLOCATED, Reservation.State.PICKED)


@dataclass(frozen=True)
class Redirected:
    """What another address does: from where units are sent, the order's totals, and the holds that it places."""

    address_after: str
    warehouses_before: str
    warehouses_after: str
    gross_before: Decimal
    gross_after: Decimal
    tax_before: Decimal
    tax_after: Decimal
    new_holds: str


class _Rehearsed(Exception):
    """Takes a rehearsal back."""


def change_address(
    order: Order, *, address: Address | None = None, by: User | None = None, **typed: str
) -> Order:
    """Send what has not left to one of the customer's addresses, or to one that is typed in.

    Taxes follow, the order is screened again, and what nobody has begun with is sent from the best warehouse for the
    new address. Raises Refused where a label is made or a partner has the goods: what is printed would be wrong.
    """
    ship_to = _address(order, address, typed)
    with states.change(order, event="order.redirected", by=by, address=ship_to) as order:
        states.require_status(order, Order.Status.PLACED, Order.Status.CONFIRMED)
        if ship_to == order.ship_to:
            raise Refused(
                _("Order %(number)s goes there already.") % {"number": order.number},
                field="address",
            )
        redirecting.redirect(order, ship_to, by=by)
        live = shipments.lock_live(order)
        _require_open(live)
        for shipment in live:
            shipment.ship_to, shipment.service = (
                order.ship_to,
                None,
            )  # its rates may be others there
        Shipment.objects.bulk_update(live, ["ship_to", "service"])
        if order.status == Order.Status.CONFIRMED:
            demand.lock_live(order.number)
            routes.reroute(
                order.number,
                company=order.company,
                movable=rerouting.movable(order),
                ship_to=order.destination,
                left_out=rerouting.left_out(order),
                by=by,
            )
            retaxing.follow(order, by=by)
    return order


def preview(
    order: Order, *, address: Address | None = None, by: User | None = None, **typed: str
) -> Redirected:
    """Rehearse a change of address and take it back. Raises what the change would raise."""
    before, reserved = Order.objects.get(pk=order.pk), _warehouses(order)
    known = list(order.holds.values_list("pk", flat=True))
    try:
        with transaction.atomic(), atomic():
            after = change_address(order, address=address, by=by, **typed)
            moved = _warehouses(after)
            fresh = OrderHold.objects.filter(order=after, released_at=None).exclude(pk__in=known)
            holds = "; ".join(map(str, fresh))
            raise _Rehearsed
    except _Rehearsed:
        pass
    return Redirected(
        ", ".join(filter(None, after.ship_to.values())),
        reserved,
        moved,
        before.gross,
        after.gross,
        before.tax,
        after.tax,
        holds or _("none"),
    )


def can_redirect(order: Order) -> bool:
    """Whether something of an order can still go elsewhere."""
    is_open = order.status in (Order.Status.PLACED, Order.Status.CONFIRMED)
    return is_open and order.shipped < order.units - order.canceled


def _address(order: Order, address: Address | None, typed: dict[str, str]) -> dict[str, str]:
    entered = tidy({name: text.strip() for name, text in typed.items()})
    if address is not None and any(entered.values()):
        raise Refused(_("Choose an address or enter one, not both."), field="address")
    if address is not None:
        return address.snapshot()
    if not entered.get("name") or not entered.get("country"):
        raise Refused(
            _("Choose an address, or enter one with at least a name and a country."),
            field="address",
        )
    return entered


def _require_open(live: Sequence[Shipment]) -> None:
    labeled = ShippingLabel.objects.filter(
        shipment__in=live, status__in=[ShippingLabel.Status.REQUESTED, ShippingLabel.Status.BOUGHT]
    )
    label = labeled.select_related("shipment").first()
    if label is not None:
        raise Refused(
            _("You can't change the address: shipment %(shipment)s has a label. Void it first.")
            % {"shipment": label.shipment},
            code="labels_live",
        )
    handed = next((shipment for shipment in live if shipment.external_id), None)
    if handed is not None:
        raise Refused(
            _(
                "You can't change the address: %(warehouse)s has shipment %(shipment)s as %(external_id)s. "
                "Ask them to cancel it first."
            )
            % {
                "warehouse": handed.warehouse,
                "shipment": handed,
                "external_id": handed.external_id,
            },
            code="handed_over",
        )


def _warehouses(order: Order) -> str:
    """Units that have not left, by warehouse: "LON 3, MAN 2"."""
    rows = (
        Reservation.objects.filter(demand__promise__line__order=order, state__in=LIVE)
        .values_list("warehouse__code")
        .annotate(units=Sum("quantity"))
        .order_by("warehouse__code")
    )
    return ", ".join(f"{code} {units}" for code, units in rows)
