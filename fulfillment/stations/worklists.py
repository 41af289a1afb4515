"""What there is to do at a station, whole, so that a handheld can go on where the network does not reach."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from django.db.models import F, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from fulfillment import gates, labels, parcels
from fulfillment.models import Carton, PickTask, Shipment, Wave
from fulfillment.shipping import tracking_numbers
from fulfillment.stations.looking_up import look_up
from fulfillment.stations.scannable import label_codes, products
from inventory import catalog, receiving, shelf_life
from inventory.models import Bin, BinStock, Transfer, Warehouse
from inventory.purchasing import purchase_orders as purchasing
from inventory.purchasing.models import PurchaseOrder
from oms.core import attention, events, policy
from oms.core.errors import Refused
from oms.core.models import User
from oms.printing import printout_revisions

MOST = 50


def _way(wave: Wave) -> str:
    stops = wave.tasks.filter(done_at=None).count()
    return ngettext("%(stops)s pick, %(meters)s m", "%(stops)s picks, %(meters)s m", stops) % {
        "stops": stops,
        "meters": round(wave.walking_distance_cm / 100),
    }


def pick(warehouse: Warehouse, user: User, name: str) -> dict[str, Any]:
    """Released waves; of one by its number (or a shipment's), the stops that are left in the order of the walk."""
    waves = policy.scope(Wave, user).filter(warehouse=warehouse, status=Wave.Status.RELEASED)
    if not name:
        return {
            "choices": [
                {"code": wave.number, "text": _way(wave)} for wave in waves.order_by("pk")[:MOST]
            ]
        }
    wave = waves.filter(number=name).first() or waves.filter(shipments__number=name).first()
    if wave is None:
        raise Refused(
            _("%(name)s isn't an open wave in %(warehouse)s.")
            % {"name": name, "warehouse": warehouse},
            code="unknown",
        )
    left = PickTask.objects.filter(wave=wave, done_at=None, line__reservation__state="allocated")
    tasks = list(
        left.exclude(line__shipment__order__in=gates.on_hold())
        .order_by("sequence")
        .select_related(
            "bin",
            "line__reservation__sku",
            "line__reservation__lot",
            "line__reservation__demand",
            "line__reservation__warehouse",
            "line__shipment",
        )
    )
    known, others = products({task.line.reservation.sku for task in tasks}), _other_lots(tasks)
    return {
        "name": wave.number,
        "total": wave.tasks.count(),
        "changes": _changes(wave),
        "started": _partly_picked(wave),
        "whole": _complete_only(wave),
        "stops": [
            {
                **known[task.line.reservation.sku.code],
                "line": task.line_id,
                "bin": task.bin.code,
                "walk_m": round(task.walking_distance_cm / 100),
                "quantity": task.line.reservation.quantity,
                "lot": task.line.reservation.lot.code if task.line.reservation.lot else "",
                "lots": others.get(task.pk, []),
                "shipment": task.line.shipment.number,
            }
            for task in tasks
        ],
    }


def _partly_picked(wave: Wave) -> list[str]:
    """The shipments of which something is picked: they can go on without the rest."""
    rows = wave.shipments.filter(status=Shipment.Status.PICKING, lines__reservation__state="picked")
    return list(rows.distinct().values_list("number", flat=True))


def _complete_only(wave: Wave) -> list[str]:
    """The shipments that never go without the rest."""
    return [
        row.number
        for row in wave.shipments.select_related("order__customer")
        if row.order.ships_complete
    ]


def _other_lots(tasks: Iterable[PickTask]) -> dict[int, list[str]]:
    """The lots that may be taken instead, by stop: in the same bin, free, and good for the order."""
    tracked = [task for task in tasks if task.line.reservation.lot_id]
    lying = (
        list(
            BinStock.objects.filter(
                bin__in={task.bin_id for task in tracked},
                lot__isnull=False,
                on_hand__gt=F("allocated"),
            ).select_related("lot")
        )
        if tracked
        else []
    )
    found: dict[int, list[str]] = {}
    for task in tracked:
        row = task.line.reservation
        found[task.pk] = [
            str(place.lot)
            for place in lying
            if (place.sku_id, place.bin_id) == (row.sku_id, task.bin_id)
            and place.on_hand - place.allocated >= row.quantity
            and shelf_life.suits(place, row)
        ]
    return found


def _changes(wave: Wave) -> list[str]:
    """How the walk changed since it was released: where stock left its bin, the stop is elsewhere, or gone."""
    told = []
    for event in events.timeline(wave.subject_type, wave.number).filter(name="wave.changed"):
        told += [
            _("No longer to pick: %(sku)s from %(bin)s.") % stop for stop in event.data["gone"]
        ]
        told += [
            _("New stop: %(quantity)s × %(sku)s from %(bin)s.") % stop for stop in event.data["new"]
        ]
    return told


def receive(warehouse: Warehouse, user: User, name: str) -> dict[str, Any]:
    """Purchase orders and transfers that are on their way; of one, what is outstanding, and how much more may come."""
    orders = PurchaseOrder.objects.filter(warehouse=warehouse, status=PurchaseOrder.Status.SENT)
    coming = Transfer.objects.filter(target=warehouse, status=Transfer.Status.SENT)
    if not name:
        bought = [
            {"code": order.number, "text": str(order.supplier)}
            for order in orders.select_related("supplier").order_by("expected_on", "pk")[:MOST]
        ]
        return {
            "choices": bought
            + [
                {
                    "code": transfer.number,
                    "text": _("from %(source)s") % {"source": transfer.source},
                }
                for transfer in coming.select_related("source").order_by("pk")[:MOST]
            ]
        }
    transfer, order = coming.filter(number=name).first(), orders.filter(number=name).first()
    if transfer is not None:
        return _arriving(transfer)
    if order is None:
        raise Refused(
            _("%(name)s isn't an open purchase order or transfer for %(warehouse)s.")
            % {"name": name, "warehouse": warehouse},
            code="unknown",
        )
    lines = list(order.lines.select_related("sku").order_by("pk"))
    known, most = products({line.sku for line in lines}), purchasing.most_expected(order, lines)
    return {
        "name": order.number,
        "lines": [
            {
                **known[line.sku.code],
                "outstanding": line.outstanding,
                "most": most[line.pk] - line.received,
            }
            for line in lines
        ],
    }


def _arriving(transfer: Transfer) -> dict[str, Any]:
    """What of a transfer is in transit, product by product."""
    lines = list(transfer.lines.select_related("sku").order_by("pk"))
    left: dict[str, int] = {}
    for line in lines:
        left[line.sku.code] = left.get(line.sku.code, 0) + line.in_transit
    known = products({line.sku for line in lines})
    return {
        "name": transfer.number,
        "lines": [{**known[code], "outstanding": quantity} for code, quantity in left.items()],
    }


def put_away(warehouse: Warehouse, user: User, name: str) -> dict[str, Any]:
    """What lies where goods come in, and where it should go."""
    lying = list(
        BinStock.objects.filter(bin=catalog.place(warehouse, Bin.Kind.RECEIVING), on_hand__gt=0)
        .select_related("sku", "lot")
        .order_by("sku__code")[:200]
    )
    known = products({row.sku for row in lying})
    suggested = {
        sku: found.code if (found := receiving.suggest_bin(sku, warehouse)) else ""
        for sku in {row.sku for row in lying}
    }
    return {
        "lines": [
            {
                **known[row.sku.code],
                "lot": row.lot.code if row.lot else "",
                "quantity": row.on_hand,
                "bin": suggested[row.sku],
            }
            for row in lying
        ],
        "bins": list(
            Bin.objects.filter(warehouse=warehouse, kind=Bin.Kind.STORAGE).values_list(
                "code", flat=True
            )
        ),
    }


def pack(warehouse: Warehouse, user: User, name: str) -> dict[str, Any]:
    """Shipments that are picked or packed; of one, what is in it, and its labels once it is packed."""
    rows = policy.scope(Shipment, user).filter(
        warehouse=warehouse, status__in=["picking", "packed"]
    )
    if not name:
        return {"choices": _ready_to_pack(rows)}
    label = labels.scanned(name, user)
    if label and (why := labels.outdated(label)):
        raise Refused(why, code="label_outdated")
    shipment = rows.filter(number=name).first() or (
        rows.filter(pk=label.shipment_id).first() if label else None
    )
    if shipment is None:
        raise Refused(
            _("%(name)s isn't ready to pack in %(warehouse)s.")
            % {"name": name, "warehouse": warehouse},
            code="unknown",
        )
    gates.require_workable(shipment)
    return _to_pack(shipment)


def _ready_to_pack(rows: QuerySet[Shipment]) -> list[dict[str, str]]:
    """The shipments of which nothing is still to be picked."""
    first = (
        rows.order_by("status", "pk")
        .select_related("order__customer")
        .prefetch_related(gates.OPEN_HOLDS)
    )
    ready = [
        row
        for row in first[:MOST]
        if row.status == Shipment.Status.PACKED
        or not row.lines.filter(reservation__state="allocated").exists()
    ]
    return [
        {"code": row.number, "text": "; ".join([row.get_status_display(), *gates.reasons(row)])}
        for row in ready
    ]


def _to_pack(shipment: Shipment) -> dict[str, Any]:
    """What is in a shipment, how it may be packed, and its labels."""
    lines = list(shipment.lines.select_related("reservation__sku"))
    known = products({line.reservation.sku for line in lines})
    wanted: dict[str, int] = {}
    for line in lines:
        code = line.reservation.sku.code
        wanted[code] = wanted.get(code, 0) + line.reservation.quantity
    weights = {line.reservation.sku.code: line.reservation.sku.weight_g for line in lines}
    return {
        "name": shipment.number,
        "labels_url": reverse("admin:fulfillment_shipment_paper", args=[shipment.pk, "labels"]),
        "status": shipment.status,
        "lines": [
            {**known[code], "quantity": quantity, "weight_g": weights[code]}
            for code, quantity in sorted(wanted.items())
        ],
        "loose": parcels.told_loose(lines),
        "parcels": _suggested(shipment),
        "cartons": list(Carton.objects.order_by("code").values("code", "weight_g", "max_weight_g")),
        "tracking": tracking_numbers(shipment),
        "labels": label_codes(shipment),
        "alarms": attention.waiting(shipment),
    }


def _suggested(shipment: Shipment) -> list[dict[str, Any]]:
    """The suggested packages: of each its carton, and its units by SKU code."""
    suggested = []
    for parcel in parcels.suggest(shipment):
        contents: Counter[str] = Counter()
        for line, units in parcel.contents:
            contents[line.reservation.sku.code] += units
        suggested.append(
            {"carton": parcel.carton.code if parcel.carton else "", "contents": dict(contents)}
        )
    return suggested


def count(warehouse: Warehouse, user: User, name: str) -> dict[str, Any]:
    """A bin that is counted: its name alone, because counters must not see the booked quantities."""
    place = Bin.objects.filter(warehouse=warehouse, code=name).first()
    if name and place is None:
        raise Refused(
            _("Bin %(name)s not found in %(warehouse)s.") % {"warehouse": warehouse, "name": name},
            code="unknown",
        )
    return {"name": name, "choices": []}


def changed_since(number: str, printed: int, user: User) -> list[str]:
    """What happened to a shipment or a wave (and its shipments) since its paper was printed, oldest first."""
    wave = policy.scope(Wave, user).filter(number=number).first()
    documents = (
        [wave, *wave.shipments.all()]
        if wave
        else list(policy.scope(Shipment, user).filter(number=number))
    )
    return [
        _("%(at)s %(number)s: %(what)s")
        % {
            "at": f"{event.at:%Y-%m-%d %H:%M}",
            "number": event.subject_number,
            "what": event.name.split(".")[1].replace("_", " "),
        }
        for event in printout_revisions.changed_since(printed, *documents)
    ]


WORK = {
    "pick": pick,
    "receive": receive,
    "put-away": put_away,
    "pack": pack,
    "count": count,
    "look-up": look_up,
}
