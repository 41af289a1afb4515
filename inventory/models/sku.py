"""Stock keeping units: what can be ordered and stocked."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from oms.core import guarding
from oms.core.errors import Refused
from oms.core.guarding import Guarded
from oms.core.models.coded import CountryField, UnitField
from oms.core.models.codes import CodeField
from oms.core.models.word_search import words_index

BARCODE_TAKEN = _("This is the barcode of another SKU; a scanner couldn't tell them apart.")
CODE_TAKEN = _("This is the code of another SKU; a scanner couldn't tell them apart.")


class Category(models.Model):
    """A group of SKUs."""

    name = models.CharField(max_length=60, unique=True)

    class Meta:
        verbose_name_plural = _("categories")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class SKU(Guarded):
    """A stock keeping unit, counted in its base unit. A kit has components and no stock of its own."""

    worded = ("code", "name")
    guarded = ("tracking", "has_expiry", "is_kit", "base_unit")

    class Tracking(models.TextChoices):
        NONE = "none", _("not tracked")
        LOT = "lot", _("lot")
        SERIAL = "serial", _("serial number")

    code = CodeField(max_length=40, unique=True)
    name = models.CharField(max_length=200)
    category = models.ForeignKey(Category, on_delete=models.PROTECT, null=True, blank=True)
    base_unit = UnitField(
        default="H87",
        help_text=_(
            "A code of UN/ECE Recommendation 20 or 21, for example H87 (piece), KGM (kilogram) or XBX (box)."
        ),
    )
    tax_class = models.CharField(max_length=20, default="standard")
    weight_g = models.PositiveIntegerField(_("weight (g)"), default=0)
    length_mm = models.PositiveIntegerField(_("length (mm)"), default=0)
    width_mm = models.PositiveIntegerField(_("width (mm)"), default=0)
    height_mm = models.PositiveIntegerField(_("height (mm)"), default=0)
    hs_code = models.CharField(_("HS code"), max_length=12, blank=True)
    origin = CountryField(_("country of origin"), blank=True)
    tracking = models.CharField(max_length=6, choices=Tracking, default=Tracking.NONE)
    has_expiry = models.BooleanField(
        default=False,
        db_default=False,
        help_text=_(
            "Lots or serial numbers have an expiry date, which is asked when they are received."
        ),
    )
    is_kit = models.BooleanField(default=False)
    is_sellable = models.BooleanField(default=True)
    components = models.ManyToManyField(
        "self",
        through="KitComponent",
        symmetrical=False,
        through_fields=("kit", "component"),
        related_name="kits",
    )

    class Meta:
        verbose_name = _("SKU")
        ordering = ["code"]
        indexes = [words_index("code", "name", name="skus_by_words")]
        constraints = [
            models.CheckConstraint(
                condition=Q(is_kit=False) | Q(tracking="none"), name="kit_is_not_tracked"
            ),
            models.CheckConstraint(
                condition=Q(has_expiry=False) | ~Q(tracking="none"), name="what_expires_is_tracked"
            ),
        ]

    def __str__(self) -> str:
        return self.code

    def validate_unique(self, exclude: Any = None) -> None:
        """No code is another SKU's barcode: a scanner reads both. (Sheets check this a batch at a time.)"""
        super().validate_unique(exclude)
        if Barcode.objects.filter(code=self.code).exclude(sku=self.pk).exists():
            raise ValidationError({"code": BARCODE_TAKEN})


class KitComponent(Guarded):
    """How many base units of a component one kit takes."""

    guarded = ("kit", "component", "quantity")

    kit = models.ForeignKey(SKU, on_delete=models.CASCADE, related_name="parts")
    component = models.ForeignKey(SKU, on_delete=models.PROTECT, related_name="+")
    quantity = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kit", "component"], name="component_once_per_kit"),
            models.CheckConstraint(
                condition=Q(quantity__gt=0), name="component_quantity_is_positive"
            ),
            models.CheckConstraint(
                condition=~Q(kit=models.F("component")), name="kit_is_not_its_component"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.component}"

    def clean(self) -> None:
        super().clean()
        if self.component_id and self.component.is_kit:
            raise ValidationError(
                {
                    "component": gettext(
                        "A kit can't contain another kit. Add its components instead."
                    )
                }
            )
        if self._state.adding and self.kit_id:
            found = guarding.obstacles(self, "kit")
            if found:
                raise ValidationError(
                    gettext("You can't add a component to %(kit)s: %(obstacles)s.")
                    % {"kit": self.kit, "obstacles": ", ".join(found)}
                )

    def delete(self, *args: Any, **options: Any) -> tuple[int, dict[str, int]]:
        """Delete, or raise Refused while open orders consist of it."""
        found = guarding.obstacles(self, "kit")
        if found:
            raise Refused(
                gettext("You can't remove %(component)s from %(kit)s: %(obstacles)s.")
                % {"component": self.component, "kit": self.kit, "obstacles": ", ".join(found)},
                code="relied_on",
            )
        return super().delete(*args, **options)


class Barcode(models.Model):
    """A code that a scanner reads: of the base unit, or of a pack of several."""

    sku = models.ForeignKey(SKU, on_delete=models.CASCADE, related_name="barcodes")
    code = CodeField(max_length=48, unique=True)
    pack_name = models.CharField(max_length=20, blank=True)
    pack_quantity = models.PositiveIntegerField(_("base units per pack"), default=1)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(pack_quantity__gt=0), name="pack_holds_something")
        ]

    def __str__(self) -> str:
        return self.code

    def validate_unique(self, exclude: Any = None) -> None:
        """No barcode is another SKU's code: a scanner reads both. (Sheets check this a batch at a time.)"""
        super().validate_unique(exclude)
        if SKU.objects.filter(code=self.code).exclude(pk=self.sku_id).exists():
            raise ValidationError({"code": CODE_TAKEN})


class Lot(Guarded):
    """A batch, or a single serial number, of a tracked SKU."""

    guarded = ("sku", "code")

    sku = models.ForeignKey(SKU, on_delete=models.PROTECT, related_name="lots")
    code = CodeField(max_length=40)
    expires_on = models.DateField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["sku", "code"], name="one_lot_per_code")]

    def __str__(self) -> str:
        return self.code

    def clean(self) -> None:
        super().clean()
        if self.sku_id and self.sku.tracking == SKU.Tracking.NONE:
            raise ValidationError({"sku": gettext("This SKU isn't tracked, so it has no lots.")})
        if self.sku_id and self.sku.has_expiry and self.expires_on is None:
            raise ValidationError(
                {"expires_on": gettext("This SKU expires. Enter the expiry date.")}
            )
