"""Returns under way that rely on their warehouse and on what kits are made of."""

from collections.abc import Iterator

from django.db.models import Q
from django.utils.translation import ngettext

from inventory.models import SKU, KitComponent, Warehouse
from oms.core.guarding import stands_in_the_way
from returns.models import ReturnRequest

S = ReturnRequest.Status


@stands_in_the_way(Warehouse, "is_active", "kind", "company")
def live_returns(warehouse: Warehouse) -> Iterator[str]:
    """Returns that are on their way there, or wait there for their inspection."""
    rows = ReturnRequest.objects.filter(
        warehouse=warehouse, status__in=[S.APPROVED, S.RECEIVED]
    ).order_by("pk")
    count = rows.count()
    if count:
        numbers = ", ".join(rows.values_list("number", flat=True)[:5])
        yield ngettext(
            "%(count)s return is expected or inspected there (%(numbers)s)",
            "%(count)s returns are expected or inspected there (%(numbers)s)",
            count,
        ) % {"count": count, "numbers": numbers}


@stands_in_the_way(KitComponent, "kit", "component", "quantity")
def returns_of_kit(part: KitComponent) -> Iterator[str]:
    """Kits that came back are inspected as they were received."""
    yield from _waiting(part.kit_id)


@stands_in_the_way(SKU, "is_kit")
def returns_of_sku(sku: SKU) -> Iterator[str]:
    """Goods that came back are inspected as they were received."""
    yield from _waiting(sku.pk)


def _waiting(sku: int) -> Iterator[str]:
    came = Q(lines__order_line__sku=sku) | Q(unexpected__sku=sku)
    rows = ReturnRequest.objects.filter(came, status=S.RECEIVED).distinct().order_by("pk")
    count = rows.count()
    if count:
        yield ngettext(
            "%(count)s return with it waits for inspection (%(numbers)s)",
            "%(count)s returns with it wait for inspection (%(numbers)s)",
            count,
        ) % {"count": count, "numbers": ", ".join(rows.values_list("number", flat=True)[:5])}
