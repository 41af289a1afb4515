"""What becomes of demand whose stock was not in the bin that it was to be picked from."""

from django.utils.translation import gettext as _

from inventory import catalog, displacing, ledger, reservations
from inventory.holds import lock_holders
from inventory.models import Bin, Move, Reservation
from oms.core.errors import Refused, WrongState
from oms.core.locking import atomic
from oms.core.models import User


def resource_short_pick(
    reservation: Reservation,
    *,
    missing: int,
    is_damaged: bool = False,
    reference: str = "",
    by: User | None = None,
) -> Reservation:
    """Handle a short pick: what is missing goes to the place *missing* or *damaged*, and is reserved elsewhere if
    possible.

    Returns the part of the reservation that found nothing in its bin: allocated to another bin of the warehouse, or
    unreserved, of kits with their other parts. Demand that finds no stock waits.
    """
    with atomic():
        holds = lock_holders([reservation.sku_id], reservation.warehouse)
        row = next((row for row in holds.rows if row.pk == reservation.pk), None)
        if row is None:
            raise WrongState(
                _("%(row)s is not to be picked any more. Reload to see what changed.")
                % {"row": reservation}
            )
        reservations.require_allocated(row)
        if not 0 < missing <= row.quantity:
            raise Refused(
                _("Missing quantity %(missing)s exceeds %(quantity)s × %(sku)s.")
                % {"missing": missing, "quantity": row.quantity, "sku": row.sku}
            )
        gap = row if missing == row.quantity else reservations.split(row, missing)
        assert gap.bin is not None
        kind, why = (
            (Bin.Kind.DAMAGED, Move.Reason.DAMAGE)
            if is_damaged
            else (Bin.Kind.MISSING, Move.Reason.MISSING)
        )
        lost = ledger.Transport(
            gap.sku, gap.bin, catalog.place(gap.warehouse, kind), missing, gap.lot
        )
        displacing.move_out([lost], reason=why, reference=reference, by=by, first=gap)
        return Reservation.objects.get(pk=gap.pk)
