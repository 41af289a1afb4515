"""What people and programs can ask of purchase orders, transfers, counts and stock."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db.models import F
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from inventory import adjusting, counting, purchasing, receiving, sending_back, transfers
from inventory.counting import Found
from inventory.models import SKU, Bin, BinStock, Count, CountLine, PurchaseLine, PurchaseOrder, Transfer, TransferLine
from inventory.receiving import Received
from inventory.sending_back import GoingBack, Undone
from inventory.transfers import Arrived
from oms.core.errors import Refused
from oms.core.limits import MOST_UNITS
from oms.core.models import User
from oms.core.operations import declare

BLANK_ROWS = 3  # of a table that asks for new rows


def _bins_beside(rows: Any, stock: BinStock) -> Any:
    """The other bins of the same warehouse that people fill."""
    return rows.by_hand().filter(warehouse=stock.bin.warehouse).exclude(pk=stock.bin_id)


def _is_free(stock: BinStock) -> bool:
    return stock.bin.kind not in Bin.CUSTODY


LOTS = {"most": 20_000, "help": _("Only if tracked: for example L1, or L1 x 60, L2 x 40, or S1 S2 S7..S9.")}


@dataclass(frozen=True)
class ReceivedRow:
    line: PurchaseLine
    good: int = 0
    damaged: int = 0
    lot: str = field(default="", metadata=LOTS)
    damaged_lot: str = field(default="", metadata=LOTS)
    expires_on: date | None = None


@dataclass(frozen=True)
class ReceiveInput:
    goods: list[ReceivedRow]
    accept_more: bool = field(default=False, metadata={"help": _("Accept more than ordered.")})


def _goods_expected(order: PurchaseOrder) -> ReceiveInput:
    return ReceiveInput([ReceivedRow(line, line.outstanding) for line in order.lines.select_related("sku")])


def _receive(
    order: PurchaseOrder, *, goods: list[ReceivedRow], accept_more: bool = False, by: User | None = None,
) -> PurchaseOrder:
    came = [Received(row.line, row.good, row.damaged, row.lot, row.damaged_lot, row.expires_on) for row in goods]
    return receiving.receive(order, came, accept_more=accept_more, by=by)


@dataclass(frozen=True)
class UndoneRow:
    line: PurchaseLine
    good: int = 0
    damaged: int = 0
    lot: str = field(default="", metadata=LOTS)
    damaged_lot: str = field(default="", metadata=LOTS)


@dataclass(frozen=True)
class UndoInput:
    goods: list[UndoneRow]


def _received(order: PurchaseOrder) -> Any:
    return order.lines.select_related("sku").filter(received__gt=F("returned")).order_by("pk")


def _undo_receipt(order: PurchaseOrder, *, goods: list[UndoneRow], by: User | None = None) -> PurchaseOrder:
    undone = [Undone(row.line, row.good, row.damaged, row.lot, row.damaged_lot) for row in goods]
    return sending_back.undo_receipt(order, undone, by=by)


def _bins_at(rows: Any, order: PurchaseOrder) -> Any:
    """The bins of the order's warehouse from which its goods can go back: where they are."""
    there = BinStock.objects.filter(sku__in=order.lines.values("sku"), on_hand__gt=0)
    return rows.by_hand().filter(warehouse=order.warehouse_id, pk__in=there.values("bin")).exclude(
        kind=Bin.Kind.MISSING)


@dataclass(frozen=True)
class GoingBackRow:
    line: PurchaseLine
    quantity: int = 0
    bin: Bin | None = field(default=None, metadata={"among": _bins_at})
    lot: str = field(default="", metadata=LOTS)


@dataclass(frozen=True)
class SupplierReturnInput:
    goods: list[GoingBackRow]
    reason: str
    is_replaced: bool = field(default=False, metadata={"help": _("The supplier sends others instead.")})


def _return_to_supplier(
    order: PurchaseOrder, *, goods: list[GoingBackRow], reason: str, is_replaced: bool = False,
    by: User | None = None,
) -> PurchaseOrder:
    return sending_back.return_to_supplier(order, [_going_back(row) for row in goods if row.quantity],
                                           reason=reason, is_replaced=is_replaced, by=by)


def _going_back(row: GoingBackRow) -> GoingBack:
    if row.bin is None:
        raise Refused(gettext("Choose the bin from which %(line)s goes back.") % {"line": row.line.sku}, field="bin")
    return GoingBack(row.line, row.quantity, row.bin, row.lot)


def _has_received(order: PurchaseOrder) -> bool:
    return order.status in (PO.SENT, PO.CLOSED) and bool(_received(order).exists())


PO = PurchaseOrder.Status
declare("approve", PurchaseOrder, purchasing.approve, roles="buyer manager", many=True,
        available=lambda order: order.status == PO.PROPOSED)
declare("send", PurchaseOrder, purchasing.send, roles="buyer manager", many=True, label=_("Mark as sent"),
        available=lambda order: order.status == PO.APPROVED)
declare("receive", PurchaseOrder, _receive, roles="buyer picker packer manager", input=ReceiveInput,
        initial=_goods_expected, available=lambda order: order.status == PO.SENT)
declare("close", PurchaseOrder, purchasing.close, roles="buyer manager",
        available=lambda order: order.status == PO.SENT)
declare("reopen", PurchaseOrder, purchasing.reopen, roles="buyer manager",
        available=lambda order: order.status == PO.CLOSED)
declare("undo_receipt", PurchaseOrder, _undo_receipt, roles="buyer manager", input=UndoInput, available=_has_received,
        initial=lambda order: UndoInput([UndoneRow(line) for line in _received(order)]), danger=True)
declare("return_to_supplier", PurchaseOrder, _return_to_supplier, roles="buyer manager", available=_has_received,
        input=SupplierReturnInput,
        initial=lambda order: SupplierReturnInput([GoingBackRow(line) for line in _received(order)], ""))
declare("cancel", PurchaseOrder, purchasing.cancel, roles="buyer manager", danger=True,
        available=lambda order: order.status in PO.values[:3])


@dataclass(frozen=True)
class ArrivedRow:
    line: TransferLine
    good: int = 0
    damaged: int = 0


@dataclass(frozen=True)
class ArrivedInput:
    goods: list[ArrivedRow]


def _in_transit(transfer: Transfer) -> ArrivedInput:
    lines = transfer.lines.select_related("sku", "lot").order_by("pk")
    return ArrivedInput([ArrivedRow(line, line.in_transit) for line in lines if line.in_transit])


def _receive_transfer(transfer: Transfer, *, goods: list[ArrivedRow], by: User | None = None) -> Transfer:
    return transfers.receive(transfer, [Arrived(row.line, row.good, row.damaged) for row in goods], by=by)


@dataclass(frozen=True)
class WriteOffInput:
    reason: str = field(metadata={"help": _("Why it won't arrive, for example lost by the carrier.")})


TR = Transfer.Status
declare("send", Transfer, transfers.send, roles="picker packer buyer manager",
        available=lambda transfer: transfer.status == TR.DRAFT)
declare("receive", Transfer, _receive_transfer, roles="picker packer buyer manager", input=ArrivedInput,
        initial=_in_transit, available=lambda transfer: transfer.status == TR.SENT)
declare("recall", Transfer, transfers.recall, roles="buyer manager", danger=True,
        available=lambda transfer: transfer.status == TR.SENT)
declare("write_off", Transfer, transfers.write_off, roles="manager", label=_("Write off the rest"),
        input=WriteOffInput, danger=True, available=lambda transfer: transfer.status == TR.SENT)
declare("cancel", Transfer, transfers.cancel, roles="picker packer buyer manager", danger=True,
        available=lambda transfer: transfer.status == TR.DRAFT)


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
    expires_on: date | None = field(default=None, metadata={"help": _("Of a lot that is new, if its SKU expires.")})


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
    return Found(row.sku, row.bin, row.quantity, row.lot, row.expires_on)


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
    difference: int = field(metadata={"least": -MOST_UNITS, "help": _("Positive for a find, negative for a loss.")})
    note: str = field(metadata={"help": _("Why?")})


def _adjust(stock: BinStock, *, difference: int, note: str, by: User | None = None) -> Any:
    return adjusting.adjust(stock.sku, stock.bin, difference, note=note, lot=stock.lot, by=by)


declare("move", BinStock, _move, roles="picker packer manager", input=MoveInput,
        available=lambda stock: stock.on_hand > stock.pinned and _is_free(stock))
declare("adjust", BinStock, _adjust, roles="manager", input=AdjustInput, available=_is_free)
