"""Which lots and serial numbers came back."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from inventory.models import Lot
from returns.models.request import ReturnLine


class ReturnedLot(models.Model):
    """Base units of a lot, or a serial number, that came back on a return line."""

    line = models.ForeignKey(ReturnLine, on_delete=models.CASCADE, related_name="lots")
    lot = models.ForeignKey(Lot, on_delete=models.PROTECT, related_name="+")
    quantity = models.PositiveIntegerField()
    is_damaged = models.BooleanField(default=False)

    class Meta:
        verbose_name = _("returned lot")
        constraints = [
            models.UniqueConstraint(
                fields=["line", "lot", "is_damaged"], name="lot_once_per_return_line"
            ),
            models.CheckConstraint(
                condition=Q(quantity__gt=0), name="returned_quantity_is_positive"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.lot}"
