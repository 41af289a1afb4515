"""Which line of an order the stock has promised its units to."""

from django.db import models

from inventory.models import Demand
from orders.models.order import OrderLine


class Promise(models.Model):
    """The tie of demand to the order line that it serves; a line of a kit has one for each component.

    Triggers of the database write it with the demand, in the same transaction, and whenever demand goes to another
    line of its order.
    """

    demand = models.OneToOneField(
        Demand, on_delete=models.CASCADE, related_name="promise", editable=False
    )
    line = models.ForeignKey(
        OrderLine, on_delete=models.PROTECT, related_name="promises", editable=False
    )

    def __str__(self) -> str:
        return f"{self.demand} on line {self.line_id}"
