"""Returns under way that rely on their warehouse."""

from collections.abc import Iterator

from django.utils.translation import ngettext

from inventory.models import Warehouse
from oms.core.guarding import stands_in_the_way
from returns.models import ReturnRequest

S = ReturnRequest.Status


@stands_in_the_way(Warehouse, "is_active", "kind", "company")
def live_returns(warehouse: Warehouse) -> Iterator[str]:
    """Returns that are on their way there, or wait there for their inspection."""
    rows = ReturnRequest.objects.filter(warehouse=warehouse, status__in=[S.APPROVED, S.RECEIVED]).order_by("pk")
    count = rows.count()
    if count:
        numbers = ", ".join(rows.values_list("number", flat=True)[:5])
        yield ngettext("%(count)s return is expected or inspected there (%(numbers)s)",
                       "%(count)s returns are expected or inspected there (%(numbers)s)", count) % {
            "count": count, "numbers": numbers}
