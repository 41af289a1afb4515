"""Open orders that rely on master data of the inventory."""

from collections.abc import Iterator
from typing import Any

from django.db.models import F, Sum
from django.utils.translation import gettext as _

from inventory.models import SKU, KitComponent, Reservation, Warehouse
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


@stands_in_the_way(Warehouse, "kind")
def held_in_warehouse(warehouse: Warehouse) -> Iterator[str]:
    """What is held there is picked and sent as its kind of warehouse does it."""
    yield from _held(warehouse, Order.objects.all())


@stands_in_the_way(Warehouse, "is_active")
def held_where_nothing_reroutes(warehouse: Warehouse) -> Iterator[str]:
    """What is held there stays there, unless its channel re-routes orders by itself."""
    yield from _held(warehouse, Order.objects.filter(channel__reroutes=False))


def _held(warehouse: Warehouse, orders: Any) -> Iterator[str]:
    state = Reservation.State
    rows = Reservation.objects.filter(warehouse=warehouse, state__in=[state.HELD, state.PINNED, state.PICKED],
                                      demand__document__in=orders.values("number"))
    total = rows.aggregate(total=Sum("quantity"))["total"]
    if total:
        numbers = list(dict.fromkeys(rows.order_by("demand").values_list("demand__document", flat=True)))
        yield _("%(count)s are held for %(orders)s; ship, re-route or cancel them first") % {
            "count": total, "orders": ", ".join(numbers[:MOST_NAMED]) + (" …" if len(numbers) > MOST_NAMED else "")}
