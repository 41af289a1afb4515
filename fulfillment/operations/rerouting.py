"""What re-routing asks for, of a shipment and of an order."""

from dataclasses import dataclass, field

from django.utils.translation import gettext_lazy as _

from fulfillment.models import Shipment
from inventory import sharing
from inventory.models import Warehouse
from orders.models import Order


def _order_of(document: Order | Shipment) -> Order:
    return document if isinstance(document, Order) else document.order


@dataclass(frozen=True)
class RerouteInput:
    to: Warehouse | None = field(
        default=None,
        metadata={
            "help": _("Empty: the best by cost, distance, days and punctuality."),
            "among": lambda rows, document: rows.filter(
                is_active=True, company__in=sharing.serving(_order_of(document).company)
            ),
        },
    )
