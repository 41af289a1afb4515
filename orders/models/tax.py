"""Tax rates."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class TaxRate(models.Model):
    """The rate of a tax class in a country (and region) for some days, with its UNCL 5305 category code."""

    class Category(models.TextChoices):
        STANDARD = "S", _("standard rate")
        ZERO = "Z", _("zero rated")
        EXEMPT = "E", _("exempt")
        REVERSE_CHARGE = "AE", _("reverse charge")
        INTRA_COMMUNITY = "K", _("intra-Community supply")
        EXPORT = "G", _("export")
        OUTSIDE = "O", _("outside the scope of VAT")

    country = models.CharField(max_length=2)
    region = models.CharField(max_length=40, blank=True)
    tax_class = models.CharField(max_length=20, default="standard")
    percent = models.DecimalField(max_digits=6, decimal_places=3)
    category = models.CharField(max_length=2, choices=Category, default=Category.STANDARD)
    note = models.CharField(max_length=200, blank=True, help_text=_("Legal text, where no tax is charged."))
    valid_from = models.DateField(null=True, blank=True)
    valid_to = models.DateField(null=True, blank=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(percent__gte=0), name="tax_rate_is_not_negative")]
        indexes = [models.Index(fields=["country", "tax_class"])]

    def __str__(self) -> str:
        return f"{self.country} {self.tax_class} {self.percent} %"
