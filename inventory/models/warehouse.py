"""Warehouses, their zones and bins, and the places outside."""

from datetime import date, datetime
from typing import Self
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from inventory.planners import working_days
from oms.core.guarding import Guarded
from oms.core.models import Company
from oms.core.models.coded import CountryField
from oms.core.models.codes import CodeField
from oms.core.models.company import validate_time_zone
from oms.core.models.postal import PostalCodeField


class WarehouseQuerySet(models.QuerySet["Warehouse"]):
    def active(self) -> Self:
        return self.filter(is_active=True)


class Warehouse(Guarded):
    """A building that holds stock: our own, a shop, or a third party's (3PL)."""

    guarded = ("company", "is_active", "kind")

    class Kind(models.TextChoices):
        OWN = "own", _("own warehouse")
        SHOP = "shop", _("shop")
        THIRD_PARTY = "3pl", _("third-party (3PL)")

    code = models.SlugField(max_length=12, unique=True)
    name = models.CharField(max_length=80)
    kind = models.CharField(max_length=4, choices=Kind, default=Kind.OWN)
    company = models.ForeignKey(Company, on_delete=models.PROTECT)
    street = models.CharField(max_length=120, blank=True)
    postal_code = PostalCodeField(max_length=12, blank=True)
    city = models.CharField(max_length=60, blank=True)
    country = CountryField()
    latitude = models.FloatField(
        null=True, blank=True, help_text=_("Empty: where the postal code lies.")
    )
    longitude = models.FloatField(null=True, blank=True)
    time_zone = models.CharField(max_length=40, default="UTC", validators=[validate_time_zone])
    cutoff = models.TimeField(
        null=True,
        blank=True,
        help_text=_(
            "Orders confirmed after this time ship the next business day, in the warehouse's time zone."
        ),
    )
    priority = models.PositiveSmallIntegerField(
        default=100, help_text=_("Tiebreaker: lower numbers ship first.")
    )
    is_active = models.BooleanField(default=True)
    staff = models.ManyToManyField(settings.AUTH_USER_MODEL, blank=True, related_name="warehouses")

    objects = WarehouseQuerySet.as_manager()

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return self.code

    def ship_day(self, at: datetime) -> date:
        """The day on which an order confirmed at a moment leaves, by the cut-off in the warehouse's time zone."""
        return working_days.ship_day(at.astimezone(ZoneInfo(self.time_zone)), self.cutoff)


class Zone(models.Model):
    """A part of a warehouse that is worked together."""

    warehouse = models.ForeignKey(Warehouse, on_delete=models.PROTECT, related_name="zones")
    name = models.CharField(max_length=40)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["warehouse", "name"], name="zone_once_per_warehouse")
        ]

    def __str__(self) -> str:
        return f"{self.warehouse} {self.name}"


class BinQuerySet(models.QuerySet["Bin"]):
    def by_hand(self) -> Self:
        """The bins whose stock people move, count and adjust: not those in a process's custody."""
        return self.filter(warehouse__isnull=False).exclude(kind__in=Bin.CUSTODY)


class Bin(Guarded):
    """A place where stock lies. Places outside (supplier, customer …) belong to no warehouse and keep no balance."""

    guarded = ("kind", "is_sellable", "warehouse")

    class Kind(models.TextChoices):
        STORAGE = "storage", _("storage")
        RECEIVING = "receiving", _("receiving")
        STAGING = "staging", _("staging")
        RETURNS = "returns", _("returns")
        DAMAGED_RETURNS = "damaged_returns", _("damaged returns")
        DAMAGED = "damaged", _("damaged")
        MISSING = "missing", _("missing")
        QUARANTINE = "quarantine", _("quarantine")
        SUPPLIER = "supplier", _("supplier (virtual)")
        CUSTOMER = "customer", _("customer (virtual)")
        ADJUSTMENT = "adjustment", _("adjustment (virtual)")
        SCRAP = "scrap", _("scrap (virtual)")
        TRANSIT = "transit", _("in transit (virtual)")

    SELLABLE = (Kind.STORAGE, Kind.RECEIVING)
    CUSTODY = (Kind.STAGING, Kind.RETURNS, Kind.DAMAGED_RETURNS)
    OUTSIDE = (Kind.SUPPLIER, Kind.CUSTOMER, Kind.ADJUSTMENT, Kind.SCRAP, Kind.TRANSIT)

    warehouse = models.ForeignKey(
        Warehouse, on_delete=models.PROTECT, null=True, related_name="bins"
    )
    zone = models.ForeignKey(
        Zone, on_delete=models.PROTECT, null=True, blank=True, related_name="bins"
    )
    code = CodeField(max_length=24)
    kind = models.CharField(max_length=16, choices=Kind, default=Kind.STORAGE)
    is_sellable = models.BooleanField(default=True)
    aisle = models.CharField(max_length=8, blank=True)
    bay = models.PositiveSmallIntegerField(default=0)
    level = models.PositiveSmallIntegerField(default=0)
    x_cm = models.IntegerField(
        _("x (cm)"),
        null=True,
        blank=True,
        help_text=_(
            "Distance along the front cross-aisle. Bins without coordinates are sorted by name."
        ),
    )
    y_cm = models.PositiveIntegerField(
        _("y (cm)"),
        null=True,
        blank=True,
        help_text=_("Distance into the picking aisle from its front end."),
    )

    objects = BinQuerySet.as_manager()

    class Meta:
        ordering = ["code"]
        constraints = [
            models.UniqueConstraint(
                fields=["warehouse", "code"], nulls_distinct=False, name="bin_once_per_warehouse"
            ),
            models.CheckConstraint(
                condition=Q(
                    warehouse=None,
                    kind__in=["supplier", "customer", "adjustment", "scrap", "transit"],
                )
                | (
                    Q(warehouse__isnull=False)
                    & ~Q(kind__in=["supplier", "customer", "adjustment", "scrap", "transit"])
                ),
                name="only_outside_places_have_no_warehouse",
            ),
            models.CheckConstraint(
                condition=Q(is_sellable=False) | Q(kind__in=["storage", "receiving"]),
                name="only_storage_and_receiving_are_sellable",
            ),
        ]

    def __str__(self) -> str:
        return self.code

    @property
    def is_outside(self) -> bool:
        return self.warehouse_id is None

    def clean(self) -> None:
        super().clean()
        if self._state.adding and (self.kind in Bin.OUTSIDE or self.warehouse_id is None):
            raise ValidationError(
                {"kind": gettext("Places outside are built in. Choose a kind inside a warehouse.")}
            )
        if self.zone is not None and self.zone.warehouse_id != self.warehouse_id:
            raise ValidationError({"zone": gettext("This zone is in another warehouse.")})
        if self.is_sellable and self.kind not in Bin.SELLABLE:
            raise ValidationError(
                {"is_sellable": gettext("Only storage and receiving bins can be sellable.")}
            )

    def require_by_hand(self, field: str) -> None:
        """Raise ValidationError for a place whose goods a process keeps or that is only in the books."""
        if self.is_outside or self.kind in (*Bin.CUSTODY, Bin.Kind.MISSING):
            raise ValidationError(
                {
                    field: gettext(
                        "The goods in %(bin)s (%(kind)s) belong to a process. Choose another bin."
                    )
                    % {"bin": self, "kind": self.get_kind_display()}
                }
            )
