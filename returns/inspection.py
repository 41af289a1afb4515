"""Looking at returned goods, and deciding where they go."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from inventory import catalog, expiry, ledger, receiving
from inventory.models import Bin, Move, Warehouse
from oms.core import states
from oms.core.errors import Refused
from oms.core.models import User
from returns import keeping, unannounced
from returns.identity import Goods, Waiting
from returns.models import Inspection, ReturnLine, ReturnRequest

Grade, Disposition = Inspection.Grade, Inspection.Disposition


@dataclass(frozen=True)
class Finding:
    """Units of a return line with one grade and one way to go; `damaged`: of those received as damaged.

    `lots` names the lots or serial numbers, where several came.
    """

    line: ReturnLine
    quantity: int
    grade: str = Grade.NEW
    disposition: str = Disposition.RESTOCK
    damaged: bool = False
    lots: str = ""


def inspect(
    request: ReturnRequest, findings: Sequence[Finding], *, by: User | None = None
) -> ReturnRequest:
    """Grade all that came and send it on: back into stock, to be refurbished, or to scrap."""
    with states.advance(
        request, to=ReturnRequest.Status.INSPECTED, by=by, first=request.order
    ) as request:
        unannounced.require_decided(request)
        findings = [finding for finding in findings if finding.quantity]
        lines = {line.pk: line for line in request.lines.select_related("order_line__sku")}
        _require_all_graded(lines, findings)
        Inspection.objects.bulk_create(
            Inspection(
                line=lines[item.line.pk],
                quantity=item.quantity,
                grade=item.grade,
                disposition=item.disposition,
                was_damaged=item.damaged,
                by=by,
            )
            for item in findings
        )
        goods = _goods(lines, findings)
        by_disposition = [
            (disposition, [each for each in goods if each[0].disposition == disposition])
            for disposition in Disposition.values
        ]
        transports = [
            (disposition, _transports(request, items))
            for disposition, items in by_disposition
            if items
        ]
        ledger.lock_ends([each for _, moved in transports for each in moved])
        for disposition, moved in transports:
            ledger.move_many(
                moved,
                reason=Move.Reason.SCRAP
                if disposition == Disposition.SCRAP
                else Move.Reason.RETURN,
                reference=request.number,
                by=by,
            )
            if disposition == Disposition.RESTOCK:
                receiving.announce_stock(request.warehouse, [each.sku for each in moved], by=by)
    return request


def _require_all_graded(lines: dict[int, ReturnLine], findings: Sequence[Finding]) -> None:
    graded: Counter[tuple[int, bool]] = Counter()
    for item in findings:
        if item.line.pk not in lines:
            raise Refused(_("%(line)s is not a line of this return.") % {"line": item.line})
        if item.disposition not in Disposition.values or item.grade not in Grade.values:
            raise Refused(
                _("%(grade)s/%(disposition)s isn't a valid grade and disposition.")
                % {"grade": item.grade, "disposition": item.disposition}
            )
        if item.disposition == Disposition.RESTOCK and item.grade == Grade.BROKEN:
            raise Refused(_("Broken items can't be restocked."), line=item.line.pk)
        graded[item.line.pk, item.damaged] += item.quantity
    for key, line in lines.items():
        if (graded[key, False], graded[key, True]) != (line.good, line.damaged):
            raise Refused(
                _("Grade all received units of %(line)s: %(good)s good and %(damaged)s damaged.")
                % {"line": line, "good": line.good, "damaged": line.damaged},
                line=key,
            )


def _goods(
    lines: dict[int, ReturnLine], findings: Sequence[Finding]
) -> list[tuple[Finding, Goods]]:
    """The goods of each finding: first of those that name their lots, then what is left."""
    waiting = Waiting(lines.values())
    named_first = sorted(findings, key=lambda item: not item.lots.strip())
    return [
        (item, goods)
        for item in named_first
        for goods in waiting.take(
            lines[item.line.pk], item.quantity, is_damaged=item.damaged, text=item.lots
        )
    ]


def _transports(
    request: ReturnRequest, goods: Sequence[tuple[Finding, Goods]]
) -> list[ledger.Transport]:
    sources = {
        damaged: keeping.bin_of(request, is_damaged=damaged)
        for damaged in {item.damaged for item, _ in goods}
    }
    return [
        ledger.Transport(
            each.sku,
            sources[item.damaged],
            expiry.arriving(_target(request.warehouse, item.disposition), each.lot),
            each.quantity,
            each.lot,
        )
        for item, each in goods
    ]


def _target(warehouse: Warehouse, disposition: str) -> Bin:
    if disposition == Disposition.SCRAP:
        return catalog.outside(Bin.Kind.SCRAP)
    return catalog.place(
        warehouse, Bin.Kind.RECEIVING if disposition == Disposition.RESTOCK else Bin.Kind.QUARANTINE
    )
