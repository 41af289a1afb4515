"""Waves in the admin, with the stops of their walk and their shipments."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.urls import path, reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from fulfillment import gates, waves
from fulfillment.models import PickTask, Shipment, Wave
from inventory.models import Warehouse
from oms.backoffice import panels
from oms.backoffice.access import Lines
from oms.backoffice.chips import chip
from oms.backoffice.decorators import display
from oms.backoffice.documents import DocumentAdmin
from oms.core import policy


class Tasks(Lines):
    model = PickTask
    fields = ["sequence", "bin", "sku", "quantity", "walking_distance_cm", "done_at", "done_by"]
    readonly_fields = ["sku", "quantity"]

    def get_queryset(self, request: HttpRequest) -> Any:
        return (
            super().get_queryset(request).select_related("line__reservation__sku", "bin", "done_by")
        )

    @display(description=_("SKU"))
    def sku(self, task: PickTask) -> str:
        return f"{task.line.reservation.sku.code} {task.line.reservation.sku.name}"

    @display(description=_("Quantity"))
    def quantity(self, task: PickTask) -> int:
        return task.line.reservation.quantity


@admin.register(Wave)
class WaveAdmin(DocumentAdmin):
    list_display = [
        "number",
        "state",
        "warehouse",
        "shipments_in_it",
        "on_hold",
        "walking_distance_cm",
        "status_at",
        "prints",
    ]
    list_filter = ["status", "warehouse"]
    list_select_related = ["warehouse"]
    fields = ["warehouse", "walking_distance_cm", "prints"]
    readonly_fields = fields
    inlines = [Tasks]
    list_tools_template, list_tools_rights = "admin/oms/plan_waves_button.html", ("plan",)

    @display(description=_("Status"), ordering="status")
    def state(self, wave: Wave) -> Any:
        return chip(wave)

    def document_context(self, request: HttpRequest, document: Any) -> dict[str, Any]:
        context = super().document_context(request, document)
        if document.status == Wave.Status.RELEASED:
            place = f"{document.warehouse.code}/{document.number}"
            context["links"].append(
                (gettext("Open in picking station"), f"{reverse('station', args=['pick'])}#{place}")
            )
        return context

    def get_queryset(self, request: HttpRequest) -> Any:
        """With how many shipments are in each wave, and how many of them are on hold."""
        own = (
            Shipment.objects.filter(wave=OuterRef("pk"))
            .order_by()
            .values("wave")
            .annotate(n=Count("pk"))
        )
        stopped = own.filter(order__in=gates.on_hold(), status__in=gates.LIVE)
        return (
            super()
            .get_queryset(request)
            .annotate(
                inside=Coalesce(Subquery(own.values("n")), 0),
                stopped=Coalesce(Subquery(stopped.values("n")), 0),
            )
        )

    @display(description=_("Shipments"))
    def shipments_in_it(self, wave: Any) -> int:
        return int(wave.inside)

    @display(description=_("On hold"))
    def on_hold(self, wave: Any) -> str:
        return str(wave.stopped or "")

    def get_urls(self) -> Any:
        return [
            path("plan/", self.admin_site.admin_view(self.plan_view), name="plan_waves"),
            *super().get_urls(),
        ]

    def plan_view(self, request: HttpRequest) -> Any:
        """The button that puts all open shipments of the person's warehouses into waves."""
        user: Any = request.user
        if request.method == "POST" and self.may(request, "plan"):
            for warehouse in (
                policy.scope(Warehouse.objects, user, "plan", Wave)
                .active()
                .filter(kind=Warehouse.Kind.OWN)
            ):
                waves.propose(warehouse, by=user)
        return HttpResponse(
            status=302, headers={"Location": reverse("admin:fulfillment_wave_changelist")}
        )


panels.register(
    Wave,
    _("Shipments in this wave"),
    Shipment,
    lambda wave: (
        wave.shipments.order_by("pk")
        .select_related("order__customer")
        .prefetch_related(gates.OPEN_HOLDS)
    ),
    "number",
    "status",
    "order_number",
    "stopped_because",
)
