"""Shipments: what leaves one warehouse for one order."""

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.utils.translation import gettext_lazy as _

from fulfillment.carriers.models.carrier import CarrierService
from fulfillment.models.wave import Wave
from inventory.models import Reservation, Warehouse
from oms.core.locking import LockRank
from oms.core.models import Document
from oms.core.numbering import number_field
from orders import holds
from orders.models import Order, OrderLine


class Shipment(Document):
    """Goods of an order that leave one warehouse together."""

    class Status(models.TextChoices):
        OPEN = "open", _("open")
        PICKING = "picking", _("picking")
        PACKED = "packed", _("packed")
        SHIPPED = "shipped", _("shipped")
        DELIVERED = "delivered", _("delivered")
        CANCELED = "canceled", _("canceled")

    TRANSITIONS = {
        Status.OPEN: (Status.PICKING, Status.CANCELED),
        Status.PICKING: (Status.PACKED, Status.OPEN),
        Status.PACKED: (Status.SHIPPED, Status.PICKING),
        Status.SHIPPED: (Status.DELIVERED,),
    }
    LIVE = (Status.OPEN, Status.PICKING, Status.PACKED)
    lock_rank = LockRank.SHIPMENT
    subject_type = "shipment"
    lock_select_related = ("order", "warehouse")

    number = number_field("SH")
    status = models.CharField(max_length=10, choices=Status, default=Status.OPEN, editable=False)
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="shipments")
    warehouse = models.ForeignKey(Warehouse, on_delete=models.PROTECT, related_name="shipments")
    wave = models.ForeignKey(
        Wave,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="shipments",
        editable=False,
    )
    service = models.ForeignKey(
        CarrierService, on_delete=models.PROTECT, null=True, blank=True, editable=False
    )
    ship_to = models.JSONField(default=dict)
    external_id = models.CharField(max_length=80, blank=True, editable=False)
    shipped_at = models.DateTimeField(null=True, editable=False)
    delivered_at = models.DateTimeField(null=True, editable=False)
    ship_by = models.DateField(
        null=True, editable=False, help_text=_("The working day on which it leaves.")
    )
    promised_on = models.DateField(
        null=True, editable=False, help_text=_("When the customer expects it.")
    )
    expected_on = models.DateField(
        null=True, editable=False, help_text=_("When the carrier should deliver it.")
    )

    class Meta:
        indexes = [
            models.Index(fields=["warehouse", "status", "-id"], name="shipments_by_status"),
            models.Index(fields=["status", "-id"], name="shipments_by_status_alone"),
            BrinIndex(fields=["shipped_at"], name="shipments_by_day"),
        ]

    @property
    def tracking_numbers(self) -> list[str]:
        """Of its labels that are bought, and of parcels that a partner sent."""
        own = (
            self.labels.filter(status="bought")
            .order_by("pk")
            .values_list("tracking_number", flat=True)
        )
        theirs = self.packages.exclude(tracking_number="").order_by("position")
        return [*own, *theirs.values_list("tracking_number", flat=True)]

    @property
    def tracking(self) -> str:
        return ", ".join(self.tracking_numbers)

    @property
    def order_number(self) -> str:
        return str(self.order.number)

    @property
    def stopped_because(self) -> str:
        """Why it doesn't go on now, for lists and pages."""
        return "; ".join(holds.reasons(self.order)) if self.status in self.LIVE else ""


class ShipmentLine(models.Model):
    """One reservation on a shipment; how much it is, the reservation says."""

    shipment = models.ForeignKey(Shipment, on_delete=models.CASCADE, related_name="lines")
    reservation = models.OneToOneField(Reservation, on_delete=models.PROTECT, related_name="+")
    order_line = models.ForeignKey(
        OrderLine, on_delete=models.PROTECT, related_name="shipment_lines"
    )

    def __str__(self) -> str:
        return str(self.reservation)
