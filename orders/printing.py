"""Quotes, order confirmations and pro-forma invoices on paper."""

from django.utils import translation
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from oms.core.errors import Refused
from oms.core.money import part
from oms.printing import letterheads, printouts
from orders import letters
from orders.letters import Paper
from orders.models import Order, OrderLine


def order_paper(order: Order, *, title: str = "") -> Paper:
    """What stands on a quote or an order confirmation: what is not canceled, and the charges."""
    lines = [
        _without_canceled(line, order.currency)
        for line in order.lines.select_related("sku", "order").order_by("position")
        if line.quantity > line.canceled
    ]
    charges = [charge for charge in order.charges.order_by("pk") if not charge.is_canceled]
    shown = [
        letters.line_cells(
            line, f"{line.sku.code} {line.description}", line.quantity, order.currency
        )
        for line in lines
    ]
    parts = [(part, charge.description) for charge in charges for part in charge.parts]
    shown += [
        letters.line_cells(part, description, 1, order.currency) for part, description in parts
    ]
    taxed = [*lines, *(part for part, _description in parts)]
    facts = [
        (gettext("Date"), letters.digits(order.placed_on or order.company.day_of(order.status_at))),
        (gettext("Customer"), order.customer.code),
        (gettext("Your reference"), order.customer_reference),
        (gettext("Valid until"), letters.digits(order.valid_until)),
        (gettext("Requested delivery date"), letters.digits(order.requested_on)),
    ]
    is_quote = order.status == Order.Status.QUOTED
    return Paper(
        title=title or (gettext("Quote") if is_quote else gettext("Order confirmation")),
        number=str(order.number),
        letterhead=letterheads.letterhead(order.company),
        language=translation.get_language(),
        recipient=letters.recipient(order.bill_to, order.customer.vat_number),
        facts=[fact for fact in facts if fact[1]],
        lines=shown,
        **letters.sums(order, taxed),
        notes=letters.tax_notes(taxed),
    )


def _without_canceled(line: OrderLine, currency: str) -> OrderLine:
    """A line as far as it is still wanted, by the parts that the order's totals add up (never saved)."""
    left = line.quantity - line.canceled
    net, tax = (part(amount, line.quantity, 0, left, currency) for amount in (line.net, line.tax))
    return OrderLine(
        order=line.order,
        sku=line.sku,
        description=line.description,
        quantity=left,
        unit_price=line.billed_price,
        net=net,
        tax=tax,
        gross=net + tax,
        tax_percent=line.tax_percent,
        tax_category=line.tax_category,
        tax_note=line.tax_note,
        discount_percent=line.discount_percent,
    )


def print_order(order: Order, *, title: str = "") -> bytes:
    """A quote, an order confirmation or a pro-forma invoice as a PDF. Raises Refused for a draft or what is canceled.

    A pro-forma invoice is for customs and prepayment: no number of a series, no booking.
    """
    if not _is_printable(order):
        raise Refused(
            gettext("Order %(number)s is %(status)s and can't be printed. Quote or place it first.")
            % {"number": order.number, "status": order.get_status_display()}
        )
    with letters.language_of(order.customer, order.company):
        return letters.render("order", order_paper(order, title=str(title)))


def _is_printable(order: Order) -> bool:
    return order.status not in (Order.Status.DRAFT, Order.Status.CANCELED)


printouts.register(
    "order", Order, _("Print"), draw=print_order, available=_is_printable, needs="see_money"
)
printouts.register(
    "pro_forma",
    Order,
    _("Pro-forma invoice"),
    available=_is_printable,
    needs="see_money",
    draw=lambda order: print_order(order, title=gettext("Pro-forma invoice")),
)
