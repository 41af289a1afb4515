"""Carriers, their services and rates."""

from collections.abc import Sequence

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from oms.core.models import Company
from oms.core.models.coded import CountryField
from oms.core.models.postal import PostalCodeField


class CarrierAccount(models.Model):
    """Our account with a carrier, and the connector that talks to it."""

    code = models.SlugField(max_length=20, unique=True)
    name = models.CharField(max_length=60)
    company = models.ForeignKey(Company, on_delete=models.PROTECT)
    connector = models.CharField(max_length=20, default="manual")
    account_number = models.CharField(max_length=40, blank=True)
    tracking_url = models.CharField(
        _("tracking link"),
        max_length=200,
        blank=True,
        db_default="",
        validators=[
            RegexValidator(
                r"^https://[^\s{}]+\{number\}[^\s{}]*$",
                _("Start with https:// and put {number} where the number goes."),
            )
        ],
        help_text=_("For customers' emails, for example https://www.dhl.com/track?id={number}."),
    )
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name


class CarrierService(models.Model):
    """A product of a carrier: how long it takes, and how heavy a parcel may be."""

    account = models.ForeignKey(CarrierAccount, on_delete=models.CASCADE, related_name="services")
    code = models.SlugField(max_length=20)
    name = models.CharField(max_length=60)
    days = models.DecimalField(_("transit time (days)"), max_digits=4, decimal_places=1, default=2)
    max_weight_g = models.PositiveIntegerField(_("max. package weight (g)"), default=30_000)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "code"], name="service_once_per_account")
        ]

    def __str__(self) -> str:
        return f"{self.account} {self.name}"


class Rate(models.Model):
    """What a parcel up to a weight costs from one zone to another: a country, or a postal prefix of it."""

    service = models.ForeignKey(CarrierService, on_delete=models.CASCADE, related_name="rates")
    origin_country = CountryField(
        _("from country"),
        blank=True,
        default="",
        db_default="",
        help_text=_("Empty: from anywhere."),
    )
    origin_prefix = PostalCodeField(
        _("from postal prefix"),
        max_length=8,
        blank=True,
        default="",
        db_default="",
        country="origin_country",
        help_text=_("For example N1; empty: the whole country."),
    )
    country = CountryField(_("to country"))
    postal_prefix = PostalCodeField(_("to postal prefix"), max_length=8, blank=True)
    up_to_g = models.PositiveIntegerField(_("max. weight (g)"))
    price = models.DecimalField(
        max_digits=10, decimal_places=2, help_text=_("In the company's currency.")
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=[
                    "service",
                    "origin_country",
                    "origin_prefix",
                    "country",
                    "postal_prefix",
                    "up_to_g",
                ],
                name="one_rate_per_step",
            ),
            models.CheckConstraint(
                condition=Q(origin_prefix="") | ~Q(origin_country=""),
                name="origin_prefix_is_of_a_country",
            ),
            models.CheckConstraint(condition=Q(price__gte=0), name="rate_is_not_negative"),
        ]

    def __str__(self) -> str:
        origin = f"{self.origin_country}{self.origin_prefix} → " if self.origin_country else ""
        return f"{self.service} {origin}{self.country}{self.postal_prefix} ≤ {self.up_to_g} g"

    def fit(self, origin: Sequence[str], to: Sequence[str]) -> tuple[int, int] | None:
        """How closely the zones fit a way between places of these countries: finer ones rank higher; None: not at all.

        `origin` and `to` are a country followed by what `postal_codes.regions` says of a postal code there.
        """
        if self.origin_country and (
            self.origin_country != origin[0] or self.origin_prefix not in origin[1:]
        ):
            return None
        if self.country != to[0] or self.postal_prefix not in to[1:]:
            return None
        return len(self.origin_country + self.origin_prefix), len(self.postal_prefix)
