"""What a partner answers when they are asked to cancel what they have taken on."""

from django.utils.translation import gettext as _

from fulfillment import cancellations, following
from fulfillment.cancellations import Answer
from fulfillment.models import Shipment
from inventory import entrusting
from inventory.holds import lock_holds
from inventory.models import Demand
from oms.core import states
from oms.core.errors import Refused
from oms.core.locking import whole
from oms.core.models import User
from orders import lifecycle
from orders.models import Order


@whole
def agree_to_cancel(shipment: Shipment, *, answer: str = "", by: User | None = None) -> Shipment:
    """Note that the partner stopped the goods: they are free, and their units are canceled.

    The order ends where nothing else of it is left, and so does the shipment.
    """
    order = _caught_up(shipment, by)
    with states.change(
        shipment, event="shipment.cancellation_agreed", by=by, answer=answer
    ) as shipment:
        row = cancellations.require_asked(shipment)
        shipment.event_data["units"] = row.units
        lifecycle.cancel_agreed(order, cancellations.asked_on(shipment), reason=row.reason, by=by)
        cancellations.answer(row, Answer.AGREED, answer, by)
    following.follow(order, by=by)
    shipment.refresh_from_db()
    return shipment


@whole
def decline_to_cancel(shipment: Shipment, *, answer: str, by: User | None = None) -> Shipment:
    """Note that the partner can't stop the goods: they go on. Once they are shipped, a return takes them back."""
    _caught_up(shipment, by)
    with states.change(
        shipment, event="shipment.cancellation_declined", by=by, answer=answer
    ) as shipment:
        row = cancellations.require_asked(shipment)
        if not answer.strip():
            raise Refused(_("Enter what they answered."), field="answer")
        shipment.event_data["units"] = row.units
        entrusting.keep_asked(cancellations.asked_on(shipment))
        cancellations.answer(row, Answer.DECLINED, answer, by)
    return shipment


def _caught_up(shipment: Shipment, by: User | None) -> Order:
    """Lock a shipment's order with all that it holds, and have its shipments follow what was asked just now."""
    order, *_others = following.lock_all(shipment.order, shipment)
    lock_holds(Demand.objects.filter(promise__line__order=order))
    following.follow(order, by=by)
    return order
