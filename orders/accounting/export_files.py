"""The file of an export: a spreadsheet, CSV, or an archive for an accounting program."""

import zipfile
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from itertools import groupby
from pathlib import Path
from typing import Any

from django.db import connection

from oms.core.models import Company
from oms.files import spreadsheets
from orders.accounting import export_profiles, export_totals
from orders.accounting.connectors.exports import BilledLine
from orders.accounting.connectors.exports.quickbooks_online import mapping as quickbooks
from orders.accounting.export_layout import COUNT, CURRENCY, KIND, TAX_CATEGORY, Layout
from orders.accounting.export_profiles import LAYOUTS, LINES
from orders.accounting.export_totals import Row, Sums
from orders.accounting.models import ExportRun, Invoice
from orders.accounting.models.export import Profile
from orders.models import TaxRate

CHUNK = 2000


def write_file(run: ExportRun, folder: Path, tick: Callable[[int], None]) -> tuple[Path, Sums]:
    """Write a run's rows to a file in a folder, and add them up."""
    layout = LAYOUTS[run.profile]
    path, sums = folder / f"{run.number}.{run.file_format}", Sums(layout)
    rows = _counted(_rows(run, layout), sums, tick)
    if run.profile == Profile.QUICKBOOKS:
        listed = _write_quickbooks(run, path, rows)  # `rows` is counted while it is written
        sums.rows += listed
    elif run.file_format == "csv":
        _write_csv(path, layout, _with_names(layout, rows))
    else:
        spreadsheets.write_table(
            str(path),
            str(Profile(run.profile).label),
            layout.headings,
            _with_names(layout, rows),
            _totals(layout, sums),
        )
    return path, sums


def _rows(run: ExportRun, layout: Layout) -> Iterator[Row]:
    with connection.chunked_cursor() as cursor:
        cursor.execute(layout.rows, export_profiles.parameters(run))
        while rows := cursor.fetchmany(CHUNK):
            yield from rows


def _with_names(layout: Layout, rows: Iterable[Row]) -> Iterator[Row]:
    """Rows whose codes have their names: "S (standard rate)", "credit note"."""
    names: dict[str, dict[str, Any]] = {
        TAX_CATEGORY: {code: f"{code} ({label})" for code, label in TaxRate.Category.choices},
        KIND: dict(Invoice.Kind.choices),
    }
    coded = {
        layout.at[column.name]: names[column.kind]
        for column in layout.columns
        if column.kind in names
    }
    for row in rows:
        yield [
            coded[index].get(cell, cell) if index in coded else cell
            for index, cell in enumerate(row)
        ]


def _counted(rows: Iterable[Row], sums: Sums, tick: Callable[[int], None]) -> Iterator[Row]:
    for row in rows:
        sums.add(row)
        if sums.rows % (5 * CHUNK) == 0:
            tick(sum(sums.documents.values()) or sums.rows)
        yield row


def _totals(layout: Layout, sums: Sums) -> tuple[list[tuple[str, str]], Iterator[Row]]:
    """The columns and rows of the totals, one for each currency; they are complete once all rows were read."""
    headings = dict(zip(layout.at, layout.headings, strict=True))
    return [headings[name] for name in (CURRENCY, *layout.sums)], _total_rows(layout, sums)


def _total_rows(layout: Layout, sums: Sums) -> Iterator[Row]:
    for currency, amounts in sorted(sums.amounts.items()):
        yield [currency, *(amounts[name] / 1000 for name in layout.sums)]


def _write_csv(path: Path, layout: Layout, rows: Iterable[Row]) -> None:
    with path.open("wb") as file:
        writer = spreadsheets.CSVWriter(file, [column.heading for column in layout.columns])
        for row in rows:
            writer.row(_plain(layout, row))
        writer.close()


def _plain(layout: Layout, row: Row) -> list[Any]:
    """A row with counts in whole units, and other numbers without an exponent or a needless fraction."""
    return [
        _number(cell, column.kind) if isinstance(cell, float | Decimal) else cell
        for cell, column in zip(row, layout.columns, strict=True)
    ]


def _number(cell: float | Decimal, kind: str) -> int | Decimal:
    exact = Decimal(str(cell))
    return int(exact) if kind == COUNT else Decimal(export_totals.as_text(exact))


def _write_quickbooks(run: ExportRun, path: Path, rows: Iterable[Row]) -> int:
    """CSV files for each import of QuickBooks, as many as its limits ask for, and a list of payments, in an archive.

    Returns how many payments the list has.
    """
    codes = tax_codes(run.company)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for is_credit, billed in groupby(map(_billed, rows), key=lambda line: line.is_credit):
            name, columns = (
                ("credit-notes", quickbooks.CREDIT_COLUMNS)
                if is_credit
                else ("invoices", quickbooks.COLUMNS)
            )
            for number, own in enumerate(quickbooks.files(billed, codes), 1):
                archive.writestr(
                    f"{name}-{number:03d}.csv", b"".join(spreadsheets.csv_lines([columns, *own]))
                )
        layout = LAYOUTS[Profile.PAYMENTS]
        payments = [_plain(layout, row) for row in _rows(run, layout)]
        if payments:
            heading = [column.heading for column in layout.columns]
            archive.writestr(
                "payments-to-enter-by-hand.csv",
                b"".join(spreadsheets.csv_lines([heading, *payments])),
            )
    return len(payments)


def tax_codes(company: Company) -> quickbooks.TaxCodes:
    """The names of the accounting program's tax codes: those of the company's country, and its own before them."""
    own = {
        (row.registration, row.category, row.percent.normalize()): row.code
        for row in company.tax_codes.all()
    }
    return {**quickbooks.TAX_CODES.get(company.country, {}), **own}


def _billed(row: Row) -> BilledLine:
    """A row of the layout LINES as the layouts of accounting programs take it."""
    of = {name: row[place] for name, place in LINES.at.items()}

    def exact(name: str) -> Decimal:
        return Decimal(export_totals.as_text(Decimal(repr(of[name]))))

    return BilledLine(
        number=of["number"],
        customer=of["name"],
        issued_on=of["issued_on"],
        supplied_on=of["supplied_on"],
        due_on=of["due_on"],
        reference=of["order_number"],
        code=of["sku"],
        description=of["description"],
        quantity=int(of["quantity"]),
        net=exact("net"),
        tax=exact("tax"),
        tax_percent=exact("tax_percent"),
        tax_category=of["tax_category"],
        currency=of["currency"],
        is_credit=of["kind"] == Invoice.Kind.CREDIT,
        registration=of["company_vat_number"],  # its key, in this profile
    )
