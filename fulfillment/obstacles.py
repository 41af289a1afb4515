"""Shipments under way that rely on their warehouse."""

from collections.abc import Iterator

from django.utils.translation import gettext as _

from fulfillment.models import Shipment
from fulfillment.shipments import LIVE
from inventory.models import Warehouse
from oms.core.guarding import stands_in_the_way


@stands_in_the_way(Warehouse, "is_active", "kind", "company")
def live_shipments(warehouse: Warehouse) -> Iterator[str]:
    """Shipments that are open, picked or packed there."""
    rows = Shipment.objects.filter(warehouse=warehouse, status__in=LIVE).order_by("pk")
    count = rows.count()
    if count:
        numbers = ", ".join(rows.values_list("number", flat=True)[:5])
        yield _("%(count)s shipments are under way (%(numbers)s)") % {"count": count, "numbers": numbers}
