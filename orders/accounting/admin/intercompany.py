"""Settings between companies and supplier invoices in the admin."""

from typing import Any

from django.contrib import admin
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from oms.backoffice import panels
from oms.backoffice.access import Lines, ScopedAdmin
from oms.backoffice.decorators import display
from oms.backoffice.records import ReadOnlyAdmin
from oms.core.bulk_sql import any_of
from oms.core.money import round_amount
from oms.core.money_text import display as show_amount
from orders.accounting.models import (
    IntercompanyRule,
    IntercompanySupply,
    Invoice,
    SupplierInvoice,
    SupplierInvoiceLine,
)
from orders.models import Order


@admin.register(IntercompanyRule)
class IntercompanyRuleAdmin(ScopedAdmin):
    list_display = ["selling", "supplying", "pricing", "percent", "price_list", "is_active"]
    list_display_links = ["selling", "supplying"]
    list_select_related = ["selling", "supplying", "price_list"]
    fields = [
        "selling",
        "supplying",
        "customer",
        "supplier",
        "pricing",
        "percent",
        "price_list",
        "is_active",
    ]
    autocomplete_fields = ["customer", "supplier", "price_list"]
    conditional_fields = {"percent": "pricing == 'cost_plus'", "price_list": "pricing == 'list'"}


@admin.register(IntercompanySupply)
class IntercompanySupplyAdmin(ReadOnlyAdmin):
    list_display = ["shipment", "sku", "rule", "order", "line"]
    list_select_related = ["sku", "rule__selling", "rule__supplying", "order", "line"]
    search_fields = exact_search_fields = ["shipment", "order__number"]
    ordering = ["-pk"]


class SupplierInvoiceLines(Lines):
    model = SupplierInvoiceLine
    fields = ["sku", "description", "quantity", "unit_price", "tax_percent", "net", "tax", "gross"]


@admin.register(SupplierInvoice)
class SupplierInvoiceAdmin(ReadOnlyAdmin):
    """What other companies of the installation billed and credited, with the company that buys."""

    list_display = ["number", "kind", "company", "supplier", "issued_on", "due_on", "total"]
    list_select_related = ["company", "supplier"]
    list_filter = ["kind", "company", "supplier", "issued_on"]
    search_fields = exact_search_fields = ["number"]
    fields = [
        "number",
        "kind",
        "company",
        "supplier",
        "mirrors",
        "corrects",
        "issued_on",
        "booked_on",
        "due_on",
        "currency",
        "net",
        "tax",
        "gross",
        "at_home",
    ]
    readonly_fields = ["at_home"]
    inlines = [SupplierInvoiceLines]
    ordering = ["-pk"]

    @display(description=_("Total"), ordering="gross")
    def total(self, row: SupplierInvoice) -> str:
        return show_amount(row.gross, row.currency)

    @display(description=_("In company currency"))
    def at_home(self, row: SupplierInvoice) -> Any:
        """The total at the document's rate, where its currency is not the company's."""
        home = row.company.currency
        if row.currency == home:
            return None
        total = show_amount(round_amount(row.gross / row.exchange_rate, home), home)
        return f"{total} ({row.exchange_rate.normalize():f} {row.currency}/{home})"


def _between_companies(order: Any) -> Any:
    supplied = Invoice.objects.filter(lines__intercompany_supply__order=order).values("pk")
    return Invoice.objects.filter(
        Q(any_of("pk", supplied)) | Q(any_of("corrects_id", supplied))
    ).order_by("pk")


panels.register(
    Order,
    _("Intercompany invoices"),
    Invoice,
    _between_companies,
    "number",
    "kind",
    "issued_on",
    "gross",
)
panels.register(
    Invoice,
    _("Supplier invoices"),
    SupplierInvoice,
    lambda document: SupplierInvoice.objects.filter(mirrors=document),
    "number",
    "company",
    "supplier",
    "booked_on",
)
