"""Importing files of orders: read as a stream, in batches, with a report that adds up to the file."""

import csv
import gzip
import io
import lzma
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import IO, Any

from inventory.models import SKU
from oms.core.errors import DomainError
from oms.core.locking import atomic
from orders import lifecycle, order_entry
from orders.channels import historical_import
from orders.channels.historical_documents import PastDocument, PastLine
from orders.channels.models import HistoryRecord
from orders.channels.online_retail.mapping import COLUMNS, BadRow, Kind, Row, read_row
from orders.models import Channel, Customer, OrderCharge
from orders.order_entry import Charge, Entry, Line

BATCH = 500
CHARGES = {
    Kind.CARRIAGE: "freight",
    Kind.FEE: "fee",
    Kind.DISCOUNT: "allowance",
    Kind.VOUCHER: "fee",
}


@dataclass
class Report:
    """Rows and money by what became of them, at the source's precision, and the cents that rounding moved."""

    rows: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    money: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    rounding: Decimal = Decimal(0)
    added: int = 0
    bad: list[BadRow] = field(default_factory=list)

    def count(self, fate: str, row: Row) -> None:
        self.rows[fate] += 1
        self.money[fate] += row.amount

    @property
    def total(self) -> tuple[int, Decimal]:
        return sum(self.rows.values()) + len(self.bad), sum(self.money.values(), Decimal(0))


@dataclass(frozen=True)
class Selection:
    """Which invoices to take: their days, and how many."""

    since: date | None = None
    until: date | None = None
    limit: int | None = None

    def takes(self, row: Row) -> bool:
        day = row.at.date()
        return (self.since is None or day >= self.since) and (
            self.until is None or day <= self.until
        )


def open_file(path: Path) -> IO[str]:
    """A .csv, .csv.gz or .csv.xz file as text; bytes that are no UTF-8 are marked, not refused."""
    openers: dict[str, Any] = {".gz": gzip.open, ".xz": lzma.open}
    binary = openers.get(path.suffix, open)(path, "rb")
    return io.TextIOWrapper(binary, encoding="utf-8-sig", errors="replace", newline="")


def read(path: Path) -> Iterator[Row | BadRow]:
    """The rows of a file, checked. Raises ValueError where the columns are not those of the format."""
    with open_file(path) as file:
        reader = csv.reader(file)
        header = next(reader, [])
        missing = [name for name in COLUMNS if name not in header]
        if missing:
            raise ValueError(
                f"The columns {', '.join(missing)} are missing; the first line has: {', '.join(header)}."
            )
        order = [header.index(name) for name in COLUMNS]
        for number, cells in enumerate(reader, 2):
            whole = len(cells) == len(header)
            yield read_row(number, [cells[index] for index in order] if whole else cells)


def invoices(
    rows: Iterator[Row | BadRow], selection: Selection, report: Report, tick: Callable[[], object]
) -> Iterator[dict[str, list[Row]]]:
    """Batches of invoices with their rows; what is left out or bad is reported."""
    batch: dict[str, list[Row]] = {}
    done: set[str] = set()
    for row in rows:
        tick()
        if isinstance(row, BadRow):
            report.bad.append(row)
            continue
        if row.invoice not in batch and (
            row.invoice in done or not _has_room(row, selection, done, batch)
        ):
            report.count(
                "left out"
                if row.invoice not in done
                else "came back after its invoice was written",
                row,
            )
            continue
        if row.invoice not in batch and len(batch) >= BATCH:
            done |= batch.keys()
            yield batch
            batch = {}
        batch.setdefault(row.invoice, []).append(row)
    yield batch


def _has_room(row: Row, selection: Selection, done: set[str], batch: dict[str, list[Row]]) -> bool:
    full = selection.limit is not None and len(done) + len(batch) >= selection.limit
    return selection.takes(row) and not full


def import_history(channel: Channel, batch: dict[str, list[Row]], report: Report) -> None:
    """Write a batch as history."""
    orders: list[PastDocument] = []
    credits: list[PastDocument] = []
    records: list[HistoryRecord] = []
    for name, rows in batch.items():
        kept = [row for row in rows if row.kind in (Kind.STOCK_ADJUSTMENT, Kind.BAD_DEBT)]
        records += [_record(channel, position, row) for position, row in enumerate(kept, 1)]
        lines = [row for row in rows if row not in kept]
        if lines:
            (credits if rows[0].is_credit else orders).append(_document(name, lines))
    written = historical_import.write_batch(channel, orders, credits, records)
    report.added += written.orders + written.credits + written.records
    for name, rows in batch.items():
        for row in rows:
            _count_history(report, row, name in written.known, written.matched)


def _document(name: str, rows: list[Row]) -> PastDocument:
    first = rows[0]
    sign = -1 if first.is_credit else 1
    lines = [
        PastLine(
            row.number,
            row.code,
            row.text,
            sign * row.quantity,
            row.unit_price,
            CHARGES.get(row.kind, ""),
        )
        for row in rows
    ]
    return PastDocument(
        name,
        first.customer or f"GUEST-{first.country or 'UNKNOWN'}",
        first.country,
        first.at,
        lines,
    )


def _record(channel: Channel, position: int, row: Row) -> HistoryRecord:
    kind = (
        HistoryRecord.Kind.BAD_DEBT
        if row.kind == Kind.BAD_DEBT
        else HistoryRecord.Kind.STOCK_ADJUSTMENT
    )
    return HistoryRecord(
        channel=channel,
        external_id=row.invoice,
        row=position,
        kind=kind,
        code=row.code,
        text=row.text,
        quantity=row.quantity,
        unit_price=row.unit_price,
        at=row.at,
    )


def _count_history(report: Report, row: Row, known: bool, matched: dict[int, int]) -> None:
    if known:
        report.count("already there", row)
        return
    report.rounding += round(row.amount, 2) - row.amount
    if not row.is_credit or row.kind != Kind.GOODS:
        name = f"{row.kind} credited" if row.is_credit else row.kind.value
        report.count(
            f"{name}, free of charge" if not row.unit_price and row.kind == Kind.GOODS else name,
            row,
        )
        return
    units = matched.get(row.number, 0)
    fate = "matched to earlier lines" if units == -row.quantity else "credited on their own"
    report.count(f"returns {'partly ' if 0 < units < -row.quantity else ''}{fate}", row)


def import_open(channel: Channel, batch: dict[str, list[Row]], report: Report) -> None:
    """Take a batch in as new orders, confirmed against today's stock."""
    known = set(channel.orders.filter(external_id__in=batch).values_list("external_id", flat=True))
    for name, rows in batch.items():
        fate = "already there" if name in known else _take_in(channel, name, rows)
        report.added += fate.startswith("orders")
        for row in rows:
            usable = row.kind not in (Kind.STOCK_ADJUSTMENT, Kind.BAD_DEBT) and not row.is_credit
            report.count(fate if usable else "no new order: credits and adjustments", row)


def _take_in(channel: Channel, name: str, rows: list[Row]) -> str:
    goods = [row for row in rows if row.kind == Kind.GOODS and row.quantity > 0]
    if not goods:
        return "no new order: no goods"
    skus = {sku.code: sku for sku in SKU.objects.filter(code__in={row.code for row in goods})}
    missing = [row.code for row in goods if row.code not in skus]
    if missing:
        return "no new order: unknown SKUs"
    try:
        with atomic():
            order = order_entry.enter(_entry(channel, name, rows, skus))
    except DomainError as refused:
        return f"refused: {refused.code}"
    try:
        lifecycle.confirm(order)
    except DomainError as refused:
        return f"orders placed, not confirmed: {refused.code}"
    return "orders confirmed"


def _entry(channel: Channel, name: str, rows: list[Row], skus: dict[str, SKU]) -> Entry:
    first = rows[0]
    code = first.customer or f"GUEST-{first.country or 'UNKNOWN'}"
    customer, _ = Customer.objects.get_or_create(
        code=code, defaults={"name": f"Customer {code}", "currency": channel.company.currency}
    )
    address = {"name": customer.name, "country": first.country}
    charges = [
        Charge(CHARGES[row.kind], row.text or row.code, round(row.amount, 2))
        for row in rows
        if row.kind in CHARGES and CHARGES[row.kind] in OrderCharge.Kind.values
    ]
    lines = [
        Line(skus[row.code], row.quantity, row.unit_price, description=row.text)
        for row in rows
        if row.kind == Kind.GOODS and row.quantity > 0
    ]
    return Entry(
        channel, customer, lines, charges, ship_to=address, bill_to=address, external_id=name
    )
