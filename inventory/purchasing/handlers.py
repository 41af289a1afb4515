"""What purchasing does by itself."""

from django.utils.translation import gettext as _

from inventory.purchasing import (
    alerts,
    arrivals,  # noqa: F401  # answers what is promised against purchases
)
from inventory.purchasing.models import PurchaseOrder
from oms.core.event_handlers import on
from oms.core.models import Event, Topic
from oms.messaging import notifications


@on("stock.added")
@on("stock.reduced")
def watch_stock(event: Event) -> None:
    """Whoever wants to hears when stock runs low or out."""
    alerts.watch(event.data["skus"])


@on("demand.reserved")
@on("demand.unreserved")
@on("demand.backordered")
def watch_demand(event: Event) -> None:
    """What orders take makes stock run low, too."""
    alerts.watch_document(event.subject_number)


@on("purchase_order.created")
def tell_buyers(event: Event) -> None:
    """Buyers hear of a new proposal."""
    order = PurchaseOrder.objects.select_related("warehouse").get(number=event.subject_number)
    notifications.tell(
        Topic.PROPOSED,
        lambda: _("Purchase order %(order)s is ready for approval.") % {"order": order},
        warehouse=order.warehouse.code,
        subject_type=event.subject_type,
        subject_number=order.number,
    )
