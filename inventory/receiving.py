"""Goods coming in: as opening stock, and put away."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.utils.translation import gettext as _

from inventory import catalog, custody, displacing, expiry, ledger
from inventory.lots import lot_of as lot_of
from inventory.models import SKU, Bin, BinStock, Lot, Move, Warehouse
from inventory.planners import putaway
from inventory.planners.putaway import Spot
from oms.core import events
from oms.core.errors import Refused
from oms.core.locking import atomic
from oms.core.models import User


def announce_stock(warehouse: Warehouse, skus: Iterable[SKU], *, by: User | None = None) -> None:
    """Tell that sellable stock came, for whatever waits for it."""
    events.record(
        "stock.added",
        subject_type="warehouse",
        subject_number=warehouse.code,
        by=by,
        skus=sorted({sku.pk for sku in skus}),
    )


@dataclass(frozen=True)
class Opening:
    """Stock that a company brings along: so many base units of a SKU in a bin, at a cost."""

    sku: SKU
    bin: Bin
    quantity: int
    unit_cost: Decimal
    lot: Lot | None = None


def open_stock(
    warehouse: Warehouse,
    stock: Sequence[Opening],
    *,
    by: User | None = None,
    at: datetime | None = None,
) -> list[Move]:
    """Book the stock with which a warehouse starts."""
    outside = catalog.outside(Bin.Kind.ADJUSTMENT)
    with atomic():
        moves = ledger.move_many(
            [
                ledger.Transport(
                    item.sku,
                    outside,
                    expiry.arriving(item.bin, item.lot),
                    item.quantity,
                    item.lot,
                    item.unit_cost,
                )
                for item in stock
            ],
            reason=Move.Reason.OPENING,
            reference=warehouse.code,
            by=by,
            at=at,
        )
        announce_stock(warehouse, [item.sku for item in stock], by=by)
    return moves


def put_away(
    sku: SKU,
    source: Bin,
    target: Bin,
    quantity: int,
    *,
    lot: Lot | None = None,
    by: User | None = None,
) -> Move:
    """Bring received goods to their bin."""
    if source.warehouse_id != target.warehouse_id:
        raise Refused(
            _("%(source)s and %(target)s are in different warehouses. Create a transfer.")
            % {"source": source, "target": target}
        )
    custody.require_put_away(source, target)
    return displacing.move_out(
        [ledger.Transport(sku, source, target, quantity, lot)], reason=Move.Reason.PUT_AWAY, by=by
    )[0]


@dataclass(frozen=True)
class PutAway:
    """Base units of a SKU that go from receiving to a bin."""

    sku: SKU
    bin: Bin
    quantity: int
    lot: Lot | None = None


def put_away_all(
    warehouse: Warehouse, goods: Sequence[PutAway], *, by: User | None = None
) -> list[Move]:
    """Bring many received goods to their bins at once."""
    source = catalog.place(warehouse, Bin.Kind.RECEIVING)
    if any(item.bin.warehouse_id != warehouse.pk for item in goods):
        raise Refused(_("Some bins aren't in %(warehouse)s.") % {"warehouse": warehouse})
    for item in goods:
        custody.require_put_away(source, item.bin)
    moved = [
        ledger.Transport(item.sku, source, item.bin, item.quantity, item.lot) for item in goods
    ]
    return displacing.move_out(moved, reason=Move.Reason.PUT_AWAY, by=by) if moved else []


def suggest_bin(sku: SKU, warehouse: Warehouse) -> Bin | None:
    """Where received goods of a SKU should lie."""
    bins = {
        place.pk: place for place in Bin.objects.filter(warehouse=warehouse, kind=Bin.Kind.STORAGE)
    }
    lying = (
        BinStock.objects.filter(bin__in=bins, on_hand__gt=0)
        .values_list("bin_id", "sku_id")
        .distinct()
    )
    skus: dict[int, set[int]] = {}
    for place, there in lying:
        skus.setdefault(place, set()).add(there)
    spots = [
        Spot(
            key,
            sku.pk in skus.get(key, ()),
            len(skus.get(key, set()) - {sku.pk}),
            (place.x_cm or 0) + (place.y_cm or 0),
        )
        for key, place in bins.items()
    ]
    best = putaway.suggest(spots)
    return bins[best.bin] if best else None
