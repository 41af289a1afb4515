"""Carriers, services, rates, cartons and numbers of labels in the admin."""

from django.contrib import admin

from fulfillment.models import (
    CarrierAccount,
    CarrierService,
    Carton,
    Label,
    Rate,
    SSCCSeries,
    TrackingEvent,
)
from oms.backoffice.access import Lines, ScopedAdmin
from oms.backoffice.records import ReadOnlyAdmin


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


@admin.register(CarrierService)
class CarrierServiceAdmin(ScopedAdmin):
    list_display = ["account", "code", "name", "days", "max_weight_g"]
    list_select_related = ["account"]
    inlines = [Rates]


@admin.register(Carton)
class CartonAdmin(ScopedAdmin):
    list_display = ["code", "length_mm", "width_mm", "height_mm", "weight_g", "max_weight_g"]


@admin.register(Label)
class LabelAdmin(ReadOnlyAdmin):
    list_display = [
        "tracking_number",
        "shipment",
        "service",
        "status",
        "cost",
        "requested_at",
        "error",
    ]
    list_filter = ["status"]
    list_select_related = ["shipment", "service__account"]
    search_fields = exact_search_fields = ["tracking_number"]


@admin.register(TrackingEvent)
class TrackingEventAdmin(ReadOnlyAdmin):
    list_display = ["tracking_number", "kind", "text", "place", "at"]
    search_fields = exact_search_fields = ["tracking_number"]


@admin.register(SSCCSeries)
class SSCCSeriesAdmin(ReadOnlyAdmin):
    """How many numbers of each GS1 prefix are in use."""

    list_display = ["prefix", "used", "capacity"]
