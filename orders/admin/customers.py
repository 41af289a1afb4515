"""Customers and channels in the admin."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from oms.core.admin.access import Lines, ScopedAdmin, with_money_columns
from oms.core.importing.runs import offer
from orders.admin.sheets import AddressSheet, CustomerSheet
from orders.models import Address, Channel, Contact, Customer, CustomerSKU, Listing, Price


class Contacts(Lines):
    model = Contact
    is_editable = True


class Addresses(Lines):
    model = Address
    is_editable = True


class PartNumbers(Lines):
    model = CustomerSKU
    is_editable = True
    autocomplete_fields = ["sku"]


class CustomerPrices(Lines):
    model = Price
    is_editable = True
    fields = ["sku", "minimum", "unit_price", "valid_from", "valid_to"]
    autocomplete_fields = ["sku"]


@admin.register(Customer)
class CustomerAdmin(ScopedAdmin):
    viewers = "accountant"
    editors = "rep manager"
    list_display = ["code", "name", "currency", "rep", "terms_days", "credit_limit", "is_active"]
    list_filter = ["is_active"]
    list_select_related = ["rep"]
    search_fields = ["code", "name", "email"]
    inlines = [Addresses, Contacts, PartNumbers, CustomerPrices]
    sheets = offer(CustomerSheet, AddressSheet)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """A rep neither hands customers over nor raises their credit."""
        user: Any = request.user
        fixed = [] if user.has_role("manager") else ["rep", "credit_limit", "is_tax_exempt", "exemption_note"]
        return with_money_columns(Customer, fixed)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if not change and obj.rep_id is None and request.user.has_role("rep"):  # type: ignore[union-attr]
            obj.rep = request.user
        super().save_model(request, obj, form, change)


class Listings(Lines):
    model = Listing
    is_editable = True
    autocomplete_fields = ["sku"]


@admin.register(Channel)
class ChannelAdmin(ScopedAdmin):
    viewers = "rep accountant"
    editors = "manager"
    list_display = ["code", "name", "kind", "company", "may_backorder", "commission_percent"]
    list_select_related = ["company"]
    inlines = [Listings]
