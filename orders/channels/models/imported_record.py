"""What a company brings along that is no order, invoice or payment."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from orders.models.channel import Channel


class HistoryRecord(models.Model):
    """An imported row that only tells: a stock adjustment or a bad debt, with its text and amount."""

    class Kind(models.TextChoices):
        STOCK_ADJUSTMENT = "stock", _("stock adjustment")
        BAD_DEBT = "bad_debt", _("bad debt")
        OTHER = "other", _("other")

    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, related_name="+")
    external_id = models.CharField(max_length=80)
    row = models.PositiveIntegerField(help_text=_("Row number in the imported document."))
    kind = models.CharField(max_length=8, choices=Kind)
    code = models.CharField(max_length=40, blank=True)
    text = models.CharField(max_length=200, blank=True)
    quantity = models.IntegerField()
    unit_price = models.DecimalField(max_digits=16, decimal_places=4)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["channel", "external_id", "row"], name="history_recorded_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.external_id} {self.code}"
