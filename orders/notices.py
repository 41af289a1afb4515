"""What customers are told about their orders, by e-mail."""

from oms.core import notices
from oms.core.models import Event
from oms.core.money import display
from orders.models import Invoice, Order, Payment, Refund


def tell_confirmed(order: Order, event: Event) -> None:
    """The customer hears that the order is confirmed."""
    lines = [(line.quantity - line.cancelled, line.sku.code, line.description)
             for line in order.lines.select_related("sku").order_by("position") if line.quantity > line.cancelled]
    context = {"order": order, "lines": lines, "gross": display(order.gross, order.currency)}
    notices.email(order.customer.email, "order_confirmed", context, key=f"event-{event.pk}")


def tell_invoiced(document: Invoice, event: Event) -> None:
    """The customer hears of an invoice or a credit note."""
    context = {"invoice": document, "gross": display(document.gross, document.currency)}
    notices.email(document.customer.email, "invoice_issued", context, key=f"event-{event.pk}")


def tell_refunded(payment: Payment, row: Refund, event: Event) -> None:
    """The customer hears that money is on its way back."""
    context = {"payment": payment, "amount": display(row.amount, payment.currency), "credit": row.credit}
    notices.email(payment.customer.email, "payment_refunded", context, key=f"event-{event.pk}")
