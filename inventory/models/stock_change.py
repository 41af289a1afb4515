"""That what can be promised of a SKU in a warehouse changed: a narrow row, written by the database itself."""

from django.db import models


class StockChange(models.Model):
    """A change of stock that rooms above take off again (`inventory.stock_changes`).

    A trigger on stock and on warehouses writes it in the transaction that changes them, without a statement of ours.
    There are no foreign keys: nothing is looked up when it is written.
    """

    sku_id = models.BigIntegerField()
    warehouse_id = models.BigIntegerField()

    class Meta:
        verbose_name = "stock change"

    def __str__(self) -> str:
        return f"{self.sku_id} in {self.warehouse_id}"
