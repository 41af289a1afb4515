"""Recording money that came: for an invoice, for several of a customer, or ahead for an order.

Where more came than is open, it is asked about first; the rest stays with the customer as an unapplied payment.
"""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from oms.core import confirming
from oms.core.locking import atomic
from oms.core.models import User
from oms.core.money import ZERO
from oms.core.money_text import display
from orders.accounting import applying, payments, write_offs
from orders.accounting.applying import Share
from orders.accounting.models import Invoice, Payment
from orders.models import Order


def record(
    document: Invoice,
    *,
    amount: Decimal,
    reference: str,
    paid_on: date | None = None,
    by: User | None = None,
) -> Invoice:
    """Book a payment of an invoice, and use it as far as the invoice is open or was given up as a bad debt."""
    open_now = Invoice.objects.get(pk=document.pk).open_amount + write_offs.recoverable(document)
    _ask_about_rest(
        amount,
        open_now,
        reference,
        _(
            "Only %(most)s of %(document)s is open. %(rest)s stays with %(customer)s as an unapplied payment."
        ),
        document,
    )
    with atomic():
        payment = _book(document, amount, reference, paid_on, by)
        is_used = payment.applications.filter(invoice=document).exists()  # sent again
        if not is_used:
            payments.apply(payment, document, min(payment.amount, open_now) or None, by=by)
    return document


def record_for_several(
    document: Invoice,
    *,
    reference: str,
    amount: Decimal,
    lines: Sequence[Share],
    paid_on: date | None = None,
    by: User | None = None,
) -> Invoice:
    """Book one payment of an invoice's customer, and use it for several invoices."""
    _ask_about_rest(
        amount,
        sum((row.amount for row in lines), ZERO),
        reference,
        _("The invoices get %(most)s. %(rest)s stays with %(customer)s as an unapplied payment."),
        document,
    )
    with atomic():
        payment = _book(document, amount, reference, paid_on, by)
        if not payment.applications.exists():  # sent again, it is used already
            applying.apply_many(payment, lines, by=by)
    return document


def record_ahead(
    order: Order,
    *,
    amount: Decimal,
    reference: str,
    paid_on: date | None = None,
    by: User | None = None,
) -> Payment:
    """Book a payment for an order that isn't billed yet."""
    _ask_about_rest(
        amount,
        max(order.gross, ZERO),
        reference,
        _(
            "Order %(document)s comes to %(most)s. %(rest)s more can pay no invoice of it and "
            "stays with %(customer)s as an unapplied payment."
        ),
        order,
    )
    return _book(order, amount, reference, paid_on, by, order=order)


def _book(
    document: Invoice | Order,
    amount: Decimal,
    reference: str,
    paid_on: date | None,
    by: User | None,
    *,
    order: Order | None = None,
) -> Payment:
    return payments.register_transfer(
        document.customer,
        amount,
        company=document.company,
        reference=reference,
        currency=document.currency,
        order=order,
        on=paid_on,
        by=by,
    )


def _ask_about_rest(
    amount: Decimal, most: Decimal, reference: str, question: str, document: Any
) -> None:
    """Ask where more money comes in than is open; not again for a payment that is known already."""
    if amount > most and not Payment.objects.filter(reference=reference).exists():
        confirming.ask(
            question
            % {
                "document": document,
                "most": display(most, document.currency),
                "rest": display(amount - most, document.currency),
                "customer": document.customer.name,
            },
            field="amount",
        )
