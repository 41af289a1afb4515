"""What things cost."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from inventory.models import SKU, Category
from oms.core.guarding import Guarded
from oms.core.models import Company
from oms.core.models.coded import CurrencyField
from oms.core.models.money import UnitPriceField
from oms.core.money_text import grouped

ANOTHERS_PRICES = _("This price list is another company's. Choose one of the same company.")


class PriceList(Guarded):
    """Prices in a currency, with or without tax."""

    guarded = ("currency",)
    compared = ("company",)

    name = models.CharField(max_length=60, unique=True)
    currency = CurrencyField()
    company = models.ForeignKey(
        Company,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text=_("The company whose prices they are. Empty: every company's."),
    )
    includes_tax = models.BooleanField(default=False)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Another company's channels and customers don't have its prices."""
        super().clean()
        if self.company_id and self.is_changed("company") and self._is_used_elsewhere():
            raise ValidationError(
                {"company": _("Channels or customers of another company have this price list.")}
            )

    def _is_used_elsewhere(self) -> bool:
        """Whether channels or customers that aren't its company's have these prices."""
        users: Any = (self.channel_set, self.customer_set)
        return any(rows.exclude(company=self.company_id).exists() for rows in users)


class Price(models.Model):
    """The price of a SKU from a quantity on, in a list or for one customer, for some days."""

    price_list = models.ForeignKey(
        PriceList, on_delete=models.CASCADE, null=True, blank=True, related_name="prices"
    )
    customer = models.ForeignKey(
        "orders.Customer", on_delete=models.CASCADE, null=True, blank=True, related_name="prices"
    )
    sku = models.ForeignKey(SKU, on_delete=models.CASCADE, related_name="prices")
    minimum = models.PositiveIntegerField(_("minimum quantity"), default=1)
    unit_price = UnitPriceField()
    valid_from = models.DateField(null=True, blank=True)
    valid_to = models.DateField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(price_list=None, customer__isnull=False)
                | Q(price_list__isnull=False, customer=None),
                name="price_is_of_a_list_or_a_customer",
            ),
            models.CheckConstraint(condition=Q(unit_price__gte=0), name="price_is_not_negative"),
            models.CheckConstraint(
                condition=Q(valid_to=None) | Q(valid_from=None) | Q(valid_to__gte=F("valid_from")),
                name="price_ends_after_it_begins",
            ),
        ]
        indexes = [
            models.Index(fields=["sku", "price_list"]),
            models.Index(fields=["sku", "customer"]),
        ]

    def __str__(self) -> str:
        return f"{self.sku}: {grouped(self.unit_price, self.currency)} from {self.minimum}"

    @property
    def currency(self) -> str:
        owner = self.price_list or self.customer
        return owner.currency if owner else ""

    def clean(self) -> None:
        """A price is a list's or a customer's, and ends after it begins."""
        if (self.price_list is None) == (self.customer is None):
            raise ValidationError({"price_list": _("Choose a price list or a customer, not both.")})
        if self.valid_from and self.valid_to and self.valid_to < self.valid_from:
            raise ValidationError({"valid_to": _("This is before the first day.")})


class Discount(models.Model):
    """A percentage off lines: of a customer, a channel, a category, or of everything."""

    name = models.CharField(max_length=60)
    percent = models.DecimalField(max_digits=5, decimal_places=2)
    customer = models.ForeignKey("orders.Customer", on_delete=models.CASCADE, null=True, blank=True)
    channel = models.ForeignKey("orders.Channel", on_delete=models.CASCADE, null=True, blank=True)
    category = models.ForeignKey(Category, on_delete=models.CASCADE, null=True, blank=True)
    valid_from = models.DateField(null=True, blank=True)
    valid_to = models.DateField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(percent__gt=0, percent__lte=100), name="discount_is_a_percentage"
            ),
            models.CheckConstraint(
                condition=Q(valid_to=None) | Q(valid_from=None) | Q(valid_to__gte=F("valid_from")),
                name="discount_ends_after_it_begins",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.percent} %)"

    def clean(self) -> None:
        """A period begins before it ends."""
        super().clean()
        if self.valid_from and self.valid_to and self.valid_to < self.valid_from:
            raise ValidationError({"valid_to": _("This is before the first day.")})
