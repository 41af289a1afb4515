"""Sending stock from one warehouse to another."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from inventory import catalog, custody, displacing, expiry, ledger, receiving
from inventory.ledger import Transport
from inventory.models import Bin, Move, Transfer, TransferLine, Warehouse
from inventory.models.transfer import OTHER_COMPANY
from oms.core import states
from oms.core.errors import Refused
from oms.core.locking import atomic
from oms.core.models import User

S = Transfer.Status


@dataclass(frozen=True)
class Arrived:
    """Base units of a transfer's line that arrived, good and damaged."""

    line: TransferLine
    good: int = 0
    damaged: int = 0


def send(transfer: Transfer, *, by: User | None = None) -> Transfer:
    """Take the goods out of their bins; they are in transit until the other warehouse receives them.

    What is allocated there is picked from other bins. Raises Refused for what is reserved for orders, and is nowhere
    else.
    """
    with states.advance(transfer, to=S.SENT, by=by) as transfer:
        lines = list(transfer.lines.select_related("sku", "bin", "lot"))
        if not lines:
            raise Refused(_("Transfer %(transfer)s has no lines.") % {"transfer": transfer})
        catalog.require_active(transfer.target)
        if transfer.source.company_id != transfer.target.company_id:
            raise Refused(str(OTHER_COMPANY), code="other_company", field="target")
        transit = catalog.outside(Bin.Kind.TRANSIT)
        for line in lines:
            if line.bin.warehouse_id != transfer.source_id:
                raise Refused(
                    _("Bin %(bin)s isn't in %(source)s.")
                    % {"bin": line.bin, "source": transfer.source}
                )
        custody.require_sendable(line.bin for line in lines)
        moves = displacing.move_out(
            [Transport(line.sku, line.bin, transit, line.quantity, line.lot) for line in lines],
            reason=Move.Reason.TRANSFER,
            reference=transfer.number,
            by=by,
            keep=True,
        )
        for line, move in zip(lines, moves, strict=True):
            line.unit_cost = move.unit_cost
        TransferLine.objects.bulk_update(lines, ["unit_cost"])
    return transfer


def cancel(transfer: Transfer, *, by: User | None = None) -> Transfer:
    """Give up a transfer that was not sent."""
    with states.advance(transfer, to=S.CANCELED, by=by) as transfer:
        pass
    return transfer


def receive(transfer: Transfer, goods: Sequence[Arrived], *, by: User | None = None) -> Transfer:
    """Take in what arrived, good and damaged; the rest stays in transit. The last part ends the transfer."""
    with atomic():
        with states.change(transfer, event="transfer.arrived", by=by) as transfer:
            lines = _lines(transfer)
            came = [item for item in goods if item.good or item.damaged]
            if not came:
                raise Refused(
                    _("Nothing arrived. Enter the quantities that came."), code="nothing_came"
                )
            transports = [each for item in came for each in _taken_in(transfer, lines, item)]
            TransferLine.objects.bulk_update(lines.values(), ["received", "damaged"])
            _bring(transfer, transfer.target, transports, by)
            transfer.event_data["arrived"] = {
                lines[item.line.pk].sku.code: item.good + item.damaged for item in came
            }
        return _end_if_nothing_is_in_transit(transfer, by)


def spread(lines: Sequence[TransferLine], good: int, damaged: int) -> list[Arrived]:
    """What arrived of one product over its lines, one after the other; what none of them awaits goes to the last."""
    goods = []
    for line in lines:
        is_last = line is lines[-1]
        of_good = good if is_last else min(good, line.in_transit)
        of_damaged = damaged if is_last else min(damaged, line.in_transit - of_good)
        goods.append(Arrived(line, of_good, of_damaged))
        good, damaged = good - of_good, damaged - of_damaged
    return goods


def _lines(transfer: Transfer) -> dict[int, TransferLine]:
    """The lines of a locked transfer that is on its way."""
    states.require_status(transfer, S.SENT)
    return {line.pk: line for line in transfer.lines.select_related("sku", "lot", "bin")}


def _taken_in(transfer: Transfer, lines: dict[int, TransferLine], item: Arrived) -> list[Transport]:
    line = lines.get(item.line.pk)
    if line is None:
        raise Refused(
            _("%(line)s is no line of %(transfer)s.") % {"line": item.line, "transfer": transfer}
        )
    if min(item.good, item.damaged) < 0 or item.good + item.damaged > line.in_transit:
        raise Refused(
            _(
                "Of %(sku)s, %(open)s are in transit; %(arrived)s can't have arrived. Correct the quantity."
            )
            % {"sku": line.sku, "open": line.in_transit, "arrived": item.good + item.damaged},
            code="more_than_sent",
            line=line.pk,
        )
    line.received += item.good + item.damaged
    line.damaged += item.damaged
    kinds = ((custody.arrival_kind(line.bin), item.good), (Bin.Kind.DAMAGED, item.damaged))
    return [
        _transport(line, transfer.target, kind, quantity) for kind, quantity in kinds if quantity
    ]


def _transport(
    line: TransferLine, warehouse: Warehouse, kind: "Bin.Kind", quantity: int
) -> Transport:
    place = expiry.arriving(catalog.place(warehouse, kind), line.lot)
    return Transport(
        line.sku, catalog.outside(Bin.Kind.TRANSIT), place, quantity, line.lot, line.unit_cost
    )


def _bring(
    transfer: Transfer, warehouse: Warehouse, transports: Sequence[Transport], by: User | None
) -> None:
    """Take goods from transit into a warehouse, and tell what of them can be sold."""
    ledger.move_many(transports, reason=Move.Reason.TRANSFER, reference=transfer.number, by=by)
    sellable = [each.sku for each in transports if each.target.is_sellable]
    if sellable:
        receiving.announce_stock(warehouse, sellable, by=by)


def _end_if_nothing_is_in_transit(transfer: Transfer, by: User | None) -> Transfer:
    lines = list(transfer.lines.all())
    if any(line.in_transit for line in lines):
        return transfer
    came = any(line.received or line.lost for line in lines)
    with states.advance(transfer, to=S.RECEIVED if came else S.RECALLED, by=by) as transfer:
        pass
    return transfer


def recall(transfer: Transfer, *, by: User | None = None) -> Transfer:
    """Bring what is in transit back into the warehouse that it left; this ends the transfer."""
    return _end(transfer, "transfer.rest_recalled", _called_back, by)


def write_off(transfer: Transfer, *, reason: str, by: User | None = None) -> Transfer:
    """Book what is in transit as lost, with the reason why; this ends the transfer."""
    if not reason.strip():
        raise Refused(_("Say why the rest is lost."), field="reason")
    return _end(
        transfer,
        "transfer.rest_lost",
        lambda transfer, lines, by: _lose(transfer, lines, reason, by),
        by,
    )


def _end(
    transfer: Transfer,
    event: str,
    settle: Callable[[Transfer, list[TransferLine], User | None], None],
    by: User | None,
) -> Transfer:
    with atomic():
        with states.change(transfer, event=event, by=by) as transfer:
            lines = [line for line in _lines(transfer).values() if line.in_transit]
            transfer.event_data["goods"] = {str(line.pk): line.in_transit for line in lines}
            settle(transfer, lines, by)
        return _end_if_nothing_is_in_transit(transfer, by)


def _called_back(transfer: Transfer, lines: list[TransferLine], by: User | None) -> None:
    transports = [
        _transport(line, transfer.source, custody.arrival_kind(line.bin), line.in_transit)
        for line in lines
    ]
    for line in lines:
        line.recalled += line.in_transit
    TransferLine.objects.bulk_update(lines, ["recalled"])
    _bring(transfer, transfer.source, transports, by)


def _lose(transfer: Transfer, lines: list[TransferLine], reason: str, by: User | None) -> None:
    transit, gone = catalog.outside(Bin.Kind.TRANSIT), catalog.outside(Bin.Kind.ADJUSTMENT)
    ledger.move_many(
        [
            Transport(line.sku, transit, gone, line.in_transit, line.lot, line.unit_cost)
            for line in lines
        ],
        reason=Move.Reason.TRANSFER,
        reference=transfer.number,
        note=reason[:200],
        by=by,
    )
    for line in lines:
        line.lost += line.in_transit
    TransferLine.objects.bulk_update(lines, ["lost"])
