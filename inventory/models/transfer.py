"""Stock on its way between warehouses."""

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from inventory.models.sku import SKU, Lot
from inventory.models.warehouse import Bin, Warehouse
from oms.core.locking import LockRank
from oms.core.models import Document
from oms.core.numbering import number_field

OTHER_COMPANY = _(
    "This warehouse belongs to another company. Sell the goods to it and buy them there instead."
)


class Transfer(Document):
    """Goods sent from one warehouse to another."""

    class Status(models.TextChoices):
        DRAFT = "draft", _("draft")
        SENT = "sent", _("sent")
        RECEIVED = "received", _("received")
        RECALLED = "recalled", _("recalled")
        CANCELED = "canceled", _("canceled")

    TRANSITIONS = {
        Status.DRAFT: (Status.SENT, Status.CANCELED),
        Status.SENT: (Status.RECEIVED, Status.RECALLED),
    }
    UNDER_WAY = (Status.DRAFT, Status.SENT)
    lock_rank = LockRank.SUPPLY
    subject_type = "transfer"

    number = number_field("TR")
    source = models.ForeignKey(
        Warehouse,
        on_delete=models.PROTECT,
        related_name="transfers_out",
        verbose_name=_("from warehouse"),
    )
    target = models.ForeignKey(
        Warehouse,
        on_delete=models.PROTECT,
        related_name="transfers_in",
        verbose_name=_("to warehouse"),
    )
    status = models.CharField(max_length=9, choices=Status, default=Status.DRAFT, editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(source=F("target")), name="transfer_goes_somewhere")
        ]

    def clean(self) -> None:
        if self.source_id and self.source_id == self.target_id:
            raise ValidationError(
                {"target": _("The goods are there already. Choose another warehouse.")}
            )
        if self.source_id and self.target_id and self.source.company_id != self.target.company_id:
            raise ValidationError({"target": OTHER_COMPANY})


class TransferLine(models.Model):
    """What is sent, from which bin, and what became of it; what is not received, recalled or lost is in transit."""

    transfer = models.ForeignKey(Transfer, on_delete=models.CASCADE, related_name="lines")
    sku = models.ForeignKey(SKU, on_delete=models.PROTECT, related_name="+")
    bin = models.ForeignKey(Bin, on_delete=models.PROTECT, related_name="+")
    lot = models.ForeignKey(Lot, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    quantity = models.PositiveIntegerField()
    received = models.PositiveIntegerField(default=0, db_default=0, editable=False)
    damaged = models.PositiveIntegerField(
        default=0, db_default=0, editable=False, help_text=_("Of the received ones.")
    )
    recalled = models.PositiveIntegerField(default=0, db_default=0, editable=False)
    lost = models.PositiveIntegerField(default=0, db_default=0, editable=False)
    unit_cost = models.DecimalField(max_digits=16, decimal_places=4, default=0, editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(quantity__gt=0), name="transfer_quantity_is_positive"
            ),
            models.CheckConstraint(
                condition=Q(quantity__gte=F("received") + F("recalled") + F("lost")),
                name="no_more_arrives_than_was_sent",
            ),
            models.CheckConstraint(
                condition=Q(damaged__lte=F("received")), name="damaged_goods_arrived"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.sku}"

    @property
    def in_transit(self) -> int:
        """Base units that were sent and of which nobody knows yet what became."""
        return self.quantity - self.received - self.recalled - self.lost

    def clean(self) -> None:
        if self.bin_id:
            self.bin.require_by_hand("bin")
