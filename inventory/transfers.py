"""Sending stock from one warehouse to another."""

from collections.abc import Mapping

from django.utils.translation import gettext as _

from inventory import catalog, custody, ledger, receiving
from inventory.models import Bin, Move, Transfer, TransferLine
from oms.core import states
from oms.core.errors import Refused
from oms.core.models import User


def send(transfer: Transfer, *, by: User | None = None) -> Transfer:
    """Take the goods out of their bins; they are in transit until the other warehouse receives them."""
    with states.advance(transfer, to=Transfer.Status.SENT, by=by) as transfer:
        lines = list(transfer.lines.select_related("sku", "bin", "lot"))
        if not lines:
            raise Refused(_("Transfer %(transfer)s has no lines.") % {"transfer": transfer})
        catalog.require_active(transfer.target)
        transit = catalog.outside(Bin.Kind.TRANSIT)
        for line in sorted(lines, key=lambda line: line.sku_id):
            if line.bin.warehouse_id != transfer.source_id:
                raise Refused(_("%(bin)s is not in %(source)s.") % {"bin": line.bin, "source": transfer.source})
        custody.require_sendable(line.bin for line in lines)
        moves = ledger.move_many(
            [ledger.Transport(line.sku, line.bin, transit, line.quantity, line.lot) for line in lines],
            reason=Move.Reason.TRANSFER, reference=transfer.number, by=by,
        )
        for line, move in zip(lines, moves, strict=True):
            line.unit_cost = move.unit_cost
        TransferLine.objects.bulk_update(lines, ["unit_cost"])
    return transfer


def receive(transfer: Transfer, arrived: Mapping[int, int], *, by: User | None = None) -> Transfer:
    """Take the goods in, by line; what did not arrive is booked as a loss on the way."""
    with states.advance(transfer, to=Transfer.Status.RECEIVED, by=by) as transfer:
        lines = list(transfer.lines.select_related("sku", "lot", "bin"))
        transit, lost = catalog.outside(Bin.Kind.TRANSIT), catalog.outside(Bin.Kind.ADJUSTMENT)
        transports = []
        for line in lines:
            line.received = arrived.get(line.pk, line.quantity)
            if not 0 <= line.received <= line.quantity:
                raise Refused(_("Of %(quantity)s × %(sku)s sent, %(received)s cannot have arrived.")
                              % {"quantity": line.quantity, "sku": line.sku, "received": line.received})
            target = catalog.place(transfer.target, custody.arrival_kind(line.bin))
            for place, quantity in ((target, line.received), (lost, line.quantity - line.received)):
                if quantity:
                    transports.append(ledger.Transport(line.sku, transit, place, quantity, line.lot, line.unit_cost))
        TransferLine.objects.bulk_update(lines, ["received"])
        ledger.move_many(transports, reason=Move.Reason.TRANSFER, reference=transfer.number, by=by)
        receiving.announce_stock(transfer.target, [line.sku for line in lines], by=by)
    return transfer
