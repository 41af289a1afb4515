"""What was imported from outside, in the admin."""

from django.contrib import admin

from oms.backoffice.records import ReadOnlyAdmin
from orders.channels.models import HistoryRecord


@admin.register(HistoryRecord)
class HistoryRecordAdmin(ReadOnlyAdmin):
    list_display = ["external_id", "kind", "code", "text", "quantity", "unit_price", "at"]
    list_filter = ["kind"]
    search_fields = exact_search_fields = ["external_id", "code"]
