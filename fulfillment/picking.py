"""Picking: from bins to staging, and what to do when the bin is short."""

from collections.abc import Sequence

from django.utils import timezone
from django.utils.translation import gettext as _

from fulfillment import following, gates
from fulfillment.joining import join_cuts
from fulfillment.models import PickTask, Shipment, ShipmentLine
from inventory import reservations, short_picks, unservable
from inventory.models import Bin, BinStock, Reservation
from oms.core import states
from oms.core.errors import Conflict, Refused
from oms.core.locking import atomic
from oms.core.models import User
from orders import fulfillment_progress

ALLOCATED, PICKED = Reservation.State.ALLOCATED, Reservation.State.PICKED


def pick(line: ShipmentLine, *, by: User | None = None) -> ShipmentLine:
    """Take a line's goods from their bin to staging."""
    pick_lines(line.shipment, [line], by=by)
    line.refresh_from_db()
    return line


def pick_all(shipment: Shipment, *, by: User | None = None) -> Shipment:
    """Take everything of a shipment that is not picked yet."""
    with states.change(shipment, event="shipment.picked", by=by, first=shipment.order) as shipment:
        states.require_status(shipment, Shipment.Status.PICKING)
        gates.require_workable(shipment)
        allocated = list(
            shipment.lines.filter(reservation__state=ALLOCATED).select_related("reservation")
        )
        taken = {
            row.pk
            for row in reservations.pick(
                [line.reservation for line in allocated],
                reference=shipment.number,
                by=by,
                as_found=True,
            )
        }
        if not taken:
            raise Refused(
                _("Shipment %(shipment)s has nothing left to pick.") % {"shipment": shipment},
                code="nothing_to_pick",
            )
        _record_picked(shipment, [line for line in allocated if line.reservation_id in taken], by)
    return shipment


def pick_lines(
    shipment: Shipment, lines: Sequence[ShipmentLine], *, by: User | None = None
) -> Shipment:
    """Take lines of a shipment from their bins to staging; the order shows it at once."""
    with states.change(shipment, event="shipment.picked", by=by, first=shipment.order) as shipment:
        states.require_status(shipment, Shipment.Status.PICKING)
        gates.require_workable(shipment)
        rows = [_line_of(shipment, line) for line in lines]
        reservations.pick([row.reservation for row in rows], reference=shipment.number, by=by)
        _record_picked(shipment, rows, by)
    return shipment


def _line_of(shipment: Shipment, line: ShipmentLine) -> ShipmentLine:
    """A line of a locked shipment as it is now. Raises Conflict where it left the shipment meanwhile."""
    row = (
        shipment.lines.select_related("reservation__demand", "reservation__sku")
        .filter(pk=line.pk)
        .first()
    )
    if row is None:
        raise Conflict(
            _("This line is no longer on shipment %(shipment)s. Reload to see what changed.")
            % {"shipment": shipment},
            code="gone",
        )
    return row


def _record_picked(shipment: Shipment, lines: Sequence[ShipmentLine], by: User | None) -> None:
    PickTask.objects.filter(line__in=lines).update(done_at=timezone.now(), done_by=by)
    shipment.event_data["lines"] = len(lines)
    fulfillment_progress.follow(shipment.order)


def report_short(
    line: ShipmentLine, found: int, *, is_damaged: bool = False, by: User | None = None
) -> Shipment:
    """Pick what there is; the rest is noted as missing, or as damaged, and reserved elsewhere if there is any.

    Where another bin of the warehouse has it, it becomes a stop of the same walk. What is found of kits that are not
    whole any more stays in its bin.
    """
    with atomic():
        order, *_others = following.lock_all(line.shipment.order, line.shipment)
        with states.change(line.shipment, event="shipment.short_picked", by=by) as shipment:
            states.require_status(shipment, Shipment.Status.PICKING)
            row = _line_of(shipment, line)
            _take_what_is_there(row, shipment, found, is_damaged, by)
            fulfillment_progress.follow(shipment.order)
        following.follow(order, by=by)
        shipment.refresh_from_db()
    return shipment


def _take_what_is_there(
    row: ShipmentLine, shipment: Shipment, found: int, is_damaged: bool, by: User | None
) -> None:
    wanted = row.reservation.quantity
    if not 0 <= found < wanted:
        raise Refused(
            _("Enter fewer than %(wanted)s, or pick the line if you found all.")
            % {"wanted": wanted},
            field="found",
        )
    gap = short_picks.resource_short_pick(
        row.reservation,
        missing=wanted - found,
        is_damaged=is_damaged,
        reference=shipment.number,
        by=by,
    )
    row.reservation.refresh_from_db()
    is_there = row.reservation.state == ALLOCATED and gap.pk != row.reservation_id
    if is_there:
        pick(row, by=by)
    shipment.event_data |= {
        "sku": row.reservation.sku.code,
        "damaged" if is_damaged else "missing": wanted - found,
        "picked": row.reservation.quantity if is_there else 0,
    }


def change_lot(
    line: ShipmentLine, to: BinStock | None = None, *, by: User | None = None
) -> Shipment:
    """Pick another lot or serial number than the one that is allocated: the chosen one, else what expires next.

    Where there is no other, the units wait again and leave the shipment.
    """
    with atomic():
        order, *_others = following.lock_all(line.shipment.order, line.shipment)
        with states.change(line.shipment, event="shipment.lot_changed", by=by) as shipment:
            states.require_status(shipment, Shipment.Status.PICKING)
            row = _line_of(shipment, line)
            shipment.event_data |= {
                "sku": row.reservation.sku.code,
                "from": str(row.reservation.lot or ""),
            }
            unservable.change_lot(row.reservation, to, by=by)
            row.reservation.refresh_from_db()
            shipment.event_data["to"] = str(row.reservation.lot or "")
            fulfillment_progress.follow(shipment.order)
        following.follow(order, by=by)
        shipment.refresh_from_db()
    return shipment


def put_back(line: ShipmentLine, to: Bin, *, by: User | None = None) -> Shipment:
    """Bring a picked line back to a bin; the inverse of pick. What was canceled meanwhile leaves the shipment."""
    with states.change(
        line.shipment, event="shipment.put_back", by=by, first=line.shipment.order
    ) as shipment:
        states.require_status(shipment, Shipment.Status.PICKING)
        join_cuts([shipment])
        row = _line_of(shipment, line)
        reservations.put_back([row.reservation], to, reference=shipment.number, by=by)
        PickTask.objects.filter(line=row).delete()
        row.delete()
        shipment.event_data["sku"] = row.reservation.sku.code
        fulfillment_progress.follow(shipment.order)
    return shipment


def lines_to_put_back(shipment: Shipment) -> list[ShipmentLine]:
    """Lines that are not wanted any more since they were picked: they must be put back before packing."""
    return list(
        shipment.lines.exclude(reservation__put_back_reason="").select_related("reservation")
    )


def must_put_back(shipment: Shipment) -> bool:
    """Whether picked goods of the order wait in this warehouse to be put back, on a line already or not yet."""
    return (
        Reservation.objects.filter(
            demand__promise__line__order=shipment.order_id,
            warehouse=shipment.warehouse,
            state=PICKED,
        )
        .exclude(put_back_reason="")
        .exists()
    )
