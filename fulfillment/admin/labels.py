"""Cartons, labels and what carriers said, in the admin."""

from django.contrib import admin

from fulfillment.models import Carton, ShippingLabel, SSCCSeries, TrackingEvent
from oms.backoffice.access import ScopedAdmin
from oms.backoffice.records import ReadOnlyAdmin


@admin.register(Carton)
class CartonAdmin(ScopedAdmin):
    list_display = ["code", "length_mm", "width_mm", "height_mm", "weight_g", "max_weight_g"]


@admin.register(ShippingLabel)
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
