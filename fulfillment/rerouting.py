"""Re-routing: unstarted shipments go to a better warehouse, asked for or by themselves."""

from collections.abc import Collection, Iterable

from django.db.models import F, Q
from django.utils.translation import gettext as _

from fulfillment import shipments
from fulfillment.models import Shipment, ShipmentLine
from inventory import demand, rerouting, sharing
from inventory.models import Reservation, Stock, Warehouse
from inventory.rerouting import Rerouted
from oms.core import events, states
from oms.core.errors import Refused
from oms.core.locking import atomic, lock_one
from oms.core.models import User
from orders import registrations, retaxing
from orders.models import Order
from orders.planners import places

GAIN = 0.25  # in the company's currency, about 125 km; less is not worth moving by itself
MOST_ASKED = 200  # orders per change of stock


def reroute(order: Order, *, to: Warehouse | None = None, by: User | None = None) -> Order:
    """Send what is reserved and not being picked from better warehouses. Raises Refused where nothing is better."""
    with states.change(order, event="order.rerouted", by=by) as order:
        states.require_status(order, Order.Status.CONFIRMED)
        _require_possible(to, order)
        shipments.lock_live(order)
        order.event_data |= vars(_require(_move(order, movable(order), to, by), order, to))
    return order


def reroute_shipment(
    shipment: Shipment, *, to: Warehouse | None = None, by: User | None = None
) -> Shipment:
    """Send an unstarted shipment's goods from better warehouses; if all of it moves, the shipment is canceled."""
    with atomic():
        shipments.lock_live(lock_one(shipment.order), shipment)
        with states.change(shipment, event="shipment.rerouted", by=by) as shipment:
            states.require_status(shipment, Shipment.Status.OPEN)
            order = shipment.order
            _require_possible(to, order)
            shipment.event_data |= vars(
                _require(_move(order, movable(order, shipment), to, by), shipment, to)
            )
    return shipment


def _move(
    order: Order, found: Collection[int], to: Warehouse | None, by: User | None
) -> Rerouted | None:
    """Move what is reserved of a locked order; its taxes follow."""
    demand.lock_live(order.number)
    result = rerouting.reroute(
        order.number, movable=found, company=order.company, to=to, left_out=left_out(order), by=by
    )
    retaxing.follow(order, by=by)
    return result


def preview(order: Order, *, to: Warehouse | None = None, by: User | None = None) -> Rerouted:
    """What re-routing an order would do. Raises what it would raise."""
    _require_possible(to, order)
    return _require(_rehearsed(order, movable(order), to), order, to)


def preview_shipment(
    shipment: Shipment, *, to: Warehouse | None = None, by: User | None = None
) -> Rerouted:
    """What re-routing a shipment would do. Raises what it would raise."""
    _require_possible(to, shipment.order)
    found = movable(shipment.order, shipment)
    return _require(_rehearsed(shipment.order, found, to), shipment, to)


def _rehearsed(
    order: Order, found: Collection[int], to: Warehouse | None = None, *, gain: float = 0.0
) -> Rerouted | None:
    return rerouting.rehearse(
        order.number,
        movable=found,
        company=order.company,
        to=to,
        left_out=left_out(order),
        gain=gain,
    )


def left_out(order: Order) -> dict[int, str]:
    """Warehouses that an order can't be sent from, by key, and why: its company has no VAT number of their country."""
    active = (
        Warehouse.objects.active()
        .filter(company__in=sharing.serving(order.company))
        .order_by("code")
    )
    return {
        row.pk: _("%(warehouse)s is left out: %(company)s has no VAT number of %(country)s.")
        % {"warehouse": row.code, "company": order.company, "country": country}
        for row, country in registrations.unregistered(order.company, active).items()
    }


def _require_possible(to: Warehouse | None, order: Order) -> None:
    if to is None:
        return
    if not to.is_active:
        raise Refused(
            _("%(warehouse)s isn't active. Choose another warehouse.") % {"warehouse": to},
            field="to",
        )
    if not sharing.may_serve(order.company, to):
        raise Refused(
            _(
                "%(warehouse)s belongs to %(other)s, and order %(order)s is %(company)s's. Choose a warehouse "
                "of %(company)s."
            )
            % {"warehouse": to, "other": to.company, "order": order, "company": order.company},
            code="other_company",
            field="to",
        )
    registrations.require(order.company, places.place(to.country, to.postal_code))


def _require(result: Rerouted | None, document: Order | Shipment, to: Warehouse | None) -> Rerouted:
    if result is None and to is not None:
        raise Refused(
            _(
                "%(warehouse)s can't send more of what %(document)s holds: too little is free there, or "
                "the goods are in a wave or being picked."
            )
            % {"warehouse": to, "document": document},
            code="no_better_route",
        )
    if result is None:
        order = document if isinstance(document, Order) else document.order
        why = _(
            "No other warehouse is better for what %(document)s holds and nobody picks yet. "
            "Its decisions say what was weighed."
        ) % {"document": document}
        raise Refused(" ".join([why, *left_out(order).values()]), code="no_better_route")
    return result


def movable(order: Order, shipment: Shipment | None = None) -> list[int]:
    """The reservations of an order (or of one shipment) that nobody has begun with: not in a wave nor handed over."""
    reserved = Reservation.objects.filter(
        demand__promise__line__order=order, state=Reservation.State.RESERVED, is_entrusted=False
    )
    lines = ShipmentLine.objects.filter(reservation__in=reserved)
    if shipment is not None:
        lines = lines.filter(shipment=shipment)
    idle = lines.filter(shipment__status=Shipment.Status.OPEN, shipment__wave=None)
    found = list(idle.values_list("reservation_id", flat=True))
    if shipment is None:
        found += reserved.exclude(pk__in=lines.values("reservation")).values_list("pk", flat=True)
    return found


def can_move(order: Order) -> bool:
    return order.status == Order.Status.CONFIRMED and bool(movable(order))


def ask(*, skus: Collection[int] = (), warehouse: str = "", but: str = "") -> None:
    """Have orders looked at that something changed for: of channels that re-route, and only where it is worth it."""
    there = Stock.objects.filter(
        warehouse__code=warehouse, warehouse__is_active=True, sellable__gt=F("reserved")
    )
    touched = Q(sku__in=skus) | Q(warehouse__code=warehouse) | Q(sku__in=there.values("sku"))
    reserved = Reservation.objects.filter(touched, state=Reservation.State.RESERVED)
    asked = Order.objects.filter(
        number__in=reserved.values("demand__document"),
        status=Order.Status.CONFIRMED,
        channel__reroutes=True,
    ).exclude(number=but)
    for order in _worth(asked.order_by("priority", "pk")[:MOST_ASKED]):
        events.record_once(
            "demand.reroute_asked",
            subject_type="demand",
            subject_number=order.number,
            order_number=order.number,
        )


def _worth(orders: Iterable[Order]) -> Iterable[Order]:
    return (order for order in orders if _rehearsed(order, movable(order), gain=GAIN))


def reroute_if_worth(order: Order) -> None:
    """Re-route an order by itself, if it still is worth it and its taxes can follow."""
    is_open = order.status == Order.Status.CONFIRMED and retaxing.can_follow(order)
    if is_open and _rehearsed(order, movable(order), gain=GAIN):
        reroute(order)
