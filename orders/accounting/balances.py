"""What customers owe, and what of an order is paid or authorized."""

from collections.abc import Sequence
from decimal import Decimal

from django.db.models import F, OuterRef, Q, Subquery, Sum
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce

from oms.core.money import ZERO
from orders import accounts
from orders.accounting.models import Invoice, Payment, PaymentApplication, WriteOff
from orders.models import Customer, Order
from orders.screening import AMOUNT, sum_of


def balance(customer: Customer) -> Decimal:
    """Invoices − credit notes − payments + refunds of a customer, in their currency."""
    return balances([customer])[customer.pk]


def balances(customers: Sequence[Customer]) -> dict[int, Decimal]:
    """What each customer owes (positive) or has to their credit (negative)."""
    known = Customer.objects.filter(pk__in=[customer.pk for customer in customers])
    return dict(known.annotate(total=_balance()).values_list("pk", "total"))


@accounts.balance_of
def _balance() -> Combinable:
    issued = Invoice.objects.filter(customer=OuterRef("pk"), status=Invoice.Status.ISSUED)
    paid = Payment.objects.filter(customer=OuterRef("pk"))
    return (
        sum_of(issued.exclude(kind=Invoice.Kind.CREDIT), F("gross"))
        - sum_of(issued.filter(kind=Invoice.Kind.CREDIT), F("gross"))
        - sum_of(paid, F("captured") - F("refunded") - F("written_off"))
        - _written_off()
    )


def _written_off() -> Coalesce:
    """What was given up of a customer's invoices."""
    rows = WriteOff.objects.filter(invoice__customer=OuterRef("pk")).values("invoice__customer")
    total = rows.annotate(total=Sum("amount", output_field=AMOUNT)).values("total")
    return Coalesce(Subquery(total), ZERO, output_field=AMOUNT)


@accounts.secures
def secured(order: Order) -> Decimal:
    """What of an order is authorized, received for it, or set off against its invoices."""
    if order.pk is None:
        return ZERO
    reserved = Payment.objects.filter(order=order).aggregate(
        set_aside=Sum("amount", filter=Q(status=Payment.Status.AUTHORIZED), default=ZERO),
        received=Sum(
            F("captured") - F("refunded_unlinked") - F("written_off"),
            default=ZERO,
            output_field=AMOUNT,
        ),
    )
    others = (
        PaymentApplication.objects.filter(invoice__order=order)
        .exclude(payment__order=order)
        .aggregate(total=Sum("amount", default=ZERO))["total"]
    )
    return Decimal(reserved["set_aside"] + reserved["received"] + others)
