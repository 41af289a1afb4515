"""What it costs and how long it takes to send something from a warehouse to a region."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from inventory.models.warehouse import Warehouse
from oms.core.models.coded import CountryField
from oms.core.models.postal import PostalCodeField


class Lane(models.Model):
    """A warehouse's way to a country or postal prefix: costs, days and how often it was on time.

    Costs and days are empty where no rate is known; a lane without a country tells of all countries without their own.
    """

    warehouse = models.ForeignKey(Warehouse, on_delete=models.CASCADE, related_name="lanes")
    country = CountryField(
        blank=True, help_text=_("Empty: all countries without a lane of theirs.")
    )
    postal_prefix = PostalCodeField(max_length=8, blank=True)
    base_cost = models.DecimalField(
        max_digits=10,
        decimal_places=2,
        null=True,
        blank=True,
        help_text=_("Empty: no rate is known."),
    )
    cost_per_kg = models.DecimalField(max_digits=10, decimal_places=2, default=0)
    days = models.DecimalField(
        _("transit time (days)"), max_digits=5, decimal_places=1, null=True, blank=True
    )
    on_time_share = models.DecimalField(max_digits=4, decimal_places=3, default=1)
    is_entered = models.BooleanField(
        _("entered manually"), default=False, db_default=False, editable=False
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["warehouse", "country", "postal_prefix"], name="one_lane_per_region"
            ),
            models.CheckConstraint(
                condition=Q(on_time_share__gte=0, on_time_share__lte=1), name="share_is_a_share"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.warehouse} → {self.country}{self.postal_prefix}"


class PostalCode(models.Model):
    """Where a postal code or region lies; an empty code is the country's center."""

    country = CountryField()
    code = PostalCodeField(
        max_length=12, blank=True, help_text=_("The code or its beginning, for example N1.")
    )
    latitude = models.FloatField()
    longitude = models.FloatField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["country", "code"], name="one_place_per_postal_code")
        ]

    def __str__(self) -> str:
        return f"{self.country} {self.code}"
