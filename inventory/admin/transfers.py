"""Transfers and counts in the admin."""

from django.contrib import admin

from inventory.models import Count, CountLine, Transfer, TransferLine
from oms.backoffice.access import Lines
from oms.backoffice.documents import DocumentAdmin


class TransferLines(Lines):
    model = TransferLine
    is_editable = True
    fields = ["sku", "bin", "lot", "quantity", "received", "damaged", "recalled", "lost"]
    readonly_fields = ["received", "damaged", "recalled", "lost"]
    autocomplete_fields = ["sku", "bin"]


@admin.register(Transfer)
class TransferAdmin(DocumentAdmin):
    editable_statuses = ("draft",)
    list_display = ["number", "source", "target", "status", "status_at"]
    list_filter = ["status"]
    list_select_related = ["source", "target"]
    fields = ["source", "target"]
    inlines = [TransferLines]


class CountLines(Lines):
    model = CountLine
    is_editable = True
    fields = ["sku", "bin", "lot", "booked", "found", "moved", "posted"]
    readonly_fields = ["booked", "found", "moved", "posted"]
    autocomplete_fields = ["sku", "bin"]


@admin.register(Count)
class CountAdmin(DocumentAdmin):
    editable_statuses = ("planned",)
    list_display = ["number", "warehouse", "status", "status_at"]
    list_filter = ["status", "warehouse"]
    list_select_related = ["warehouse"]
    fields = ["warehouse"]
    inlines = [CountLines]
