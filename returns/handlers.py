"""What returns do by themselves."""

from oms.core.event_handlers import on
from oms.core.models import Event
from orders.accounting.models import Invoice
from orders.models import Order
from returns import exchanges, notifications, ownership, settlement
from returns.models import ReturnRequest


def _request(event: Event) -> ReturnRequest:
    return ReturnRequest.objects.select_related("order").get(number=event.subject_number)


@on("return.received", external=True)
def mail_received(event: Event) -> None:
    notifications.tell_received(_request(event), event)


@on("return.inspected")
def settle_inspected(event: Event) -> None:
    request = _request(event)
    if request.status == ReturnRequest.Status.INSPECTED:
        settlement.settle(request)


@on("return.inspected")
def credit_owner(event: Event) -> None:
    """What came back to the company whose stock it was isn't supplied any more."""
    ownership.credit_owner(_request(event))


@on("return.settled")
def give_back(event: Event) -> None:
    """Money back, or something else instead; a credit for later just stands."""
    request = _request(event)
    if request.resolution == ReturnRequest.Resolution.REFUND:
        settlement.refund(request)
    elif request.resolution == ReturnRequest.Resolution.EXCHANGE:
        exchanges.send(request)


@on("return.exchange_created")
def confirm_exchange(event: Event) -> None:
    exchanges.confirm(Order.objects.get(number=event.data["exchange"]))


@on("order.hold_released")
def confirm_lifted_exchange(event: Event) -> None:
    """An exchange that had to wait for a person goes on."""
    exchanges.confirm(Order.objects.get(number=event.subject_number))


@on("invoice.issued")
def pay_exchange(event: Event) -> None:
    document = Invoice.objects.get(number=event.subject_number)
    if document.kind == Invoice.Kind.INVOICE and document.order is not None:
        exchanges.pay_with_credit(document)
