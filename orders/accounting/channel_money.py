"""Money that passed through a channel: it was paid and given back there, and is booked here as it was."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from oms.core import money, money_text
from oms.core.errors import Refused
from oms.core.locking import atomic, lock, lock_one
from oms.core.models import User
from orders import as_sold
from orders.accounting import billing, deducting, part_credits, payments, refunds
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


def received(reference: str) -> Decimal | None:
    """The amount that is booked with a reference; None where nothing is."""
    return Payment.objects.filter(reference=reference).values_list("amount", flat=True).first()


def is_refunded(reference: str) -> bool:
    """Whether a refund of a channel is booked, whole or in parts."""
    return Refund.objects.filter(reference__in=[reference, f"{reference}/1"]).exists()


def give_back(
    order: Order,
    amount: Decimal,
    *,
    units: Mapping[int, int],
    reference: str,
    note: str = "",
    by: User | None = None,
) -> list[Refund]:
    """Book what a channel gave back of a locked order: what it lowers the price by, then the money.

    What isn't overpaid, since nothing was canceled for it, is credited where it was billed, for shipped units (by line
    key) first; else it is an allowance. Raises Refused where it is more than was paid through the channel.
    """
    reason = note or _("Refunded in the channel.")
    with atomic():
        lock(_payments(order))  # before what is billed and credited
        lowering = amount - _overpaid(order)
        credits_ = _lower(order, units, lowering, reference, reason, by) if lowering > 0 else []
        return _pay_out(order, amount, credits_, reference, by)


def _overpaid(order: Order) -> Decimal:
    """What was paid through the channel beyond what a locked order was billed, and will be."""
    unapplied = sum((each.unapplied for each in _payments(order)), money.ZERO)
    billed = billing.of_order(order).filter(status=Invoice.Status.ISSUED)
    owed = sum((each.open_amount for each in billed.exclude(kind=Invoice.Kind.CREDIT)), money.ZERO)
    if order.status != Order.Status.CANCELED:
        owed += sum(deducting.left_to_bill(order).values(), money.ZERO)
    return max(money.ZERO, unapplied - owed)


def _payments(order: Order) -> "QuerySet[Payment]":
    return Payment.objects.filter(order=order, gateway=CHANNEL, status=Payment.Status.CAPTURED)


def _lower(
    order: Order,
    units: Mapping[int, int],
    amount: Decimal,
    reference: str,
    reason: str,
    by: User | None,
) -> list[Invoice]:
    """Credit an amount of what was billed, shipped units first; an allowance on what isn't is the rest."""
    billing.invoice_what_shipped(order, reference, by)
    credits_: list[Invoice] = []
    whole = {
        line.pk: money.part(line.gross, line.quantity, 0, units[line.pk], order.currency)
        for line in order.lines.all()
        if units.get(line.pk)
    }
    is_whole = bool(whole) and sum(whole.values()) <= amount
    if is_whole:
        credits_ += part_credits.credit_units(
            order, units, reference=reference, reason=reason, by=by
        )
        amount -= sum((each.gross for each in credits_), money.ZERO)
    if amount > 0:
        parts = part_credits.credit_amount(
            order,
            amount,
            only=() if is_whole else tuple(whole),
            reference=f"{reference}/amount",
            reason=reason,
            by=by,
        )
        credits_ += parts
        amount -= sum((each.gross for each in parts), money.ZERO)
    if amount > 0:
        as_sold.allow(order, amount, reason, by=by)
    return credits_


def _pay_out(
    order: Order, amount: Decimal, credits_: list[Invoice], reference: str, by: User | None
) -> list[Refund]:
    """Give the money back of the order's payments of the channel: against its credit notes first."""
    left, made = amount, list[Refund]()
    for payment in _payments(order).order_by("-pk"):
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
            % {"amount": money_text.display(left, order.currency)},
            code="too_much",
        )
    return made
