"""What people and programs can ask of returns."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from inventory.models import SKU, KitComponent, Warehouse
from oms.core.errors import Refused
from oms.core.models import User
from oms.core.operations import declare, in_status
from orders.models import Order
from returns import (
    exchanges,
    identity,
    inspection,
    keeping,
    ownership,
    receiving,
    requests,
    unannounced,
)
from returns.inspection import Finding
from returns.models import Inspection, ReturnLine, ReturnRequest, Unexpected
from returns.receiving import Arrived
from returns.requests import Asked
from returns.unannounced import Came, Decided

S = ReturnRequest.Status


@dataclass(frozen=True)
class ComponentRow:
    part: KitComponent
    quantity: int = 0
    share_percent: Decimal | None = field(
        default=None,
        metadata={"help": _("What one piece is worth, in percent of the kit's price.")},
    )
    reason: ReturnLine.Reason = ReturnLine.Reason.UNWANTED
    exchange_for: SKU | None = None


@dataclass(frozen=True)
class OpenInput:
    lines: list[Asked]
    components: list[ComponentRow]
    resolution: ReturnRequest.Resolution = ReturnRequest.Resolution.REFUND
    warehouse: Warehouse | None = field(
        default=None,
        metadata={
            "help": _("Empty: where the goods came from, if that is ours."),
            "among": lambda rows, order: rows.filter(
                is_active=True, kind=Warehouse.Kind.OWN, company__in=ownership.companies(order)
            ),
        },
    )
    note: str = ""


def _open(
    order: Order,
    *,
    lines: list[Asked],
    components: Sequence[ComponentRow] = (),
    resolution: str = "refund",
    warehouse: Warehouse | None = None,
    note: str = "",
    by: User | None = None,
) -> ReturnRequest:
    asked = _asked(order, lines, components)
    return requests.open_request(
        order, asked, resolution=resolution, warehouse=warehouse, note=note, by=by
    )


def _asked(order: Order, lines: Sequence[Asked], components: Sequence[ComponentRow]) -> list[Asked]:
    """What both tables name; a component is of the first line of its kit that was shipped."""
    asked = [row for row in lines if row.quantity]
    for row in components:
        if row.quantity:
            line = (
                order.lines.filter(sku=row.part.kit_id, shipped__gt=0).order_by("position").first()
            )
            if line is None:
                raise Refused(
                    gettext("No %(kit)s was shipped with %(order)s.")
                    % {"kit": row.part.kit, "order": order},
                    code="not_returnable",
                )
            asked.append(
                Asked(
                    line,
                    row.quantity,
                    row.reason,
                    row.exchange_for,
                    row.part.component,
                    row.share_percent,
                )
            )
    return asked


def _returnable(order: Order) -> OpenInput:
    left = requests.returnable(order)
    lines = [
        line for line in order.lines.select_related("sku").order_by("position") if line.shipped
    ]
    kits = [line.sku_id for line in lines if line.sku.is_kit]
    parts = (
        KitComponent.objects.filter(kit__in=kits)
        .select_related("kit", "component")
        .order_by("kit", "pk")
    )
    return OpenInput(
        [Asked(line) for line in lines if left.get(line.pk)], [ComponentRow(part) for part in parts]
    )


@dataclass(frozen=True)
class OpenPreview:
    comes_back: str
    in_exchange: str


def _preview(
    order: Order,
    *,
    lines: list[Asked],
    components: Sequence[ComponentRow] = (),
    resolution: str = "refund",
    warehouse: Warehouse | None = None,
    note: str = "",
    by: User | None = None,
) -> OpenPreview:
    """What comes back, and what of an exchange is in stock now."""
    asked = _asked(order, lines, components)
    requests.require_warehouse(order, warehouse, asked)
    wanted = requests.exchange_of(asked) if resolution == ReturnRequest.Resolution.EXCHANGE else {}
    exchanges.require_sellable(order, wanted)
    told = exchanges.in_stock(wanted, order.company)
    return OpenPreview(
        ", ".join(f"{item.quantity} × {item.component or item.line.sku}" for item in asked) or "–",
        "; ".join(f"{code}: {text}" for code, text in told.items()) or "–",
    )


declare(
    "return",
    Order,
    _open,
    label=_("Create return"),
    input=OpenInput,
    initial=_returnable,
    preview=_preview,
    example={"lines": [{"line": 1, "quantity": 1, "reason": "damaged"}], "resolution": "refund"},
    available=lambda order: order.shipped > order.returned,
)


@dataclass(frozen=True)
class RejectInput:
    reason: str


@dataclass(frozen=True)
class ReceiveInput:
    goods: list[Arrived]
    unannounced: list[Came] = field(default_factory=list, metadata={"blank": 3})


def _announced(request: ReturnRequest) -> ReceiveInput:
    lines = request.lines.select_related("order_line__sku", "component")
    return ReceiveInput([Arrived(line, line.quantity) for line in lines])


@dataclass(frozen=True)
class DecideInput:
    decisions: list[Decided]


def _undecided(request: ReturnRequest) -> Any:
    waiting = Unexpected.objects.filter(request=request, decision=Unexpected.Decision.OPEN)
    return waiting.select_related("sku", "lot").order_by("pk")


@dataclass(frozen=True)
class FindingRow:
    line: ReturnLine
    restock: int = 0
    refurbish: int = 0
    scrap: int = 0
    damaged_to_scrap: int = field(default=0, metadata=keeping.FROM_BIN)
    damaged_to_refurbish: int = field(default=0, metadata=keeping.FROM_BIN)
    scrap_lots: str = field(default="", metadata=identity.LOTS)
    refurbish_lots: str = field(default="", metadata=identity.LOTS)


@dataclass(frozen=True)
class InspectInput:
    findings: list[FindingRow]


def _findings(request: ReturnRequest) -> InspectInput:
    return InspectInput(
        [
            FindingRow(line, restock=line.good, damaged_to_scrap=line.damaged)
            for line in request.lines.select_related("order_line__sku", "component")
        ]
    )


def _inspect(
    request: ReturnRequest, *, findings: list[FindingRow], by: User | None = None
) -> ReturnRequest:
    """Grade what came: a line's row has a column for each way that its units can go."""
    grade, disposition = Inspection.Grade, Inspection.Disposition
    found = [
        finding
        for row in findings
        for finding in (
            Finding(row.line, row.restock, grade.NEW, disposition.RESTOCK),
            Finding(
                row.line, row.refurbish, grade.USED, disposition.REFURBISH, lots=row.refurbish_lots
            ),
            Finding(row.line, row.scrap, grade.BROKEN, disposition.SCRAP, lots=row.scrap_lots),
            Finding(
                row.line,
                row.damaged_to_scrap,
                grade.BROKEN,
                disposition.SCRAP,
                damaged=True,
                lots=row.scrap_lots,
            ),
            Finding(
                row.line,
                row.damaged_to_refurbish,
                grade.USED,
                disposition.REFURBISH,
                damaged=True,
                lots=row.refurbish_lots,
            ),
        )
    ]
    return inspection.inspect(request, found, by=by)


declare("approve", ReturnRequest, requests.approve, many=True, available=in_status(S.REQUESTED))
declare(
    "reject",
    ReturnRequest,
    requests.reject,
    input=RejectInput,
    danger=True,
    example={"reason": "The item has been used."},
    available=in_status(S.REQUESTED),
)
declare(
    "receive",
    ReturnRequest,
    receiving.receive,
    label=_("Receive items"),
    input=ReceiveInput,
    available=in_status(S.APPROVED),
    initial=_announced,
)
declare(
    "decide",
    ReturnRequest,
    unannounced.decide,
    label=_("Decide on unannounced goods"),
    input=DecideInput,
    initial=lambda request: DecideInput([Decided(item) for item in _undecided(request)]),
    available=lambda request: request.status == S.RECEIVED and _undecided(request).exists(),
)
declare(
    "inspect",
    ReturnRequest,
    _inspect,
    label=_("Record inspection"),
    input=InspectInput,
    initial=_findings,
    available=in_status(S.RECEIVED),
)
declare(
    "cancel",
    ReturnRequest,
    requests.cancel,
    danger=True,
    available=in_status(S.REQUESTED, S.APPROVED),
)
