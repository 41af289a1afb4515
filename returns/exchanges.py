"""Sending something else instead."""

from oms.core import events
from oms.core.locking import atomic, lock, lock_one
from oms.core.models import User
from oms.core.money import ZERO
from orders import billing, intake, lifecycle
from orders.intake import Entry, Line
from orders.models import Invoice, Order
from returns.models import ReturnRequest, Settlement


def send(request: ReturnRequest, *, by: User | None = None) -> Order:
    """Enter and confirm the order that goes out in exchange; the difference due is what it costs more. Once."""
    with atomic():
        lock_one(request.order)
        request = lock_one(request)
        settlement = Settlement.objects.select_related("exchange").get(request=request)
        if settlement.exchange is not None:
            return settlement.exchange
        original = request.order
        lines = [Line(line.exchange_for, line.came) for line in request.lines.select_related("exchange_for")
                 if line.exchange_for and line.came]
        order = intake.enter(
            Entry(original.channel, original.customer, lines, ship_to=original.ship_to, bill_to=original.bill_to,
                  customer_reference=f"exchange for {request.number}"), by=by)
        left = sum((note.open_amount for note in settlement.credits.all()), ZERO)
        settlement.exchange, settlement.difference_due = order, max(ZERO, order.gross - left)
        settlement.save(update_fields=["exchange", "difference_due"])
        events.emit("return.exchanged", request, by=by, exchange=order.number,
                    difference_due=str(settlement.difference_due))
        return order


def confirm(order: Order, *, by: User | None = None) -> Order:
    """Confirm an exchange that is entered and not on hold; tried again until its stock is there."""
    if order.status != Order.Status.PLACED or order.holds.filter(lifted_at=None).exists():
        return order
    return lifecycle.confirm(order, by=by)


def pay_with_credit(document: Invoice, *, by: User | None = None) -> None:
    """The credit of a return pays the invoice of its exchange."""
    with atomic():
        settlement = Settlement.objects.filter(exchange=document.order).first()
        if settlement is None:
            return
        keys = [document.pk, *settlement.credits.values_list("pk", flat=True)]
        rows = {row.pk: row for row in lock(Invoice.objects.filter(pk__in=keys))}
        for key in keys[1:]:
            billing.set_off(rows[key], rows[document.pk], by=by)
