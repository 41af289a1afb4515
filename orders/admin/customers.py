"""Customers and channels in the admin."""

from functools import partial
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponseRedirect
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from oms.background import jobs
from oms.backoffice.access import Lines, ScopedAdmin, acting, with_money_columns
from oms.core import policy
from oms.core.models.role import Reach
from oms.files.runs import offer
from orders.admin.sheets import AddressSheet, CustomerSheet
from orders.admin.statements import statement_page
from orders.models import (
    Address,
    Channel,
    Contact,
    Customer,
    CustomerSKU,
    FraudRule,
    Listing,
    Price,
)


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
    list_display = [
        "code",
        "name",
        "currency",
        "rep",
        "terms_days",
        "credit_limit",
        "is_active",
        "statement",
    ]
    only_links = ["statement"]
    list_filter = ["is_active"]
    list_select_related = ["rep"]
    search_fields = ["code", "name", "email"]
    inlines = [Addresses, Contacts, PartNumbers, CustomerPrices]
    sheets = offer(CustomerSheet, AddressSheet)

    actions = ["collect"]

    def get_urls(self) -> Any:
        view = self.admin_site.admin_view(partial(statement_page, self))
        return [
            path("statement/<str:code>/", view, name="orders_customer_statement"),
            *super().get_urls(),
        ]

    @display(description=_("Statement"))
    def statement(self, customer: Customer) -> Any:
        return format_html(
            '<a href="{}">{}</a>',
            reverse("admin:orders_customer_statement", args=[customer.code]),
            gettext("Statement"),
        )

    @acting("bill", _("Invoice shipped items"))
    def collect(self, request: HttpRequest, rows: Any) -> HttpResponseRedirect:
        """A job: one invoice for all that was shipped to each customer and is not billed yet."""
        user: Any = request.user
        keys = list(rows.order_by("pk").values_list("pk", flat=True))
        job = jobs.submit(
            "collect",
            gettext("Invoice shipped items for %(keys)s customers") % {"keys": len(keys)},
            len(keys),
            by=user,
            keys=keys,
        )
        return HttpResponseRedirect(reverse("admin:core_job_change", args=[job.pk]))

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


class Listings(Lines):
    model = Listing
    is_editable = True
    autocomplete_fields = ["sku"]


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
    inlines = [Listings]


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
