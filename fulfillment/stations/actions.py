"""What can be done at a station. Each act comes with an id of its device and takes effect once."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from fulfillment import labels, packing, parcels, partial, picking, shipping
from fulfillment.models import Carton, Package, Shipment, ShipmentLine, StationAction
from fulfillment.parcels import Parcel
from fulfillment.stations import scans
from fulfillment.stations.arrivals import receive
from fulfillment.stations.scans import Body
from inventory import adjusting, catalog, counting, receiving
from inventory.counting import Found
from inventory.models import Bin, BinStock, Count, CountLine, Warehouse
from oms.core import limits
from oms.core.errors import Conflict, Refused
from oms.core.locking import atomic, whole
from oms.core.models import User

Act = Callable[[Warehouse, Body, User], str]


def perform(
    key: UUID, action: str, warehouse: Warehouse, body: Body, *, by: User
) -> dict[str, Any]:
    """Do an act, or answer as the first time. Raises Refused where the id was used for something else."""
    limits.require("scan", body)
    known = StationAction.objects.filter(pk=key).first()
    if known is None:
        try:
            return _perform_new(key, action, warehouse, body, by)
        except Conflict:
            known = StationAction.objects.filter(pk=key).first()
            if known is None:
                raise
    if (known.action, known.body, known.by_id) != (action, body, by.pk):
        raise Refused(_("This scan ID was already used. Scan again."), code="id_used")
    return dict(known.answer)


@whole
def _perform_new(
    key: UUID, action: str, warehouse: Warehouse, body: Body, by: User
) -> dict[str, Any]:
    StationAction.objects.create(pk=key, by=by, action=action, body=body)
    answer = {"done": ACTS[action](warehouse, body, by)}
    StationAction.objects.filter(pk=key).update(answer=answer)
    return answer


@whole
def pick(warehouse: Warehouse, body: Body, by: User) -> str:
    """A stop of the walk: all of it was taken from its bin."""
    line = picking.pick(_with_lot(scans.line_of(warehouse, body, by), body, by), by=by)
    if line.reservation.quantity != body.get(
        "quantity"
    ):  # as it is under the lock: the act is taken back
        raise Refused(
            _("Pick %(quantity)s × %(sku)s, not %(asked)s.")
            % {
                "quantity": line.reservation.quantity,
                "sku": line.reservation.sku,
                "asked": body.get("quantity"),
            }
        )
    return _("%(quantity)s × %(sku)s picked.") % {
        "quantity": line.reservation.quantity,
        "sku": line.reservation.sku,
    }


def _with_lot(line: ShipmentLine, body: Body, by: User) -> ShipmentLine:
    """The line, allocated to the lot that was scanned in its bin, if that is another than was planned."""
    row, code = line.reservation, str(body.get("lot") or "")
    if not code or row.lot is None or row.lot.code == code:
        return line
    there = BinStock.objects.filter(sku=row.sku, bin=row.bin, lot__code=code, on_hand__gt=0).first()
    if there is None:
        raise Refused(
            _("Lot %(lot)s of %(sku)s isn't in %(bin)s.")
            % {"lot": code, "sku": row.sku, "bin": row.bin},
            code="unknown",
        )
    picking.change_lot(line, there, by=by)
    line.refresh_from_db()
    return line


def short(warehouse: Warehouse, body: Body, by: User) -> str:
    """A stop where there was less: the rest is missing, or damaged."""
    line = scans.line_of(warehouse, body, by)
    sku, wanted, found = (
        line.reservation.sku,
        line.reservation.quantity,
        scans.number(body, "found"),
    )
    damaged = body.get("why") == "damaged"
    picked = picking.report_short(line, found, is_damaged=damaged, by=by).event_data["picked"]
    text = (
        _("%(found)s × %(sku)s picked, %(rest)s damaged.")
        if damaged
        else _("%(found)s × %(sku)s picked, %(rest)s missing.")
    )
    told = text % {"found": picked, "sku": sku, "rest": wanted - found}
    if picked == found:
        return told
    return " ".join(
        [told, _("Leave %(loose)s in the bin: the kit is not whole.") % {"loose": found - picked}]
    )


def put_away(warehouse: Warehouse, body: Body, by: User) -> str:
    """Received goods, brought to a bin."""
    sku = scans.sku_of(body)
    target, quantity = scans.bin_of(warehouse, body, "to"), scans.number(body, "quantity")
    receiving.put_away(
        sku,
        catalog.place(warehouse, Bin.Kind.RECEIVING),
        target,
        quantity,
        lot=scans.lot_of(sku, body),
        by=by,
    )
    return _("Put %(quantity)s × %(sku)s into %(target)s.") % {
        "quantity": quantity,
        "sku": sku,
        "target": target,
    }


def move(warehouse: Warehouse, body: Body, by: User) -> str:
    """Stock that went from one bin to another."""
    sku = scans.sku_of(body)
    source, target, quantity = (
        scans.bin_of(warehouse, body, "from"),
        scans.bin_of(warehouse, body, "to"),
        scans.number(body, "quantity"),
    )
    adjusting.move_stock(
        sku, source, target, quantity, lot=scans.lot_of(sku, body), note="station", by=by
    )
    return _("%(quantity)s × %(sku)s moved from %(source)s to %(target)s.") % {
        "quantity": quantity,
        "sku": sku,
        "source": source,
        "target": target,
    }


def pack(warehouse: Warehouse, body: Body, by: User) -> str:
    """A shipment of which each piece was scanned: packed into the suggested cartons, its labels asked for."""
    shipment = scans.shipment_of(warehouse, body, by)
    counts = body.get("scanned", {})
    scanned = (
        {code: scans.number(counts, code) for code in counts} if isinstance(counts, dict) else {}
    )
    wanted: dict[str, int] = {}
    for line in shipment.lines.select_related("reservation__sku"):
        wanted[line.reservation.sku.code] = (
            wanted.get(line.reservation.sku.code, 0) + line.reservation.quantity
        )
    if scanned != wanted:
        raise Refused(
            _("Shipment %(shipment)s needs %(told)s. You scanned %(scanned)s.")
            % {"shipment": shipment, "told": _told(wanted), "scanned": _told(scanned)},
            code="not_the_same",
        )
    packing.pack(shipment, _chosen(shipment, body), by=by)
    for package in Package.objects.filter(shipment=shipment):
        packing.verify(package, parcels.inside(package), by=by)
    labels.buy(shipment, by=by)
    count = shipment.packages.count()
    return ngettext(
        "Shipment %(shipment)s packed: %(count)s package.",
        "Shipment %(shipment)s packed: %(count)s packages.",
        count,
    ) % {"shipment": shipment, "count": count}


def _chosen(shipment: Shipment, body: Body) -> list[Parcel] | None:
    """The parcels that the packer made: carton, weight and units by SKU code of each; None where as suggested."""
    if "parcels" not in body:
        return None
    lines = list(shipment.lines.select_related("reservation__sku").order_by("pk"))
    left = {line.pk: line.reservation.quantity for line in lines}
    return [_parcel(each, lines, left) for each in scans.entries(body, "parcels", dict)]


def _parcel(made: Body, lines: list[ShipmentLine], left: dict[int, int]) -> Parcel:
    inside: list[tuple[ShipmentLine, int]] = []
    contents = made.get("contents", {})
    if not isinstance(contents, dict):
        raise Refused(
            _("%(name)s must be units by SKU code, not %(value)r.")
            % {"name": "contents", "value": contents},
            code="malformed",
        )
    for code in contents:
        units = scans.number(contents, code)
        for line in lines:
            taken = min(units, left[line.pk]) if line.reservation.sku.code == code else 0
            if taken:
                inside.append((line, taken))
                left[line.pk], units = left[line.pk] - taken, units - taken
        if units:
            raise Refused(
                _("More %(sku)s is in packages than belongs in.") % {"sku": code},
                code="not_the_same",
            )
    carton = Carton.objects.filter(code=str(made["carton"])).first() if made.get("carton") else None
    if made.get("carton") and carton is None:
        raise Refused(
            _("There is no carton %(carton)s.") % {"carton": made["carton"]}, code="unknown"
        )
    return Parcel(tuple(inside), carton, scans.number(made, "weight_g") or None)


def split(warehouse: Warehouse, body: Body, by: User) -> str:
    """The picker can't go on: the shipment goes with what is picked, the rest on a new one."""
    shipment = partial.split_unpicked(scans.shipment_of(warehouse, body, by), by=by)
    return _("Unpicked items of %(shipment)s moved to a new shipment.") % {"shipment": shipment}


def ship(warehouse: Warehouse, body: Body, by: User) -> str:
    """A shipment whose labels were all scanned at the door."""
    shipment = scans.shipment_of(warehouse, body, by)
    numbers = shipping.tracking_numbers(shipment)
    found = [labels.scanned(str(code), by) for code in scans.entries(body, "tracking", str)]
    for label in filter(None, found):
        if why := labels.outdated(label):
            raise Refused(why, code="label_outdated")
    if not numbers or sorted(label.tracking_number for label in found if label) != sorted(numbers):
        raise Refused(
            _("Scan all %(numbers)s labels of %(shipment)s before shipping.")
            % {"numbers": len(numbers), "shipment": shipment},
            code="labels_missing",
        )
    shipping.ship(shipment, by=by)
    return _("Shipment %(shipment)s shipped.") % {"shipment": shipment}


def count(warehouse: Warehouse, body: Body, by: User) -> str:
    """What was found in a bin, product by product; what the books have there and nobody found is none."""
    place = scans.bin_of(warehouse, body, "bin")
    rows = scans.entries(body, "found", dict)
    found = {
        (str(row.get("sku", "")), str(row.get("lot", ""))): scans.number(row, "quantity")
        for row in rows
    }
    dates = {(str(row.get("sku", "")), str(row.get("lot", ""))): scans.day_of(row) for row in rows}
    with atomic():
        planned = counting.plan(warehouse, [place], by=by)
        lines = {_name(line): line for line in planned.lines.select_related("sku", "lot")}
        also = [
            Found(scans.sku_of({"sku": code}), place, quantity, lot, dates[code, lot])
            for (code, lot), quantity in found.items()
            if (code, lot) not in lines
        ]
        counting.key(
            planned, {line.pk: found.get(name, 0) for name, line in lines.items()}, also=also, by=by
        )
    return _("%(place)s counted (%(count)s). A manager will post the adjustment.") % {
        "place": place,
        "count": Count.objects.get(pk=planned.pk),
    }


def _name(line: CountLine) -> tuple[str, str]:
    return line.sku.code, line.lot.code if line.lot else ""


def _told(counts: dict[str, int]) -> str:
    return ", ".join(f"{number} × {code}" for code, number in sorted(counts.items())) or "nothing"


ACTS: dict[str, Act] = {
    "pick": pick,
    "short": short,
    "split": split,
    "receive": receive,
    "put_away": put_away,
    "move": move,
    "pack": pack,
    "ship": ship,
    "count": count,
}
