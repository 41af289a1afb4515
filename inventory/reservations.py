"""What becomes of stock that is set aside: reserve, unreserve, pick, put back, consume; `allocating` binds it to bins.

Each locks demands, then reservations, then stock per warehouse, then stock per bin.
"""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from inventory import catalog, entrusting, ledger, shelf_life
from inventory.amounts import Amounts
from inventory.giving_back import (
    announce_unreserved,
    give_up,
    let_go,
    level,
    lock_bins,
    needs,
    pieces,
    units_reserved,
    unreserve_locked,
)
from inventory.giving_back import cut as cut
from inventory.giving_back import split as split
from inventory.holds import LIVE, UNPICKED, WHOLE, Holds, lock_holds
from inventory.models import Bin, Demand, Move, Reservation, Stock
from inventory.planners import kits
from oms.core import events
from oms.core.bulk_sql import any_of
from oms.core.errors import Refused, WrongState
from oms.core.locking import atomic, lock, mark_created
from oms.core.models import User

State, PutBackReason = Reservation.State, Reservation.PutBackReason


@dataclass(frozen=True)
class ReservationRequest:
    """Base units to hold for a demand in a warehouse, against a locked stock row; in a bundle with its kit's parts.

    `share`: the key of the share under which it is another company's stock.
    """

    demand: Demand
    stock: Stock
    quantity: int
    bundle: uuid.UUID = field(default_factory=uuid.uuid4)
    share: int | None = None


def reserve(
    holds: Sequence[ReservationRequest], *, counted: bool = False, by: User | None = None
) -> list[Reservation]:
    """Set stock aside under locks that the caller has taken; the demands are saved and locked.

    `counted`: the demands were just inserted with what is reserved. Whatever comes to be reserved reaches a shipment by
    the event that this records.
    """
    amounts = Amounts()
    for each in holds:
        amounts.reserve(each.demand.pk, each.stock, each.quantity, counted=counted)
        if each.stock.layers is not None:
            each.stock.layers.reserve(each.demand.min_life_days, each.quantity)
    amounts.write()
    reservations = Reservation.objects.bulk_create(
        Reservation(
            demand=each.demand,
            sku_id=each.stock.sku_id,
            warehouse_id=each.stock.warehouse_id,
            quantity=each.quantity,
            bundle=each.bundle,
            share_id=each.share,
        )
        for each in holds
    )
    mark_created(reservations)
    _announce_reserved(reservations, by)
    return reservations


def _announce_reserved(reservations: Iterable[Reservation], by: User | None) -> None:
    """Tell, per document, that something is reserved for it that no shipment has yet."""
    for document in sorted({row.demand.document for row in reservations}):
        events.record_once(
            "demand.reserved",
            subject_type="demand",
            subject_number=document,
            order_number=document,
            by=by,
        )


def lock_with_demands(reservations: Iterable[Reservation]) -> list[Reservation]:
    """Lock reservations after their demands, and return them re-read in the order of their keys."""
    rows = list(reservations)
    lock(Demand.objects.filter(pk__in={row.demand_id for row in rows}))
    return lock(Reservation.objects.filter(pk__in={row.pk for row in rows}).select_related(*WHOLE))


def separate(reservations: Sequence[Reservation]) -> None:
    """Let these leave apart from what they were reserved with. Raises Refused where that would tear a kit apart."""
    with atomic():
        locked = lock_with_demands(reservations)
        kits = {row.bundle for row in locked if row.demand.is_component}
        documents = Demand.objects.filter(document__in={row.demand.document for row in locked})
        torn = Reservation.objects.filter(
            any_of("demand_id", documents.values("pk")), bundle__in=kits, state__in=LIVE
        ).exclude(pk__in=[row.pk for row in locked])
        for row in torn.select_related("sku"):
            raise Refused(
                _(
                    "%(sku)s belongs to a kit that leaves whole; choose all parts of the kit, or none."
                )
                % {"sku": row.sku},
                code="kit_not_whole",
            )
        fresh: dict[uuid.UUID, uuid.UUID] = {}
        for row in locked:
            row.bundle = fresh.setdefault(row.bundle, uuid.uuid4())
        Reservation.objects.bulk_update(locked, ["bundle"])


def give_back(reservations: Sequence[Reservation], *, by: User | None = None) -> list[Reservation]:
    """Free what is unpicked of these, of kits the other parts too; their demand waits again. Returns it all."""
    with atomic():
        holds = lock_holds(Demand.objects.filter(pk__in=[row.demand_id for row in reservations]))
        gone = [row for row in _among(holds, reservations) if row.state in UNPICKED]
        unreserve_locked(gone)
        gone += level(holds)
        announce_unreserved(gone, by=by)
        return gone


def pick(
    reservations: Sequence[Reservation],
    *,
    reference: str = "",
    by: User | None = None,
    as_found: bool = False,
) -> list[Reservation]:
    """Take allocated stock from its bins to staging: sellable and reserved fall together. Returns what was taken.

    `as_found`: what is not allocated any more is left out.
    """
    with atomic():
        locked = lock_with_demands(reservations)
        locked = [row for row in locked if row.state == State.ALLOCATED or not as_found]
        require_state(locked, State.ALLOCATED)
        shelf_life.require_pickable(locked)
        transports = [_to_staging(row) for row in locked]
        ledger.lock_ends(transports)
        _count_picked(locked, 1)
        ledger.move_many(transports, reason=Move.Reason.PICK, reference=reference, by=by)
        for row, transport in zip(locked, transports, strict=True):
            row.state, row.bin = State.PICKED, transport.target
        Reservation.objects.bulk_update(locked, ["state", "bin"])
        return locked


def _to_staging(row: Reservation) -> ledger.Transport:
    assert row.bin is not None
    staging = catalog.place(row.warehouse, Bin.Kind.STAGING)
    return ledger.Transport(row.sku, row.bin, staging, row.quantity, row.lot)


def put_back(
    reservations: Sequence[Reservation], to: Bin, *, reference: str = "", by: User | None = None
) -> list[Reservation]:
    """Bring picked stock back from staging to a bin; the inverse of pick.

    What was marked to be put back is unreserved (and no longer wanted, where it was canceled); the rest is reserved
    again. A part of a kit is given back with the others of its kits: those that are picked must be put back, too.
    """
    with atomic():
        wanted = Demand.objects.filter(pk__in=[row.demand_id for row in reservations])
        holds = lock_holds(wanted, warehouse=to.warehouse)
        locked = _among(holds, reservations)
        require_state(locked, State.PICKED)
        _require_storage(to, locked)
        transports = [_from_staging(row, to) for row in locked]
        ledger.move_many(transports, reason=Move.Reason.PUT_BACK, reference=reference, by=by)
        _count_picked(locked, -1)
        canceled = [row for row in locked if row.put_back_reason == PutBackReason.CANCEL]
        released = [
            row
            for row in locked
            if row.put_back_reason == PutBackReason.RELEASE
            or row.demand.is_component
            or not shelf_life.fits(row)
        ]
        released = [row for row in released if row not in canceled]
        for row in locked:
            row.state, row.bin, row.lot, row.put_back_reason, row.is_entrusted = (
                State.RESERVED,
                None,
                None,
                PutBackReason.NO,
                False,
            )
            row.bundle = row.bundle if row.demand.is_component else uuid.uuid4()
        Reservation.objects.bulk_update(
            locked, ["state", "bin", "lot", "put_back_reason", "is_entrusted", "bundle"]
        )
        unreserve_locked(canceled, shrink=True)
        unreserve_locked(released)
        announce_unreserved([*canceled, *released, *level(holds)], by=by)
        _announce_reserved([row for row in locked if row.state == State.RESERVED], by)
        return locked


def _among(holds: Holds, reservations: Iterable[Reservation]) -> list[Reservation]:
    """The locked rows of these reservations; one that is gone as it is now, for the caller to refuse."""
    keys = {row.pk for row in reservations}
    rows = [row for row in holds.rows if row.pk in keys]
    gone = Reservation.objects.filter(pk__in=keys - {row.pk for row in rows}).select_related(*WHOLE)
    return [*rows, *gone]


def _require_storage(to: Bin, rows: Sequence[Reservation]) -> None:
    if not to.is_sellable or any(row.warehouse_id != to.warehouse_id for row in rows):
        raise Refused(
            _("%(to)s isn't a storage bin in this warehouse. Choose a storage bin.") % {"to": to}
        )


def _from_staging(row: Reservation, to: Bin) -> ledger.Transport:
    assert row.bin is not None
    return ledger.Transport(row.sku, row.bin, to, row.quantity, row.lot)


def consume(
    reservations: Sequence[Reservation], *, reference: str = "", by: User | None = None
) -> None:
    """Send picked stock out of the house. Raises Refused where some of it must be put back first."""
    with atomic():
        locked = lock_with_demands(reservations)
        require_state(locked, State.PICKED)
        unwanted = [row for row in locked if row.put_back_reason]
        if unwanted:
            raise Refused(
                _("Put back %(quantity)s × %(sku)s before shipping.")
                % {"quantity": unwanted[0].quantity, "sku": unwanted[0].sku},
                code="put_back_first",
            )
        shelf_life.require_shippable(locked)
        customer = catalog.outside(Bin.Kind.CUSTOMER)
        amounts = Amounts()
        for row in locked:
            amounts.ship(row.demand_id, row.quantity)
        ledger.lock_stock(sorted({(row.sku_id, row.warehouse_id) for row in locked}))
        amounts.write()
        ledger.move_many(
            [_from_staging(row, customer) for row in locked],
            reason=Move.Reason.SHIP,
            reference=reference,
            by=by,
        )
        for row in locked:
            row.state = State.SHIPPED
        Reservation.objects.bulk_update(locked, ["state"])


def _count_picked(rows: Sequence[Reservation], sign: int) -> None:
    """Count locked rows as picked, no longer allocated; with -1 as reserved again, in no bin."""
    amounts = Amounts()
    stock = ledger.lock_stock(sorted({(row.sku_id, row.warehouse_id) for row in rows}))
    places = lock_bins(rows) if sign > 0 else {}
    for row in rows:
        amounts.pick(row.demand_id, stock[row.sku_id, row.warehouse_id], sign * row.quantity)
        if sign > 0:
            amounts.allocate(places[row.sku_id, row.bin_id, row.lot_id], -row.quantity)
    amounts.write()


def require_state(rows: Sequence[Reservation], *states: Reservation.State) -> None:
    """Raise WrongState unless locked reservations are in one of these states."""
    for row in rows:
        if row.state not in states:
            raise WrongState(
                _("%(quantity)s × %(sku)s is %(state)s but must be %(states)s. Reload the page.")
                % {
                    "quantity": row.quantity,
                    "sku": row.sku,
                    "state": row.get_state_display(),
                    "states": " or ".join(str(state.label) for state in states),
                },
                sku=row.sku.code,
                state=row.state,
            )


def require_allocated(row: Reservation) -> None:
    """Raise WrongState unless a locked reservation is allocated to a bin and unpicked."""
    require_state([row], State.ALLOCATED)


def cancel(
    document: str, units: dict[int, int], *, reason: str = "", by: User | None = None
) -> dict[int, int]:
    """Want fewer units of a document's lines: unreserved demand goes first, then reserved, then allocated.

    What is picked already is marked to be put back: it bars packing and shipping until it is put back. What a
    partner has taken on goes last: it is marked as asked, stays reserved, and is returned as units by line. Of kits,
    whole ones go.
    """
    with atomic():
        holds = lock_holds(Demand.objects.filter(document=document, line__in=units))
        gone = level(holds)
        rest: dict[tuple[str, int], int] = {}
        shrink = Amounts()
        for demand in holds.demands:
            amount = units[demand.line] * demand.per_unit
            unreserved = min(
                amount, demand.quantity - demand.shipped - units_reserved(holds, demand)
            )
            shrink.want(demand.pk, -unreserved)
            given_up = give_up(holds, demand, amount - unreserved)
            gone += given_up
            amount -= unreserved + sum(row.quantity for row in given_up)
            line = (demand.document, demand.line)
            rest[line] = max(rest.get(line, 0), -(-amount // demand.per_unit))
        shrink.write()
        chosen = kits.choose(needs(holds.demands), pieces(holds, holds.demands), rest)
        gone += let_go(holds, chosen, PutBackReason.CANCEL)
        asked = [
            row
            for row in gone
            if row.put_back_reason == PutBackReason.ASKED and row.state == State.RESERVED
        ]
        announce_unreserved([row for row in gone if row not in asked], by=by)
        return entrusting.announce_asked(document, asked, reason=reason, by=by)
