"""The one writer of stock on hand: append-only moves, with balances changed in the same transaction."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from django.utils.translation import gettext as _

from inventory import custody, serials
from inventory.models import SKU, Bin, BinStock, Lot, Move, Stock, Warehouse
from inventory.transport import Transport as Transport
from oms.core import bulk_sql, events
from oms.core.errors import NotEnough, Refused
from oms.core.locking import atomic, lock
from oms.core.models import User


class Place(NamedTuple):
    """Where balances are kept: a SKU in a bin, and its lot."""

    sku: int
    bin: int
    lot: int | None


def move(
    sku: SKU,
    source: Bin,
    target: Bin,
    quantity: int,
    *,
    reason: Move.Reason,
    reference: str = "",
    lot: Lot | None = None,
    unit_cost: Decimal | None = None,
    note: str = "",
    by: User | None = None,
    at: datetime | None = None,
) -> Move:
    """Move a quantity from one place to another."""
    transport = Transport(sku, source, target, quantity, lot, unit_cost)
    return move_many([transport], reason=reason, reference=reference, note=note, by=by, at=at)[0]


def move_many(
    transports: Sequence[Transport],
    *,
    reason: Move.Reason,
    reference: str = "",
    note: str = "",
    by: User | None = None,
    at: datetime | None = None,
) -> list[Move]:
    """Move several quantities in a handful of statements.

    Raises NotEnough where a place inside has less than what leaves it, and Refused for a quantity that is not
    positive, a tracked SKU without its lot, a serial that is elsewhere, and a place in another process's custody.
    """
    for transport in transports:
        _require_valid(transport)
        custody.require_owner(reason, transport.source, transport.target)
    with atomic():
        stock, places = lock_ends(transports)
        _require_on_hand(transports, places)
        serials.require_one_place(transports)
        moves = Move.objects.bulk_create(
            _record(transport, stock, reason, reference, note, by, at) for transport in transports
        )
        before = {key: row.sellable for key, row in stock.items()}
        _write_stock(transports, stock)
        _write_places(transports, places)
        if reason != Move.Reason.PICK:  # what is picked was reserved before
            _announce_fewer([row for key, row in stock.items() if row.sellable < before[key]], by)
    return moves


def _require_valid(transport: Transport) -> None:
    if transport.quantity <= 0:
        raise Refused(
            _("Enter a positive quantity for %(sku)s, not %(quantity)s.")
            % {"sku": transport.sku, "quantity": transport.quantity}
        )
    if transport.source == transport.target:
        raise Refused(
            _("%(bin)s is where %(sku)s lies already. Choose another bin.")
            % {"bin": transport.source, "sku": transport.sku}
        )
    if transport.sku.is_kit:
        raise Refused(
            _("%(sku)s is a kit and has no stock. Move its components.") % {"sku": transport.sku}
        )
    serials.require_identity(transport)


def _inside(transports: Iterable[Transport]) -> list[tuple[SKU, Bin, Lot | None, int, Transport]]:
    """Both ends of each transport that lie in a warehouse, with the change there."""
    return [
        (transport.sku, place, transport.lot, change, transport)
        for transport in transports
        for place, change in (
            (transport.source, -transport.quantity),
            (transport.target, transport.quantity),
        )
        if not place.is_outside
    ]


def lock_ends(
    transports: Sequence[Transport],
) -> tuple[dict[tuple[int, int], Stock], dict[Place, BinStock]]:
    """Lock the stock and the bins at both ends of the transports, for who changes more than their quantities."""
    return _lock_stock(transports), _lock_places(transports)


def _lock_stock(transports: Sequence[Transport]) -> dict[tuple[int, int], Stock]:
    keys = sorted({_key(sku, place) for sku, place, *_ in _inside(transports)})
    return lock_stock(keys)


def lock_stock(keys: Sequence[tuple[int, int]]) -> dict[tuple[int, int], Stock]:
    """Lock the stock rows of these (SKU, warehouse) keys, creating those that are missing."""
    if not keys:
        return {}
    rows = Stock.objects.filter(
        sku__in={sku for sku, _ in keys}, warehouse__in={place for _, place in keys}
    )
    locked = {(row.sku_id, row.warehouse_id): row for row in lock(rows)}
    missing = [key for key in keys if key not in locked]
    if missing:
        Stock.objects.bulk_create(
            [Stock(sku_id=sku, warehouse_id=place) for sku, place in missing], ignore_conflicts=True
        )
        locked = {(row.sku_id, row.warehouse_id): row for row in lock(rows)}
    return locked


def _lock_places(transports: Sequence[Transport]) -> dict[Place, BinStock]:
    return lock_bins(
        [
            Place(sku.pk, place.pk, lot.pk if lot else None)
            for sku, place, lot, *_ in _inside(transports)
        ]
    )


def lock_bins(places: Iterable[Place]) -> dict[Place, BinStock]:
    """Lock the rows of SKUs (and lots) in bins, creating those that are missing."""
    keys = sorted(set(places), key=lambda key: (key.sku, key.bin, key.lot or 0))
    if not keys:
        return {}
    rows = BinStock.objects.filter(
        sku__in={key.sku for key in keys}, bin__in={key.bin for key in keys}
    )
    locked = {Place(row.sku_id, row.bin_id, row.lot_id): row for row in lock(rows)}
    missing = [key for key in keys if key not in locked]
    if missing:
        serial = serials.tracked_among(key.sku for key in missing if key.lot)
        BinStock.objects.bulk_create(
            [
                BinStock(
                    sku_id=key.sku, bin_id=key.bin, lot_id=key.lot, is_serial=key.sku in serial
                )
                for key in missing
            ],
            ignore_conflicts=True,
        )
        locked = {Place(row.sku_id, row.bin_id, row.lot_id): row for row in lock(rows)}
    return locked


def _require_on_hand(transports: Sequence[Transport], places: dict[Place, BinStock]) -> None:
    leaving: dict[Place, int] = defaultdict(int)
    for transport in transports:
        if not transport.source.is_outside:
            leaving[_place(transport)] += transport.quantity
    short: dict[str, int] = defaultdict(int)
    messages: dict[Place, str] = {}
    for transport in transports:
        key = _place(transport)
        free = places[key].on_hand - places[key].allocated if key in leaving else 0
        if leaving.get(key, 0) > free and key not in messages:
            short[transport.sku.code] += leaving[key] - free
            messages[key] = _("Only %(free)s × %(sku)s are free in %(place)s, not %(wanted)s.") % {
                "free": free,
                "sku": transport.sku,
                "place": _told(transport),
                "wanted": leaving[key],
            }
    if short:
        raise NotEnough(dict(short), " ".join(messages.values()))


def _place(transport: Transport) -> Place:
    return Place(transport.sku.pk, transport.source.pk, transport.lot.pk if transport.lot else None)


def _told(transport: Transport) -> str:
    """A place as people know it: its warehouse and code, and the lot."""
    lot = f" ({transport.lot.code})" if transport.lot else ""
    return f"{transport.source.warehouse.code} {transport.source.code}{lot}"  # type: ignore[union-attr]


def _record(
    transport: Transport,
    stock: dict[tuple[int, int], Stock],
    reason: Move.Reason,
    reference: str,
    note: str,
    by: User | None,
    at: datetime | None,
) -> Move:
    row = Move(
        sku=transport.sku,
        source=transport.source,
        target=transport.target,
        quantity=transport.quantity,
        lot=transport.lot,
        unit_cost=_cost(transport, stock),
        reason=reason,
        reference=reference,
        note=note,
        by=by,
    )
    if at is not None:
        row.at = at
    return row


def _cost(transport: Transport, stock: dict[tuple[int, int], Stock]) -> Decimal:
    """What came in costs what it is said to; everything else the moving average of the warehouse that it leaves."""
    if transport.unit_cost is not None:
        return transport.unit_cost
    known = transport.source if not transport.source.is_outside else transport.target
    if known.is_outside:
        return Decimal(0)
    return stock[_key(transport.sku, known)].average_cost


def _write_stock(transports: Sequence[Transport], stock: dict[tuple[int, int], Stock]) -> None:
    """Change on hand, sellable and the moving average cost."""
    touched: dict[int, Stock] = {}
    for sku, place, _lot, change, transport in _inside(transports):
        row = touched[stock[_key(sku, place)].pk] = stock[_key(sku, place)]
        row.average_cost = _average(row, place, change, transport, stock)
        row.on_hand += change
        row.sellable += change if place.is_sellable else 0
    _require_unreserved(touched.values())
    names = ("on_hand", "sellable", "average_cost")
    bulk_sql.write(
        Stock, {key: {name: getattr(row, name) for name in names} for key, row in touched.items()}
    )


def _announce_fewer(rows: Sequence[Stock], by: User | None) -> None:
    """Tell, per warehouse, of which SKUs there is less to sell."""
    if not rows:
        return
    codes = dict(
        Warehouse.objects.filter(pk__in={row.warehouse_id for row in rows}).values_list(
            "pk", "code"
        )
    )
    for row in rows:
        events.record_once(
            "stock.reduced",
            subject_type="warehouse",
            subject_number=codes[row.warehouse_id],
            by=by,
            skus=[row.sku_id],
        )


def _average(
    row: Stock, place: Bin, change: int, transport: Transport, stock: dict[tuple[int, int], Stock]
) -> Decimal:
    """(on hand × average + quantity × cost) ÷ new on hand; what goes back to its supplier takes its own cost along.

    Where that would leave less than nothing (what came at that cost is sold by now), the average stays.
    """
    comes = change > 0 and transport.source.warehouse_id != place.warehouse_id
    goes_back = change < 0 and transport.target.kind == Bin.Kind.SUPPLIER
    left = row.on_hand + change
    value = row.on_hand * row.average_cost + change * _cost(transport, stock)
    if not (comes or goes_back) or left <= 0 or value < 0:
        return row.average_cost
    return round(value / left, 4)


def _require_unreserved(rows: Iterable[Stock]) -> None:
    """What is reserved for orders cannot be taken away by anything else."""
    short = {row.sku_id: row.reserved - row.sellable for row in rows if row.sellable < row.reserved}
    if short:
        codes = dict(SKU.objects.filter(pk__in=short).values_list("pk", "code"))
        raise NotEnough({codes[sku]: quantity for sku, quantity in short.items()})


def _write_places(transports: Sequence[Transport], places: dict[Place, BinStock]) -> None:
    """Change the bins. A serial leaves its bin before it enters another: the constraint looks at each row."""
    changes: bulk_sql.Changes = {}
    left: bulk_sql.Changes = {}
    for sku, place, lot, change, _transport in _inside(transports):
        key = places[Place(sku.pk, place.pk, lot.pk if lot else None)].pk
        first = sku.tracking == SKU.Tracking.SERIAL and change < 0
        bulk_sql.note(left if first else changes, key, on_hand=change)
    bulk_sql.add(BinStock, left)
    with serials.one_place_kept():
        bulk_sql.add(BinStock, changes)


def _key(sku: SKU, place: Bin) -> tuple[int, int]:
    assert place.warehouse_id is not None
    return sku.pk, place.warehouse_id
