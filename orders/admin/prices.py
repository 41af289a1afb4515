"""Price lists, discounts and tax rates in the admin."""

from django.contrib import admin

from oms.backoffice.access import ScopedAdmin
from oms.files.runs import offer
from orders.admin.sheets import PriceSheet
from orders.models import Discount, Price, PriceList, TaxRate


@admin.register(PriceList)
class PriceListAdmin(ScopedAdmin):
    list_display = ["name", "currency", "includes_tax"]
    search_fields = ["name"]


@admin.register(Price)
class PriceAdmin(ScopedAdmin):
    list_display = [
        "sku",
        "price_list",
        "customer",
        "minimum",
        "unit_price",
        "valid_from",
        "valid_to",
    ]
    list_filter = ["price_list"]
    list_select_related = ["sku", "price_list", "customer"]
    search_fields = ["=sku__code"]
    autocomplete_fields = ["sku", "price_list", "customer"]
    sheets = offer(PriceSheet)


@admin.register(Discount)
class DiscountAdmin(ScopedAdmin):
    list_display = ["name", "percent", "customer", "channel", "category", "valid_from", "valid_to"]
    list_select_related = ["customer", "channel", "category"]
    autocomplete_fields = ["customer"]


@admin.register(TaxRate)
class TaxRateAdmin(ScopedAdmin):
    list_display = [
        "country",
        "region",
        "tax_class",
        "percent",
        "category",
        "valid_from",
        "valid_to",
    ]
    list_filter = ["country"]
