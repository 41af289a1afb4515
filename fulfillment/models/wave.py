"""Waves: shipments that are picked on one walk."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from inventory.models import Bin, Warehouse
from oms.core.locking import LockRank
from oms.core.models import Document
from oms.core.numbering import number_field


class Wave(Document):
    """Shipments of a warehouse that are released to be picked together."""

    class Status(models.TextChoices):
        DRAFT = "draft", _("draft")
        RELEASED = "released", _("released")
        CLOSED = "closed", _("closed")

    TRANSITIONS = {
        Status.DRAFT: (Status.RELEASED, Status.CLOSED),
        Status.RELEASED: (Status.CLOSED,),
    }
    lock_rank = LockRank.WAVE
    subject_type = "wave"

    number = number_field("WV")
    status = models.CharField(max_length=8, choices=Status, default=Status.DRAFT, editable=False)
    warehouse = models.ForeignKey(Warehouse, on_delete=models.PROTECT, related_name="waves")
    walking_distance_cm = models.PositiveIntegerField(
        _("walking distance (cm)"), default=0, editable=False
    )


class PickTask(models.Model):
    """A stop on a wave's walk: one shipment line to take from its bin."""

    wave = models.ForeignKey(Wave, on_delete=models.CASCADE, related_name="tasks")
    line = models.OneToOneField(
        "fulfillment.ShipmentLine", on_delete=models.CASCADE, related_name="task"
    )
    bin = models.ForeignKey(Bin, on_delete=models.PROTECT, related_name="+")
    sequence = models.PositiveIntegerField()
    walking_distance_cm = models.PositiveIntegerField(_("distance from previous (cm)"), default=0)
    done_at = models.DateTimeField(null=True)
    done_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )

    class Meta:
        ordering = ["wave", "sequence"]

    def __str__(self) -> str:
        return f"{self.sequence}: {self.line}"
