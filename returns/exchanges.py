"""Sending something else instead."""

from collections.abc import Mapping

from django.utils.translation import gettext as _

from inventory import availability, catalog
from inventory.models import SKU
from oms.core import events
from oms.core.errors import Refused
from oms.core.locking import atomic, lock, lock_one
from oms.core.models import Company, User
from oms.core.money import ZERO
from orders import customer_prices, lifecycle, order_entry, screening
from orders.accounting import crediting
from orders.accounting.models import Invoice
from orders.models import Order
from orders.order_entry import Entry, Line
from returns.models import ReturnRequest, Settlement


def send(request: ReturnRequest, *, by: User | None = None) -> Order:
    """Enter and confirm the order that goes out in exchange; the difference due is what it costs more. Once."""
    with atomic():
        lock_one(request.order)
        lock_one(request.order.customer)  # the exchange is screened for their credit
        request = lock_one(request)
        settlement = Settlement.objects.select_related("exchange").get(request=request)
        if settlement.exchange is not None:
            return settlement.exchange
        original = request.order
        lines = [
            Line(line.exchange_for, line.came)
            for line in request.lines.select_related("exchange_for")
            if line.exchange_for and line.came
        ]
        order = order_entry.enter(
            Entry(
                original.channel,
                original.customer,
                lines,
                ship_to=original.ship_to,
                bill_to=original.bill_to,
                customer_reference=f"exchange for {request.number}",
            ),
            by=by,
        )
        left = sum((note.open_amount for note in settlement.credits.all()), ZERO)
        settlement.exchange, settlement.difference_due = order, max(ZERO, order.gross - left)
        settlement.save(update_fields=["exchange", "difference_due"])
        if not settlement.difference_due:  # the credit pays it
            screening.lift_payment(order, by=by)
        events.emit(
            "return.exchange_created",
            request,
            by=by,
            exchange=order.number,
            difference_due=str(settlement.difference_due),
        )
        return order


def confirm(order: Order, *, by: User | None = None) -> Order:
    """Confirm an exchange that is entered and not on hold; what is not in stock waits until it comes."""
    if not Settlement.objects.filter(exchange=order).exists():
        return order
    if order.status != Order.Status.PLACED or order.holds.filter(released_at=None).exists():
        return order
    return lifecycle.confirm(order, can_backorder=True, by=by)


def require_sellable(order: Order, wanted: Mapping[SKU, int]) -> None:
    """Raise Refused for what could never be sent in exchange: it isn't sold, has no price, or is an empty kit."""
    for sku in wanted:
        if not sku.is_sellable:
            raise Refused(
                _("%(sku)s isn't sold. Choose something else in exchange.") % {"sku": sku},
                code="not_sold",
                field="exchange_for",
            )
    catalog.components(wanted)
    prices = customer_prices.prices_for(
        order.customer, order.channel, [customer_prices.Wanted(*each) for each in wanted.items()]
    )
    for sku, quoted in zip(wanted, prices, strict=True):
        if quoted.unit_price is None:
            raise Refused(
                _("%(sku)s has no price for %(customer)s. Choose something else in exchange.")
                % {"sku": sku, "customer": order.customer},
                code="no_price",
                field="exchange_for",
            )


def in_stock(wanted: Mapping[SKU, int], company: Company) -> dict[str, str]:
    """What of an exchange a company can send now, and what waits, as people read it, by SKU code."""
    found = availability.available(wanted, company)
    return {sku.code: _stock_text(found[sku.pk], quantity) for sku, quantity in wanted.items()}


def _stock_text(there: availability.Available, quantity: int) -> str:
    if there.quantity >= quantity:
        return _("%(quantity)s available: sent once the return is settled") % {
            "quantity": there.quantity
        }
    if there.next_arrival:
        return _("%(quantity)s available: the rest waits; more is expected on %(day)s") % {
            "quantity": max(0, there.quantity),
            "day": there.next_arrival.isoformat(),
        }
    return _("%(quantity)s available: the rest waits until more comes") % {
        "quantity": max(0, there.quantity)
    }


def pay_with_credit(document: Invoice, *, by: User | None = None) -> None:
    """The credit of a return pays the invoice of its exchange."""
    with atomic():
        settlement = Settlement.objects.filter(exchange=document.order).first()
        if settlement is None:
            return
        keys = [document.pk, *settlement.credits.values_list("pk", flat=True)]
        rows = {row.pk: row for row in lock(Invoice.objects.filter(pk__in=keys))}
        for key in keys[1:]:
            crediting.set_off(rows[key], rows[document.pk], by=by)
