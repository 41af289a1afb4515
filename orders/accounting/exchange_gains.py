"""What paying in a foreign currency gained or lost, because its rate had moved since the invoice."""

from decimal import Decimal

from oms.core import money
from orders.accounting.models import Invoice, Payment, Refund


def difference(source: Invoice | Payment, target: Invoice, amount: Decimal) -> Decimal:
    """The gain (or loss, below zero), in the company's currency, where a part of a source pays for an invoice.

    Each part is worth its share at its own document's rate (units of the currency per unit of the company's), cut so
    that the parts add up to what the whole is worth. Call it before the amount is counted as used.
    """
    return _share(source, amount) - _share(target, amount)


def refund_difference(row: Refund) -> Decimal:
    """The gain where money goes back at its own day's rate, against its worth when it came or was credited."""
    source = row.credit or row.payment
    return _share(source, row.amount) - _worth(
        row.amount, row.exchange_rate, row.payment.company.currency
    )


def _share(document: Invoice | Payment, amount: Decimal) -> Decimal:
    home = document.company.currency
    if isinstance(document, Payment):
        whole = document.captured
        used = document.applied + document.refunded_unlinked + document.written_off
    else:
        whole, used = document.gross, document.applied
    return money.part(_worth(whole, document.exchange_rate, home), whole, used, used + amount, home)


def _worth(amount: Decimal, rate: Decimal, home: str) -> Decimal:
    return money.round_amount(amount / rate, home)
