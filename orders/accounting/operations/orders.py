"""What people and programs can ask of the money of orders."""

from django.db.models import F
from django.utils.translation import gettext_lazy as _

from oms.core.money import round_amount
from oms.core.operations import declare, in_status
from orders.accounting import billing, deposits, due_dates, incoming_payments, payments
from orders.accounting.operations.payments import AmountInput, ReceivedInput
from orders.models import Order

S = Order.Status


def _due(order: Order) -> AmountInput:
    return AmountInput(round_amount(due_dates.of_order(order), order.currency), "")


def _whole(order: Order) -> ReceivedInput:
    return ReceivedInput(round_amount(order.gross, order.currency), "")


declare(
    "authorize",
    Order,
    payments.authorize,
    label=_("Authorize payment"),
    input=AmountInput,
    example={"amount": "10.00", "reference": "card 4711"},
    available=in_status(S.PLACED, S.CONFIRMED),
    initial=_due,
)


declare(
    "record_prepayment",
    Order,
    incoming_payments.record_ahead,
    label=_("Record prepayment"),
    input=ReceivedInput,
    example={"amount": "10.00", "reference": "bank 2027-01-04/17", "paid_on": "2027-01-04"},
    available=in_status(S.PLACED, S.CONFIRMED),
    initial=_whole,
)


declare(
    "invoice_deposit",
    Order,
    deposits.ask,
    label=_("Create deposit invoice"),
    input=AmountInput,
    example={"amount": "1.00", "reference": "deposit 1"},
    available=in_status(S.PLACED, S.CONFIRMED),
)


declare(
    "invoice_shipped",
    Order,
    billing.bill_now,
    label=_("Invoice shipped items"),
    many=True,
    available=lambda order: (
        order.status == S.CONFIRMED and order.lines.filter(shipped__gt=F("invoiced")).exists()
    ),
)
