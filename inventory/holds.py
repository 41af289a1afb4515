"""Locking, in one pass, all that a change of what is reserved may touch: demands, reservations, stock and bins."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from inventory.models import BinStock, Demand, Reservation, Stock, Warehouse
from oms.core.errors import Conflict
from oms.core.locking import attempt, lock, whole

UNPICKED = (Reservation.State.RESERVED, Reservation.State.ALLOCATED)
LIVE = (*UNPICKED, Reservation.State.PICKED)
WHOLE = ("demand", "sku", "bin", "lot", "warehouse")
TRIES = 10


@dataclass(frozen=True)
class Holds:
    """Locked demands, those of the same kits among them, and what is set aside for them: reserved, allocated or
    picked.
    """

    demands: list[Demand]
    rows: list[Reservation]


class _Moved(Exception):
    """What was to be locked changed before it was."""


@whole
def lock_holds(
    demands: QuerySet[Demand], *, skus: Iterable[int] = (), warehouse: Warehouse | None = None
) -> Holds:
    """Lock demands with the other parts of their kits, their reservations, and the stock and bins behind those.

    `skus`: also their stock, in every warehouse. `warehouse`: also all its bins in which any of this lies. What comes
    under other orders' hands meanwhile is looked for again; raises Conflict where that never ends.
    """
    for _try in range(TRIES):
        try:
            with attempt():
                return _lock(demands, set(skus), warehouse)
        except _Moved:
            continue
    raise Conflict(_("Orders keep changing what is held here. Try again in a moment."), code="busy")


def lock_holders(skus: Iterable[int], warehouse: Warehouse) -> Holds:
    """Lock what is reserved of SKUs in a warehouse, and everything that a loss there may touch."""
    skus = set(skus)
    holders = Demand.objects.filter(
        reservations__sku__in=skus,
        reservations__warehouse=warehouse,
        reservations__state__in=UNPICKED,
    )
    return lock_holds(holders, skus=skus, warehouse=warehouse)


def _lock(demands: QuerySet[Demand], skus: set[int], warehouse: Warehouse | None) -> Holds:
    keys = _with_kits(demands)
    locked = lock(Demand.objects.filter(pk__in=keys).select_related("sku"))
    rows = lock(Reservation.objects.filter(demand__in=keys, state__in=LIVE).select_related(*WHOLE))
    own, places = {row.sku_id for row in rows}, {row.warehouse_id for row in rows}
    bins = Q(bin__in={row.bin_id for row in rows if row.bin_id})
    if warehouse is not None:
        places, bins = places | {warehouse.pk}, bins | Q(bin__warehouse=warehouse)
        _add_missing(skus, warehouse)
    lock(Stock.objects.filter(Q(sku__in=skus) | Q(sku__in=own, warehouse__in=places)))
    lock(BinStock.objects.filter(bins, sku__in=own | skus))
    if _with_kits(demands) != keys:
        raise _Moved
    return Holds(locked, rows)


def _add_missing(skus: set[int], warehouse: Warehouse) -> None:
    """Stock rows of SKUs that were never in the warehouse, so that they can be locked with the others."""
    known = set(
        Stock.objects.filter(sku__in=skus, warehouse=warehouse).values_list("sku", flat=True)
    )
    Stock.objects.bulk_create(
        [Stock(sku_id=key, warehouse=warehouse) for key in sorted(skus - known)],
        ignore_conflicts=True,
    )


def _with_kits(demands: QuerySet[Demand]) -> set[int]:
    """The keys of demands, and of the other parts of their kits."""
    found = set(demands.values_list("pk", "document", "line", "is_component"))
    lines = {(document, line) for _key, document, line, is_component in found if is_component}
    parts = Demand.objects.filter(
        is_component=True,
        document__in={document for document, _ in lines},
        line__in={line for _, line in lines},
    ).values_list("pk", "document", "line")
    mates = {key for key, *line in parts if tuple(line) in lines} if lines else set()
    return {key for key, *_ in found} | mates
