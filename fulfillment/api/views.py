"""Shipments with their parcels and tracking."""

from typing import Any

from django.db.models import Prefetch, QuerySet
from django_filters import rest_framework as filters
from rest_framework import serializers

from fulfillment import gates
from fulfillment.models import (
    Cancellation,
    Package,
    PackageContent,
    Shipment,
    ShipmentLine,
    ShippingLabel,
    TrackingEvent,
)
from oms.core.bulk_sql import any_of
from oms.rest.documents import DocumentViewSet, with_operations
from oms.rest.fields import AddressSerializer
from oms.rest.records import RecordSerializer


class TrackingEventSerializer(RecordSerializer[TrackingEvent]):
    class Meta:
        model = TrackingEvent
        fields = ("tracking_number", "kind", "text", "place", "at")


class PackageContentSerializer(RecordSerializer[PackageContent]):
    """Units of a line in a parcel."""

    sku = serializers.CharField(source="line.reservation.sku.code")
    lot = serializers.CharField(source="line.reservation.lot.code", default=None, allow_null=True)

    class Meta:
        model = PackageContent
        fields = ("line", "sku", "lot", "quantity")


class PackageSerializer(RecordSerializer[Package]):
    """A package. Weight in grams."""

    carton = serializers.CharField(source="carton.code", default=None, allow_null=True)
    tracking_numbers = serializers.SerializerMethodField()
    contents = PackageContentSerializer(many=True, read_only=True)

    class Meta:
        model = Package
        fields = ("position", "carton", "weight_g", "carrier", "tracking_numbers", "contents")

    def get_tracking_numbers(self, package: Package) -> list[str]:
        bought = [
            label.tracking_number
            for label in package.labels.all()
            if label.status == ShippingLabel.Status.BOUGHT
        ]
        return bought or [number for number in [package.tracking_number] if number]


class ShipmentLineSerializer(RecordSerializer[ShipmentLine]):
    """A line; `package` is the first that it is in, see the packages' contents for all."""

    order_line = serializers.IntegerField(source="order_line.position")
    sku = serializers.CharField(source="reservation.sku.code")
    quantity = serializers.IntegerField(source="reservation.quantity")
    state = serializers.CharField(source="reservation.state")
    lot = serializers.CharField(source="reservation.lot.code", default=None, allow_null=True)
    package = serializers.SerializerMethodField()

    class Meta:
        model = ShipmentLine
        fields = ("id", "order_line", "sku", "quantity", "state", "lot", "package")

    def get_package(self, line: ShipmentLine) -> int | None:
        return min((each.package.position for each in line.contents.all()), default=None)


class CancellationSerializer(RecordSerializer[Cancellation]):
    """What the partner was asked to cancel, and their answer."""

    class Meta:
        model = Cancellation
        fields = ("state", "units", "reason", "asked_at", "answer", "answered_at")


class ShipmentSummarySerializer(RecordSerializer[Shipment]):
    """A shipment summary."""

    order = serializers.CharField(source="order.number")
    warehouse = serializers.CharField(source="warehouse.code")
    wave = serializers.CharField(source="wave.number", default=None, allow_null=True)
    service = serializers.SerializerMethodField()
    stopped_by = serializers.SerializerMethodField()

    class Meta:
        model = Shipment
        fields: tuple[str, ...] = (
            "number",
            "status",
            "version",
            "order",
            "warehouse",
            "wave",
            "service",
            "external_id",
            "ship_by",
            "promised_on",
            "expected_on",
            "shipped_at",
            "delivered_at",
            "created_at",
            "stopped_by",
        )

    def get_stopped_by(self, shipment: Shipment) -> list[str]:
        return gates.reasons(shipment)

    def get_service(self, shipment: Shipment) -> str | None:
        return str(shipment.service) if shipment.service else None


class ShipmentSerializer(ShipmentSummarySerializer):
    """A shipment with lines, packages and tracking. Contains no prices."""

    ship_to = AddressSerializer()
    lines = ShipmentLineSerializer(many=True, read_only=True)
    packages = PackageSerializer(many=True, read_only=True)
    tracking = TrackingEventSerializer(source="tracking_events", many=True, read_only=True)
    cancellations = CancellationSerializer(many=True, read_only=True)

    class Meta(ShipmentSummarySerializer.Meta):
        fields = (
            *ShipmentSummarySerializer.Meta.fields,
            "ship_to",
            "lines",
            "packages",
            "tracking",
            "cancellations",
        )


class ShipmentFilter(filters.FilterSet):
    order = filters.CharFilter(field_name="order__number")
    warehouse = filters.CharFilter(field_name="warehouse__code")
    status = filters.MultipleChoiceFilter(choices=Shipment.Status.choices)
    tracking_number = filters.CharFilter(method="of_tracking_number")

    cancellation = filters.ChoiceFilter(
        choices=Cancellation.State.choices, method="of_cancellation"
    )

    class Meta:
        model = Shipment
        fields = ("order", "warehouse", "status", "tracking_number", "external_id", "cancellation")

    def of_cancellation(self, rows: QuerySet[Any], name: str, state: str) -> QuerySet[Any]:
        """Of which a partner was asked to cancel something, and has not answered, agreed or declined."""
        return rows.filter(pk__in=Cancellation.objects.filter(state=state).values("shipment"))

    def of_tracking_number(self, rows: QuerySet[Any], name: str, number: str) -> QuerySet[Any]:
        """Of our labels, or of parcels that a partner sent."""
        labels = ShippingLabel.objects.filter(tracking_number=number).values("shipment")
        return rows.filter(
            any_of(
                "pk",
                labels.union(Package.objects.filter(tracking_number=number).values("shipment")),
            )
        )


@with_operations
class ShipmentViewSet(DocumentViewSet):
    """List and retrieve shipments."""

    area = "shipments"
    queryset = Shipment.objects.select_related(
        "order__customer", "warehouse", "wave", "service__account"
    ).prefetch_related(gates.OPEN_HOLDS)
    serializer_class = ShipmentSerializer
    filterset_class = ShipmentFilter

    def get_queryset(self) -> QuerySet[Any]:
        rows = super().get_queryset()
        if self.action == "list":
            return rows
        lines = ShipmentLine.objects.select_related(
            "order_line", "reservation__sku", "reservation__lot"
        )
        contents = PackageContent.objects.order_by("line").select_related(
            "line__reservation__sku", "line__reservation__lot"
        )
        asked = Cancellation.objects.order_by("pk").prefetch_related("lines__order_line__sku")
        packages = Package.objects.order_by("position").select_related("carton")
        return rows.prefetch_related(
            Prefetch("lines", lines.prefetch_related("contents__package")),
            Prefetch("packages", packages),
            Prefetch("packages__contents", contents),
            "packages__labels",
            "tracking_events",
            Prefetch("cancellations", asked),
        )

    def get_serializer_class(self) -> Any:
        return ShipmentSummarySerializer if self.action == "list" else ShipmentSerializer
