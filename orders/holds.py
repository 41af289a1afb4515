"""What keeps the goods of a confirmed order in the warehouse: its holds, and "ship complete only".

Every path to the door asks here: under the order's lock, so that a hold that was placed first always counts.
"""

from django.utils.translation import gettext as _

from inventory import demand
from oms.core import states
from oms.core.errors import Refused
from oms.core.models import User
from orders import screening
from orders.models import Order


def require_clear(order: Order) -> None:
    """Raise Refused where a locked order is on hold: nobody works on its goods."""
    screening.require_clear(order)


def require_may_leave(order: Order) -> None:
    """Raise Refused where a locked order is on hold, or ships complete only and some of it isn't reserved yet."""
    require_clear(order)
    if order.ships_complete and (short := missing(order)):
        raise Refused(
            _(
                "Order %(number)s ships complete only, and %(missing)s isn't in stock yet. Wait for it, or "
                "allow partial shipments on the order."
            )
            % {
                "number": order.number,
                "missing": ", ".join(f"{units} × {sku}" for sku, units in short),
            },
            code="ships_complete",
        )


def missing(order: Order) -> list[tuple[str, int]]:
    """Units that an order still waits for, by SKU code: wanted, and neither reserved nor shipped."""
    reserved = demand.progress(order.number)
    lines = order.lines.select_related("sku").order_by("position")
    open_units = [
        (line.sku.code, line.quantity - line.canceled - reserved.get(line.pk, (0, 0, 0))[0])
        for line in lines
    ]
    return [(code, units) for code, units in open_units if units > 0]


def reasons(order: Order) -> list[str]:
    """Why an order's goods don't leave now, for lists and pages: from its holds and summary alone."""
    found = [str(hold) for hold in order.holds.all() if hold.released_at is None]
    if (
        order.status == Order.Status.CONFIRMED
        and order.ships_complete
        and (order.reserved < order.units - order.canceled)
    ):
        found.append(
            _("ships complete: %(reserved)s of %(units)s reserved")
            % {"reserved": order.reserved, "units": order.units - order.canceled}
        )
    return found


def ship_complete(order: Order, *, only_complete: bool, by: User | None = None) -> Order:
    """Send an order only once all of it is there, or allow partial shipments."""
    with states.change(
        order, event="order.ship_complete", by=by, only_complete=only_complete
    ) as order:
        states.require_status(order, Order.Status.PLACED, Order.Status.CONFIRMED)
        order.ship_complete = only_complete
        order.save(update_fields=["ship_complete"])
    return order
