"""What people and programs can ask of purchase orders, transfers, counts and stock."""

from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from inventory import adjusting, counting, purchasing, receiving, transfers
from inventory.counting import Found
from inventory.models import SKU, Bin, BinStock, Count, CountLine, PurchaseLine, PurchaseOrder, Transfer, TransferLine
from inventory.receiving import Received
from oms.core.errors import Refused
from oms.core.models import User
from oms.core.operations import declare

BLANK_ROWS = 3  # of a table that asks for new rows


def _bins_beside(rows: Any, stock: BinStock) -> Any:
    """The other bins of the same warehouse that people fill."""
    return rows.by_hand().filter(warehouse=stock.bin.warehouse).exclude(pk=stock.bin_id)


def _is_free(stock: BinStock) -> bool:
    return stock.bin.kind not in Bin.CUSTODY


@dataclass(frozen=True)
class ReceivedRow:
    line: PurchaseLine
    good: int = 0
    damaged: int = 0
    lot: str = field(default="", metadata={"most": 40})


@dataclass(frozen=True)
class ReceiveInput:
    goods: list[ReceivedRow]


def _goods_expected(order: PurchaseOrder) -> ReceiveInput:
    return ReceiveInput([ReceivedRow(line, line.outstanding) for line in order.lines.select_related("sku")])


def _receive(order: PurchaseOrder, *, goods: list[ReceivedRow], by: User | None = None) -> PurchaseOrder:
    return receiving.receive(order, [Received(row.line, row.good, row.damaged, row.lot) for row in goods], by=by)


PO = PurchaseOrder.Status
declare("approve", PurchaseOrder, purchasing.approve, roles="buyer manager", many=True,
        available=lambda order: order.status == PO.PROPOSED)
declare("send", PurchaseOrder, purchasing.send, roles="buyer manager", many=True, label=_("Mark as sent"),
        available=lambda order: order.status == PO.APPROVED)
declare("receive", PurchaseOrder, _receive, roles="buyer picker packer manager", input=ReceiveInput,
        initial=_goods_expected, available=lambda order: order.status == PO.SENT)
declare("close", PurchaseOrder, purchasing.close, roles="buyer manager",
        available=lambda order: order.status == PO.SENT)
declare("cancel", PurchaseOrder, purchasing.cancel, roles="buyer manager", danger=True,
        available=lambda order: order.status in PO.values[:3])


@dataclass(frozen=True)
class ArrivedRow:
    line: TransferLine
    arrived: int = 0


@dataclass(frozen=True)
class ArrivedInput:
    goods: list[ArrivedRow]


def _receive_transfer(transfer: Transfer, *, goods: list[ArrivedRow], by: User | None = None) -> Transfer:
    return transfers.receive(transfer, {row.line.pk: row.arrived for row in goods}, by=by)


declare("send", Transfer, transfers.send, roles="picker packer buyer manager",
        available=lambda transfer: transfer.status == Transfer.Status.DRAFT)
declare("receive", Transfer, _receive_transfer, roles="picker packer buyer manager", input=ArrivedInput,
        initial=lambda transfer: ArrivedInput([ArrivedRow(line, line.quantity) for line in
                                               transfer.lines.select_related("sku")]),
        available=lambda transfer: transfer.status == Transfer.Status.SENT)


def _countable(rows: Any, count: Count) -> Any:
    """The bins of the count's warehouse whose goods belong to nobody."""
    return rows.filter(warehouse=count.warehouse_id).exclude(kind__in=counting.NOT_COUNTED)


@dataclass(frozen=True)
class AddBinInput:
    bin: Bin = field(metadata={"among": _countable})


def _add_bin(count: Count, *, bin: Bin, by: User | None = None) -> Count:
    return counting.add_bin(count, bin, by=by)


@dataclass(frozen=True)
class FoundRow:
    line: CountLine
    found: int | None = None


@dataclass(frozen=True)
class AlsoFoundRow:
    sku: SKU | None = None
    bin: Bin | None = field(default=None, metadata={"among": _countable})
    lot: str = field(default="", metadata={"most": 40, "help": _("Lot or serial number, where it has one.")})
    quantity: int = 0


@dataclass(frozen=True)
class CountInput:
    found: list[FoundRow]
    also_found: list[AlsoFoundRow]


def _to_count(count: Count) -> CountInput:
    lines = count.lines.select_related("sku", "bin", "lot").order_by("bin__code", "sku__code", "pk")
    return CountInput([FoundRow(line) for line in lines], [AlsoFoundRow() for _row in range(BLANK_ROWS)])


def _key(
    count: Count, *, found: list[FoundRow], also_found: list[AlsoFoundRow], by: User | None = None,
) -> Count:
    return counting.key(count, {row.line.pk: row.found for row in found if row.found is not None},
                        also=[_also(row) for row in also_found if row.sku or row.quantity], by=by)


def _also(row: AlsoFoundRow) -> Found:
    if row.sku is None or row.bin is None or row.quantity < 0:
        raise Refused(gettext("Enter SKU, bin and quantity of each thing that was found besides."), code="incomplete")
    return Found(row.sku, row.bin, row.quantity, row.lot)


CS = Count.Status
declare("add_bin", Count, _add_bin, roles="picker packer manager", input=AddBinInput,
        available=lambda count: count.status == CS.PLANNED)
declare("key", Count, _key, roles="picker packer manager", label=_("Enter counts"), input=CountInput,
        initial=_to_count, available=lambda count: count.status == CS.PLANNED)
declare("reconcile", Count, counting.reconcile, roles="manager", many=True,
        available=lambda count: count.status == CS.COUNTED)
declare("recount", Count, counting.recount, roles="picker packer manager", label=_("Count again"),
        available=lambda count: count.status == CS.COUNTED)
declare("cancel", Count, counting.cancel, roles="manager", danger=True, many=True,
        available=lambda count: count.status in (CS.PLANNED, CS.COUNTED))


@dataclass(frozen=True)
class MoveInput:
    quantity: int
    to: Bin = field(metadata={"among": _bins_beside})
    note: str = ""


def _move(stock: BinStock, *, quantity: int, to: Bin, note: str = "", by: User | None = None) -> Any:
    return adjusting.move_stock(stock.sku, stock.bin, to, quantity, lot=stock.lot, note=note, by=by)


@dataclass(frozen=True)
class AdjustInput:
    difference: int = field(metadata={"help": _("Positive for a find, negative for a loss.")})
    note: str = field(metadata={"help": _("Why?")})


def _adjust(stock: BinStock, *, difference: int, note: str, by: User | None = None) -> Any:
    return adjusting.adjust(stock.sku, stock.bin, difference, note=note, lot=stock.lot, by=by)


declare("move", BinStock, _move, roles="picker packer manager", input=MoveInput, available=_is_free)
declare("adjust", BinStock, _adjust, roles="manager", input=AdjustInput, available=_is_free)
