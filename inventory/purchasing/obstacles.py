"""What purchasing relies on of master data."""

from collections.abc import Iterator

from django.db.models import F
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from inventory.models import SKU, Warehouse
from inventory.obstacles import named
from inventory.purchasing.models import PurchaseLine, PurchaseOrder, Supplier
from oms.core.guarding import stands_in_the_way


@stands_in_the_way(Supplier, "currency")
def open_orders_of_supplier(supplier: Supplier) -> Iterator[str]:
    """Costs of supplier items and of open purchase orders are in the currency that the supplier had."""
    count = supplier.items.count()
    if count:
        yield ngettext(
            "the cost of %(count)s supplier item is in it; create another supplier instead",
            "the costs of %(count)s supplier items are in it; create another supplier instead",
            count,
        ) % {"count": count}
    orders = PurchaseOrder.objects.filter(supplier=supplier, status__in=PurchaseOrder.OPEN)
    yield from named(orders.values_list("number", flat=True), _("goods are ordered with %(names)s"))


@stands_in_the_way(SKU, "is_kit", "base_unit")
def open_orders_of_sku(sku: SKU) -> Iterator[str]:
    """What is still to come from suppliers."""
    coming = PurchaseLine.objects.filter(
        sku=sku, order__status__in=PurchaseOrder.OPEN, received__lt=F("quantity")
    )
    yield from named(coming.values_list("order__number", flat=True), _("ordered with %(names)s"))


@stands_in_the_way(Warehouse, "company", "is_active", "kind")
def open_orders_of_warehouse(warehouse: Warehouse) -> Iterator[str]:
    """What suppliers bring there could no longer be sold, or would be another company's."""
    orders = PurchaseOrder.objects.filter(warehouse=warehouse, status__in=PurchaseOrder.OPEN)
    yield from named(orders.values_list("number", flat=True), _("goods are ordered with %(names)s"))
