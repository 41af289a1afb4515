"""What invoices and payments do by themselves."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from oms.core.errors import ConnectorError
from oms.core.event_handlers import on
from oms.core.locking import lock, lock_one
from oms.core.models import Delivery, Event
from orders import lifecycle, screening
from orders.accounting import (
    applying,
    billing,
    canceling,
    deposits,
    issuing,
    notifications,
    outcomes,
    payments,
    printing,
    refunds,
    supplier_invoices,
)
from orders.accounting.connectors.gateways import CHANNEL, TRANSFER, Answer, Gateway, gateways
from orders.accounting.models import Invoice, Payment, Refund
from orders.models import Customer, Order


@on("invoice.issued")
def settle_invoice(event: Event) -> None:
    """Prepayments of the order pay its invoice; the orders that it bills may be done now."""
    document = Invoice.objects.get(number=event.subject_number)
    orders = lock(Order.objects.filter(pk__in=document.order_keys()))
    if document.order is not None and document.kind != Invoice.Kind.CREDIT:
        applying.apply_prepayments(document)
    for order in orders:
        lifecycle.complete_if_done(order)
    issuing.record_settled(document)


@on("invoice.issued")
def record_with_buyer(event: Event) -> None:
    """What a company bills or credits to another one of ours is in the books of both."""
    supplier_invoices.mirror(Invoice.objects.get(number=event.subject_number))


@on("invoice.settled", external=True)
def freeze_pdf(event: Event) -> None:
    """The legal document is kept as it was issued; where PDFs cannot be made, it waits for a machine that can."""
    document = Invoice.objects.get(number=event.subject_number)
    printing.freeze_invoice(document)
    issuing.record_frozen(document)


@on("invoice.frozen", external=True)
def mail_invoice(event: Event) -> None:
    """The mail goes out with its files, and before the mails of refunds that a credit note explains."""
    document = Invoice.objects.get(number=event.subject_number)
    try:
        notifications.tell_invoiced(document)
    finally:
        notifications.tell_refunds_of(document)


@on("order.confirmed")
def bill_confirmed(event: Event) -> None:
    """A deposit is asked for, or the whole is billed, where the customer's terms say so."""
    order = Order.objects.select_related("customer__terms").get(number=event.subject_number)
    if order.status != Order.Status.CONFIRMED:
        return
    terms = order.customer.terms
    if terms and terms.deposit_percent:
        deposits.ask_share(order, terms.deposit_percent)
    if order.customer.billing == Customer.Billing.ORDER:
        billing.bill_order(order)


@on("order.lines_canceled")
@on("order.amended")
@on("order.canceled")
@on("order.cancel_requested")
def credit_canceled(event: Event) -> None:
    """What was billed and is not wanted any more is credited; charges that would have come with it are billed now."""
    order = Order.objects.get(number=event.subject_number)
    canceling.credit_canceled(order, key=event.pk)
    billing.settle_charges(order)
    lifecycle.complete_if_done(lock_one(order))  # where that took no document


@on("order.completed")
@on("order.canceled")
def credit_unused_deposits(event: Event) -> None:
    deposits.credit_rest(Order.objects.get(number=event.subject_number))


@on("payment.created", external=True)
@on("payment.outcome_asked", external=True)
def ask_to_authorize(event: Event) -> None:
    payment = Payment.objects.get(number=event.subject_number)
    if payment.status != Payment.Status.REQUESTED:
        return
    with _ended_by_refusal(lambda error: payments.record_failed(payment, error)):
        to, key = gateways.get(payment.gateway), f"{payment.number}-authorize"
        answer = _known(to, key, event) or to.authorize(key, payment.amount, payment.currency)
        payments.record_authorized(payment, answer.reference)


@contextmanager
def _ended_by_refusal(record: Callable[[str], object]) -> Iterator[None]:
    """A refusal for good ends the request; any other failure is tried again."""
    try:
        yield
    except ConnectorError as error:
        if not error.permanent:
            raise
        record(error.message)


def _known(to: Gateway, key: str, event: Event) -> Answer | None:
    """What became of what may have been asked before; it is never simply asked again."""
    again = (
        event.name == "payment.outcome_asked"
        or Delivery.objects.filter(event=event, attempts__gt=1).exists()
    )
    return to.outcome(key) if again else None


@on("order.canceled")
@on("payment.authorized")
@on("payment.captured")
@on("payment.capture_failed")
def give_up_unwanted_money(event: Event) -> None:
    """Money for an order that is canceled goes back, whichever of both came first."""
    for order in Order.objects.filter(number=event.order_number, status=Order.Status.CANCELED):
        refunds.give_up(order)


@on("payment.authorized")
@on("payment.captured")
@on("payment.voided")
@on("payment.failed")
@on("payment.returned")
@on("payment.moved")
@on("payment.released")
@on("payment.applied")
@on("payment.unapplied")
@on("order.amended")
@on("order.lines_canceled")
def follow_payment(event: Event) -> None:
    """An order of a channel that is paid at checkout is on hold as long as it is not paid."""
    numbers = {
        event.order_number,
        event.data.get("order", ""),
        *_billed_by(event.data.get("invoice")),
    } - {"", None}
    orders = Order.objects.filter(number__in=numbers, channel__paid_at_checkout=True)
    for order in lock(orders.select_related("channel")):
        screening.follow_payment(order)


def _billed_by(number: str | None) -> set[str]:
    return (
        set(Order.objects.filter(invoices__number=number).values_list("number", flat=True))
        if number
        else set()
    )


@on("payment.capture_requested", external=True)
@on("payment.outcome_asked", external=True)
def ask_to_capture(event: Event) -> None:
    payment = Payment.objects.get(number=event.subject_number)
    if payment.status != Payment.Status.AUTHORIZED or not payment.capture_requested:
        return
    with _ended_by_refusal(lambda error: payments.record_capture_failed(payment, error)):
        to, key = gateways.get(payment.gateway), payment.capture_key or f"{payment.number}-capture"
        answer = _known(to, key, event)
        if answer is None and outcomes.is_wanted(payment):
            answer = to.capture(
                key, payment.gateway_reference, payment.capture_requested, payment.currency
            )
        if answer is not None:
            payments.record_captured(payment, answer.reference)


@on("payment.voided", external=True)
@on("payment.outcome_asked", external=True)
def ask_to_void(event: Event) -> None:
    payment = Payment.objects.get(number=event.subject_number)
    if payment.status != Payment.Status.VOIDED or payment.void_reference or payment.error:
        return
    with _ended_by_refusal(lambda error: outcomes.record_voided(payment, "", error)):
        to, key = gateways.get(payment.gateway), f"{payment.number}-void"
        answer = _known(to, key, event) or to.void(key, payment.gateway_reference)
        outcomes.record_voided(payment, answer.reference)


@on("payment.refund_requested", external=True)
@on("payment.outcome_asked", external=True)
def ask_to_refund(event: Event) -> None:
    own = Refund.objects.filter(
        payment__number=event.subject_number, status=Refund.Status.REQUESTED
    )
    rows = own.filter(pk=event.data["refund"]) if "refund" in event.data else own
    rows = rows.exclude(payment__gateway=CHANNEL)  # which gives it back by itself
    for row in rows.select_related("payment").order_by("pk"):
        with _ended_by_refusal(lambda error, row=row: refunds.record_refund_failed(row, error)):  # type: ignore[misc]
            _refund(row, event)


def _refund(row: Refund, event: Event) -> None:
    by_hand = row.payment.gateway == TRANSFER or row.payment.is_imported
    to, key = gateways.get("manual" if by_hand else row.payment.gateway), f"refund-{row.pk}"
    answer = _known(to, key, event) or to.refund(
        key, row.payment.gateway_reference, row.amount, row.payment.currency
    )
    refunds.record_refunded(row, answer.reference)


@on("payment.refunded", external=True)
def mail_refund(event: Event) -> None:
    row = Refund.objects.select_related("payment", "credit").get(pk=event.data["refund"])
    notifications.tell_refunded(row.payment, row)
