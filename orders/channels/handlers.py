"""What channels are told by themselves, and when their stock is sent."""

from oms.core.event_handlers import on
from oms.core.models import Event
from orders.accounting import refunds
from orders.accounting.connectors.gateways import CHANNEL
from orders.accounting.models import Refund
from orders.channels import pushing, telling
from orders.channels.connectors import Done
from orders.channels.connectors.errors import ChannelError
from orders.channels.models import ChannelCall
from orders.models import Order


@on("demand.reserved")
@on("demand.unreserved")
@on("demand.backordered")
@on("stock.added")
@on("stock.reduced")
@on("warehouse.changed")
def mark_stock(event: Event) -> None:
    """What changed is marked soon, and not only when a worker looks."""
    pushing.fan_out()


@on("order.canceled")
def tell_canceled(event: Event) -> None:
    """The channel of an order hears that it was canceled here."""
    order = Order.objects.get(number=event.subject_number)
    telling.canceled(order, _reason(event))


def _reason(canceled: Event) -> str:
    """Why somebody canceled an order: said with what they asked for, of which its end is the consequence."""
    asked = Event.objects.filter(
        subject_type=canceled.subject_type,
        subject_number=canceled.subject_number,
        name__in=("order.cancel_requested", "order.lines_canceled"),
    )
    data = asked.order_by("-pk").values_list("data", flat=True).first()
    return str((data or {}).get("reason", ""))


@on("payment.refund_requested")
def tell_refund(event: Event) -> None:
    """Money that was paid through a channel goes back through it, unless it came from there that it did."""
    row = Refund.objects.select_related("payment__order", "credit").get(pk=event.data["refund"])
    order = row.payment.order
    if row.payment.gateway != CHANNEL or row.status != Refund.Status.REQUESTED or order is None:
        return
    units: dict[int, int] = {}
    if row.credit is not None:
        for line in row.credit.lines.filter(order_line__isnull=False, quantity__gt=0):
            assert line.order_line_id is not None
            units[line.order_line_id] = units.get(line.order_line_id, 0) + line.quantity
    telling.refunded(order, row.pk, row.amount, units, row.credit.reason if row.credit else "")


def _told(call: ChannelCall, done: Done) -> None:
    if call.kind == ChannelCall.Kind.REFUND:
        refunds.record_refunded(Refund.objects.get(pk=call.body["refund"]), done.reference[:80])


def _failed(call: ChannelCall, error: ChannelError) -> None:
    if call.kind == ChannelCall.Kind.REFUND:
        refunds.record_refund_failed(Refund.objects.get(pk=call.body["refund"]), error.message)


telling.after_telling(_told, _failed)
