"""What the books add to the pages of orders: what is paid of them, their way to cash, invoices and payments."""

from typing import Any

from django.db.models import F, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from oms.backoffice import panels
from oms.backoffice.chips import bar
from oms.backoffice.decorators import display
from oms.core.bulk_sql import any_of
from oms.core.money import ZERO
from oms.core.money_text import grouped
from orders.accounting import billing, order_to_cash
from orders.accounting.models import Invoice, InvoiceLine, Payment, PaymentApplication
from orders.admin.orders import OrderAdmin
from orders.models import Order


def with_paid(orders: QuerySet[Order]) -> QuerySet[Order]:
    """Orders with what was billed and paid of each, read for the rows that are shown: its own invoices, and its lines
    on those that bill it with others, paid as these are."""
    own = (
        Invoice.objects.filter(order=OuterRef("pk"), status=Invoice.Status.ISSUED)
        .exclude(kind=Invoice.Kind.CREDIT)
        .values("order")
    )
    shared = InvoiceLine.objects.filter(
        order_line__order=OuterRef("pk"),
        invoice__order=None,
        invoice__gross__gt=0,
        invoice__kind=Invoice.Kind.INVOICE,
    ).values("order_line__order")
    return orders.annotate(
        billed=_sum(own.annotate(sum=Sum("gross")), shared.annotate(sum=Sum("gross"))),
        paid=_sum(
            own.annotate(sum=Sum("applied")),
            shared.annotate(sum=Sum(F("gross") * F("invoice__applied") / F("invoice__gross"))),
        ),
    )


@display(description=_("Paid"))
def is_paid(order: Order) -> Any:
    """What of its invoices is paid, in whole units of the currency."""
    return bar(int(order.paid), int(order.billed))  # type: ignore[attr-defined]


OrderAdmin.reads.append(with_paid)
OrderAdmin.list_display.append(is_paid)


@panels.around(Order, "bridge")
def show_bridge(order: Any, request: HttpRequest) -> dict[str, Any]:
    """The way of an order to cash, once it is entered."""
    if order.status in (Order.Status.DRAFT, Order.Status.QUOTED):
        return {}
    return {
        "bridge": [
            (step.name, _bridge_cells(step, order.currency)) for step in order_to_cash.of(order)
        ]
    }


def _sum(first: Any, second: Any) -> Any:
    """What two queries of one sum each add up to."""
    return Coalesce(Subquery(first.values("sum")), ZERO) + Coalesce(
        Subquery(second.values("sum")), ZERO
    )


def _bridge_cells(step: order_to_cash.Step, currency: str) -> list[str]:
    amounts = [
        grouped(amount, currency) if amount is not None else ""
        for amount in (step.net, step.tax, step.gross)
    ]
    return ["" if step.units is None else str(step.units), *amounts]


def _paying(order: Order) -> QuerySet[Any, Any]:
    used = PaymentApplication.objects.filter(
        any_of("invoice_id", billing.of_order(order).values("pk")), payment__isnull=False
    )
    return Payment.objects.filter(order=order).values("pk").union(used.values("payment"))


panels.register(
    Order,
    _("Invoices and credit notes"),
    Invoice,
    lambda order: billing.of_order(order).order_by("pk"),
    "number",
    "kind",
    "issued_on",
    "gross",
    "applied",
)
panels.register(
    Order,
    _("Payments"),
    Payment,
    lambda order: Payment.objects.filter(any_of("pk", _paying(order))),
    "number",
    "status",
    "captured",
    "applied",
    "refunded",
)
