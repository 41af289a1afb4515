"""What the warehouses do by themselves."""

from fulfillment import (
    channel_shipments,
    following,
    labels,
    notifications,
    rerouting,
    shipments,
    waves,
)
from fulfillment.carriers.connectors import LabelRequest, carriers
from fulfillment.models import Shipment, ShippingLabel
from oms.core.errors import ConnectorError
from oms.core.event_handlers import on
from oms.core.locking import lock
from oms.core.models import Event
from orders import lifecycle
from orders.accounting import billing, intercompany
from orders.models import Order


@on("demand.reserved")
@on("demand.unreserved")
@on("demand.reallocated")
@on("demand.handed_over")
@on("demand.cancel_asked")
def follow_reservations(event: Event) -> None:
    """What is reserved for an order is on its shipments, and nothing else."""
    for order in Order.objects.filter(number=event.order_number):
        following.follow(order, at=event.at)


@on("order.rescheduled")
def follow_requested_date(event: Event) -> None:
    """Shipments leave by the day for which their order is requested now."""
    for order in Order.objects.filter(number=event.subject_number):
        shipments.follow_date(order)


@on("stock.added")
@on("demand.unreserved")
def ask_to_reroute(event: Event) -> None:
    """Stock that came or was unreserved may be nearer to orders than what they hold."""
    rerouting.ask(skus=event.data["skus"], but=event.order_number)


@on("warehouse.changed")
def ask_to_leave(event: Event) -> None:
    """A warehouse that was closed, opened or moved may no longer be the best one."""
    rerouting.ask(warehouse=event.subject_number)


@on("demand.reroute_asked")
def reroute(event: Event) -> None:
    """Orders of channels that re-route by themselves go where it is better now."""
    for order in lock(Order.objects.filter(number=event.order_number)):
        rerouting.reroute_if_worth(order)


@on("shipment.picked")
def close_finished_wave(event: Event) -> None:
    """A wave of which everything is picked is over."""
    waves.close_if_done(Shipment.objects.get(number=event.subject_number).wave)


@on("shipment.created")
def tell_pickers(event: Event) -> None:
    notifications.tell_team(Shipment.objects.get(number=event.subject_number))


@on("shipment.cancellation_asked")
@on("shipment.cancellation_agreed")
@on("shipment.cancellation_declined")
def tell_of_cancellation(event: Event) -> None:
    notifications.tell_cancellation(Shipment.objects.get(number=event.subject_number), event)


@on("shipment.shipped")
def bill_shipment(event: Event) -> None:
    """What was shipped is invoiced, if its customer is billed by the shipment."""
    shipment = Shipment.objects.get(number=event.subject_number)
    units = {int(key): count for key, count in event.data["units"].items()}
    day = shipment.order.company.day_of(event.at)
    if billing.bill_shipped(shipment.order, units, reference=shipment.number, on=day) is None:
        lifecycle.complete_if_done(Order.objects.get(pk=shipment.order_id))


@on("shipment.shipped")
def bill_intercompany(event: Event) -> None:
    """What left another company's stock is billed by that company to the order's."""
    shipment = Shipment.objects.select_related("warehouse__company", "order__company").get(
        number=event.subject_number
    )
    day = shipment.warehouse.company.day_of(event.at)
    intercompany.bill_shipment(shipment.order, shipment.number, shipment.warehouse, on=day)


@on("shipment.shipped")
def tell_channel(event: Event) -> None:
    """The channel of the order is told what left."""
    shipment = Shipment.objects.select_related("order", "service__account").get(
        number=event.subject_number
    )
    units = {int(key): count for key, count in event.data["units"].items()}
    channel_shipments.tell(shipment, units)


@on("shipment.shipped", external=True)
def mail_tracking(event: Event) -> None:
    notifications.tell_shipped(Shipment.objects.get(number=event.subject_number), event)


@on("shipment.delivered", external=True)
def mail_delivery(event: Event) -> None:
    notifications.tell_delivered(Shipment.objects.get(number=event.subject_number), event)


@on("shipment.labels_requested", external=True)
def buy_labels(event: Event) -> None:
    """Ask the carrier for each label that waits; asking again with the same key gives the same label.

    One that nobody wants any more, of which the answer is not known, is given back by its key.
    """
    waiting = ShippingLabel.objects.filter(
        shipment__number=event.subject_number,
        tracking_number="",
        status__in=[ShippingLabel.Status.REQUESTED, ShippingLabel.Status.UNWANTED],
    )
    for label in waiting.select_related("service__account", "package"):
        connector = carriers.get(label.service.account.connector)
        if label.status == ShippingLabel.Status.UNWANTED:
            connector.void(label.key, "")
            labels.record_voided(label)
            continue
        weight = label.package.weight_g if label.package else 0
        request = LabelRequest(
            label.key, label.service.code, weight, label.shipment.ship_to, label.cost
        )
        try:
            answer = connector.buy(request)
        except ConnectorError as error:
            if not error.permanent:
                raise
            labels.record_failed(label, error.message)
        else:
            labels.record_bought(label, answer)


@on("shipment.label_void_requested", external=True)
def void_label(event: Event) -> None:
    """Give back a label that is not wanted any more."""
    label = ShippingLabel.objects.select_related("service__account").get(pk=event.data["label"])
    if label.status == ShippingLabel.Status.UNWANTED:
        carriers.get(label.service.account.connector).void(label.key, label.tracking_number)
        labels.record_voided(label)
