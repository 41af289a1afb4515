"""Warehouses, bins, lanes and postal codes in the admin."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldBooleanWidget

from inventory import floors, sourcing
from inventory.models import Bin, Lane, PostalCode, Warehouse, Zone
from oms.backoffice.access import Lines, ScopedAdmin
from oms.backoffice.printouts import PapersAdmin
from oms.core import confirming, guarding
from oms.core.errors import NeedsConfirmation

PLACED = ("warehouse", "zone", "code", "aisle", "x_cm", "y_cm")
ROUTING = {"is_active", "priority", "country", "postal_code", "latitude", "longitude"}


class Zones(Lines):
    model = Zone
    is_editable = True


@admin.register(Warehouse)
class WarehouseAdmin(ScopedAdmin):
    list_display = ["code", "name", "kind", "city", "country", "priority", "is_active"]
    filter_horizontal = ["staff"]
    inlines = [Zones]

    def save_model(self, request: HttpRequest, obj: Warehouse, form: Any, change: bool) -> None:
        """What decides where goods are sent from is told: others may be better now."""
        super().save_model(request, obj, form, change)
        if ROUTING & set(form.changed_data):
            user: Any = request.user
            sourcing.announce_change(obj, by=user)
        self._warn(request, obj)

    def render_change_form(
        self, request: HttpRequest, context: Any, *args: Any, **options: Any
    ) -> Any:
        if request.method == "GET" and options.get("obj") is not None:
            self._warn(request, options["obj"])
        return super().render_change_form(request, context, *args, **options)

    def _warn(self, request: HttpRequest, warehouse: Warehouse) -> None:
        for text in guarding.warnings(warehouse):
            messages.warning(request, text)


class BinForm(forms.ModelForm):  # type: ignore[type-arg]  # it takes no parameters when it runs
    """A bin; a place that is far from all others is asked about before it is saved."""

    is_measured = forms.BooleanField(
        label=_("The coordinates are right"), required=False, widget=forms.HiddenInput
    )

    def clean(self) -> Any:
        cleaned = super().clean()
        if not self.errors and {"x_cm", "y_cm"} & set(self.changed_data):
            place = Bin(
                **{
                    name: self.cleaned_data.get(name, getattr(self.instance, name))
                    for name in PLACED
                }
            )
            place.pk = self.instance.pk
            try:
                with confirming.agreed(bool(self.cleaned_data.get("is_measured"))):
                    floors.ask_if_far_off(place)
            except NeedsConfirmation as asked:
                self.fields["is_measured"].widget = UnfoldBooleanWidget()
                self.add_error("is_measured", asked.message)
        return cleaned


@admin.register(Bin)
class BinAdmin(PapersAdmin, ScopedAdmin):
    form = BinForm
    list_display = [
        "code",
        "warehouse",
        "kind",
        "is_sellable",
        "aisle",
        "bay",
        "level",
        "x_cm",
        "y_cm",
    ]
    list_filter = ["warehouse", "kind"]
    list_select_related = ["warehouse"]
    search_fields = ["code"]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and not (obj and obj.is_outside)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Who only looks at a bin isn't asked anything."""
        names = super().get_fields(request, obj)
        return (
            names
            if self.has_change_permission(request, obj)
            else [name for name in names if name != "is_measured"]
        )

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Places outside are built in."""
        return super().has_delete_permission(request, obj) and not (obj and obj.is_outside)

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        super().delete_queryset(request, queryset.filter(warehouse__isnull=False))

    def get_search_results(
        self, request: HttpRequest, queryset: Any, search_term: str
    ) -> tuple[Any, bool]:
        """Lines of transfers and counts offer only the bins whose stock people change."""
        rows, doubles = super().get_search_results(request, queryset, search_term)
        if request.GET.get("model_name") in ("transferline", "countline"):
            rows = rows.by_hand().exclude(kind=Bin.Kind.MISSING)
        return rows, doubles


@admin.register(Lane)
class LaneAdmin(ScopedAdmin):
    list_display = [
        "warehouse",
        "country",
        "postal_prefix",
        "base_cost",
        "cost_per_kg",
        "days",
        "on_time_share",
    ]
    list_select_related = ["warehouse"]

    def save_model(self, request: HttpRequest, obj: Lane, form: Any, change: bool) -> None:
        """What somebody enters stays, whatever the rates say."""
        obj.is_entered = True
        super().save_model(request, obj, form, change)


@admin.register(PostalCode)
class PostalCodeAdmin(ScopedAdmin):
    list_display = ["country", "code", "latitude", "longitude"]
    search_fields = ["=code"]
