"""Waves: which shipments are picked together, and on which walk."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Count, Max, Min, Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from fulfillment import gates
from fulfillment.joining import join_cuts
from fulfillment.models import PickTask, Shipment, ShipmentLine, Wave
from fulfillment.planners import pick_path
from fulfillment.planners import waves as planner
from fulfillment.planners.pick_path import Floor, Spot, Stop
from inventory import allocating, unservable
from inventory.models import Bin, BinStock, Reservation, Warehouse
from oms.core import events, states
from oms.core.errors import Refused
from oms.core.locking import atomic, lock, whole
from oms.core.models import User
from orders.models import Order

LIMITS = planner.Limits(shipments=12, stops=60)
USUAL_PRIORITY = 100  # of orders; those with a lower number are urgent


@whole
def propose(warehouse: Warehouse, *, by: User | None = None) -> list[Wave]:
    """Plan waves for the open shipments of a warehouse that may leave, and do so by the next cut-off."""
    due = Q(ship_by=None) | Q(ship_by__lte=warehouse.ship_day(timezone.now()))
    rows = Shipment.objects.filter(
        due, warehouse=warehouse, status=Shipment.Status.OPEN, wave=None, lines__isnull=False
    )
    lock(
        Order.objects.filter(pk__in=rows.values("order"))
    )  # of all waves, before the first is planned
    lock(Shipment.objects.filter(pk__in=rows.values("pk")))
    known = rows.select_related("order__customer").prefetch_related(gates.OPEN_HOLDS).distinct()
    ready, _refusals = gates.sort(list(known))
    by_key = {row.pk: row for row in ready}
    lying, lines = _spots(ready, warehouse), _line_counts(ready)
    candidates = [
        planner.Candidate(
            key,
            row.order.priority,
            lines.get(key, 1),
            frozenset(lying[key]),
            row.order.priority < USUAL_PRIORITY,
        )
        for key, row in by_key.items()
    ]
    return [
        plan(warehouse, [by_key[key] for key in keys], by=by)
        for keys in planner.batch(candidates, _floor(warehouse), LIMITS)
    ]


def _line_counts(shipments: Sequence[Shipment]) -> dict[int, int]:
    rows = (
        ShipmentLine.objects.filter(shipment__in=shipments)
        .values("shipment")
        .annotate(lines=Count("pk"))
    )
    return dict(rows.values_list("shipment", "lines"))


def _spots(shipments: Sequence[Shipment], warehouse: Warehouse) -> dict[int, set[Spot]]:
    """Where the goods of each shipment lie: the spots of the first bin of each SKU."""
    lines = list(
        ShipmentLine.objects.filter(shipment__in=shipments).values_list(
            "shipment_id", "reservation__sku_id"
        )
    )
    rows = (
        BinStock.objects.filter(
            bin__warehouse=warehouse,
            bin__is_sellable=True,
            bin__x_cm__isnull=False,
            bin__y_cm__isnull=False,
            on_hand__gt=0,
            sku__in={sku for _shipment, sku in lines},
        )
        .select_related("bin")
        .order_by("-bin__code")
    )
    centers = _centers(warehouse)
    where = {row.sku_id: (_x(row.bin, centers) or 0, row.bin.y_cm or 0) for row in rows}
    found: dict[int, set[Spot]] = {shipment.pk: set() for shipment in shipments}
    for shipment, sku in lines:
        if sku in where:
            found[shipment].add(where[sku])
    return found


def _centers(warehouse: Warehouse) -> dict[tuple[int | None, str], int]:
    """The middle of each aisle that has a name: its bins stand on both sides of one walk."""
    named = Bin.objects.filter(warehouse=warehouse, x_cm__isnull=False).exclude(aisle="").order_by()
    rows = named.values_list("zone", "aisle").annotate(left=Min("x_cm"), right=Max("x_cm"))
    return {(zone, aisle): (left + right) // 2 for zone, aisle, left, right in rows}


def _x(place: Bin, centers: Mapping[tuple[int | None, str], int]) -> int | None:
    """Where one walks to take from a bin: in the middle of its aisle."""
    return None if place.x_cm is None else centers.get((place.zone_id, place.aisle), place.x_cm)


def plan(warehouse: Warehouse, shipments: Sequence[Shipment], *, by: User | None = None) -> Wave:
    """Put open shipments of a warehouse into a wave."""
    with atomic():
        lock(Order.objects.filter(pk__in={shipment.order_id for shipment in shipments}))
        rows = lock(Shipment.objects.filter(pk__in=[shipment.pk for shipment in shipments]))
        for row in rows:
            states.require_status(row, Shipment.Status.OPEN)
            if row.wave_id or row.warehouse_id != warehouse.pk:
                raise Refused(
                    _("Shipment %(row)s belongs to another wave or warehouse.") % {"row": row}
                )
            gates.require_may_leave(row)
        if not rows:
            raise Refused(_("Choose at least one shipment."), code="empty")
        wave = states.create(Wave(warehouse=warehouse), by=by)
        Shipment.objects.filter(pk__in=[row.pk for row in rows]).update(wave=wave)
    return wave


def release(wave: Wave, *, by: User | None = None) -> Wave:
    """Start picking: stock is allocated to bins, and the walk over them is computed."""
    with atomic():
        lock(Order.objects.filter(pk__in=list(wave.shipments.values_list("order_id", flat=True))))
        shipments = _startable(wave)
        join_cuts(shipments)
        with states.advance(wave, to=Wave.Status.RELEASED, by=by) as wave:
            lines = list(
                ShipmentLine.objects.filter(
                    shipment__in=shipments, reservation__state="reserved"
                ).select_related("reservation")
            )
            if not lines:
                raise Refused(
                    _("Wave %(wave)s has nothing to pick: its shipments were canceled.")
                    % {"wave": wave},
                    code="empty",
                )
            for shipment in shipments:
                with states.advance(shipment, to=Shipment.Status.PICKING, by=by):
                    pass
            _release_expired(wave, lines, by)
            _pin(lines)
            write_walk(wave)
    return wave


def _release_expired(wave: Wave, lines: Sequence[ShipmentLine], by: User | None) -> None:
    """Let what no lot can serve anymore wait again, instead of refusing the walk."""
    reserved = [line.reservation for line in lines]
    skus = unservable.expiring(Reservation.objects.filter(pk__in=[row.pk for row in reserved]))
    unservable.release(skus, wave.warehouse, also=reserved, by=by)


def _startable(wave: Wave) -> list[Shipment]:
    """Lock the open shipments of a wave; those that may not leave now are taken off it and wait for another."""
    rows = lock(
        Shipment.objects.filter(wave=wave, status=Shipment.Status.OPEN).select_related(
            "order__customer"
        )
    )
    ready, refusals = gates.sort(rows)
    if rows and not ready:
        raise refusals[0]
    for shipment in {*rows} - {*ready}:
        shipment.wave = None
        shipment.save(update_fields=["wave"])
    return ready


def _pin(lines: Sequence[ShipmentLine]) -> None:
    """Allocate the lines' reservations; what was cut off one gets a line of its own."""
    by_reservation = {line.reservation_id: line for line in lines}
    cuts = allocating.allocate([line.reservation for line in lines])
    ShipmentLine.objects.bulk_create(
        ShipmentLine(
            shipment_id=by_reservation[original.pk].shipment_id,
            reservation=rest,
            order_line_id=by_reservation[original.pk].order_line_id,
        )
        for original, rest in cuts
    )


def write_walk(wave: Wave) -> None:
    """Lay the shortest walk over what a wave has still to pick."""
    lines = list(
        ShipmentLine.objects.filter(
            shipment__wave=wave, reservation__state="allocated"
        ).select_related("reservation__bin")
    )
    bins = {line.pk: line.reservation.bin for line in lines if line.reservation.bin}
    centers = _centers(wave.warehouse)
    stops = [Stop(key, _x(place, centers), place.y_cm, place.code) for key, place in bins.items()]
    walk = pick_path.route(stops, _floor(wave.warehouse))
    PickTask.objects.filter(wave=wave, done_at=None).delete()
    first = PickTask.objects.filter(wave=wave).count() + 1
    tasks = PickTask.objects.bulk_create(
        PickTask(wave=wave, line_id=key, bin=bins[key], sequence=number, walking_distance_cm=leg)
        for number, (key, leg) in enumerate(zip(walk.keys, walk.legs, strict=True), first)
    )
    wave.walking_distance_cm = walk.total
    wave.save(update_fields=["walking_distance_cm"])
    assert len(tasks) == len(stops)


def _floor(warehouse: Warehouse) -> Floor:
    """The block of aisles as deep as its last bin; walks begin and end at the staging place."""
    places = Bin.objects.filter(warehouse=warehouse)
    depth = places.aggregate(depth=Max("y_cm", default=0))["depth"]
    staging = places.filter(kind=Bin.Kind.STAGING).order_by("pk").first()
    return Floor(depth, (staging.x_cm or 0, staging.y_cm or 0) if staging else (0, 0))


def start_picking(shipment: Shipment, *, by: User | None = None) -> Shipment:
    """Pick one shipment on its own: a wave of one, released at once."""
    with atomic():
        wave = plan(shipment.warehouse, [shipment], by=by)
        release(wave, by=by)
    shipment.refresh_from_db()
    return shipment


@dataclass(frozen=True)
class Place:
    """Where a wave has still to go for what."""

    line: int
    sku: str
    bin: str


def stops(wave: Wave) -> frozenset[Place]:
    """The stops of a wave that are not done yet."""
    rows = PickTask.objects.filter(wave=wave, done_at=None)
    return frozenset(
        Place(*row) for row in rows.values_list("line", "line__reservation__sku__code", "bin__code")
    )


def follow(wave: Wave, known: frozenset[Place], *, by: User | None = None) -> None:
    """Make a locked wave's stops those of what it has still to pick, and end it where nothing is left.

    The wave tells how the stops differ from those that were known.
    """
    if wave.status == Wave.Status.RELEASED:
        allocated = ShipmentLine.objects.filter(shipment__wave=wave, reservation__state="allocated")
        rows = allocated.values_list(
            "pk", "reservation__sku__code", "reservation__bin__code", "reservation__quantity"
        )
        wanted = {Place(line, sku, str(place)): quantity for line, sku, place, quantity in rows}
        if wanted.keys() != known:
            write_walk(wave)
            new = [
                {"sku": place.sku, "bin": place.bin, "quantity": wanted[place]}
                for place in wanted.keys() - known
            ]
            gone = [{"sku": place.sku, "bin": place.bin} for place in known - wanted.keys()]
            events.emit("wave.changed", wave, by=by, stops=len(wanted), new=new, gone=gone)
    close_if_done(wave)


def close_if_done(wave: Wave | None) -> None:
    """End a wave once its last stop is picked, or once nothing is left of its shipments. Nothing to end is success."""
    if wave is None:
        return
    with atomic():
        for row in lock(Wave.objects.filter(pk=wave.pk)):
            if is_done(row):
                close(row)


def is_done(wave: Wave) -> bool:
    """Whether a wave has nothing left to pick."""
    if wave.status == Wave.Status.DRAFT:
        return not wave.shipments.filter(status=Shipment.Status.OPEN).exists()
    return wave.status == Wave.Status.RELEASED and not wave.tasks.filter(done_at=None).exists()


def close(wave: Wave, *, by: User | None = None) -> Wave:
    """End a wave of which nothing is left to pick."""
    with states.advance(wave, to=Wave.Status.CLOSED, by=by) as wave:
        if wave.status == Wave.Status.DRAFT and not is_done(wave):
            raise Refused(
                _("Wave %(wave)s has shipments that wait to be picked; release it.")
                % {"wave": wave},
                code="not_done",
            )
        left = wave.tasks.filter(done_at=None).count()
        if left:
            raise Refused(
                ngettext(
                    "Wave %(wave)s still has %(left)s open pick.",
                    "Wave %(wave)s still has %(left)s open picks.",
                    left,
                )
                % {"left": left, "wave": wave},
                code="not_done",
            )
    return wave
