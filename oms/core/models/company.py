"""The legal entities of the installation, and exchange rates."""

from datetime import date
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _


def validate_time_zone(name: str) -> None:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError):
        raise ValidationError(gettext("%(name)r is no time zone; write one like Europe/London.")
                              % {"name": name}) from None


class Company(models.Model):
    """A legal entity that sells, bills and buys."""

    class Rounding(models.TextChoices):
        LINE = "line", _("tax rounded on each line")
        DOCUMENT = "document", _("tax rounded once per rate of the document")

    code = models.SlugField(max_length=12, unique=True)
    name = models.CharField(max_length=120)
    address = models.TextField(blank=True)
    country = models.CharField(max_length=2)
    vat_number = models.CharField(max_length=20, blank=True)
    email = models.EmailField(blank=True)
    currency = models.CharField(max_length=3)
    time_zone = models.CharField(max_length=40, default="UTC", validators=[validate_time_zone])
    tax_rounding = models.CharField(max_length=8, choices=Rounding, default=Rounding.LINE)

    class Meta:
        verbose_name_plural = _("companies")
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name

    def today(self) -> date:
        """The date of the business day."""
        return timezone.now().astimezone(ZoneInfo(self.time_zone)).date()


def business_day() -> date:
    """The day it is for the house: for its first company, where several have different time zones."""
    company = Company.objects.order_by("pk").first()
    return company.today() if company else timezone.now().date()


class ExchangeRate(models.Model):
    """Units of `currency` for one unit of the company's currency, on a day."""

    company = models.ForeignKey(Company, on_delete=models.CASCADE, related_name="exchange_rates")
    currency = models.CharField(max_length=3)
    day = models.DateField()
    rate = models.DecimalField(max_digits=14, decimal_places=6)

    class Meta:
        ordering = ["-day"]
        constraints = [
            models.UniqueConstraint(fields=["company", "currency", "day"], name="one_rate_per_day"),
            models.CheckConstraint(condition=models.Q(rate__gt=0), name="exchange_rate_is_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.currency} {self.rate} ({self.day})"
