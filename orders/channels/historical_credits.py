"""Credit notes of the past: matched to what was billed, and refunded from what was paid."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice

from oms.core import bulk_sql
from oms.core.locking import lock
from oms.core.money import ZERO, round_amount
from orders.accounting.models import Invoice, InvoiceLine, Payment, Refund
from orders.channels import historical_documents
from orders.channels.historical_documents import (
    INVOICE_COLUMNS,
    INVOICE_LINE_COLUMNS,
    Context,
    PastDocument,
    PastLine,
)
from orders.models import Order, OrderLine


@dataclass
class _Match:
    """Units of a credited line that are an earlier line's, or nobody's."""

    line: PastLine
    units: int
    order_line: int | None = None
    invoice_line: int | None = None


def write_credit(context: Context, document: PastDocument) -> dict[int, int]:
    """A credit note: matched to the customer's earlier lines as far as such exist; the rest stands alone.

    It is refunded from the customer's imported payments as far as they go; what is left stays to their credit.
    """
    matches = _match(context, document)
    total = sum((_share(context, match) for match in matches), ZERO)
    (key,), ids = bulk_sql.take_ids(Invoice, 1), bulk_sql.take_ids(InvoiceLine, len(matches))
    bulk_sql.copy(
        Invoice,
        INVOICE_COLUMNS,
        [historical_documents.invoice_row(context, document, key, "credit", None, total, ZERO)],
    )
    bulk_sql.copy(
        InvoiceLine,
        INVOICE_LINE_COLUMNS,
        (
            historical_documents.invoice_line_row(
                context,
                line_id,
                key,
                position,
                match.line,
                match.units,
                match.order_line,
                None,
                match.invoice_line,
                _share(context, match),
            )
            for position, (line_id, match) in enumerate(zip(ids, matches, strict=True), 1)
        ),
    )
    _count_returned(matches)
    _refund(context, document, key, total)
    units: dict[int, int] = defaultdict(int)
    for match in matches:
        units[match.line.row] += match.units if match.order_line else 0
    return dict(units)


def _share(context: Context, match: _Match) -> Decimal:
    return round_amount(match.units * match.line.unit_price, context.currency)


def lock_credited(context: Context, credits: Sequence[PastDocument]) -> None:
    """Lock all orders that a batch of credit notes may take units off, at once and sorted."""
    wanted = {
        context.skus[line.code]
        for document in credits
        for line in document.lines
        if not line.charge
    }
    customers = {
        context.customers[document.customer]
        for document in credits
        if not document.customer.startswith("GUEST")
    }
    orders = OrderLine.objects.filter(
        order__customer__in=customers, order__is_imported=True, sku__in=wanted
    )
    lock(Order.objects.filter(pk__in=set(orders.values_list("order_id", flat=True))))


def _match(context: Context, document: PastDocument) -> list[_Match]:
    """Take units off the customer's latest earlier lines of the same SKU that are still returnable."""
    wanted = {context.skus[line.code] for line in document.lines if not line.charge}
    known = (
        []
        if document.customer.startswith("GUEST")
        else list(
            OrderLine.objects.filter(
                order__customer=context.customers[document.customer],
                order__is_imported=True,
                order__created_at__lte=document.at,
                sku__in=wanted,
                shipped__gt=0,
            )
            .order_by("-order__created_at", "-pk")
            .values_list("pk", "sku_id", "shipped", "returned")
        )
    )
    left = {row[0]: row[2] - row[3] for row in known}
    by_sku: dict[int, list[int]] = defaultdict(list)
    for pk, sku, *_ in known:
        by_sku[sku].append(pk)
    own = InvoiceLine.objects.filter(order_line__in=left, invoice__kind="invoice")
    billed = {line: key for line, key in own.values_list("order_line_id", "pk") if line}
    matches: list[_Match] = []
    for line in document.lines:
        candidates = by_sku.get(context.skus.get(line.code, 0), []) if not line.charge else []
        matches += _take(line, candidates, left, billed)
    return matches


def _take(
    line: PastLine, candidates: list[int], left: dict[int, int], billed: dict[int, int]
) -> list[_Match]:
    open_units, taken = line.quantity, []
    for key in candidates:
        units = min(open_units, left[key])
        if units > 0:
            left[key] -= units
            open_units -= units
            taken.append(_Match(line, units, key, billed[key]))
    return [*taken, _Match(line, open_units)] if open_units else taken


def _count_returned(matches: Sequence[_Match]) -> None:
    """Returned on lines and orders, credited on invoice lines."""
    returned: bulk_sql.Changes = {}
    credited: bulk_sql.Changes = {}
    for match in matches:
        if match.order_line and match.invoice_line:
            bulk_sql.note(returned, match.order_line, returned=match.units)
            bulk_sql.note(credited, match.invoice_line, credited=match.units)
    bulk_sql.add(OrderLine, returned)
    bulk_sql.add(InvoiceLine, credited)
    per_order: bulk_sql.Changes = {}
    for order, line in OrderLine.objects.filter(pk__in=returned).values_list("order_id", "pk"):
        bulk_sql.note(per_order, order, returned=returned[line]["returned"])
    bulk_sql.add(Order, per_order)


def _refund(context: Context, document: PastDocument, credit: int, total: Decimal) -> None:
    """Give the credit back over the customer's imported payments, the newest first."""
    payments = Payment.objects.filter(
        customer=context.customers[document.customer], is_imported=True
    )
    newest = payments.order_by("-created_at", "-pk").values_list("pk", "captured", "refunded")
    left, refunds = total, []
    for key, captured, refunded in islice(newest.iterator(chunk_size=50), 500):
        amount = min(left, captured - refunded)
        if amount > 0:
            refunds.append((key, amount))
            left -= amount
        if not left:
            break
    Refund.objects.bulk_create(
        Refund(
            payment_id=key,
            credit_id=credit,
            amount=amount,
            status=Refund.Status.DONE,
            booked_on=document.at.date(),
            reference=f"{historical_documents.invoice_number(document.external_id)}/{key}",
        )
        for key, amount in refunds
    )
    for key, amount in refunds:
        Payment.objects.filter(pk=key).update(
            refunded=amount + payments.values_list("refunded", flat=True).get(pk=key)
        )
    Invoice.objects.filter(pk=credit).update(applied=total - left)
