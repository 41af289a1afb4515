"""Cartons, packages and their labels."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from fulfillment.carriers.models.carrier import CarrierService
from fulfillment.models.shipment import Shipment, ShipmentLine


class Carton(models.Model):
    """A kind of box that we pack into."""

    code = models.CharField(max_length=20, unique=True)
    length_mm = models.PositiveIntegerField(_("length (mm)"))
    width_mm = models.PositiveIntegerField(_("width (mm)"))
    height_mm = models.PositiveIntegerField(_("height (mm)"))
    weight_g = models.PositiveIntegerField(_("tare weight (g)"), default=0)
    max_weight_g = models.PositiveIntegerField(_("max. content weight (g)"), default=20_000)

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return self.code


class Package(models.Model):
    """A parcel of a shipment."""

    shipment = models.ForeignKey(Shipment, on_delete=models.CASCADE, related_name="packages")
    position = models.PositiveSmallIntegerField()
    carton = models.ForeignKey(Carton, on_delete=models.PROTECT, null=True, blank=True)
    weight_g = models.PositiveIntegerField(_("weight (g)"), default=0)
    verified_at = models.DateTimeField(null=True)
    carrier = models.CharField(max_length=60, blank=True, db_default="")
    tracking_number = models.CharField(
        max_length=60,
        blank=True,
        db_default="",
        help_text=_("From a shop or third party that sent it; our own labels have theirs."),
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["shipment", "position"], name="package_position_once")
        ]
        indexes = [
            models.Index(
                fields=["tracking_number"],
                condition=~Q(tracking_number=""),
                name="packages_by_tracking_number",
            )
        ]

    def __str__(self) -> str:
        return f"{self.shipment}/{self.position}"


class PackageContent(models.Model):
    """Units of a shipment line in a parcel; a line spreads over several where it must."""

    package = models.ForeignKey(Package, on_delete=models.CASCADE, related_name="contents")
    line = models.ForeignKey(ShipmentLine, on_delete=models.CASCADE, related_name="contents")
    quantity = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["package", "line"], name="line_once_per_package"),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="package_content_is_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.line_id} in {self.package_id}"


class ShippingLabel(models.Model):
    """A request to a carrier for a label, and its answer. Asked, called, recorded: it survives a crash in between."""

    class Status(models.TextChoices):
        REQUESTED = "requested", _("requested")
        BOUGHT = "bought", _("bought")
        FAILED = "failed", _("failed")
        UNWANTED = "unwanted", _("void pending")
        VOIDED = "voided", _("voided")

    package = models.ForeignKey(Package, on_delete=models.PROTECT, null=True, related_name="labels")
    shipment = models.ForeignKey(Shipment, on_delete=models.PROTECT, related_name="labels")
    service = models.ForeignKey(CarrierService, on_delete=models.PROTECT)
    status = models.CharField(max_length=10, choices=Status, default=Status.REQUESTED)
    key = models.CharField(max_length=60, unique=True)
    tracking_number = models.CharField(max_length=60, blank=True, db_index=True)
    sscc = models.CharField("SSCC", max_length=18, null=True, editable=False)
    sscc_count = models.PositiveBigIntegerField(
        null=True, editable=False
    )  # in its series: another one each time round
    digest = models.CharField(
        max_length=64,
        blank=True,
        db_default="",
        editable=False,
        help_text=_("SHA-256 of the label text and package contents."),
    )
    cost = models.DecimalField(max_digits=10, decimal_places=2, default=0)
    error = models.CharField(max_length=200, blank=True)
    requested_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("shipping label")
        constraints = [
            models.UniqueConstraint(
                fields=["package"],
                condition=Q(status__in=["requested", "bought"]),
                name="one_live_label_per_package",
            ),
            models.UniqueConstraint(fields=["sscc", "sscc_count"], name="sscc_once_per_round"),
        ]

    def __str__(self) -> str:
        return self.tracking_number or gettext("label of %(shipment)s") % {
            "shipment": self.shipment
        }
