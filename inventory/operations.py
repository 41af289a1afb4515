"""What people and programs can ask of purchase orders, transfers, counts and stock."""

from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext_lazy as _

from inventory import adjusting, counting, transfers
from inventory.counting import Found
from inventory.models import Bin, BinStock, Count, CountLine, Transfer
from inventory.transfers import Arrived
from oms.core.limits import MOST_UNITS
from oms.core.models import User
from oms.core.operations import declare


def _bins_beside(rows: Any, stock: BinStock) -> Any:
    """The other bins of the same warehouse that people fill."""
    return rows.by_hand().filter(warehouse=stock.bin.warehouse).exclude(pk=stock.bin_id)


def _is_free(stock: BinStock) -> bool:
    return stock.bin.kind not in Bin.CUSTODY


@dataclass(frozen=True)
class ArrivedInput:
    goods: list[Arrived]


def _in_transit(transfer: Transfer) -> ArrivedInput:
    lines = transfer.lines.select_related("sku", "lot").order_by("pk")
    return ArrivedInput([Arrived(line, line.in_transit) for line in lines if line.in_transit])


@dataclass(frozen=True)
class WriteOffInput:
    reason: str = field(
        metadata={"help": _("Why it won't arrive, for example lost by the carrier.")}
    )


TR = Transfer.Status
declare(
    "send",
    Transfer,
    transfers.send,
    label=_("Ship transfer"),
    available=lambda transfer: transfer.status == TR.DRAFT,
)
declare(
    "receive",
    Transfer,
    transfers.receive,
    label=_("Receive transfer"),
    input=ArrivedInput,
    initial=_in_transit,
    available=lambda transfer: transfer.status == TR.SENT,
)
declare(
    "recall",
    Transfer,
    transfers.recall,
    danger=True,
    available=lambda transfer: transfer.status == TR.SENT,
)
declare(
    "write_off",
    Transfer,
    transfers.write_off,
    label=_("Write off remainder"),
    input=WriteOffInput,
    danger=True,
    available=lambda transfer: transfer.status == TR.SENT,
)
declare(
    "cancel",
    Transfer,
    transfers.cancel,
    danger=True,
    available=lambda transfer: transfer.status == TR.DRAFT,
)


@dataclass(frozen=True)
class AddBinInput:
    bin: Bin = field(metadata={"among": counting.countable})


@dataclass(frozen=True)
class FoundRow:
    line: CountLine
    found: int | None = None


@dataclass(frozen=True)
class CountInput:
    found: list[FoundRow]
    also_found: list[Found] = field(default_factory=list, metadata={"blank": 3})


def _to_count(count: Count) -> CountInput:
    lines = count.lines.select_related("sku", "bin", "lot").order_by("bin__code", "sku__code", "pk")
    return CountInput([FoundRow(line) for line in lines])


def _key(
    count: Count, *, found: list[FoundRow], also_found: list[Found], by: User | None = None
) -> Count:
    """Enter what was found; a line without a number isn't counted yet."""
    return counting.key(
        count,
        {row.line.pk: row.found for row in found if row.found is not None},
        also=also_found,
        by=by,
    )


CS = Count.Status
declare(
    "add_bin",
    Count,
    counting.add_bin,
    input=AddBinInput,
    available=lambda count: count.status == CS.PLANNED,
)
declare(
    "record_counts",
    Count,
    _key,
    label=_("Enter counts"),
    input=CountInput,
    initial=_to_count,
    available=lambda count: count.status == CS.PLANNED,
)
declare(
    "reconcile",
    Count,
    counting.reconcile,
    label=_("Post adjustments"),
    many=True,
    available=lambda count: count.status == CS.COUNTED,
)
declare(
    "recount",
    Count,
    counting.recount,
    label=_("Count again"),
    available=lambda count: count.status == CS.COUNTED,
)
declare(
    "cancel",
    Count,
    counting.cancel,
    danger=True,
    many=True,
    available=lambda count: count.status in (CS.PLANNED, CS.COUNTED),
)


@dataclass(frozen=True)
class MoveInput:
    quantity: int
    to: Bin = field(metadata={"among": _bins_beside})
    note: str = ""


def _move(
    stock: BinStock, *, quantity: int, to: Bin, note: str = "", by: User | None = None
) -> Any:
    return adjusting.move_stock(stock.sku, stock.bin, to, quantity, lot=stock.lot, note=note, by=by)


@dataclass(frozen=True)
class AdjustInput:
    difference: int = field(
        metadata={
            "least": -MOST_UNITS,
            "help": _("Use a positive number to add stock, a negative one to remove it."),
        }
    )
    note: str = field(metadata={"help": _("Reason for the adjustment.")})


def _adjust(stock: BinStock, *, difference: int, note: str, by: User | None = None) -> Any:
    return adjusting.adjust(stock.sku, stock.bin, difference, note=note, lot=stock.lot, by=by)


declare(
    "move",
    BinStock,
    _move,
    label=_("Move stock"),
    input=MoveInput,
    available=lambda stock: stock.on_hand > stock.allocated and _is_free(stock),
)
declare("adjust", BinStock, _adjust, label=_("Adjust stock"), input=AdjustInput, available=_is_free)
