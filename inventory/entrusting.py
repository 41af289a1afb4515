"""What a partner has taken on to send: they alone can stop it, so canceling it is asked, and agreed or declined."""

from collections.abc import Iterable, Sequence

from django.utils.translation import gettext as _

from inventory.giving_back import announce_unreserved, unreserve_locked
from inventory.holds import lock_holds
from inventory.models import Demand, Reservation
from oms.core import events
from oms.core.errors import Refused
from oms.core.locking import atomic, lock
from oms.core.models import User

State, PutBackReason = Reservation.State, Reservation.PutBackReason


def entrust(reservations: Iterable[Reservation]) -> None:
    """Note that a partner has taken these on."""
    with atomic():
        rows = _lock(reservations)
        for row in rows:
            row.is_entrusted = True
        Reservation.objects.bulk_update(rows, ["is_entrusted"])


def asked(document: str) -> dict[int, int]:
    """Units of a document, by line, that partners were asked to cancel, and have not answered."""
    return units_of(
        Reservation.objects.filter(
            demand__document=document, state=State.RESERVED, put_back_reason=PutBackReason.ASKED
        ).select_related("demand")
    )


def units_of(reservations: Iterable[Reservation]) -> dict[int, int]:
    """Whole units by line; a kit counts as far as its least part."""
    parts: dict[tuple[int, int], int] = {}
    per_unit = {}
    for row in reservations:
        key = (row.demand.line, row.demand_id)
        parts[key] = parts.get(key, 0) + row.quantity
        per_unit[row.demand_id] = row.demand.per_unit
    units: dict[int, int] = {}
    for (line, demand), quantity in parts.items():
        units[line] = min(units.get(line, quantity), quantity // per_unit[demand])
    return units


def announce_asked(
    document: str, reservations: Sequence[Reservation], *, reason: str = "", by: User | None = None
) -> dict[int, int]:
    """Tell that partners must be asked about these; returns their units by line."""
    if reservations:
        events.record_once(
            "demand.cancel_asked",
            subject_type="demand",
            subject_number=document,
            order_number=document,
            by=by,
            reason=reason,
        )
    return units_of(reservations)


def free_asked(reservations: Iterable[Reservation], *, by: User | None = None) -> dict[int, int]:
    """Free what a partner agreed to cancel; it is not wanted any more. Returns its units by line."""
    with atomic():
        keys = {row.pk for row in reservations}
        holds = lock_holds(
            Demand.objects.filter(pk__in=Reservation.objects.filter(pk__in=keys).values("demand"))
        )
        gone = [
            row
            for row in holds.rows
            if row.pk in keys and row.put_back_reason == PutBackReason.ASKED
        ]
        unreserve_locked(gone, shrink=True)
        announce_unreserved(gone, by=by)
        return units_of(gone)


def keep_asked(reservations: Iterable[Reservation]) -> None:
    """Take back the mark of what a partner declined to cancel: it goes on."""
    with atomic():
        _unmark(_lock(reservations))


def take_lost(document: str) -> dict[int, int]:
    """Units by line that a partner was asked to cancel and that were lost before the answer; each is returned once.

    The caller has locked the document; all that it holds is locked, too, for what follows.
    """
    lost = Reservation.objects.filter(
        demand__document=document, state=State.UNRESERVED, put_back_reason=PutBackReason.ASKED
    )
    if not lost.exists():
        return {}
    with atomic():
        lock_holds(Demand.objects.filter(document=document))
        rows = list(lost.select_related("demand").order_by("pk"))
        _unmark(rows)
        return units_of(rows)


def require_not_asked(reservations: Iterable[Reservation]) -> None:
    """Raise Refused where a partner was asked to cancel one of these and has not answered."""
    for row in reservations:
        if row.put_back_reason == PutBackReason.ASKED:
            raise Refused(
                _(
                    "%(warehouse)s was asked to cancel %(quantity)s × %(sku)s. Record their answer first."
                )
                % {"warehouse": row.warehouse, "quantity": row.quantity, "sku": row.sku},
                code="cancellation_asked",
            )


def _unmark(rows: Sequence[Reservation]) -> None:
    for row in rows:
        row.put_back_reason = PutBackReason.NO
    Reservation.objects.bulk_update(rows, ["put_back_reason"])


def _lock(reservations: Iterable[Reservation]) -> list[Reservation]:
    keys = {row.pk for row in reservations}
    lock(Demand.objects.filter(pk__in=Reservation.objects.filter(pk__in=keys).values("demand")))
    return lock(
        Reservation.objects.filter(pk__in=keys).select_related("demand", "sku", "warehouse")
    )
