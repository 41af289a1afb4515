"""How many SSCCs of each GS1 prefix were given out."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from oms.core.locking import LockRank
from oms.printing.barcodes import sscc_capacity


class SSCCSeries(models.Model):
    """The SSCCs of a prefix, counted on round after round: those before `unreserved` may be given out again."""

    lock_rank = LockRank.COUNTER

    prefix = models.CharField(max_length=12, unique=True)
    given = models.PositiveBigIntegerField(default=0)
    freed = models.PositiveBigIntegerField(default=0)

    class Meta:
        verbose_name, verbose_name_plural = _("SSCC series"), _("SSCC series")
        constraints = [
            models.CheckConstraint(condition=Q(freed__lte=F("given")), name="sscc_freed_were_given")
        ]

    def __str__(self) -> str:
        return f"{self.prefix}: {self.used}/{self.capacity}"

    @property
    def capacity(self) -> int:
        return sscc_capacity(self.prefix)

    @property
    def used(self) -> int:
        """How many are in use, or were too short a time ago."""
        return self.given - self.freed
