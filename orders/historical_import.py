"""What a company brings along: orders of the past, completed and settled, written set-based.

The only writer of documents besides the operations. It leaves no ledger rows and touches no stock; its invoices stand
outside of the counters and the chain, and inside of the balances.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from itertools import islice

from django.db import connection

from inventory.models import SKU
from oms.core import bulk_sql
from oms.core.locking import atomic, lock
from oms.core.models import Event
from oms.core.money import ZERO, round_amount
from orders.models import (
    Channel,
    Customer,
    HistoryRecord,
    Invoice,
    InvoiceLine,
    Order,
    OrderCharge,
    OrderLine,
    Payment,
    PaymentApplication,
    Refund,
)


@dataclass(frozen=True)
class PastLine:
    """Goods or a charge of the past: units (positive), a price each, and the row that it came from."""

    row: int
    code: str
    text: str
    quantity: int
    unit_price: Decimal
    charge: str = ""  # the kind of charge; empty for goods

    def amount(self, currency: str) -> Decimal:
        return round_amount(self.quantity * self.unit_price, currency)


@dataclass(frozen=True)
class PastDocument:
    """An invoice of the past (with the order that it bills), or a credit note."""

    external_id: str
    customer: str
    country: str
    at: datetime
    lines: Sequence[PastLine]


@dataclass
class Written:
    """What became of a batch: documents added, and for each credited row how many of its units were matched."""

    orders: int = 0
    credits: int = 0
    records: int = 0
    known: set[str] = field(default_factory=set)
    matched: dict[int, int] = field(default_factory=dict)


@dataclass
class _Context:
    channel: Channel
    skus: dict[str, int]
    customers: dict[str, int]

    @property
    def currency(self) -> str:
        return self.channel.company.currency


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
INVOICE_COLUMNS = (
    "id",
    "version",
    "created_at",
    "status_at",
    "kind",
    "number",
    "status",
    "company",
    "customer",
    "order",
    "bill_to",
    "currency",
    "exchange_rate",
    "net",
    "tax",
    "gross",
    "applied",
    "issued_on",
    "due_on",
    "is_imported",
    "series",
    "hash",
    "previous_hash",
)
INVOICE_LINE_COLUMNS = (
    "id",
    "invoice",
    "position",
    "order_line",
    "charge",
    "corrects",
    "description",
    "quantity",
    "credited",
    "unit_price",
    "discount_percent",
    "tax_percent",
    "tax_category",
    "tax_note",
    "net",
    "tax",
    "gross",
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


def write_batch(
    channel: Channel,
    orders: Sequence[PastDocument],
    credits: Sequence[PastDocument],
    records: Sequence[HistoryRecord],
) -> Written:
    """Write a batch of the past in one transaction; what is there already is left as it is."""
    with atomic():
        written = Written(known=_known(channel, [*orders, *credits], records))
        new_orders = [each for each in orders if each.external_id not in written.known]
        new_credits = [each for each in credits if each.external_id not in written.known]
        new_records = [each for each in records if each.external_id not in written.known]
        new = [*new_orders, *new_credits]
        context = _Context(channel, _skus(new), _customers(channel, new))
        _write_orders(context, new_orders)
        _lock_credited(context, new_credits)
        for credit in new_credits:
            written.matched |= _write_credit(context, credit)
        HistoryRecord.objects.bulk_create(new_records)
        written.orders, written.credits, written.records = (
            len(new_orders),
            len(new_credits),
            len(new_records),
        )
    return written


def invoice_number(external_id: str) -> str:
    """The number of an imported invoice or credit note; never one of ours."""
    return f"H-{external_id}"


def _known(
    channel: Channel, documents: Sequence[PastDocument], records: Sequence[HistoryRecord]
) -> set[str]:
    names = {document.external_id for document in documents}
    known = set(
        Order.objects.filter(channel=channel, external_id__in=names).values_list(
            "external_id", flat=True
        )
    )
    numbers = {invoice_number(name): name for name in names}
    found = Invoice.objects.filter(number__in=numbers, is_imported=True).values_list(
        "number", flat=True
    )
    known |= {numbers[number] for number in found if number}
    kept = {record.external_id for record in records}
    rows = HistoryRecord.objects.filter(channel=channel, external_id__in=kept).values_list(
        "external_id", flat=True
    )
    return {name for name in known if name} | set(rows)


def _skus(documents: Iterable[PastDocument]) -> dict[str, int]:
    """Keys of the SKUs that goods name; new ones are added with the first text that they come with."""
    names: dict[str, str] = {}
    for document in documents:
        for line in document.lines:
            if not line.charge:
                names[line.code] = names.get(line.code) or line.text
    SKU.objects.bulk_create(
        [SKU(code=code, name=name or code) for code, name in sorted(names.items())],
        ignore_conflicts=True,
    )
    return dict(SKU.objects.filter(code__in=names).values_list("code", "id"))


def _customers(channel: Channel, documents: Iterable[PastDocument]) -> dict[str, int]:
    codes = sorted({document.customer for document in documents})
    currency = channel.company.currency
    Customer.objects.bulk_create(
        [Customer(code=code, name=f"Customer {code}", currency=currency) for code in codes],
        ignore_conflicts=True,
    )
    return dict(Customer.objects.filter(code__in=codes).values_list("code", "id"))


def _numbers(prefix: str, count: int) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT %s || '-' || nextval(%s) FROM generate_series(1, %s)",
            [prefix, f"number_{prefix.lower()}", count],
        )
        return [number for (number,) in cursor.fetchall()]


def _write_orders(context: _Context, documents: Sequence[PastDocument]) -> None:
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
            _invoice_row(context, document, key, "invoice", order, total, total)
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


def _total(document: PastDocument, context: _Context) -> Decimal:
    return sum((line.amount(context.currency) for line in document.lines), ZERO)


def _order_row(
    context: _Context, document: PastDocument, key: int, number: str, total: Decimal
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


def _invoice_row(
    context: _Context,
    document: PastDocument,
    key: int,
    kind: str,
    order: int | None,
    total: Decimal,
    used: Decimal,
) -> tuple[object, ...]:
    at = document.at
    address = f'{{"name": "Customer {document.customer}", "country": "{document.country}"}}'
    return (
        key,
        1,
        at,
        at,
        kind,
        invoice_number(document.external_id),
        "issued",
        context.channel.company_id,
        context.customers[document.customer],
        order,
        address,
        context.currency,
        1,
        total,
        0,
        total,
        used,
        at.date(),
        at.date(),
        True,
        "",
        "",
        "",
    )


def _payment_row(
    context: _Context, document: PastDocument, key: int, number: str, order: int, total: Decimal
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
    context: _Context, rows: Sequence[tuple[PastDocument, int, str, int, Decimal]]
) -> None:
    goods = [
        (order, invoice, position, line)
        for document, order, _, invoice, _ in rows
        for position, line in enumerate(document.lines, 1)
        if not line.charge
    ]
    charges = [
        (order, invoice, position, line)
        for document, order, _, invoice, _ in rows
        for position, line in enumerate(document.lines, 1)
        if line.charge
    ]
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
            _invoice_line_row(
                context, key, invoice, position, line, line.quantity, order_line, charge, None
            )
            for key, (order_line, charge, invoice, position, line) in zip(ids, billed, strict=True)
        ),
    )


def _line_row(
    context: _Context, key: int, order: int, position: int, line: PastLine
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


def _charge_row(context: _Context, key: int, order: int, line: PastLine) -> tuple[object, ...]:
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


def _invoice_line_row(
    context: _Context,
    key: int,
    invoice: int,
    position: int,
    line: PastLine,
    units: int,
    order_line: int | None,
    charge: int | None,
    corrects: int | None,
    amount: Decimal | None = None,
) -> tuple[object, ...]:
    amount = line.amount(context.currency) if amount is None else amount
    text = f"{line.code} {line.text}".strip()
    return (
        key,
        invoice,
        position,
        order_line,
        charge,
        corrects,
        text,
        units,
        0,
        line.unit_price,
        0,
        0,
        "Z",
        "",
        amount,
        0,
        amount,
    )


@dataclass
class _Match:
    """Units of a credited line that are an earlier line's, or nobody's."""

    line: PastLine
    units: int
    order_line: int | None = None
    invoice_line: int | None = None


def _write_credit(context: _Context, document: PastDocument) -> dict[int, int]:
    """A credit note: matched to the customer's earlier lines as far as such exist; the rest stands alone.

    It is refunded from the customer's imported payments as far as they go; what is left stays to their credit.
    """
    matches = _match(context, document)
    total = sum((_share(context, match) for match in matches), ZERO)
    (key,), ids = bulk_sql.take_ids(Invoice, 1), bulk_sql.take_ids(InvoiceLine, len(matches))
    bulk_sql.copy(
        Invoice,
        INVOICE_COLUMNS,
        [_invoice_row(context, document, key, "credit", None, total, ZERO)],
    )
    bulk_sql.copy(
        InvoiceLine,
        INVOICE_LINE_COLUMNS,
        (
            _invoice_line_row(
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


def _share(context: _Context, match: _Match) -> Decimal:
    return round_amount(match.units * match.line.unit_price, context.currency)


def _lock_credited(context: _Context, credits: Sequence[PastDocument]) -> None:
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


def _match(context: _Context, document: PastDocument) -> list[_Match]:
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


def _refund(context: _Context, document: PastDocument, credit: int, total: Decimal) -> None:
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
            reference=f"{invoice_number(document.external_id)}/{key}",
        )
        for key, amount in refunds
    )
    for key, amount in refunds:
        Payment.objects.filter(pk=key).update(
            refunded=amount + payments.values_list("refunded", flat=True).get(pk=key)
        )
    Invoice.objects.filter(pk=credit).update(applied=total - left)
