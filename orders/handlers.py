"""What orders, invoices and payments do by themselves."""

from oms.core.errors import ConnectorError
from oms.core.handling import on
from oms.core.locking import lock
from oms.core.models import Event
from orders import billing, deposits, issuing, lifecycle, notices, payments, printing, progress
from orders.connectors.gateways import gateway
from orders.models import Customer, Invoice, Order, Payment, Refund


@on("demand.held")
@on("demand.freed")
@on("demand.waiting")
def follow_stock(event: Event) -> None:
    """The order shows what the stock holds for it."""
    for order in lock(Order.objects.filter(number=event.order_number)):
        progress.follow(order)


@on("order.placed")
@on("order.held_back")
def tell_held(event: Event) -> None:
    order = Order.objects.select_related("customer__rep").get(number=event.subject_number)
    notices.tell_held(order, by_hand=event.name == "order.held_back")


@on("order.confirmed", calls_world=True)
def mail_confirmation(event: Event) -> None:
    notices.tell_confirmed(Order.objects.get(number=event.subject_number), event)


@on("invoice.issued")
def settle_invoice(event: Event) -> None:
    """Prepayments of the order pay its invoice; the orders that it bills may be done now."""
    document = Invoice.objects.get(number=event.subject_number)
    orders = lock(Order.objects.filter(pk__in=document.order_keys()))
    if document.order is not None and document.kind != Invoice.Kind.CREDIT:
        payments.allocate_open(document)
    for order in orders:
        lifecycle.complete_if_done(order)
    issuing.record_settled(document)


@on("invoice.settled", calls_world=True)
def freeze_pdf(event: Event) -> None:
    """The legal document is kept as it was issued; where PDFs cannot be made, it waits for a machine that can."""
    document = Invoice.objects.get(number=event.subject_number)
    printing.freeze_invoice(document)
    issuing.record_frozen(document)


@on("invoice.frozen", calls_world=True)
def mail_invoice(event: Event) -> None:
    """The mail goes out with its files, and before the mails of refunds that a credit note explains."""
    document = Invoice.objects.get(number=event.subject_number)
    try:
        notices.tell_invoiced(document)
    finally:
        notices.tell_refunds_of(document)


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


@on("order.lines_cancelled")
@on("order.amended")
@on("order.cancelled")
@on("order.cancel_requested")
def credit_cancelled(event: Event) -> None:
    """What was billed and is not wanted any more is credited; charges that would have come with it are billed now."""
    order = Order.objects.get(number=event.subject_number)
    billing.credit_cancelled(order)
    billing.settle_charges(order)


@on("order.completed")
@on("order.cancelled")
def credit_unused_deposits(event: Event) -> None:
    deposits.credit_rest(Order.objects.get(number=event.subject_number))


@on("payment.created", calls_world=True)
def ask_to_authorize(event: Event) -> None:
    payment = Payment.objects.get(number=event.subject_number)
    if payment.status != Payment.Status.REQUESTED:
        return
    try:
        answer = gateway(payment.gateway).authorize(f"{payment.number}-authorize", payment.amount, payment.currency)
    except ConnectorError as error:
        if not error.permanent:
            raise
        payments.record_failed(payment, error.message)
    else:
        payments.record_authorized(payment, answer.reference)


@on("order.cancelled")
@on("payment.authorized")
@on("payment.captured")
def give_up_unwanted_money(event: Event) -> None:
    """Money for an order that is cancelled goes back, whichever of both came first."""
    for order in Order.objects.filter(number=event.order_number, status=Order.Status.CANCELLED):
        payments.give_up(order)


@on("payment.capture_requested", calls_world=True)
def ask_to_capture(event: Event) -> None:
    payment = Payment.objects.get(number=event.subject_number)
    if payment.status == Payment.Status.AUTHORIZED:
        answer = gateway(payment.gateway).capture(f"{payment.number}-capture", payment.gateway_reference,
                                                  payment.capture_requested, payment.currency)
        payments.record_captured(payment, answer.reference)


@on("payment.voided", calls_world=True)
def ask_to_void(event: Event) -> None:
    payment = Payment.objects.get(number=event.subject_number)
    gateway(payment.gateway).void(f"{payment.number}-void", payment.gateway_reference)


@on("payment.refund_requested", calls_world=True)
def ask_to_refund(event: Event) -> None:
    row = Refund.objects.select_related("payment").get(pk=event.data["refund"])
    if row.status != Refund.Status.REQUESTED:
        return
    name = "manual" if row.payment.gateway == "transfer" or row.payment.is_history else row.payment.gateway
    try:
        answer = gateway(name).refund(f"refund-{row.pk}", row.payment.gateway_reference, row.amount,
                                      row.payment.currency)
    except ConnectorError as error:
        if not error.permanent:
            raise
        payments.record_refund_failed(row, error.message)
    else:
        payments.record_refunded(row, answer.reference)


@on("payment.refunded", calls_world=True)
def mail_refund(event: Event) -> None:
    row = Refund.objects.select_related("payment", "credit").get(pk=event.data["refund"])
    notices.tell_refunded(row.payment, row)
