"""What orders, invoices and payments do by themselves."""

from decimal import Decimal

from oms.core.event_handlers import on
from oms.core.locking import lock
from oms.core.models import Event
from orders import fulfillment_progress, notifications, retaxing, screening
from orders.models import Order


@on("demand.reserved")
@on("demand.unreserved")
@on("demand.backordered")
def follow_stock(event: Event) -> None:
    """The order shows what the stock holds for it."""
    for order in lock(Order.objects.filter(number=event.order_number)):
        fulfillment_progress.follow(order)


@on("demand.reserved")
def follow_origins(event: Event) -> None:
    """What is reserved is taxed from where it leaves."""
    for order in lock(
        Order.objects.filter(number=event.order_number).select_related(*Order.lock_select_related)
    ):
        retaxing.follow_or_hold(order)


@on("order.retaxed")
def screen_retaxed(event: Event) -> None:
    """An order that became dearer may be over the credit limit, or no longer paid."""
    for order in lock(Order.objects.filter(number=event.subject_number)):
        screening.screen_retaxed(
            order, dearer=Decimal(event.data["gross_after"]) > Decimal(event.data["gross_before"])
        )


@on("order.placed")
@on("order.hold_placed")
def tell_held(event: Event) -> None:
    order = Order.objects.select_related("customer__rep").get(number=event.subject_number)
    notifications.tell_held(order, by_hand=event.name == "order.hold_placed")


@on("order.confirmed", external=True)
def mail_confirmation(event: Event) -> None:
    notifications.tell_confirmed(Order.objects.get(number=event.subject_number), event)
