"""Orders of the past, with what billed and paid them: a COPY for each table."""

from collections.abc import Sequence
from decimal import Decimal

from django.db import connection

from oms.core import bulk_sql
from oms.core.models import Event
from oms.core.money import ZERO
from orders.accounting.models import Invoice, InvoiceLine, Payment, PaymentApplication
from orders.channels import historical_documents
from orders.channels.historical_documents import (
    INVOICE_COLUMNS,
    INVOICE_LINE_COLUMNS,
    Context,
    PastDocument,
    PastLine,
)
from orders.models import Order, OrderCharge, OrderLine

ORDER_COLUMNS = (
    "id",
    "version",
    "created_at",
    "status_at",
    "number",
    "status",
    "company",
    "channel",
    "customer",
    "external_id",
    "customer_reference",
    "note",
    "bill_to",
    "ship_to",
    "ship_country",
    "currency",
    "prices_include_tax",
    "discount_percent",
    "exchange_rate",
    "priority",
    "placed_on",
    "is_imported",
    "net",
    "tax",
    "gross",
    "units",
    "canceled",
    "reserved",
    "picked",
    "shipped",
    "invoiced",
    "returned",
)

LINE_COLUMNS = (
    "id",
    "order",
    "position",
    "sku",
    "description",
    "quantity",
    "unit_price",
    "price_source",
    "has_manual_price",
    "discount_percent",
    "tax_percent",
    "tax_category",
    "tax_note",
    "net",
    "tax",
    "gross",
    "canceled",
    "reserved",
    "picked",
    "shipped",
    "invoiced",
    "returned",
)

CHARGE_COLUMNS = (
    "id",
    "order",
    "kind",
    "description",
    "amount",
    "tax_percent",
    "tax_category",
    "net",
    "tax",
    "gross",
    "is_invoiced",
    "is_canceled",
)

PAYMENT_COLUMNS = (
    "id",
    "version",
    "created_at",
    "status_at",
    "number",
    "status",
    "company",
    "customer",
    "order",
    "gateway",
    "gateway_reference",
    "currency",
    "exchange_rate",
    "amount",
    "capture_requested",
    "captured",
    "applied",
    "refunded",
    "refunded_unlinked",
    "is_imported",
    "paid_on",
)

APPLICATION_COLUMNS = ("payment", "invoice", "amount", "at")

EVENT_COLUMNS = (
    "name",
    "subject_type",
    "subject_number",
    "order_number",
    "data",
    "at",
    "is_drained",
)


def _numbers(prefix: str, count: int) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT %s || '-' || nextval(%s) FROM generate_series(1, %s)",
            [prefix, f"number_{prefix.lower()}", count],
        )
        return [number for (number,) in cursor.fetchall()]


def write_orders(context: Context, documents: Sequence[PastDocument]) -> None:
    """Orders with their lines, charges, invoices, payments and events: a COPY for each table."""
    if not documents:
        return
    count = len(documents)
    order_ids, numbers = bulk_sql.take_ids(Order, count), _numbers("SO", count)
    invoice_ids, payment_ids = bulk_sql.take_ids(Invoice, count), bulk_sql.take_ids(Payment, count)
    payment_numbers, totals = (
        _numbers("PAY", count),
        [_total(document, context) for document in documents],
    )
    rows = list(zip(documents, order_ids, numbers, invoice_ids, totals, strict=True))
    bulk_sql.copy(Order, ORDER_COLUMNS, (_order_row(context, *row[:3], row[4]) for row in rows))
    bulk_sql.copy(
        Invoice,
        INVOICE_COLUMNS,
        (
            historical_documents.invoice_row(context, document, key, "invoice", order, total, total)
            for document, order, _, key, total in rows
        ),
    )
    _write_lines(context, rows)
    paid = [
        row
        for row in zip(
            documents, order_ids, invoice_ids, payment_ids, payment_numbers, totals, strict=True
        )
        if row[5] > 0
    ]
    bulk_sql.copy(
        Payment,
        PAYMENT_COLUMNS,
        (
            _payment_row(context, document, key, number, order, total)
            for document, order, _, key, number, total in paid
        ),
    )
    bulk_sql.copy(
        PaymentApplication,
        APPLICATION_COLUMNS,
        ((key, invoice, total, document.at) for document, _, invoice, key, _, total in paid),
    )
    bulk_sql.copy(
        Event,
        EVENT_COLUMNS,
        (
            ("order.imported", "order", number, number, "{}", document.at, True)
            for document, _, number, _, _ in rows
        ),
    )


def _total(document: PastDocument, context: Context) -> Decimal:
    return sum((line.amount(context.currency) for line in document.lines), ZERO)


def _order_row(
    context: Context, document: PastDocument, key: int, number: str, total: Decimal
) -> tuple[object, ...]:
    units = sum(line.quantity for line in document.lines if not line.charge)
    at, channel = document.at, context.channel
    address = f'{{"name": "Customer {document.customer}", "country": "{document.country}"}}'
    return (
        key,
        1,
        at,
        at,
        number,
        "completed",
        channel.company_id,
        channel.pk,
        context.customers[document.customer],
        document.external_id,
        "",
        "",
        address,
        address,
        document.country,
        context.currency,
        False,
        0,
        1,
        100,
        at.date(),
        True,
        total,
        0,
        total,
        units,
        0,
        units,
        units,
        units,
        units,
        0,
    )


def _payment_row(
    context: Context, document: PastDocument, key: int, number: str, order: int, total: Decimal
) -> tuple[object, ...]:
    at = document.at
    return (
        key,
        1,
        at,
        at,
        number,
        "captured",
        context.channel.company_id,
        context.customers[document.customer],
        order,
        "imported",
        "",
        context.currency,
        1,
        total,
        total,
        total,
        total,
        0,
        0,
        True,
        at.date(),
    )


def _write_lines(
    context: Context, rows: Sequence[tuple[PastDocument, int, str, int, Decimal]]
) -> None:
    goods, charges = _placed(rows, charges=False), _placed(rows, charges=True)
    goods_ids, charge_ids = (
        bulk_sql.take_ids(OrderLine, len(goods)),
        bulk_sql.take_ids(OrderCharge, len(charges)),
    )
    bulk_sql.copy(
        OrderLine,
        LINE_COLUMNS,
        (
            _line_row(context, key, order, position, line)
            for key, (order, _, position, line) in zip(goods_ids, goods, strict=True)
        ),
    )
    bulk_sql.copy(
        OrderCharge,
        CHARGE_COLUMNS,
        (
            _charge_row(context, key, order, line)
            for key, (order, _, _, line) in zip(charge_ids, charges, strict=True)
        ),
    )
    billed: list[tuple[int | None, int | None, int, int, PastLine]] = [
        (key, None, invoice, position, line)
        for key, (_, invoice, position, line) in zip(goods_ids, goods, strict=True)
    ]
    billed += [
        (None, key, invoice, position, line)
        for key, (_, invoice, position, line) in zip(charge_ids, charges, strict=True)
    ]
    ids = bulk_sql.take_ids(InvoiceLine, len(billed))
    bulk_sql.copy(
        InvoiceLine,
        INVOICE_LINE_COLUMNS,
        (
            historical_documents.invoice_line_row(
                context, key, invoice, position, line, line.quantity, order_line, charge, None
            )
            for key, (order_line, charge, invoice, position, line) in zip(ids, billed, strict=True)
        ),
    )


def _placed(
    rows: Sequence[tuple[PastDocument, int, str, int, Decimal]], *, charges: bool
) -> list[tuple[int, int, int, PastLine]]:
    """The goods or the charges, each with its order, its invoice and its position."""
    return [
        (order, invoice, position, line)
        for document, order, _, invoice, _ in rows
        for position, line in enumerate(document.lines, 1)
        if bool(line.charge) == charges
    ]


def _line_row(
    context: Context, key: int, order: int, position: int, line: PastLine
) -> tuple[object, ...]:
    amount, units = line.amount(context.currency), line.quantity
    return (
        key,
        order,
        position,
        context.skus[line.code],
        line.text,
        units,
        line.unit_price,
        "imported",
        True,
        0,
        0,
        "Z",
        "",
        amount,
        0,
        amount,
        0,
        units,
        units,
        units,
        units,
        0,
    )


def _charge_row(context: Context, key: int, order: int, line: PastLine) -> tuple[object, ...]:
    amount = line.amount(context.currency)
    return (
        key,
        order,
        line.charge,
        line.text or line.code,
        amount,
        0,
        "Z",
        amount,
        0,
        amount,
        True,
        False,
    )
