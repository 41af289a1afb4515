"""Counters of legal documents."""

from django.db import models

from oms.core.locking import LockRank
from oms.core.models.company import Company


class Sequence(models.Model):
    """The last number and hash of a series: taken last in the posting transaction, without gaps."""

    lock_rank = LockRank.COUNTER

    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="+")
    series = models.CharField(max_length=8)
    year = models.PositiveSmallIntegerField()
    last = models.PositiveIntegerField(default=0)
    last_hash = models.CharField(max_length=64, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["company", "series", "year"], name="one_counter_per_series"
            )
        ]

    def __str__(self) -> str:
        return f"{self.series}-{self.year}: {self.last}"
