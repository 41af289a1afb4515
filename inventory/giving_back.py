"""Giving back what is reserved: cutting, unpinning and freeing locked reservations, whole kits at a time."""

from collections.abc import Iterable, Mapping, Sequence

from django.utils.translation import gettext as _

from inventory import ledger
from inventory.amounts import Amounts
from inventory.holds import LIVE, Holds
from inventory.models import BinStock, Demand, Reservation, Stock
from inventory.planners import kits
from inventory.planners.kits import Need, Piece
from oms.core import events
from oms.core.errors import Refused
from oms.core.locking import lock, mark_created
from oms.core.models import User

State, PutBackReason = Reservation.State, Reservation.PutBackReason
STAGES = (State.RESERVED, State.ALLOCATED, State.PICKED)


def split(reservation: Reservation, rest: int) -> Reservation:
    """Cut `rest` base units off a locked reservation into a new one in the same state, and return the new one."""
    if not 0 < rest < reservation.quantity:
        raise Refused(
            _("Can't split %(rest)s from %(reservation)s.")
            % {"rest": rest, "reservation": reservation}
        )
    reservation.quantity -= rest
    reservation.save(update_fields=["quantity"])
    twin = Reservation(
        demand=reservation.demand,
        sku=reservation.sku,
        warehouse=reservation.warehouse,
        quantity=rest,
        state=reservation.state,
        bin=reservation.bin,
        lot=reservation.lot,
        put_back_reason=reservation.put_back_reason,
        is_entrusted=reservation.is_entrusted,
        bundle=reservation.bundle,
        share=reservation.share,
    )
    twin.save(force_insert=True)
    mark_created([twin])
    return twin


def cut(rows: Iterable[Reservation], amount: int) -> list[Reservation]:
    """So many base units of locked reservations, in their order; the last one is cut where it is more."""
    taken = []
    for row in rows:
        if amount <= 0:
            break
        taken.append(row)
        if row.quantity > amount:
            split(row, row.quantity - amount)
        amount -= row.quantity
    return taken


def unreserve_locked(
    reservations: Sequence[Reservation],
    *,
    shrink: bool = False,
    stock: Mapping[tuple[int, int], Stock] | None = None,
) -> None:
    """Free locked, unpicked reservations; `shrink` lowers what their demands want by the same.

    `stock`: the rows by SKU and warehouse, where the caller has locked them and plans on with them. What a partner was
    asked to cancel, and is lost before they answer, keeps that mark: its document cancels it.
    """
    stock = stock or ledger.lock_stock(
        sorted({(row.sku_id, row.warehouse_id) for row in reservations})
    )
    deallocate_locked([row for row in reservations if row.state == State.ALLOCATED])
    amounts = Amounts()
    for row in reservations:
        amounts.reserve(row.demand_id, stock[row.sku_id, row.warehouse_id], -row.quantity)
        amounts.want(row.demand_id, -row.quantity if shrink else 0)
        row.state = State.UNRESERVED
        row.put_back_reason = (
            row.put_back_reason
            if row.put_back_reason == PutBackReason.ASKED and not shrink
            else PutBackReason.NO
        )
    amounts.write()
    Reservation.objects.bulk_update(reservations, ["state", "put_back_reason"])


def deallocate_locked(reservations: Sequence[Reservation]) -> None:
    """Take locked, allocated reservations off their bins: they are reserved in the warehouse as before."""
    places = lock_bins(reservations)
    amounts = Amounts()
    for row in reservations:
        amounts.allocate(places[row.sku_id, row.bin_id, row.lot_id], -row.quantity)
        row.state, row.bin, row.lot = State.RESERVED, None, None
    amounts.write()
    Reservation.objects.bulk_update(reservations, ["state", "bin", "lot"])


def announce_unreserved(reservations: Sequence[Reservation], *, by: User | None = None) -> None:
    """Tell, per document, that stock was unreserved: others may wait for it, and shipments may have lost lines."""
    for document in sorted({row.demand.document for row in reservations}):
        skus = sorted({row.sku_id for row in reservations if row.demand.document == document})
        events.record_once(
            "demand.unreserved",
            subject_type="demand",
            subject_number=document,
            order_number=document,
            by=by,
            skus=skus,
        )


def lock_bins(rows: Sequence[Reservation]) -> dict[tuple[int, int | None, int | None], BinStock]:
    if not rows:
        return {}
    places = BinStock.objects.filter(
        sku__in={row.sku_id for row in rows}, bin__in={row.bin_id for row in rows}
    )
    return {(place.sku_id, place.bin_id, place.lot_id): place for place in lock(places)}


def level(holds: Holds) -> list[Reservation]:
    """Give back what kits hold of one part without the others; returns what was let go, still wanted."""
    demands = [demand for demand in holds.demands if demand.is_component]
    return let_go(
        holds,
        kits.excess(needs(demands), pieces(holds, demands, asked=True)),
        PutBackReason.RELEASE,
    )


def needs(demands: Iterable[Demand]) -> list[Need]:
    return [Need(demand.pk, (demand.document, demand.line), demand.per_unit) for demand in demands]


def pieces(holds: Holds, demands: Iterable[Demand], *, asked: bool = False) -> list[Piece]:
    """What may be let go of demands; `asked`: also what a partner was asked to cancel, apart from the rest."""
    keys, reasons = (
        {demand.pk for demand in demands},
        {PutBackReason.NO, PutBackReason.ASKED if asked else PutBackReason.NO},
    )
    return [
        Piece(row.pk, row.demand_id, (row.bundle, row.put_back_reason), row.quantity, _stage(row))
        for row in holds.rows
        if row.demand_id in keys and row.state in LIVE and row.put_back_reason in reasons
    ]


def _stage(row: Reservation) -> int:
    """What a partner has goes last: they must be asked."""
    return len(STAGES) if is_with_partner(row) else STAGES.index(State(row.state))


def is_with_partner(row: Reservation) -> bool:
    return row.is_entrusted and row.state == State.RESERVED


def let_go(
    holds: Holds, amounts: dict[int, int], put_back_reason: "Reservation.PutBackReason"
) -> list[Reservation]:
    """Give back base units of locked reservations, by key; what is picked is marked to be put back.

    `put_back_reason` says what for: CANCEL lowers the demand too, RELEASE leaves it wanting. Of what a partner has,
    canceling is only asked: it stays reserved. Returns what was let go or asked.
    """
    gone = [_cut(holds, row, amounts[row.pk]) for row in list(holds.rows) if row.pk in amounts]
    kept = [row for row in gone if row.state == State.PICKED]
    asked = [
        row for row in gone if put_back_reason == PutBackReason.CANCEL and is_with_partner(row)
    ]
    for row in [*kept, *asked]:
        row.put_back_reason = put_back_reason if row in kept else PutBackReason.ASKED
    Reservation.objects.bulk_update([*kept, *asked], ["put_back_reason"])
    unreserve_locked(
        [row for row in gone if row not in kept and row not in asked],
        shrink=put_back_reason == PutBackReason.CANCEL,
    )
    return gone


def _cut(holds: Holds, row: Reservation, amount: int) -> Reservation:
    """So much of a locked reservation: itself, or what is cut off it."""
    if row.quantity <= amount:
        return row
    part = split(row, amount)
    holds.rows.append(part)
    return part


def units_reserved(holds: Holds, demand: Demand) -> int:
    return sum(
        row.quantity for row in holds.rows if row.demand_id == demand.pk and row.state in LIVE
    )


def give_up(holds: Holds, demand: Demand, amount: int) -> list[Reservation]:
    """No longer want so much of what must be put back anyhow; returns what that was."""
    given_up: list[Reservation] = []
    for row in [
        row
        for row in holds.rows
        if row.demand_id == demand.pk and row.put_back_reason == PutBackReason.RELEASE
    ]:
        left = amount - sum(each.quantity for each in given_up)
        if left > 0:
            given_up.append(_cut(holds, row, left))
    for row in given_up:
        row.put_back_reason = PutBackReason.CANCEL
    Reservation.objects.bulk_update(given_up, ["put_back_reason"])
    return given_up
