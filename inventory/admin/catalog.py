"""SKUs, categories, lots and suppliers in the admin."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.forms import PaginationInlineFormSet

from inventory import unservable
from inventory.admin.sheets import BarcodeSheet, SKUSheet
from inventory.models import SKU, Barcode, Category, KitComponent, Lot, Warehouse
from oms.backoffice.access import Lines, ScopedAdmin
from oms.backoffice.decorators import display
from oms.backoffice.printouts import PapersAdmin
from oms.core import codes, guarding
from oms.files.runs import offer


class Barcodes(Lines):
    model = Barcode
    is_editable = True


class ComponentRows(PaginationInlineFormSet):
    """The components of a kit; none is removed while open orders consist of it."""

    def clean(self) -> None:
        super().clean()
        for form in self.deleted_forms:
            if form.instance.pk and (found := guarding.obstacles(form.instance, "kit")):
                raise ValidationError(
                    _("You can't remove %(component)s: %(obstacles)s.")
                    % {"component": form.instance.component, "obstacles": ", ".join(found)}
                )


class Components(Lines):
    model = KitComponent
    formset = ComponentRows
    fk_name = "kit"
    is_editable = True
    autocomplete_fields = ["component"]


@admin.register(SKU)
class SKUAdmin(PapersAdmin, ScopedAdmin):
    list_display = ["code", "name", "category", "unit", "tracking", "is_kit", "is_sellable"]
    list_filter = ["is_kit", "is_sellable", "tracking"]
    list_select_related = ["category"]
    search_fields = ["code", "name"]
    exact_search_fields = ["barcodes__code"]
    inlines = [Barcodes, Components]
    sheets = offer(SKUSheet, BarcodeSheet)

    @display(description=_("Base unit"), ordering="base_unit")
    def unit(self, sku: SKU) -> str:
        """The unit by its name, for people."""
        return codes.units().get(sku.base_unit, sku.base_unit)


@admin.register(Category)
class CategoryAdmin(ScopedAdmin):
    search_fields = ["name"]


@admin.register(Lot)
class LotAdmin(ScopedAdmin):
    list_display = ["code", "sku", "expires_on"]
    ordering = ["-pk"]
    search_fields = ["code"]
    autocomplete_fields = ["sku"]

    def save_model(self, request: HttpRequest, obj: Lot, form: Any, change: bool) -> None:
        """Save; what is reserved and can't be served with the new expiry date waits again."""
        super().save_model(request, obj, form, change)
        if change and "expires_on" in form.changed_data:
            there = Warehouse.objects.filter(
                bins__stock__lot=obj, bins__stock__on_hand__gt=0
            ).distinct()
            for warehouse in there.order_by("pk"):
                unservable.release([obj.sku], warehouse, by=request.user)  # type: ignore[arg-type]
