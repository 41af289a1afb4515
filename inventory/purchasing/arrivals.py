"""What suppliers are going to bring, for what is promised against it."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from django.db.models import F, Min, QuerySet, Sum

from inventory import availability
from inventory.purchasing.models import PurchaseLine, PurchaseOrder
from oms.core.models import Company


class Purchases:
    """Purchase orders that were sent to their suppliers."""

    def coming(self, skus: Iterable[int], company: Company, by: date | None) -> QuerySet[Any, Any]:
        """Units that are outstanding, as rows of SKU key and total; of orders expected by a day, if one is given."""
        lines = _sent(skus, company).filter(received__lt=F("quantity"))
        if by is not None:
            lines = lines.filter(order__expected_on__lte=by)
        return (
            lines.order_by()
            .values_list("sku_id")
            .annotate(total=Sum(F("quantity") - F("received")))
        )

    def next_days(self, skus: Iterable[int], company: Company) -> Mapping[int, date | None]:
        """The first expected day of what is outstanding or comes as a replacement, by SKU key."""
        lines = _sent(skus, company).filter(received__lt=F("quantity") + F("replacing"))
        return dict(lines.values_list("sku_id").annotate(Min("order__expected_on")))


def _sent(skus: Iterable[int], company: Company) -> QuerySet[PurchaseLine]:
    return PurchaseLine.objects.filter(
        sku__in=list(skus), order__company=company, order__status=PurchaseOrder.Status.SENT
    )


availability.register(Purchases())
