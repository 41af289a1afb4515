"""The events of stock, demand, purchase orders, transfers and counts."""

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from oms.core.event_catalog import Created, Edited, LineKey, Name, NoData, SkuCode, Text, event


@dataclass(frozen=True)
class Skus:
    """By their keys."""

    skus: list[int]


@dataclass(frozen=True)
class StockLevel:
    """`point` is the reorder point, where there is one."""

    warehouse: Name
    available: int
    point: int | None


@dataclass(frozen=True)
class WarehouseChanged:
    is_active: bool


@dataclass(frozen=True)
class CancelAsked:
    reason: Text


@dataclass(frozen=True)
class TransferArrived:
    arrived: dict[SkuCode, int]


@dataclass(frozen=True)
class TransferEnded:
    """Units by the key of the transfer's line."""

    goods: dict[LineKey, int]


@dataclass(frozen=True)
class BinAdded:
    bin: str


@dataclass(frozen=True)
class CountReconciled:
    """Differences by SKU and bin."""

    posted: dict[str, int]


event("demand.reserved", NoData, _("Stock was reserved for a document."), is_internal=True)
event("demand.unreserved", Skus, _("Stock is no longer reserved for a document."), is_internal=True)
event("demand.backordered", Skus, _("A document waits for stock."), is_internal=True)
event(
    "demand.reallocated", Skus, _("Reserved stock was allocated to other bins."), is_internal=True
)
event(
    "demand.handed_over",
    NoData,
    _("Reserved stock passed from one order line to another."),
    is_internal=True,
)
event(
    "demand.cancel_asked",
    CancelAsked,
    _("Partners must be asked to cancel what they have taken on."),
    is_internal=True,
)

event(
    "stock.added",
    Skus,
    _("Sellable stock arrived in a warehouse."),
    subject="warehouse",
    is_internal=True,
)
event(
    "stock.reduced",
    Skus,
    _("A warehouse has less sellable stock."),
    subject="warehouse",
    is_internal=True,
)
event(
    "warehouse.changed",
    WarehouseChanged,
    _("A warehouse was opened or closed for orders."),
    is_internal=True,
)
event(
    "stock.low", StockLevel, _("Available stock of a SKU fell to its reorder point."), subject="sku"
)
event("stock.out", StockLevel, _("A SKU is out of stock in a warehouse."), subject="sku")


event("transfer.created", Created, _("A transfer between warehouses was drafted."))
event("transfer.edited", Edited, _("A drafted transfer was edited."))
event("transfer.sent", NoData, _("A transfer left its warehouse."))
event("transfer.arrived", TransferArrived, _("Goods of a transfer arrived."))
event("transfer.rest_recalled", TransferEnded, _("What was in transit was brought back."))
event("transfer.rest_lost", TransferEnded, _("What was in transit was written off as lost."))
event("transfer.received", NoData, _("A transfer is complete."))
event("transfer.recalled", NoData, _("A transfer came back whole."))
event("transfer.canceled", NoData, _("A transfer was canceled."))

event("count.created", Created, _("A stock count was planned."))
event("count.edited", Edited, _("A planned stock count was edited."))
event("count.bin_added", BinAdded, _("A bin was added to a stock count."))
event("count.counted", NoData, _("The counted quantities were entered."))
event("count.planned", NoData, _("A stock count is to be repeated."))
event("count.reconciled", CountReconciled, _("The differences of a stock count were posted."))
event("count.canceled", NoData, _("A stock count was canceled."))
