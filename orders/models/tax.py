"""Tax rates."""

from typing import Any

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.functions import Concat
from django.utils.translation import gettext_lazy as _

from oms.core.models.coded import CountryField

OVERLAPPING = _(
    "Another rate of this country, region and tax class holds then. Enter days that don't overlap, or "
    "change that rate."
)


def _days(template: str = "daterange(%(expressions)s, '[]')") -> Any:
    """The days of a rate, both included; an end that isn't given is open."""
    return Func("valid_from", "valid_to", template=template, output_field=models.CharField())


def _key() -> Any:
    """What one rate at a time holds for, as a range of one number: a constraint on ranges alone needs no extension.

    A rate without days is beside those with days, which go before it.
    """
    is_always = _days("(daterange(%(expressions)s, '[]') = '(,)'::daterange)::text")
    text = Concat(
        "country",
        Value("/"),
        Func("region", function="lower"),
        Value("/"),
        "tax_class",
        Value("/"),
        is_always,
    )
    number = Func(text, Value(0), function="hashtextextended")
    return Func(number, number, Value("[]"), function="int8range")


class TaxRate(models.Model):
    """The rate of a tax class in a country (and region) for some days, with its UNCL 5305 category code.

    The more specific one applies: a region's before its country's, one with days before one without.
    """

    class Category(models.TextChoices):
        STANDARD = "S", _("standard rate")
        ZERO = "Z", _("zero rated")
        EXEMPT = "E", _("exempt")
        REVERSE_CHARGE = "AE", _("reverse charge")
        INTRA_COMMUNITY = "K", _("intra-Community supply")
        EXPORT = "G", _("export")
        OUTSIDE = "O", _("outside the scope of VAT")

    country = CountryField()
    region = models.CharField(max_length=40, blank=True)
    tax_class = models.CharField(max_length=20, default="standard")
    percent = models.DecimalField(max_digits=6, decimal_places=3)
    category = models.CharField(max_length=2, choices=Category, default=Category.STANDARD)
    note = models.CharField(
        max_length=200, blank=True, help_text=_("Legal text printed when no tax is charged.")
    )
    valid_from = models.DateField(null=True, blank=True)
    valid_to = models.DateField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(percent__gte=0), name="tax_rate_is_not_negative"),
            models.CheckConstraint(
                condition=Q(valid_to=None) | Q(valid_from=None) | Q(valid_to__gte=F("valid_from")),
                name="tax_rate_ends_after_it_begins",
            ),
            ExclusionConstraint(
                name="tax_rates_do_not_overlap",
                violation_error_message=OVERLAPPING,
                expressions=[(_key(), RangeOperators.OVERLAPS), (_days(), RangeOperators.OVERLAPS)],
            ),
        ]
        indexes = [models.Index(fields=["country", "tax_class"])]

    def __str__(self) -> str:
        return f"{self.country} {self.tax_class} {self.percent} %"

    def clean(self) -> None:
        """A period begins before it ends."""
        super().clean()
        if self.valid_from and self.valid_to and self.valid_to < self.valid_from:
            raise ValidationError({"valid_to": _("This is before the first day.")})
