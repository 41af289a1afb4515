"""Carriers, their services and rates."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from oms.core.models import Company


class CarrierAccount(models.Model):
    """Our account with a carrier, and the connector that talks to it."""

    code = models.SlugField(max_length=20, unique=True)
    name = models.CharField(max_length=60)
    company = models.ForeignKey(Company, on_delete=models.PROTECT)
    connector = models.CharField(max_length=20, default="manual")
    account_number = models.CharField(max_length=40, blank=True)
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
    days = models.DecimalField(max_digits=4, decimal_places=1, default=2)
    max_weight_g = models.PositiveIntegerField(_("heaviest parcel (g)"), default=30_000)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "code"], name="service_once_per_account")]

    def __str__(self) -> str:
        return f"{self.account} {self.name}"


class Rate(models.Model):
    """What a parcel up to a weight costs to a zone: a country, or a postal prefix of it."""

    service = models.ForeignKey(CarrierService, on_delete=models.CASCADE, related_name="rates")
    country = models.CharField(max_length=2)
    postal_prefix = models.CharField(max_length=8, blank=True)
    up_to_g = models.PositiveIntegerField(_("up to (g)"))
    price = models.DecimalField(max_digits=10, decimal_places=2, help_text=_("In the company's currency."))

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["service", "country", "postal_prefix", "up_to_g"],
                                    name="one_rate_per_step"),
            models.CheckConstraint(condition=Q(price__gte=0), name="rate_is_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.service} {self.country}{self.postal_prefix} ≤ {self.up_to_g} g"
