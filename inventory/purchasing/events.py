"""The events of purchase orders."""

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from oms.core.event_catalog import Created, Edited, NoData, SkuCode, Text, event


@dataclass(frozen=True)
class PurchaseSent:
    reopened: bool = False


@dataclass(frozen=True)
class PurchaseReceived:
    received: dict[SkuCode, int]


@dataclass(frozen=True)
class ReceiptUndone:
    undone: dict[SkuCode, int]


@dataclass(frozen=True)
class GoodsReturned:
    reason: Text
    returned: dict[SkuCode, int]


event("purchase_order.created", Created, _("A purchase order was proposed."))
event("purchase_order.edited", Edited, _("A proposed purchase order was edited."))
event("purchase_order.approved", NoData, _("A purchase order was approved."))
event(
    "purchase_order.sent",
    PurchaseSent,
    _("A purchase order was sent to its supplier, or reopened for more goods."),
)
event("purchase_order.received", PurchaseReceived, _("Goods of a purchase order were received."))
event("purchase_order.receipt_undone", ReceiptUndone, _("A receipt was undone."))
event("purchase_order.goods_returned", GoodsReturned, _("Goods were returned to the supplier."))
event("purchase_order.closed", NoData, _("A purchase order was closed: nothing more is expected."))
event("purchase_order.canceled", NoData, _("A purchase order was canceled."))
