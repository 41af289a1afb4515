"""Customers and channels in the admin."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from oms.backoffice.access import Lines, ScopedAdmin, with_money_columns
from oms.core import policy
from oms.core.models.role import Reach
from oms.files.runs import offer
from orders.admin.sheets import AddressSheet, CustomerSheet
from orders.models import Address, Channel, Contact, Customer, CustomerSKU, FraudRule, Price


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
    list_display: list[Any] = [
        "code",
        "name",
        "currency",
        "rep",
        "terms_days",
        "credit_limit",
        "is_active",
    ]
    list_filter = ["is_active"]
    list_select_related = ["rep"]
    search_fields = ["code", "name", "email"]
    inlines = [Addresses, Contacts, PartNumbers, CustomerPrices]
    sheets = offer(CustomerSheet, AddressSheet)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Not everybody who edits customers hands them over or raises their credit."""
        fixed = (
            []
            if self.may(request, "set_terms", obj)
            else ["rep", "credit_limit", "is_tax_exempt", "exemption_note", "terms", "billing"]
        )
        return with_money_columns(Customer, fixed)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        user: Any = request.user
        if (
            not change
            and obj.rep_id is None
            and Reach.CUSTOMERS in policy.reaches(user, "add", Customer)
        ):
            obj.rep = user
        super().save_model(request, obj, form, change)


@admin.register(Channel)
class ChannelAdmin(ScopedAdmin):
    list_display = [
        "code",
        "name",
        "kind",
        "company",
        "allow_backorders",
        "reserve_days_ahead",
        "reroutes",
        "paid_at_checkout",
        "commission_percent",
    ]
    list_select_related = ["company"]


@admin.register(FraudRule)
class FraudRuleAdmin(ScopedAdmin):
    """Which orders wait for a fraud check."""

    list_display = [
        "name",
        "channel",
        "minimum",
        "is_new_customer",
        "countries_differ",
        "is_active",
    ]
    list_select_related = ["channel"]
    list_filter = ["is_active", "channel"]
