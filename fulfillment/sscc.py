"""SSCCs: given out in turn, again once their time is over, and a warning before they run out."""

from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from fulfillment.models import ShippingLabel, SSCCSeries
from oms.core import attention
from oms.core.errors import Refused
from oms.core.locking import atomic, lock_one
from oms.core.models import Company
from oms.printing import barcodes

WARN_AT = 0.8  # of a prefix's numbers
DAYS_OF_MONTH = 31


def take(company: Company) -> tuple[str, int]:
    """The next SSCC of a company and its count in the prefix's series. Raises Refused where all are in use."""
    prefix = company.gs1_prefix or barcodes.IN_HOUSE_PREFIX
    before = timezone.now() - timedelta(days=company.sscc_reuse_months * DAYS_OF_MONTH)
    with atomic():
        SSCCSeries.objects.bulk_create([SSCCSeries(prefix=prefix)], ignore_conflicts=True)
        series = lock_one(SSCCSeries.objects.get(prefix=prefix))
        if series.used >= WARN_AT * series.capacity:
            series.freed = _first_in_use(series, before)
        count, number = series.given, barcodes.sscc(prefix, series.given)
        if series.used >= series.capacity or _is_in_use(number, before):
            raise Refused(
                _(
                    "All %(capacity)s SSCCs of the GS1 prefix %(prefix)s were used in the last %(months)s "
                    "months; none may be used again sooner. Enter another prefix on the page of %(company)s."
                )
                % {
                    "capacity": series.capacity,
                    "prefix": prefix,
                    "months": company.sscc_reuse_months,
                    "company": company,
                },
                code="no_sscc_left",
            )
        series.given += 1
        series.save(update_fields=["given", "freed"])
    return number, count


def _first_in_use(series: SSCCSeries, before: datetime) -> int:
    """The first count of a series that isn't free yet: they were given out in order, so a few looks find it."""
    low, high = max(series.freed, series.given - series.capacity), series.given
    while low < high:
        middle = (low + high) // 2
        if _is_in_use(barcodes.sscc(series.prefix, middle), before):
            high = middle
        else:
            low = middle + 1
    return low


def _is_in_use(number: str, before: datetime) -> bool:
    """Whether the last label with this number, or its shipment, is too young for the number to be used again."""
    label = (
        ShippingLabel.objects.filter(sscc=number).select_related("shipment").order_by("-pk").first()
    )
    if label is None:
        return False
    return max(label.requested_at, label.shipment.shipped_at or label.requested_at) > before


def warnings() -> list[str]:
    """A sentence for each prefix whose numbers run out."""
    return [
        _(
            "%(used)s of the %(capacity)s SSCCs of the GS1 prefix %(prefix)s are in use. Ask GS1 for another prefix "
            "before they run out."
        )
        % {"used": series.used, "capacity": series.capacity, "prefix": series.prefix}
        for series in SSCCSeries.objects.order_by("prefix")
        if series.used >= WARN_AT * series.capacity
    ]


attention.also(warnings)
