"""What customers are told about their orders, by e-mail, and colleagues about what waits for them."""

from django.db.models import Count, F, Min, Q, Sum
from django.utils.translation import gettext as _

from oms.core import documents, notices
from oms.core.locking import whole
from oms.core.models import Company, Event, Topic
from oms.core.money import display
from orders.models import Hold, Invoice, Order, Payment, Refund


def tell_confirmed(order: Order, event: Event) -> None:
    """The customer hears that the order is confirmed."""
    lines = [(line.quantity - line.cancelled, line.sku.code, line.description)
             for line in order.lines.select_related("sku").order_by("position") if line.quantity > line.cancelled]
    context = {"order": order, "lines": lines, "gross": display(order.gross, order.currency)}
    notices.email(order.customer.email, "order_confirmed", context, key=f"event-{event.pk}")


def tell_invoiced(document: Invoice, event: Event) -> None:
    """The customer gets an invoice or a credit note: its frozen files, as far as they are made by now."""
    context = {"invoice": document, "gross": display(document.gross, document.currency)}
    stored = {kind: documents.legal(kind, subject_type=document.subject_type, subject_number=str(document.number))
              for kind in (document.kind, "ubl")}
    files = [(f"{document.number}.{suffix}", documents.read(row), mime) for row, suffix, mime in (
        (stored[document.kind], "pdf", "application/pdf"), (stored["ubl"], "xml", "application/xml")) if row]
    notices.email(document.customer.email, "invoice_issued", context, key=f"event-{event.pk}", files=files)


def tell_refunded(payment: Payment, row: Refund, event: Event) -> None:
    """The customer hears that money is on its way back."""
    context = {"payment": payment, "amount": display(row.amount, payment.currency), "credit": row.credit}
    notices.email(payment.customer.email, "payment_refunded", context, key=f"event-{event.pk}")


def tell_held(order: Order, *, by_hand: bool) -> None:
    """The rep of the customer, and whoever else wants to, hears that an order waits: held by hand, or by screening."""
    manual = Q(kind=Hold.Kind.MANUAL)
    reasons = "; ".join(str(hold) for hold in order.holds.filter(manual if by_hand else ~manual, lifted_at=None))
    if reasons:
        notices.tell(Topic.ON_HOLD, _("Order %(number)s is on hold: %(reasons)s")
                                    % {"number": order.number, "reasons": reasons}, rep=order.customer.rep,
                     subject_type=order.subject_type, subject_number=order.number)


@whole
def tell_overdue(company: Company) -> None:
    """Accountants hear how much is overdue, currency by currency, and since when."""
    late = Invoice.objects.open().overdue(company.today()).filter(company=company)
    for row in late.order_by().values("currency").annotate(
            count=Count("pk"), total=Sum(F("gross") - F("allocated")), since=Min("due_on")).order_by("currency"):
        amount = display(row["total"], row["currency"])
        notices.tell(Topic.OVERDUE, _("%(name)s: %(count)s invoices are overdue, %(amount)s, the oldest since "
                                      "%(since)s.")
                                    % {"name": company.name, "count": row["count"], "amount": amount,
                                       "since": row["since"]}, subject_type="company", subject_number=company.code)
