"""What customers are told about their orders, by email, and colleagues about what waits for them."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from oms.core.models import Document, Event, StoredDocument, Topic
from oms.core.money_text import display
from oms.messaging import emails, notifications
from orders.models import Customer, Order, OrderHold


def tell_confirmed(order: Order, event: Event) -> None:
    """The customer hears that the order is confirmed."""
    lines = [
        (line.quantity - line.canceled, line.sku.code, line.description)
        for line in order.lines.select_related("sku").order_by("position")
        if line.quantity > line.canceled
    ]
    send(
        f"event-{event.pk}",
        "order_confirmed",
        order.customer,
        order,
        order=order,
        lines=lines,
        gross=Amount(order.gross, order.currency),
    )


class Amount:
    """An amount that is written as the reader's language does, when it is read."""

    def __init__(self, value: Decimal, currency: str) -> None:
        self.value, self.currency = value, currency

    def __bool__(self) -> bool:
        return bool(self.value)

    def __str__(self) -> str:
        return display(self.value, self.currency)


def send(
    key: str,
    template: str,
    customer: Customer,
    about: Document,
    *,
    files: Sequence[tuple[str, StoredDocument, str]] = (),
    **context: Any,
) -> None:
    """Send a mail to a customer about a document of one of our companies."""
    company = about.company  # type: ignore[attr-defined]
    emails.send(
        key,
        template,
        context,
        to=customer.email,
        company=company,
        language=customer.language,
        about=about,
        files=files,
    )


def tell_held(order: Order, *, by_hand: bool) -> None:
    """The rep of the customer, and whoever else wants to, hears that an order waits: held by hand, or by screening."""
    told = Q() if by_hand else ~Q(kind=OrderHold.Kind.MANUAL)
    reasons = "; ".join(str(hold) for hold in order.holds.filter(told, released_at=None))
    if reasons:
        notifications.tell(
            Topic.ON_HOLD,
            lambda: (
                _("Order %(number)s is on hold: %(reasons)s")
                % {"number": order.number, "reasons": reasons}
            ),
            without_amounts=lambda: _("Order %(number)s is on hold.") % {"number": order.number},
            company=order.company,
            rep=order.customer.rep,
            subject_type=order.subject_type,
            subject_number=order.number,
        )
