"""What carriers say of parcels on their way."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from fulfillment.models.shipment import Shipment


class TrackingEvent(models.Model):
    """A scan by the carrier."""

    class Kind(models.TextChoices):
        ACCEPTED = "accepted", _("accepted")
        IN_TRANSIT = "in_transit", _("in transit")
        OUT_FOR_DELIVERY = "out_for_delivery", _("out for delivery")
        DELIVERED = "delivered", _("delivered")
        EXCEPTION = "exception", _("exception")

    shipment = models.ForeignKey(Shipment, on_delete=models.CASCADE, related_name="tracking_events")
    tracking_number = models.CharField(max_length=60)
    kind = models.CharField(max_length=16, choices=Kind)
    text = models.CharField(max_length=200, blank=True)
    place = models.CharField(max_length=80, blank=True)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tracking_number", "kind", "at"], name="scan_recorded_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.tracking_number} {self.kind}"
