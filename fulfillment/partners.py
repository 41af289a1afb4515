"""What shops and third parties report of the shipments that they took on."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from fulfillment import cancellations, following, packing, picking, shipments, shipping, waves
from fulfillment.joining import join_cuts
from fulfillment.models import Package, Shipment, ShipmentLine
from fulfillment.parcels import Parcel
from inventory import leaving, unservable
from inventory.models import Reservation, Warehouse
from oms.core import states
from oms.core.errors import Refused
from oms.core.locking import atomic
from oms.core.models import User

LONGEST_NUMBER = 60


@dataclass(frozen=True)
class SentRow:
    """Units of a line that they sent, in one of their parcels."""

    line: ShipmentLine = field(
        metadata={
            "among": lambda rows, shipment: rows.filter(shipment=shipment).select_related(
                "reservation__sku"
            )
        }
    )
    quantity: int = 0
    parcel: int = field(
        default=1,
        metadata={
            "label": gettext_lazy("Package"),
            "help": gettext_lazy("Number of the package, for example 1."),
        },
    )


@dataclass(frozen=True)
class SentInput:
    lines: list[SentRow]
    carrier: str = field(default="", metadata={"most": 60})
    tracking_numbers: str = field(
        default="",
        metadata={
            "most": 1000,
            "help": gettext_lazy(
                "In the order of the packages, separated by commas, for example 1Z999, 1Z998."
            ),
        },
    )


def everything(shipment: Shipment) -> SentInput:
    """All of it in one parcel."""
    lines = shipment.lines.select_related("reservation__sku", "reservation__warehouse").order_by(
        "pk"
    )
    return SentInput([SentRow(line, line.reservation.quantity) for line in lines])


def record_outside(
    shipment: Shipment,
    *,
    lines: Sequence[SentRow] | None = None,
    carrier: str = "",
    tracking_numbers: str = "",
    by: User | None = None,
) -> Shipment:
    """Note that a shop or third party has sent, or given out, what it had taken on, or part of it.

    What they didn't send waits on another shipment, under their same number. What they sent although they were asked
    to cancel it counts as declined.
    """
    if shipment.warehouse.kind == Warehouse.Kind.OWN:
        raise Refused(
            _("%(warehouse)s is your own warehouse. Pick, pack and ship from there.")
            % {"warehouse": shipment.warehouse}
        )
    numbers = _numbers(tracking_numbers)
    with atomic():
        order, live, _waves = following.lock_all(shipment.order, shipment)
        _require_live(shipment, live)
        join_cuts(live)
        expiring = unservable.expiring(
            Reservation.objects.filter(demand__promise__line__order=order)
        )
        unservable.lock_with(
            Q(promise__line__order=order), expiring.values_list("pk", flat=True), shipment.warehouse
        )
        following.follow(order, by=by)
        sent = everything(shipment).lines if lines is None else _with_asked(shipment, lines)
        _require_possible(shipment, sent)
        cancellations.decline_sent(shipment, _leave_rest(shipment, sent, by), by=by)
        wanted = _by_demand(sent)
        shipment = waves.start_picking(shipment, by=by)
        picking.pick_all(shipment, by=by)
        packing.pack(shipment, _parcels(shipment, wanted, carrier.strip(), numbers), by=by)
        _add_unopened(shipment, carrier.strip(), numbers[len(wanted) :])
        return shipping.ship(shipment, by=by)


def _numbers(text: str) -> list[str]:
    numbers = [number for number in re.split(r"[,;\s]+", text) if number]
    for number in numbers:
        if len(number) > LONGEST_NUMBER:
            raise Refused(
                _("The tracking number %(number)s is longer than %(most)s characters.")
                % {"number": number, "most": LONGEST_NUMBER},
                field="tracking_numbers",
            )
    return numbers


def _require_live(shipment: Shipment, live: Sequence[Shipment]) -> None:
    """Raise WrongState where a locked order's shipment has left meanwhile, or is canceled."""
    if shipment not in live:
        shipment.refresh_from_db()
        states.require_status(shipment, Shipment.Status.OPEN)


def _with_asked(shipment: Shipment, rows: Sequence[SentRow]) -> list[SentRow]:
    """What they sent; beyond a line, it is of what was cut off that line when they were asked to cancel it."""
    lines = {line.pk: line for line in shipment.lines.select_related("reservation").order_by("pk")}
    left = {key: line.reservation.quantity for key, line in lines.items()}
    named = {row.line.pk for row in rows if row.quantity}
    found = []
    for row in rows:
        own, rest = lines.get(row.line.pk), row.quantity
        cut = [
            line
            for line in lines.values()
            if own
            and line.pk not in named
            and line.reservation.put_back_reason
            and line.reservation.demand_id == own.reservation.demand_id
        ]
        for line in [own, *cut] if own else []:
            taken = max(0, min(rest, left[line.pk]))
            left[line.pk], rest = left[line.pk] - taken, rest - taken
            found += [SentRow(line, taken, row.parcel)] if taken else []
        found += [replace(row, quantity=rest)] if rest else []  # refused below
    return found


def _require_possible(shipment: Shipment, sent: Sequence[SentRow]) -> None:
    if not sent:
        raise Refused(
            _("Enter what of %(shipment)s they sent.") % {"shipment": shipment}, field="lines"
        )
    for line in shipment.lines.select_related("reservation__sku"):
        units = [row.quantity for row in sent if row.line.pk == line.pk]
        if min(units, default=0) < 0 or sum(units) > line.reservation.quantity:
            raise Refused(
                _("They can't have sent %(units)s of %(wanted)s × %(sku)s.")
                % {
                    "units": sum(units),
                    "wanted": line.reservation.quantity,
                    "sku": line.reservation.sku,
                },
                field="quantity",
            )


def _leave_rest(shipment: Shipment, sent: Sequence[SentRow], by: User | None) -> Shipment | None:
    """Put what they didn't send on another shipment, and return that."""
    lines = {line.reservation_id: line for line in shipment.lines.select_related("reservation")}
    left = {
        key: line.reservation.quantity - sum(row.quantity for row in sent if row.line.pk == line.pk)
        for key, line in lines.items()
    }
    gone = leaving.cut_off({key: units for key, units in left.items() if units})
    if not gone:
        return None
    other = shipments.create(shipment.order, shipment.warehouse, by)
    other.external_id = shipment.external_id
    other.save(update_fields=["external_id"])
    for key, rest in gone.items():
        if rest.pk == key:
            ShipmentLine.objects.filter(pk=lines[key].pk).update(shipment=other)
        else:
            ShipmentLine.objects.create(
                shipment=other, reservation=rest, order_line_id=lines[key].order_line_id
            )
    return other


def _by_demand(sent: Sequence[SentRow]) -> list[list[tuple[int, int]]]:
    """What is in each of their parcels, by demand: picking may cut the lines that were reported."""
    numbers = sorted({row.parcel for row in sent})
    return [
        [(row.line.reservation.demand_id, row.quantity) for row in sent if row.parcel == number]
        for number in numbers
    ]


def _parcels(
    shipment: Shipment,
    wanted: Sequence[Sequence[tuple[int, int]]],
    carrier: str,
    numbers: Sequence[str],
) -> list[Parcel]:
    lines = list(shipment.lines.select_related("reservation__sku").order_by("pk"))
    left = {line.pk: line.reservation.quantity for line in lines}
    found = []
    for position, contents in enumerate(wanted):
        inside: dict[ShipmentLine, int] = {}
        for demand, units in contents:
            for line in lines:
                taken = min(units, left[line.pk]) if line.reservation.demand_id == demand else 0
                if taken:
                    inside[line] = inside.get(line, 0) + taken
                    left[line.pk], units = left[line.pk] - taken, units - taken
        number = numbers[position] if position < len(numbers) else ""
        found.append(Parcel(tuple(inside.items()), carrier=carrier, tracking_number=number))
    return found


def _add_unopened(shipment: Shipment, carrier: str, numbers: Sequence[str]) -> None:
    """Further parcels of theirs, of which only the tracking number is known."""
    first = shipment.packages.count() + 1
    Package.objects.bulk_create(
        Package(shipment=shipment, position=position, carrier=carrier, tracking_number=number)
        for position, number in enumerate(numbers, first)
    )
