"""Documents of the past, and the rows of their invoices and credit notes as an import writes them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from oms.core.money import round_amount
from orders.models import Channel


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
class Context:
    """What a batch is written with: its channel, and the keys of SKUs and customers by their codes."""

    channel: Channel
    skus: dict[str, int]
    customers: dict[str, int]

    @property
    def currency(self) -> str:
        return self.channel.company.currency


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


def invoice_number(external_id: str) -> str:
    """The number of an imported invoice or credit note; never one of ours."""
    return f"H-{external_id}"


def invoice_row(
    context: Context,
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


def invoice_line_row(
    context: Context,
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
