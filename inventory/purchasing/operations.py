"""What people and programs can ask of purchase orders."""

from dataclasses import dataclass, field
from typing import Any

from django.db.models import F
from django.utils.translation import gettext_lazy as _

from inventory.purchasing import purchase_orders as purchasing
from inventory.purchasing import receiving, sending_back
from inventory.purchasing.models import PurchaseOrder
from inventory.purchasing.receiving import Received
from inventory.purchasing.sending_back import GoingBack, Undone
from oms.core.operations import declare


@dataclass(frozen=True)
class ReceiveInput:
    goods: list[Received]
    accept_more: bool = field(default=False, metadata={"help": _("Accept more than ordered.")})


def _goods_expected(order: PurchaseOrder) -> ReceiveInput:
    return ReceiveInput(
        [Received(line, line.outstanding) for line in order.lines.select_related("sku")]
    )


@dataclass(frozen=True)
class UndoInput:
    goods: list[Undone]


def _received(order: PurchaseOrder) -> Any:
    return order.lines.select_related("sku").filter(received__gt=F("returned")).order_by("pk")


@dataclass(frozen=True)
class SupplierReturnInput:
    goods: list[GoingBack]
    reason: str
    is_replaced: bool = field(
        default=False, metadata={"help": _("The supplier sends others instead.")}
    )


def _has_received(order: PurchaseOrder) -> bool:
    return order.status in (PO.SENT, PO.CLOSED) and bool(_received(order).exists())


PO = PurchaseOrder.Status

declare(
    "approve",
    PurchaseOrder,
    purchasing.approve,
    label=_("Approve purchase order"),
    many=True,
    available=lambda order: order.status == PO.PROPOSED,
)
declare(
    "send",
    PurchaseOrder,
    purchasing.send,
    many=True,
    label=_("Mark as sent"),
    available=lambda order: order.status == PO.APPROVED,
)
declare(
    "receive",
    PurchaseOrder,
    receiving.receive,
    label=_("Receive items"),
    input=ReceiveInput,
    initial=_goods_expected,
    available=lambda order: order.status == PO.SENT,
)
declare("close", PurchaseOrder, purchasing.close, available=lambda order: order.status == PO.SENT)
declare(
    "reopen", PurchaseOrder, purchasing.reopen, available=lambda order: order.status == PO.CLOSED
)
declare(
    "undo_receipt",
    PurchaseOrder,
    sending_back.undo_receipt,
    input=UndoInput,
    available=_has_received,
    initial=lambda order: UndoInput([Undone(line) for line in _received(order)]),
    danger=True,
)
declare(
    "return_to_supplier",
    PurchaseOrder,
    sending_back.return_to_supplier,
    available=_has_received,
    input=SupplierReturnInput,
    initial=lambda order: SupplierReturnInput([GoingBack(line) for line in _received(order)], ""),
)
declare(
    "cancel",
    PurchaseOrder,
    purchasing.cancel,
    danger=True,
    available=lambda order: order.status in PO.values[:3],
)
