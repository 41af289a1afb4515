"""What lies where, in the admin: read-only, changed by operations."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from inventory.admin.sheets import OpeningStockSheet
from inventory.models import BinStock, Demand, Move, Reservation, Stock, StockShare
from oms.backoffice.decorators import display
from oms.backoffice.documents import DocumentAdmin
from oms.backoffice.records import ReadOnlyAdmin
from oms.core import operations
from oms.files.runs import offer


@admin.register(Stock)
class StockAdmin(ReadOnlyAdmin):
    list_display = [
        "sku",
        "name",
        "warehouse",
        "on_hand",
        "sellable",
        "reserved",
        "available",
        "average_cost",
    ]
    list_filter = ["warehouse"]
    list_select_related = ["sku", "warehouse"]
    search_fields = ["=sku__code", "sku__name"]
    ordering = ["sku__code", "warehouse__code"]

    @display(description=_("Name"))
    def name(self, stock: Stock) -> str:
        return stock.sku.name

    @display(description=_("Available"))
    def available(self, stock: Any) -> int:
        return int(stock.free)

    def get_queryset(self, request: HttpRequest) -> Any:
        rows: Any = super().get_queryset(request)
        return rows.with_free()


@admin.register(BinStock)
class BinStockAdmin(ReadOnlyAdmin, DocumentAdmin):
    """A row of stock in a bin, with buttons to move and adjust it."""

    list_display = ["sku", "bin", "place", "lot", "on_hand", "allocated"]
    list_filter = ["bin__warehouse", "bin__kind"]
    list_select_related = ["sku", "bin__warehouse", "lot"]
    search_fields = exact_search_fields = ["sku__code", "bin__code"]
    ordering = ["bin__code"]
    sheets = offer(OpeningStockSheet)

    @display(description=_("Warehouse"))
    def place(self, stock: BinStock) -> str:
        return str(stock.bin.warehouse)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: Any = None,
        form_url: str = "",
        extra_context: Any = None,
    ) -> Any:
        stock = self.get_object(request, object_id)
        user: Any = request.user
        steps = [
            (step, self.operation_url(stock, step))
            for step in operations.of(BinStock).values()
            if stock is not None and step.allowed_for(user) and step.available(stock)
        ]
        context = {"document": stock, "next_steps": steps, "timeline": []}
        return super().changeform_view(request, object_id, form_url, extra_context=context)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ["sku", "bin", "lot", "on_hand", "allocated"]


@admin.register(Move)
class MoveAdmin(ReadOnlyAdmin):
    list_display = [
        "at",
        "sku",
        "quantity",
        "source",
        "target",
        "reason",
        "reference",
        "unit_cost",
        "by",
    ]
    list_filter = ["reason"]
    list_select_related = ["sku", "source", "target", "by"]
    search_fields = exact_search_fields = ["sku__code", "reference"]
    ordering = ["-pk"]


@admin.register(Demand)
class DemandAdmin(ReadOnlyAdmin):
    list_display = [
        "document",
        "sku",
        "quantity",
        "unreserved",
        "reserved",
        "picked",
        "shipped",
        "priority",
        "can_backorder",
    ]
    list_select_related = ["sku"]
    search_fields = exact_search_fields = ["document", "sku__code"]
    ordering = ["-pk"]


@admin.register(Reservation)
class ReservationAdmin(ReadOnlyAdmin):
    list_display = [
        "demand",
        "sku",
        "warehouse",
        "quantity",
        "state",
        "bin",
        "lot",
        "put_back_reason",
    ]
    list_filter = ["state", "warehouse"]
    list_select_related = ["demand__sku", "sku", "warehouse", "bin", "lot"]
    ordering = ["-pk"]


@admin.register(StockShare)
class StockShareAdmin(ReadOnlyAdmin):
    """When stock was shared; it is turned on and off by the companies' intercompany setting."""

    list_display = ["selling", "supplying", "since", "until"]
    list_select_related = ["selling", "supplying"]
    ordering = ["-pk"]
