"""What partners were asked to cancel after they had taken it on, and what they answered."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from fulfillment.models.shipment import Shipment
from orders.models import OrderLine


class Cancellation(models.Model):
    """Units of a shipment that a partner was asked not to send; once asked, it waits for their answer."""

    class State(models.TextChoices):
        ASKED = "asked", _("asked, no answer yet")
        AGREED = "agreed", _("agreed")
        DECLINED = "declined", _("declined")

    shipment = models.ForeignKey(Shipment, on_delete=models.CASCADE, related_name="cancellations")
    state = models.CharField(max_length=8, choices=State, default=State.ASKED)
    reason = models.CharField(max_length=200, blank=True)
    asked_at = models.DateTimeField(default=timezone.now)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    answer = models.CharField(max_length=200, blank=True)
    answered_at = models.DateTimeField(null=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["shipment"], condition=Q(state="asked"), name="one_cancellation_is_asked"
            ),
            models.CheckConstraint(
                condition=Q(state="asked", answered_at=None)
                | ~Q(state="asked") & Q(answered_at__isnull=False),
                name="cancellation_has_an_answer_once_answered",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.units} of {self.shipment}"

    @property
    def units(self) -> str:
        """What was asked for in words: "2 × TEE-M, 1 × CAP"."""
        lines = sorted(self.lines.all(), key=lambda line: line.order_line.position)
        return ", ".join(f"{line.quantity} × {line.order_line.sku.code}" for line in lines)


class CancellationLine(models.Model):
    """Units of an order line, kits counted as kits."""

    cancellation = models.ForeignKey(Cancellation, on_delete=models.CASCADE, related_name="lines")
    order_line = models.ForeignKey(OrderLine, on_delete=models.PROTECT, related_name="+")
    quantity = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["cancellation", "order_line"], name="line_once_per_cancellation"
            ),
            models.CheckConstraint(
                condition=Q(quantity__gt=0), name="cancellation_quantity_is_positive"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.order_line}"
