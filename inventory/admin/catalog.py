"""SKUs, categories, lots and suppliers in the admin."""

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from unfold.forms import PaginationInlineFormSet

from inventory.admin.sheets import BarcodeSheet, SKUSheet, SupplierItemSheet, SupplierSheet
from inventory.models import SKU, Barcode, Category, KitComponent, Lot, ReorderRule, Supplier, SupplierItem
from oms.core import guarding
from oms.core.admin.access import Lines, ScopedAdmin
from oms.core.admin.papers import PapersAdmin
from oms.core.importing.runs import offer

ALL = "rep picker packer buyer accountant manager"


class Barcodes(Lines):
    model = Barcode
    is_editable = True


class ComponentRows(PaginationInlineFormSet):
    """The components of a kit; none is removed while open orders consist of it."""

    def clean(self) -> None:
        super().clean()
        for form in self.deleted_forms:
            if form.instance.pk and (found := guarding.obstacles(form.instance, "kit")):
                raise ValidationError(_("You can't remove %(component)s: %(obstacles)s.")
                                      % {"component": form.instance.component, "obstacles": ", ".join(found)})


class Components(Lines):
    model = KitComponent
    formset = ComponentRows
    fk_name = "kit"
    is_editable = True
    autocomplete_fields = ["component"]


class Items(Lines):
    model = SupplierItem
    is_editable = True
    autocomplete_fields = ["sku"]


class Rules(Lines):
    model = ReorderRule
    is_editable = True


@admin.register(SKU)
class SKUAdmin(PapersAdmin, ScopedAdmin):
    viewers = ALL
    editors = "buyer manager"
    list_display = ["code", "name", "category", "base_unit", "tracking", "is_kit", "is_sellable"]
    list_filter = ["is_kit", "is_sellable", "tracking"]
    list_select_related = ["category"]
    search_fields = ["code", "name"]
    search_exact = ["barcodes__code"]
    inlines = [Barcodes, Components, Rules]
    sheets = offer(SKUSheet, BarcodeSheet)


@admin.register(Category)
class CategoryAdmin(ScopedAdmin):
    viewers = ALL
    editors = "buyer manager"
    search_fields = ["name"]


@admin.register(Lot)
class LotAdmin(ScopedAdmin):
    viewers = ALL
    editors = "manager"
    list_display = ["code", "sku", "expires_on"]
    search_fields = ["code"]
    autocomplete_fields = ["sku"]


@admin.register(Supplier)
class SupplierAdmin(ScopedAdmin):
    viewers = "accountant"
    editors = "buyer manager"
    list_display = ["code", "name", "currency"]
    search_fields = ["code", "name"]
    inlines = [Items]
    sheets = offer(SupplierSheet, SupplierItemSheet)


@admin.register(ReorderRule)
class ReorderRuleAdmin(ScopedAdmin):
    editors = "buyer manager"
    list_display = ["sku", "warehouse", "point", "target"]
    autocomplete_fields = ["sku"]
    list_select_related = ["sku", "warehouse"]
