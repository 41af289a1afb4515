"""What people and programs can ask of orders once there is something to ship."""

from dataclasses import dataclass, field

from django.utils.translation import gettext_lazy as _

from fulfillment import redirecting, rerouting
from fulfillment.operations.rerouting import RerouteInput
from oms.core.operations import declare
from orders.models import Address, Order


@dataclass(frozen=True)
class AddressInput:
    address: Address | None = field(
        default=None,
        metadata={
            "among": lambda rows, order: rows.filter(
                customer=order.customer_id, is_shipping=True
            ).order_by("pk"),
            "help": _("One of the customer's addresses, or enter another one below."),
        },
    )
    name: str = field(default="", metadata={"most": 120})
    street: str = field(default="", metadata={"most": 120})
    postal_code: str = field(default="", metadata={"most": 12})
    city: str = field(default="", metadata={"most": 60})
    region: str = field(default="", metadata={"most": 40})
    country: str = field(
        default="", metadata={"most": 40, "help": _("Two letters, for example GB.")}
    )


declare(
    "change_address",
    Order,
    redirecting.change_address,
    label=_("Change address"),
    input=AddressInput,
    preview=redirecting.preview,
    available=redirecting.can_redirect,
    example={
        "name": "Example Depot",
        "street": "2 Quay Street",
        "postal_code": "M3 3EB",
        "city": "Manchester",
        "country": "GB",
    },
)
declare(
    "reroute",
    Order,
    rerouting.reroute,
    label=_("Re-route"),
    input=RerouteInput,
    preview=rerouting.preview,
    available=rerouting.can_move,
)
