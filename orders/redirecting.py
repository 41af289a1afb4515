"""Another delivery address for an order: its taxes follow, and it is screened again."""

from django.utils.translation import gettext as _

from oms.core.errors import Refused
from oms.core.models import User
from oms.core.postal_codes import tidy
from orders import accounts, pricing, screening
from orders.models import Order, OrderHold


def redirect(order: Order, ship_to: dict[str, str], *, by: User | None = None) -> list[OrderHold]:
    """Give a locked, placed or confirmed order another delivery address; returns the holds that this places.

    Raises Refused where the taxes of the new address are others and something is shipped or invoiced already: what
    left went where it went. An address that lacks something, or a gross amount over the credit limit, is a hold.
    """
    before = order.gross
    taxes = None if order.is_as_sold else pricing.tax_rules(order)
    order.ship_to = tidy(ship_to)
    order.ship_country = order.ship_to.get("country", "")
    if taxes is not None and pricing.tax_rules(order) != taxes:
        _require_untouched(order)
        pricing.retax(order)
    order.save(update_fields=["ship_to", "ship_country"])
    if order.status == Order.Status.CONFIRMED:
        accounts.require_confirmable(order)
    return screening.screen_address(order, dearer=order.gross > before, by=by)


def _require_untouched(order: Order) -> None:
    if order.shipped or order.invoiced or order.invoices.exists():
        raise Refused(
            _(
                "You can't send order %(number)s there: other taxes apply, and part of it is shipped or invoiced. "
                "Cancel the remaining units and enter a new order for them."
            )
            % {"number": order.number},
            code="other_taxes",
        )
