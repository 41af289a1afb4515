"""Part of what was reserved together leaves now, the rest later. Kits stay whole on both sides."""

import uuid
from collections.abc import Mapping, Sequence

from inventory.giving_back import STAGES, announce_unreserved, deallocate_locked, let_go, split
from inventory.holds import UNPICKED, Holds, lock_holds
from inventory.models import Demand, Reservation
from oms.core.locking import atomic
from oms.core.models import User

State, PutBackReason = Reservation.State, Reservation.PutBackReason


def leave_behind(rows: Sequence[Reservation], *, by: User | None = None) -> list[Reservation]:
    """Take what isn't picked off its bins, to leave apart from what is picked; return what stays reserved for later.

    Of a kit that is picked unevenly only the whole kits go on: the rest is released, and what is picked of it must be
    put back.
    """
    with atomic():
        holds, own = _lock(rows)
        amounts = {key: amount for kit in _kits(own) for key, amount in _torn(kit).items()}
        announce_unreserved(let_go(holds, amounts, PutBackReason.RELEASE), by=by)
        later = [row for row in own if row.state in UNPICKED]
        deallocate_locked([row for row in later if row.state == State.ALLOCATED])
        fresh: dict[uuid.UUID, uuid.UUID] = {}
        for row in later:
            row.bundle = fresh.setdefault(row.bundle, uuid.uuid4())
        Reservation.objects.bulk_update(later, ["bundle"])
        return later


def deallocate(rows: Sequence[Reservation]) -> None:
    """Take allocated stock off its bins: it stays reserved, and nobody is on the way to it any more."""
    with atomic():
        _holds, own = _lock(rows)
        deallocate_locked([row for row in own if row.state == State.ALLOCATED])


def _lock(rows: Sequence[Reservation]) -> tuple[Holds, list[Reservation]]:
    """All that may be touched, and of it these rows, but not what must be put back anyhow."""
    keys = {row.pk for row in rows}
    holds = lock_holds(Demand.objects.filter(pk__in={row.demand_id for row in rows}))
    return holds, [
        row
        for row in holds.rows
        if row.pk in keys and row.put_back_reason in (PutBackReason.NO, PutBackReason.ASKED)
    ]


def _kits(rows: Sequence[Reservation]) -> list[list[Reservation]]:
    """Rows of kits, those of one bundle and line together."""
    kits: dict[tuple[uuid.UUID, int], list[Reservation]] = {}
    for row in rows:
        if row.demand.is_component:
            kits.setdefault((row.bundle, row.demand.line), []).append(row)
    return list(kits.values())


def _torn(kit: Sequence[Reservation]) -> dict[int, int]:
    """Base units to let go, by row, of a kit that is picked unevenly: all beyond the kits that are picked whole."""
    parts = {row.demand_id: row.demand for row in kit}
    picked = {
        key: sum(row.quantity for row in kit if row.demand_id == key and row.state == State.PICKED)
        for key in parts
    }
    whole = min(picked[key] // part.per_unit for key, part in parts.items())
    if all(picked[key] == whole * part.per_unit for key, part in parts.items()):
        return {}
    gone: dict[int, int] = {}
    for key, part in parts.items():
        own = sorted(
            (row for row in kit if row.demand_id == key),
            key=lambda row: STAGES.index(State(row.state)),
        )
        beyond = sum(row.quantity for row in own) - whole * part.per_unit
        for row in own:
            gone[row.pk] = min(row.quantity, beyond)
            beyond -= gone[row.pk]
    return {key: amount for key, amount in gone.items() if amount}


def cut_off(units: Mapping[int, int]) -> dict[int, Reservation]:
    """Cut base units off unpicked reservations, by key, to leave apart; return by key what was cut, maybe all of it."""
    with atomic():
        _holds, own = _lock(list(Reservation.objects.filter(pk__in=units)))
        gone = {
            row.pk: row if units[row.pk] >= row.quantity else split(row, units[row.pk])
            for row in own
        }
        fresh: dict[uuid.UUID, uuid.UUID] = {}
        for row in gone.values():
            row.bundle = fresh.setdefault(row.bundle, uuid.uuid4())
        Reservation.objects.bulk_update(gone.values(), ["bundle"])
        return gone
