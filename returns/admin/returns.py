"""Return requests, policies and settlements in the admin."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from oms.backoffice import panels
from oms.backoffice.access import Lines, ScopedAdmin
from oms.backoffice.chips import chip
from oms.backoffice.decorators import display
from oms.backoffice.documents import DocumentAdmin
from oms.backoffice.records import ReadOnlyAdmin
from orders.models import Order
from returns import keeping
from returns.models import (
    Inspection,
    ReturnedLot,
    ReturnLine,
    ReturnPolicy,
    ReturnRequest,
    Settlement,
    Unexpected,
)


class ReturnLines(Lines):
    model = ReturnLine
    fields = [
        "sku",
        "component",
        "share_percent",
        "quantity",
        "reason",
        "exchange_for",
        "good",
        "damaged",
        "missing",
    ]
    readonly_fields = ["sku"]

    @display(description=_("SKU"))
    def sku(self, line: ReturnLine) -> str:
        return f"{line.order_line.sku.code} {line.order_line.sku.name}"


@admin.register(ReturnRequest)
class ReturnRequestAdmin(DocumentAdmin):
    list_display = ["number", "state", "order_no", "warehouse", "resolution", "status_at"]
    list_filter = ["status", "warehouse", "resolution"]
    list_select_related = ["order", "warehouse"]
    search_fields = exact_search_fields = ["number", "order__number"]
    fields = ["order_no", "warehouse", "resolution", "note"]
    readonly_fields = [*fields, "waiting_in"]
    inlines = [ReturnLines]

    @display(description=_("Status"), ordering="status")
    def state(self, request: ReturnRequest) -> Any:
        return chip(request)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        names = super().get_fields(request, obj)
        return (
            [*names, "waiting_in"] if obj and obj.status == ReturnRequest.Status.RECEIVED else names
        )

    @display(description=_("Waiting in"))
    def waiting_in(self, request: ReturnRequest) -> str:
        return (
            ", ".join(f"{place} ({place.get_kind_display()})" for place in keeping.bins_of(request))
            or "–"
        )

    @display(description=_("Order"))
    def order_no(self, request: ReturnRequest) -> str:
        return request.order_number


@admin.register(ReturnPolicy)
class ReturnPolicyAdmin(ScopedAdmin):
    list_display = ["channel", "window_days", "auto_approve", "credit_damaged"]
    list_select_related = ["channel"]


@admin.register(Settlement)
class SettlementAdmin(ReadOnlyAdmin):
    list_display = ["request", "credited", "cleared", "to_refund", "exchange", "difference_due"]
    list_select_related = ["request", "exchange"]


@admin.register(ReturnedLot)
class ReturnedLotAdmin(ReadOnlyAdmin):
    """Which lots and serial numbers came back."""

    list_display = ["line", "lot", "quantity", "is_damaged"]
    list_select_related = ["line__order_line__sku", "lot"]


@admin.register(Inspection)
class InspectionAdmin(ReadOnlyAdmin):
    list_display = ["line", "quantity", "grade", "disposition", "was_damaged", "by", "at"]
    list_select_related = ["line__order_line__sku", "by"]


@admin.register(Unexpected)
class UnexpectedAdmin(ReadOnlyAdmin):
    list_display = [
        "request",
        "sku",
        "description",
        "lot",
        "quantity",
        "is_damaged",
        "decision",
        "decided_by",
    ]
    list_filter = ["decision"]
    list_select_related = ["request", "sku", "lot", "decided_by"]


panels.register(
    Order,
    _("Returns"),
    ReturnRequest,
    lambda order: order.returns.order_by("pk"),
    "number",
    "status",
    "resolution",
)
panels.register(
    ReturnRequest,
    _("Unexpected goods"),
    Unexpected,
    lambda request: request.unexpected.select_related("sku", "lot").order_by("pk"),
    "sku",
    "description",
    "lot",
    "quantity",
    "is_damaged",
    "decision",
    "note",
)
panels.register(
    ReturnRequest,
    _("Lots and serial numbers"),
    ReturnedLot,
    lambda request: (
        ReturnedLot.objects.filter(line__request=request)
        .select_related("line__order_line__sku", "lot")
        .order_by("pk")
    ),
    "line",
    "lot",
    "quantity",
    "is_damaged",
)
panels.register(
    ReturnRequest,
    _("Settlement"),
    Settlement,
    lambda request: Settlement.objects.filter(request=request),
    "request",
    "credited",
    "cleared",
    "to_refund",
    "exchange",
    "difference_due",
)
