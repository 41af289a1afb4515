"""Whose stock may serve whose orders, and since when."""

from collections.abc import Collection
from typing import Self

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from oms.core.models import Company


class StockShareQuerySet(models.QuerySet["StockShare"]):
    def open(self, selling: Collection[int] | None = None) -> Self:
        """Shares that hold now; only those of these selling companies (by their keys), if given."""
        rows = self.filter(until=None)
        return rows if selling is None else rows.filter(selling__in=selling)


class StockShare(models.Model):
    """A period in which the orders of a company may be served from another company's stock."""

    selling = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="+")
    supplying = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="+")
    since = models.DateTimeField(db_default=Now())
    until = models.DateTimeField(null=True, blank=True)

    objects = StockShareQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["selling", "supplying"],
                condition=Q(until=None),
                name="one_open_share_per_pair",
            ),
            models.CheckConstraint(
                condition=~Q(selling=F("supplying")), name="share_is_of_another_company"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.supplying} → {self.selling}"
