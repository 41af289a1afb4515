"""What came with a return and was not announced."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from inventory.models import SKU, Lot
from returns.models.request import ReturnRequest


class Unexpected(models.Model):
    """Goods in a return that were not announced: more units, another SKU, or something that isn't ours."""

    class Decision(models.TextChoices):
        OPEN = "", _("to be decided")
        CREDIT = "credit", _("keep and credit")
        KEEP = "keep", _("keep without credit")
        SEND_BACK = "send_back", _("send back")
        SCRAP = "scrap", _("scrap")

    request = models.ForeignKey(ReturnRequest, on_delete=models.CASCADE, related_name="unexpected")
    sku = models.ForeignKey(SKU, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    lot = models.ForeignKey(Lot, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    description = models.CharField(max_length=200, blank=True)
    quantity = models.PositiveIntegerField()
    is_damaged = models.BooleanField(_("damaged"), default=False)
    decision = models.CharField(
        max_length=9, choices=Decision, default=Decision.OPEN, blank=True, editable=False
    )
    note = models.CharField(max_length=200, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("unexpected goods")
        verbose_name_plural = _("unexpected goods")
        constraints = [
            models.CheckConstraint(
                condition=Q(quantity__gt=0), name="unexpected_quantity_is_positive"
            ),
            models.CheckConstraint(
                condition=Q(sku__isnull=False) | ~Q(description=""),
                name="unexpected_goods_are_named",
            ),
        ]

    def __str__(self) -> str:
        name = str(self.sku) if self.sku else self.description
        return f"{self.quantity} × {name}" + (f" ({self.lot})" if self.lot else "")
