"""Spreadsheets of listings."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from inventory.models import SKU
from oms.files.columns import Reference
from oms.files.records import RecordMeta, RecordSheet
from oms.files.rows import column
from orders.channels.models import Listing
from orders.models import Channel


class ListingSheet(RecordSheet):
    """Which SKU each listing is, and its own rules."""

    title, slug, imports, about = _("listings"), "listings", Listing, Listing
    channel = column("channel", Reference(Channel, "code"))
    sku = column("sku", Reference(SKU, "code"))

    class Meta(RecordMeta):
        model = Listing
        import_id_fields = ["channel", "external_id"]
        fields = (
            "channel",
            "external_id",
            "external_sku",
            "barcode",
            "sku",
            "factor",
            "buffer",
            "cap",
            "share_percent",
            "is_paused",
        )

    def listed(self, rows: Any) -> Any:
        return rows.select_related("channel", "sku").order_by("pk")
