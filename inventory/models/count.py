"""Counting what really lies there."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from inventory.models.sku import SKU, Lot
from inventory.models.warehouse import Bin, Warehouse
from oms.core.locking import LockRank
from oms.core.models import Document
from oms.core.numbering import number_field


class Count(Document):
    """A cycle count of some bins of a warehouse."""

    class Status(models.TextChoices):
        PLANNED = "planned", _("planned")
        COUNTED = "counted", _("counted")
        RECONCILED = "reconciled", _("reconciled")
        CANCELED = "canceled", _("canceled")

    TRANSITIONS = {
        Status.PLANNED: (Status.COUNTED, Status.CANCELED),
        Status.COUNTED: (Status.RECONCILED, Status.PLANNED, Status.CANCELED),
    }
    lock_rank = LockRank.SUPPLY
    subject_type = "count"

    number = number_field("CC")
    warehouse = models.ForeignKey(Warehouse, on_delete=models.PROTECT, related_name="counts")
    status = models.CharField(max_length=10, choices=Status, default=Status.PLANNED, editable=False)


class CountLine(models.Model):
    """A SKU (and lot) in a bin: what the books said when it was keyed, and what was found.

    `mark` is the last line of the ledger then: what the ledger moved since is told apart from the difference.
    """

    count = models.ForeignKey(Count, on_delete=models.CASCADE, related_name="lines")
    sku = models.ForeignKey(SKU, on_delete=models.PROTECT, related_name="+")
    bin = models.ForeignKey(Bin, on_delete=models.PROTECT, related_name="+")
    lot = models.ForeignKey(Lot, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    booked = models.IntegerField(null=True, editable=False)
    found = models.PositiveIntegerField(null=True, blank=True)
    mark = models.BigIntegerField(null=True, editable=False)
    keyed_at = models.DateTimeField(null=True, editable=False)
    moved = models.IntegerField(
        _("moved since"),
        null=True,
        editable=False,
        help_text=_("Went in or out between counting and posting."),
    )
    posted = models.IntegerField(_("difference posted"), null=True, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["count", "sku", "bin", "lot"],
                nulls_distinct=False,
                name="place_once_per_count",
            )
        ]

    def __str__(self) -> str:
        return f"{self.sku} in {self.bin}"

    def clean(self) -> None:
        if self.bin_id:
            self.bin.require_by_hand("bin")
