"""Whom we buy from, and on what terms."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from inventory.models.sku import SKU
from oms.core.guarding import Guarded
from oms.core.models.coded import CurrencyField
from oms.core.models.money import UnitPriceField


class Supplier(Guarded):
    """A company that we buy from."""

    guarded = ("currency",)

    worded = ("code", "name")

    code = models.SlugField(max_length=20, unique=True)
    name = models.CharField(max_length=120)
    email = models.EmailField(blank=True)
    currency = CurrencyField()

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name


class SupplierItem(models.Model):
    """A SKU as a supplier sells it."""

    supplier = models.ForeignKey(Supplier, on_delete=models.CASCADE, related_name="items")
    sku = models.ForeignKey(SKU, on_delete=models.CASCADE, related_name="supplier_items")
    code = models.CharField(_("supplier item number"), max_length=40, blank=True)
    cost = UnitPriceField(help_text=_("Per base unit, in the supplier's currency."))
    pack = models.PositiveIntegerField(_("order multiple (base units)"), default=1)
    minimum = models.PositiveIntegerField(_("minimum order quantity (base units)"), default=1)
    lead_time_days = models.PositiveSmallIntegerField(default=7)
    over_receipt_percent = models.PositiveSmallIntegerField(
        _("over-receipt tolerance (%)"),
        default=10,
        db_default=10,
        help_text=_(
            "Up to this much more than ordered is received without asking, for example 10."
        ),
    )
    is_preferred = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["supplier", "sku"], name="sku_once_per_supplier"),
            models.UniqueConstraint(
                fields=["sku"], condition=Q(is_preferred=True), name="one_preferred_supplier"
            ),
            models.CheckConstraint(
                condition=Q(pack__gt=0, minimum__gt=0), name="pack_and_minimum_are_positive"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.sku} from {self.supplier}"

    @property
    def currency(self) -> str:
        return self.supplier.currency
