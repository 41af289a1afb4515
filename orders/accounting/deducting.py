"""Open figures of invoice lines, and what deposits take off the invoices that follow them.

An order's deposits, deductions and credits are written under the order's lock alone, so that nothing is used twice.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Q, Sum
from django.utils.translation import gettext_lazy as _

from oms.core import money
from oms.core.bulk_sql import any_of
from orders import registrations, taxing
from orders.accounting.models import Invoice, InvoiceLine
from orders.models import Order, OrderCharge, OrderLine


@dataclass(frozen=True)
class Open:
    """What is left of an invoice line: of a deposit to be deducted or credited, of goods to be credited."""

    gross: Decimal
    tax: Decimal


def open_amounts(lines: Iterable[InvoiceLine]) -> dict[int, Open]:
    """What deductions and credits have left of invoice lines, by primary key."""
    rows = {line.pk: line for line in lines}
    left = {key: [line.gross, line.tax] for key, line in rows.items()}
    used = (
        InvoiceLine.objects.filter(corrects__in=rows)
        .order_by()
        .values("corrects", "invoice__kind")
        .annotate(gross=Sum("gross"), tax=Sum("tax"))
    )
    for row in used:
        # Deductions, and what a credit note takes back of another one, are below zero themselves.
        sign = Invoice(kind=row["invoice__kind"]).sign * rows[row["corrects"] or 0].invoice.sign
        of = left[row["corrects"] or 0]
        of[0] += sign * row["gross"]
        of[1] += sign * row["tax"]
    return {key: Open(gross, tax) for key, (gross, tax) in left.items()}


def lines_of(order: Order | int) -> Q:
    """Which invoice lines bill or credit lines and charges of an order; two indexes answer it, not a scan."""
    return Q(any_of("order_line_id", OrderLine.objects.filter(order=order).values("pk"))) | Q(
        any_of("charge_id", OrderCharge.objects.filter(order=order).values("pk"))
    )


def open_deposits(order: Order, registration: str | None = None) -> list[tuple[InvoiceLine, Open]]:
    """The lines of a locked order's deposit invoices that have something left, the oldest first.

    `registration`: only of invoices under this VAT registration.
    """
    asked = list(
        InvoiceLine.objects.filter(
            invoice__order=order, invoice__kind=Invoice.Kind.DEPOSIT, credited=0
        )
        .select_related("invoice")
        .order_by("pk")
    )
    if registration is not None:
        asked = [line for line in asked if line.invoice.registration == registration]
    left = open_amounts(asked)
    return [(line, left[line.pk]) for line in asked if left[line.pk].gross or left[line.pk].tax]


def left_to_bill(order: Order, registration: str | None = None) -> dict[taxing.Rate, Decimal]:
    """What of a locked order (or of what falls under a VAT registration) is not billed yet, by tax rate, gross."""
    left: dict[taxing.Rate, Decimal] = defaultdict(Decimal)
    for line in order.lines.all():
        wanted = line.quantity - line.canceled
        if wanted > line.invoiced and _is_of(order, line, registration):
            left[taxing.rate_of(line)] += money.part(
                line.gross, line.quantity, line.invoiced, wanted, order.currency
            )
    for charge in order.charges.filter(is_invoiced=False, is_canceled=False):
        for part in charge.parts if _is_of(order, charge, registration) else ():
            left[taxing.rate_of(part)] += part.gross
    return left


def _is_of(order: Order, row: OrderLine | OrderCharge, registration: str | None) -> bool:
    return registration is None or registrations.of(order, row) == registration


def deductions(document: Invoice, order: Order, lines: Sequence[InvoiceLine]) -> list[InvoiceLine]:
    """What the order's deposits take off what is billed now: at each tax rate pro rata to what is left to bill, never
    more than is billed, and all of it with the last invoice. Call it before the units are counted as billed."""
    deposits = open_deposits(order, document.registration) if lines else []
    if not deposits:
        return []
    billed: dict[taxing.Rate, Decimal] = defaultdict(Decimal)
    for line in lines:
        billed[taxing.rate_of(line)] += line.gross
    taken = _taken(deposits, billed, left_to_bill(order, document.registration), order.currency)
    return [
        _deduction(document, line, left, taken[line.pk])
        for line, left in deposits
        if taken[line.pk]
    ]


def _taken(
    deposits: Sequence[tuple[InvoiceLine, Open]],
    billed: dict[taxing.Rate, Decimal],
    to_bill: dict[taxing.Rate, Decimal],
    currency: str,
) -> dict[int, Decimal]:
    """How much each deposit line gives, by primary key."""
    by_rate: dict[taxing.Rate, dict[int, Decimal]] = defaultdict(dict)
    taken: dict[int, Decimal] = defaultdict(Decimal)
    for line, left in deposits:
        by_rate[taxing.rate_of(line)][line.pk] = left.gross
    room = sum(billed.values(), money.ZERO)
    for rate, own in by_rate.items():
        there, now = sum(own.values(), money.ZERO), billed[rate]
        due = (
            there
            if now >= to_bill[rate]
            else money.round_amount(there * now / to_bill[rate], currency)
        )
        amount = max(money.ZERO, min(due, there, now, room))
        room -= amount
        taken.update(zip(own, money.spread(amount, list(own.values()), currency), strict=True))
    return taken


def _deduction(document: Invoice, asked: InvoiceLine, left: Open, gross: Decimal) -> InvoiceLine:
    tax = money.part(left.tax, left.gross, money.ZERO, gross, document.currency)
    return InvoiceLine(
        invoice=document,
        corrects=asked,
        quantity=0,
        description=_("Less %(description)s (%(number)s)")
        % {"description": asked.description, "number": asked.invoice.number},
        unit_price=tax - gross,
        tax_percent=asked.tax_percent,
        tax_category=asked.tax_category,
        tax_note=asked.tax_note,
        gross=-gross,
        tax=-tax,
        net=tax - gross,
    )


def part_left(line: InvoiceLine, units: int, left: Open, currency: str) -> dict[str, Decimal]:
    """Net, tax and gross of units that are credited of an invoice line now, of what is left of it.

    The units that stay keep what the first of them cost, to the cent; the last ones take all that is left.
    """
    kept = line.quantity - line.credited
    whole = units == kept

    def amount(name: str) -> Decimal:
        most: Decimal = getattr(left, name)
        wanted = money.part(getattr(line, name), line.quantity, kept - units, kept, currency)
        return most if whole or abs(wanted) > abs(most) else wanted

    gross, tax = amount("gross"), amount("tax")
    return {"gross": gross, "tax": tax, "net": gross - tax}
