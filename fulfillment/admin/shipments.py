"""Shipments in the admin, with their packages and cancellations."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from fulfillment import gates, parcels
from fulfillment.models import (
    Cancellation,
    CancellationLine,
    Package,
    PackageContent,
    Shipment,
    ShipmentLine,
    TrackingEvent,
)
from oms.backoffice import panels
from oms.backoffice.access import Lines
from oms.backoffice.chips import address_text, chips
from oms.backoffice.decorators import display
from oms.backoffice.documents import DocumentAdmin
from oms.backoffice.records import ReadOnlyAdmin
from orders.models import Order


class ShipmentLines(Lines):
    model = ShipmentLine
    fields = ["sku", "quantity", "state", "bin", "lot", "put_back_reason", "parcels"]
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> Any:
        rows = (
            super()
            .get_queryset(request)
            .select_related("reservation__sku", "reservation__bin", "reservation__lot")
        )
        return rows.prefetch_related("contents__package")

    @display(description=_("SKU"))
    def sku(self, line: ShipmentLine) -> str:
        return f"{line.reservation.sku.code} {line.reservation.sku.name}"

    @display(description=_("Quantity"))
    def quantity(self, line: ShipmentLine) -> int:
        return line.reservation.quantity

    @display(description=_("State"))
    def state(self, line: ShipmentLine) -> str:
        return line.reservation.get_state_display()

    @display(description=_("Bin"))
    def bin(self, line: ShipmentLine) -> str:
        return str(line.reservation.bin or "")

    @display(description=_("Lot"))
    def lot(self, line: ShipmentLine) -> str:
        return str(line.reservation.lot or "")

    @display(description=_("Put-back reason"))
    def put_back_reason(self, line: ShipmentLine) -> str:
        return (
            line.reservation.get_put_back_reason_display()
            if line.reservation.put_back_reason
            else ""
        )

    @display(description=_("Packages"))
    def parcels(self, line: ShipmentLine) -> str:
        """The number of its parcel; of several, each with its units."""
        contents = sorted((each.package.position, each.quantity) for each in line.contents.all())
        if len(contents) == 1:
            return str(contents[0][0])
        return ", ".join(f"{position}: {quantity}" for position, quantity in contents)


class Packages(Lines):
    model = Package
    fields = ["position", "contents", "carton", "weight_g", "tracking", "verified_at"]
    readonly_fields = ["contents", "tracking"]
    ordering = ["position"]

    def get_queryset(self, request: HttpRequest) -> Any:
        return (
            super()
            .get_queryset(request)
            .select_related("carton")
            .prefetch_related("labels", "contents__line__reservation__sku")
        )

    @display(description=_("Contents"))
    def contents(self, package: Package) -> str:
        return ", ".join(
            f"{each.quantity} × {each.line.reservation.sku.code}" for each in package.contents.all()
        )

    @display(description=_("Tracking number"))
    def tracking(self, package: Package) -> str:
        own = " ".join(filter(None, [package.carrier, package.tracking_number]))
        labels = [
            f"{label.tracking_number} ({label.get_status_display()})"
            for label in package.labels.all()
        ]
        return ", ".join(filter(None, [own, *labels]))


class Scans(Lines):
    model = TrackingEvent
    fields = ["tracking_number", "kind", "text", "place", "at"]


class Stopped(admin.SimpleListFilter):
    """Live shipments of orders on hold, and the others."""

    title = _("on hold")
    parameter_name = "hold"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[Any]:
        return [("yes", _("yes")), ("no", _("no"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() == "yes":
            return queryset.filter(order__in=gates.on_hold(), status__in=gates.LIVE)
        return queryset.exclude(order__in=gates.on_hold()) if self.value() == "no" else queryset


class CancellationAsked(admin.SimpleListFilter):
    """Shipments of which a partner was asked to cancel something, by their answer."""

    title = _("cancellation asked")
    parameter_name = "cancellation"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[Any]:
        return list(Cancellation.State.choices)

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if not self.value():
            return queryset
        return queryset.filter(
            pk__in=Cancellation.objects.filter(state=self.value()).values("shipment")
        )


class Cancellations(Lines):
    model = Cancellation
    fields = [
        "units",
        "state",
        "reason",
        "asked_at",
        "asked_by",
        "answer",
        "answered_at",
        "answered_by",
    ]
    readonly_fields = ["units"]
    ordering = ["pk"]

    def get_queryset(self, request: HttpRequest) -> Any:
        return (
            super()
            .get_queryset(request)
            .select_related("asked_by", "answered_by")
            .prefetch_related("lines__order_line__sku")
        )

    @display(description=_("Units"))
    def units(self, row: Cancellation) -> str:
        return row.units


class Contents(Lines):
    model = PackageContent
    fields = ["line", "quantity"]

    def get_queryset(self, request: HttpRequest) -> Any:
        return (
            super()
            .get_queryset(request)
            .select_related("line__reservation__sku", "line__reservation__warehouse")
        )


@admin.register(Package)
class PackageAdmin(ReadOnlyAdmin):
    """Parcels, each with what is in it."""

    list_display = [
        "shipment",
        "position",
        "carton",
        "weight_g",
        "carrier",
        "tracking_number",
        "verified_at",
    ]
    list_select_related = ["shipment", "carton"]
    ordering = ["-pk"]
    inlines = [Contents]


class CancellationLines(Lines):
    model = CancellationLine
    fields = ["order_line", "quantity"]
    ordering = ["pk"]


@admin.register(Cancellation)
class CancellationAdmin(ReadOnlyAdmin):
    """What partners were asked to cancel, and what they answered."""

    inlines = [CancellationLines]
    list_display = [
        "shipment",
        "units",
        "state",
        "reason",
        "asked_at",
        "asked_by",
        "answer",
        "answered_at",
    ]
    list_select_related = ["shipment", "asked_by"]
    list_filter = ["state", "shipment__warehouse"]
    ordering = ["-pk"]

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related("lines__order_line__sku")

    @display(description=_("Units"))
    def units(self, row: Cancellation) -> str:
        return row.units


@admin.register(Shipment)
class ShipmentAdmin(DocumentAdmin):
    list_display = [
        "number",
        "state",
        "order_no",
        "to",
        "warehouse",
        "wave",
        "service",
        "ship_by",
        "status_at",
        "prints",
    ]
    list_filter = ["status", Stopped, CancellationAsked, "warehouse"]
    list_select_related = ["order__customer", "warehouse", "wave", "service__account"]
    search_fields = exact_search_fields = [
        "number",
        "order__number",
        "labels__tracking_number",
        "packages__tracking_number",
        "external_id",
    ]
    fields = [
        "stopped",
        "loose",
        "order_no",
        "to",
        "warehouse",
        "wave",
        "service",
        "external_id",
        "ship_by",
        "promised_on",
        "expected_on",
        "shipped_at",
        "delivered_at",
        "prints",
    ]
    readonly_fields = fields
    inlines = [ShipmentLines, Cancellations, Packages, Scans]

    @display(description=_("Status"), ordering="status")
    def state(self, shipment: Shipment) -> Any:
        return chips(shipment, bool(gates.reasons(shipment)))

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related(gates.OPEN_HOLDS)

    @display(description=_("Stopped because"))
    def stopped(self, shipment: Shipment) -> str:
        return shipment.stopped_because

    @display(description=_("Cartons"))
    def loose(self, shipment: Shipment) -> str:
        """Which goods fit no carton, as long as they can be packed otherwise."""
        if shipment.status not in gates.LIVE:
            return ""
        return parcels.told_loose(list(shipment.lines.select_related("reservation__sku")))

    @display(description=_("Order"))
    def order_no(self, shipment: Shipment) -> str:
        return shipment.order_number

    @display(description=_("Shipping address"))
    def to(self, shipment: Shipment) -> str:
        return address_text(shipment.ship_to)


panels.register(
    Order,
    _("Shipments"),
    Shipment,
    lambda order: Shipment.objects.filter(order=order).order_by("pk"),
    "number",
    "status",
    "warehouse",
    "ship_by",
    "promised_on",
    "tracking",
    "shipped_at",
    "delivered_at",
)
panels.register(
    Order,
    _("Cancellations asked of partners"),
    Cancellation,
    lambda order: (
        Cancellation.objects.filter(shipment__order=order)
        .order_by("pk")
        .select_related("shipment")
        .prefetch_related("lines__order_line__sku")
    ),
    "shipment",
    "units",
    "state",
    "reason",
    "asked_at",
    "answer",
    "answered_at",
)
