"""Stock per warehouse."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.mixins import ListModelMixin

from inventory.api.filters import StockFilter
from inventory.models import Stock, Warehouse
from oms.rest.documents import ScopedListSet, ScopedViewSet
from oms.rest.records import RecordSerializer


class StockSerializer(RecordSerializer[Stock]):
    """Stock of a SKU in one warehouse, in base units: on hand, sellable and reserved."""

    sku = serializers.CharField(source="sku.code")
    warehouse = serializers.CharField(source="warehouse.code")
    available = serializers.IntegerField(
        source="free", help_text=_("Sellable, not held for orders and not expired.")
    )

    class Meta:
        model = Stock
        fields = ("sku", "warehouse", "on_hand", "sellable", "reserved", "available")


class StockViewSet(ListModelMixin, ScopedListSet):
    """List stock by warehouse."""

    area = "stock"
    queryset = Stock.objects.select_related("sku", "warehouse")
    serializer_class = StockSerializer
    filterset_class = StockFilter

    def get_queryset(self) -> Any:
        rows: Any = super().get_queryset()
        return rows.with_free()


class WarehouseSerializer(RecordSerializer[Warehouse]):
    class Meta:
        model = Warehouse
        fields = (
            "code",
            "name",
            "kind",
            "city",
            "postal_code",
            "country",
            "time_zone",
            "is_active",
        )


class WarehouseViewSet(ScopedViewSet):
    """List warehouses."""

    area = "stock"
    queryset = Warehouse.objects.all()
    serializer_class = WarehouseSerializer
    lookup_field = "code"
