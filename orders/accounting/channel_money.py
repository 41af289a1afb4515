"""Money that passed through a channel: it was paid and given back there, and is booked here as it was."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from django.utils.translation import gettext as _

from oms.core import money
from oms.core.errors import Refused
from oms.core.locking import atomic, lock_one
from oms.core.models import User
from orders.accounting import billing, part_credits, payments, refunds
from orders.accounting.connectors.gateways import CHANNEL
from orders.accounting.models import Invoice, Payment, Refund
from orders.models import Order


def receive(
    order: Order, amount: Decimal, *, reference: str, on: date | None = None, by: User | None = None
) -> Payment:
    """Book what a buyer paid for an order through its channel. Again with the same reference: the first payment."""
    return payments.register_transfer(
        order.customer,
        amount,
        company=order.company,
        reference=reference,
        currency=order.currency,
        order=order,
        gateway=CHANNEL,
        on=on,
        by=by,
    )


def is_refunded(reference: str) -> bool:
    """Whether a refund of a channel is booked, whole or in parts."""
    return Refund.objects.filter(reference__in=[reference, f"{reference}/1"]).exists()


def give_back(
    order: Order,
    amount: Decimal,
    *,
    units: Mapping[int, int],
    is_credited: bool,
    reference: str,
    note: str = "",
    by: User | None = None,
) -> list[Refund]:
    """Book what a channel gave back of a locked order: credit notes for shipped units (by line key), then the money.

    `is_credited`: whether units say what it is for. Money without units lowers the price of what was billed. Raises
    Refused where it is more than was paid through the channel.
    """
    reason = note or _("Refunded in the channel.")
    with atomic():
        if units:
            credits_ = part_credits.credit_units(
                order, units, reference=reference, reason=reason, by=by
            )
        elif not is_credited and billing.of_order(order).exists():
            credits_ = part_credits.credit_shares(
                order, _shares(order, amount), reference=reference, by=by
            )
        else:
            credits_ = []
        return _pay_out(order, amount, credits_, reference, by)


def _shares(order: Order, amount: Decimal) -> dict[int, Decimal]:
    """An amount as shares of the units of an order's lines, in proportion to what they came to."""
    if order.gross <= 0:
        raise Refused(_("Order %(order)s has nothing to give back.") % {"order": order})
    return {
        line.pk: amount / order.gross * line.shipped for line in order.lines.filter(shipped__gt=0)
    }


def _pay_out(
    order: Order, amount: Decimal, credits_: list[Invoice], reference: str, by: User | None
) -> list[Refund]:
    """Give the money back of the order's payments of the channel: against its credit notes first."""
    left, made = amount, list[Refund]()
    paid = Payment.objects.filter(order=order, gateway=CHANNEL, status=Payment.Status.CAPTURED)
    for payment in paid.order_by("-pk"):
        for credit in [*credits_, None]:
            payment = lock_one(payment)
            most = min(left, payment.refundable)
            if credit is not None:
                credit = lock_one(credit)
                most = min(most, credit.open_amount)
            else:
                most = min(most, payment.unapplied)
            if most <= 0:
                continue
            row = refunds.refund(
                payment, most, reference=f"{reference}/{len(made) + 1}", credit=credit, by=by
            )
            refunds.record_refunded(row, reference)
            made.append(row)
            left -= most
    if left > 0:
        raise Refused(
            _("%(amount)s more was given back than can be booked.")
            % {"amount": money.display(left, order.currency)},
            code="too_much",
        )
    return made
