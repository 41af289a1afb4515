"""Rollups in the admin, to see what the home pages are drawn from."""

from django.contrib import admin

from oms.backoffice.records import ReadOnlyAdmin
from oms.insights.models import DailySales, DailyShipping, Rollup, StockOutlook


@admin.register(Rollup)
class RollupAdmin(ReadOnlyAdmin):
    list_display = ["name", "computed_at"]


@admin.register(DailySales)
class DailySalesAdmin(ReadOnlyAdmin):
    list_display = ["day", "channel", "currency", "orders", "net"]
    list_select_related = ["channel"]
    ordering = ["-day", "-pk"]


@admin.register(DailyShipping)
class DailyShippingAdmin(ReadOnlyAdmin):
    list_display = ["day", "warehouse", "shipments", "hours"]
    list_select_related = ["warehouse"]
    ordering = ["-day", "-pk"]


@admin.register(StockOutlook)
class StockOutlookAdmin(ReadOnlyAdmin):
    list_display = ["sku", "warehouse", "available", "per_day", "days_left"]
    list_select_related = ["sku", "warehouse"]
