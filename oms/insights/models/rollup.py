"""Sums by day, and what runs out: written by `oms.insights.rollups` alone."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from inventory.models import SKU, Warehouse
from oms.core.models.coded import CurrencyField
from oms.core.models.money import AmountField
from orders.models import Channel


class Rollup(models.Model):
    """When a rollup was last computed."""

    name = models.CharField(max_length=20, unique=True)
    computed_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class DailySales(models.Model):
    """Orders placed on a day in a channel, less what was canceled, in their currency before tax."""

    day = models.DateField()
    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="+")
    currency = CurrencyField()
    orders = models.PositiveIntegerField()
    net = AmountField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["day", "channel", "currency"], name="sales_once_per_day"
            )
        ]
        verbose_name_plural = _("daily sales")

    def __str__(self) -> str:
        return f"{self.day} {self.channel}"


class DailyShipping(models.Model):
    """Shipments that left a warehouse on a day, and the hours from the order's confirmation, on average."""

    day = models.DateField()
    warehouse = models.ForeignKey(Warehouse, on_delete=models.CASCADE, related_name="+")
    shipments = models.PositiveIntegerField()
    hours = models.FloatField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["day", "warehouse"], name="shipping_once_per_day")
        ]
        verbose_name_plural = _("daily shipping")

    def __str__(self) -> str:
        return f"{self.day} {self.warehouse}"


class StockOutlook(models.Model):
    """A SKU that runs out in a warehouse, at the pace of the last four weeks."""

    sku = models.ForeignKey(SKU, on_delete=models.CASCADE, related_name="+")
    warehouse = models.ForeignKey(Warehouse, on_delete=models.CASCADE, related_name="+")
    available = models.IntegerField()
    per_day = models.FloatField()
    days_left = models.FloatField()

    class Meta:
        ordering = ["days_left", "pk"]

    def __str__(self) -> str:
        return f"{self.sku} in {self.warehouse}"
