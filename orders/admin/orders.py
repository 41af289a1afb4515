"""Orders in the admin: drafts are entered here, everything after is an operation."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.contrib import admin
from django.db.models import Exists, Max, OuterRef, Q, QuerySet, Subquery, Sum
from django.http import HttpRequest
from django.urls import path, reverse
from django.utils.translation import gettext_lazy as _

from inventory.models import Stock, StockShare
from oms.backoffice.access import Lines
from oms.backoffice.chips import address_text, bar, chips
from oms.backoffice.decorators import display
from oms.backoffice.documents import DocumentAdmin
from oms.core import states
from oms.core.money_text import display as show_amount
from oms.files.runs import offer
from orders import order_entry, pricing
from orders.admin import entry
from orders.admin.drafts import DraftForm
from orders.admin.filters import View
from orders.admin.sheets import OrderSheet
from orders.models import Order, OrderCharge, OrderHold, OrderLine

PROGRESS = ["canceled", "reserved", "picked", "shipped", "invoiced", "returned"]


class OrderLines(Lines):
    model = OrderLine
    is_editable = True
    autocomplete_fields = ["sku"]
    readonly_fields = [
        "available",
        "price_source",
        "tax_percent",
        "origin",
        "net",
        "gross",
        *PROGRESS,
    ]
    entered = ["sku", "quantity", "unit_price", "discount_percent"]
    ordering = ["position"]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None or obj.status == Order.Status.DRAFT:
            return [*self.entered, *(["available", "price_source", "net"] if obj else [])]
        return [
            *self.entered,
            "available",
            "price_source",
            "tax_percent",
            "origin",
            "net",
            "gross",
            *PROGRESS,
        ]

    def get_queryset(self, request: HttpRequest) -> Any:
        """With what the order's company can still promise of each SKU, over all warehouses."""
        company = OuterRef("order__company")
        shared = StockShare.objects.open().filter(selling=OuterRef(company)).values("supplying")
        own = Q(warehouse__company=company) | Q(warehouse__company__in=shared)
        rows = Stock.objects.filter(own, warehouse__is_active=True, sku=OuterRef("sku")).with_free()
        stock = rows.values("sku").annotate(left=Sum("free"))
        return (
            super()
            .get_queryset(request)
            .select_related("sku")
            .annotate(left=Subquery(stock.values("left")))
        )

    @display(description=_("Available"))
    def available(self, line: OrderLine) -> Any:
        return getattr(line, "left", None)


class OrderCharges(Lines):
    model = OrderCharge
    is_editable = True
    fields = ["kind", "description", "amount"]


class Holds(Lines):
    model = OrderHold
    hide_title = True  # it names the reason, which not everybody sees
    fields = ["kind", "reason", "placed_by", "placed_at", "released_by", "released_at"]
    readonly_fields = ["placed_at"]


@admin.register(Order)
class OrderAdmin(DocumentAdmin):
    form = DraftForm
    editable_statuses = ("draft",)
    list_display: list[Any] = [
        "number",
        "state",
        "customer",
        "channel",
        "placed_on",
        "requested_on",
        "total",
        "units",
        "is_reserved",
        "is_shipped",
        "is_invoiced",
    ]
    reads: list[Callable[[QuerySet[Order]], QuerySet[Order]]] = []  # of columns by rooms above
    list_filter = [View, "status", "channel"]
    list_select_related = ["customer", "channel"]
    search_fields = exact_search_fields = ["number", "external_id", "customer_reference"]
    search_related = ["customer"]
    search_help_text = _("Search by order number, external ID, reference or customer")
    autocomplete_fields = ["customer"]
    inlines = [OrderLines, OrderCharges, Holds]
    sheets = offer(OrderSheet)
    entered = [
        "customer",
        "channel",
        "ship_to",
        "customer_reference",
        "requested_on",
        "ship_complete",
        "discount_percent",
        "note",
    ]
    shown = [
        "external_id",
        "placed_on",
        "valid_until",
        "currency",
        "net",
        "tax",
        "gross",
        "shipped_to",
        "billed_to",
    ]
    readonly_fields = shown

    def get_urls(self) -> Any:
        return [
            path(
                "entry/",
                self.admin_site.admin_view(partial(entry.entry_page, self)),
                name="orders_order_entry",
            ),
            path(
                "number/<str:number>/",
                self.admin_site.admin_view(partial(entry.by_number, self)),
                name="orders_order_number",
            ),
            *super().get_urls(),
        ]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        entered = [
            name
            for name in self.entered
            if name != "ship_to" or self.has_change_permission(request, obj)
        ]
        names = entered if obj is None else [*entered, *self.shown]
        return [*names, "version_read"] if self.has_change_permission(request, obj) else names

    @display(description=_("Status"), ordering="status")
    def state(self, order: Order) -> Any:
        return chips(order, order.is_held)  # type: ignore[attr-defined]

    @display(description=_("Reserved"))
    def is_reserved(self, order: Order) -> Any:
        return bar(order.reserved, order.units - order.canceled)

    @display(description=_("Shipped"))
    def is_shipped(self, order: Order) -> Any:
        return bar(order.shipped, order.units - order.canceled)

    @display(description=_("Invoiced"))
    def is_invoiced(self, order: Order) -> Any:
        return bar(order.invoiced, order.units - order.canceled)

    def get_queryset(self, request: HttpRequest) -> Any:
        held = OrderHold.objects.filter(order=OuterRef("pk"), released_at=None)
        rows = super().get_queryset(request).annotate(is_held=Exists(held))
        for read in self.reads:
            rows = read(rows)
        return rows

    @display(description=_("Total"), ordering="gross")
    def total(self, order: Order) -> str:
        return show_amount(order.gross, order.currency)

    @display(description=_("Ship to"))
    def shipped_to(self, order: Order) -> str:
        return address_text(order.ship_to)

    @display(description=_("Bill to"))
    def billed_to(self, order: Order) -> str:
        return address_text(order.bill_to)

    def document_context(self, request: HttpRequest, document: Any) -> dict[str, Any]:
        context = super().document_context(request, document)
        if self.has_add_permission(request):
            context["repeat"] = f"{reverse('admin:orders_order_entry')}?repeat={document.number}"
        return context

    def complete(self, document: Order) -> None:
        order_entry.complete(document)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """Lines get their positions and know whether their price was given by hand."""
        if formset.model is not OrderLine:
            super().save_formset(request, form, formset, change)
            return
        order = form.instance
        last = order.lines.aggregate(last=Max("position"))["last"] or 0
        for row in formset.save(commit=False):
            if row.position is None:
                last += 1
                row.position = last
                row.description = row.sku.name
            known = OrderLine.objects.filter(pk=row.pk).values_list("unit_price", flat=True).first()
            if row.pk is None or row.unit_price != known:
                row.has_manual_price = row.unit_price is not None
            row.save()
        for row in formset.deleted_objects:
            row.delete()

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """A saved draft is priced at once."""
        super().save_related(request, form, formsets, change)
        with states.change(form.instance, event="order.repriced", by=request.user) as order:  # type: ignore[arg-type]
            pricing.price_and_save(order)
