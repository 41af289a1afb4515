"""Suppliers and reorder rules in the admin."""

from django.contrib import admin

from inventory.admin.catalog import SKUAdmin
from inventory.purchasing.admin.sheets import SupplierItemSheet, SupplierSheet
from inventory.purchasing.models import ReorderRule, Supplier, SupplierItem
from oms.backoffice.access import Lines, ScopedAdmin
from oms.files.runs import offer


class Items(Lines):
    model = SupplierItem
    is_editable = True
    autocomplete_fields = ["sku"]


class Rules(Lines):
    model = ReorderRule
    is_editable = True


@admin.register(Supplier)
class SupplierAdmin(ScopedAdmin):
    list_display = ["code", "name", "currency"]
    search_fields = ["code", "name"]
    inlines = [Items]
    sheets = offer(SupplierSheet, SupplierItemSheet)


@admin.register(ReorderRule)
class ReorderRuleAdmin(ScopedAdmin):
    list_display = ["sku", "warehouse", "point", "target"]
    autocomplete_fields = ["sku"]
    list_select_related = ["sku", "warehouse"]


SKUAdmin.inlines.append(Rules)
