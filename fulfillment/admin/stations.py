"""The acts of the scanner stations in the admin."""

from django.contrib import admin

from fulfillment.models import StationAction
from oms.backoffice.records import ReadOnlyAdmin


@admin.register(StationAction)
class ScanAdmin(ReadOnlyAdmin):
    """What was done at the stations."""

    list_display = ["at", "action", "by", "body", "answer"]
    list_select_related = ["by"]
    list_filter = ["action"]
    ordering = ["-pk"]
