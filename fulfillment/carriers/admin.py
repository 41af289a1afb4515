"""Carriers, their services and rates in the admin."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from unfold.widgets import UnfoldAdminSelectWidget

from fulfillment.carriers.connectors import carriers
from fulfillment.carriers.models import CarrierAccount, CarrierService, Rate
from oms.backoffice.access import Lines, ScopedAdmin


class Rates(Lines):
    model = Rate
    is_editable = True


class Services(Lines):
    model = CarrierService
    is_editable = True


@admin.register(CarrierAccount)
class CarrierAccountAdmin(ScopedAdmin):
    list_display = ["code", "name", "connector", "is_active"]
    inlines = [Services]

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **options: Any) -> Any:
        """The connectors that there are."""
        if db_field.name == "connector":
            return forms.ChoiceField(
                choices=[(name, name) for name in carriers.names], widget=UnfoldAdminSelectWidget
            )
        return super().formfield_for_dbfield(db_field, request, **options)


@admin.register(CarrierService)
class CarrierServiceAdmin(ScopedAdmin):
    list_display = ["account", "code", "name", "days", "max_weight_g"]
    list_select_related = ["account"]
    inlines = [Rates]
