"""Spreadsheets of suppliers and their items."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from inventory.models import SKU
from inventory.purchasing.models import Supplier, SupplierItem
from oms.files.columns import Reference
from oms.files.records import RecordMeta, RecordSheet
from oms.files.rows import column


class SupplierSheet(RecordSheet):
    title, slug, imports, about = _("suppliers"), "suppliers", Supplier, Supplier

    class Meta(RecordMeta):
        model = Supplier
        import_id_fields = ["code"]
        fields = ("code", "name", "email", "currency")


class SupplierItemSheet(RecordSheet):
    title, slug, imports, about = _("supplier items"), "supplier-items", SupplierItem, SupplierItem
    supplier = column("supplier", Reference(Supplier, "code"))
    sku = column("sku", Reference(SKU, "code"))

    class Meta(RecordMeta):
        model = SupplierItem
        import_id_fields = ["supplier", "sku"]
        fields = (
            "supplier",
            "sku",
            "code",
            "cost",
            "pack",
            "minimum",
            "lead_time_days",
            "over_receipt_percent",
            "is_preferred",
        )

    def listed(self, rows: Any) -> Any:
        return (
            SupplierItem.objects.filter(supplier__in=rows)
            .select_related("supplier", "sku")
            .order_by("pk")
        )
