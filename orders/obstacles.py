"""Open orders that rely on master data of the inventory."""

from collections.abc import Iterator
from typing import Any

from django.db.models import F
from django.utils.translation import gettext as _

from inventory.models import SKU, KitComponent
from oms.core.guarding import stands_in_the_way
from orders.models import Order, OrderLine

MOST_NAMED = 5


@stands_in_the_way(SKU, "is_kit", "base_unit")
def open_orders_of_sku(sku: SKU) -> Iterator[str]:
    """Confirmed orders promise it, or its components, as it is."""
    yield from _open_orders(sku)


@stands_in_the_way(KitComponent, "kit", "component", "quantity")
def open_orders_of_kit(part: KitComponent) -> Iterator[str]:
    """Confirmed orders hold the components that the kit had."""
    yield from _open_orders(part.kit_id)


def _open_orders(sku: Any) -> Iterator[str]:
    lines = OrderLine.objects.filter(sku=sku, order__status=Order.Status.CONFIRMED,
                                     quantity__gt=F("cancelled") + F("shipped"))
    numbers = list(dict.fromkeys(lines.order_by("order").values_list("order__number", flat=True)[:MOST_NAMED]))
    if numbers:
        yield _("%(count)s open order lines need it as it is (%(orders)s)") % {
            "count": lines.count(), "orders": ", ".join(numbers)}
