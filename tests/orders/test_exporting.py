"""The accountant's exports: equal to the ledger, each document sent once, taken back, and read again."""

import csv
import io
import zipfile
from collections import Counter
from datetime import date, datetime, timedelta
from decimal import Decimal as D

import pytest
from openpyxl import load_workbook

from oms.background import jobs
from oms.core import stored_files
from oms.core.errors import Refused, WrongState
from oms.core.models import ExchangeRate, StoredDocument
from oms.files import spreadsheets
from orders.accounting import crediting, export_runs, payments, write_offs
from orders.accounting.connectors.exports import BilledLine
from orders.accounting.connectors.exports.quickbooks_online import mapping as quickbooks
from orders.accounting.export_profiles import LAYOUTS
from orders.accounting.models import Invoice, InvoiceLine
from orders.accounting.models.export import Profile
from orders.models import Customer
from orders.order_entry import Charge
from tests import builders as make

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("verified")]


@pytest.fixture
def business(drain):
    """Two customers, two currencies, two rates, a credit note, payments, a refund and a write-off."""
    company = make.company()
    ExchangeRate.objects.create(
        company=company, currency="EUR", day=date(2020, 1, 1), rate=D("1.25")
    )
    make.sku("TEE-M", stock={"LON": 90})
    make.sku("BOOK", stock={"LON": 90}, tax_class="reduced")
    make.customer("C-EUR", currency="EUR", name="=HYPERLINK(1)")
    first = make.shipped(
        ("TEE-M", 3), ("BOOK", 2), charges=[Charge("freight", "Freight", D("5.00"))]
    )
    make.shipped(("BOOK", 7, "3.333"), customer_code="C-EUR")
    document = first.invoices.get()
    payments.apply(make.transfer(str(document.gross - D("0.03"))), document)
    write_offs.write_off(make.fresh(document), "difference")
    make.settled(first, good=1)
    return company


def export(company, profile, **options):
    run = export_runs.prepare(company, profile, by=make.user("ann", "accountant"), **options)
    jobs.work(run.job_id)
    run = make.fresh(run)
    assert run.job.error == ""
    return run


def content(run):
    return stored_files.read(
        StoredDocument.objects.get(subject_type="export", subject_number=run.number)
    )


def table(run):
    """The rows of a run's file without the heading, and those of its totals, which a CSV file lacks."""
    if run.file_format == "csv":
        return list(csv.reader(io.StringIO(content(run).decode("utf-8-sig"))))[1:], []
    book = load_workbook(io.BytesIO(content(run)))
    lines, totals = book.worksheets
    assert (lines.title, totals.title) == (
        spreadsheets.sheet_name(str(Profile(run.profile).label)),
        "Totals",
    )
    assert lines.auto_filter.ref.endswith(str(lines.max_row)) and lines.max_row == run.rows + 1
    assert not any(
        "." in cell.number_format and cell.number_format.endswith((".#", ".###", ".####"))
        for row in lines.iter_rows(max_row=2)
        for cell in row
    )
    return [
        [list(row) for row in sheet.iter_rows(values_only=True, min_row=2)]
        for sheet in (lines, totals)
    ]


OWN_TESTS = ("quickbooks", "supplier_invoices")


@pytest.mark.parametrize("kind", ["xlsx", "csv"])
def test_each_file_reads_again_and_adds_up_to_its_totals(business, kind):
    profiles = [name for name in Profile.values if name not in OWN_TESTS]
    for profile in profiles:
        assert_adds_up(export(business, profile, file_format=kind), LAYOUTS[profile], kind)


def assert_adds_up(run, layout, kind):
    rows, totals = table(run)

    assert len(rows) == run.rows > 0
    told = {total[0]: dict(zip(layout.sums, total[1:], strict=True)) for total in totals}
    assert told.keys() == (run.totals.keys() if kind == "xlsx" else set())
    for currency, amounts in run.totals.items():
        own = [row for row in rows if row[layout.at["currency"]] == currency]
        for name in layout.sums:
            summed = sum(D(str(row[layout.at[name]] or 0)) for row in own)
            assert summed == D(amounts[name]) == D(str(told.get(currency, amounts)[name])), (
                run.profile,
                currency,
                name,
            )


def test_control_totals_are_the_ledger_s(business):
    run = export(business, "invoice_taxes")

    invoices = Invoice.objects.filter(is_imported=False)
    for currency in ("GBP", "EUR"):
        own = [document for document in invoices if document.currency == currency]
        assert run.totals[currency]["documents"] == len(own)
        assert D(run.totals[currency]["gross"]) == sum(
            document.sign * document.gross for document in own
        )
        lines = InvoiceLine.objects.filter(invoice__in=own).select_related("invoice")
        taxes = Counter()
        for line in lines:
            taxes[f"{line.tax_percent:g}".rstrip("0").rstrip(".")] += line.invoice.sign * line.tax
        assert {rate: D(tax) for rate, tax in run.totals[currency]["taxes"].items()} == dict(taxes)


def test_file_that_does_not_equal_the_ledger_is_refused(business):
    """As a fault in the data would make it: a head that is not the sum of its lines."""
    document = Invoice.objects.first()
    Invoice.objects.filter(pk=document.pk).update(net=document.net + 1, gross=document.gross + 1)

    run = export_runs.prepare(business, "invoice_lines")
    jobs.work(run.job_id)

    assert "failed: its rows total" in make.fresh(run).job.error
    assert make.fresh(run).totals == {}
    with pytest.raises(Refused, match="isn't ready yet"):
        export_runs.send(make.fresh(run))
    Invoice.objects.filter(pk=document.pk).update(net=document.net, gross=document.gross)


def test_second_run_of_new_documents_is_empty_until_the_first_is_taken_back(business):
    first = export_runs.send(export(business, "invoice_lines", only_new=True))

    second = export(business, "invoice_lines", only_new=True)
    export_runs.undo(first)
    third = export(business, "invoice_lines", only_new=True)

    assert (first.rows > 0, second.rows, third.rows) == (True, 0, first.rows)
    assert content(third) and third.totals == first.totals


def test_a_document_is_in_one_sent_run_of_a_profile(business):
    first, second = export(business, "payments"), export(business, "payments")
    export_runs.send(first)

    with pytest.raises(Refused, match="already sent in another"):
        export_runs.send(second)
    assert export_runs.send(export(business, "invoice_lines")).status == "sent"


def test_a_run_is_sent_once_and_not_after_it_was_taken_back(business):
    run = export_runs.undo(export(business, "payments"))

    with pytest.raises(WrongState):
        export_runs.send(run)


def test_only_the_period_is_exported(business):
    today = business.today()

    assert export(business, "invoice_lines", until=today - timedelta(days=1)).rows == 0
    assert export(business, "sales_by_customer", since=today, until=today).rows == 2


@pytest.mark.parametrize(
    "options, told",
    [
        (
            {"profile": "invoice_lines", "since": date(2027, 2, 1), "until": date(2027, 1, 1)},
            "must be after the start date",
        ),
        ({"profile": "stock_value", "only_new": True}, "can't be limited to new documents"),
    ],
)
def test_what_makes_no_sense_is_refused(options, told):
    with pytest.raises(Refused, match=told):
        export_runs.prepare(make.company(), **options)


def test_cells_have_their_types_and_formulas_are_text(business):
    sheet = load_workbook(io.BytesIO(content(export(business, "invoice_lines")))).active

    heading = {cell.value: index for index, cell in enumerate(sheet[1])}
    row = next(row for row in sheet.iter_rows(min_row=2) if row[heading["Currency"]].value == "EUR")
    assert sheet.freeze_panes == "A2" and sheet["A1"].font.b
    assert isinstance(row[heading["Date"]].value, datetime)
    assert isinstance(row[heading["Net"]].value, float)
    assert row[heading["Name"]].data_type == "s" and row[heading["Name"]].value.startswith("'=")


def test_what_changed_since_it_was_sent_is_told(business):
    export_runs.send(export(business, "invoice_lines", only_new=True))
    document = Invoice.objects.filter(kind="invoice", currency="EUR").get()
    note = crediting.credit(document, [crediting.Credited(document.lines.get(), 1)], reference="c")

    run = export(business, "invoice_lines", only_new=True)

    assert (
        f"{note.number} credits {document.number}, which was in an earlier export." in run.findings
    )
    assert D(run.totals["EUR"]["gross"]) == -note.gross


def test_what_is_shipped_and_not_billed_is_told(business):
    Customer.objects.update(billing="month")
    make.shipped(("TEE-M", 1))

    assert any("haven't been invoiced" in text for text in export(business, "payments").findings)


def read(archive, name):
    return list(csv.DictReader(io.StringIO(archive.read(name).decode("utf-8-sig"))))


def test_quickbooks_reads_invoices_in_its_layout(business):
    run = export(business, "quickbooks")

    with zipfile.ZipFile(io.BytesIO(content(run))) as archive:
        rows = read(archive, "invoices-001.csv")
        credits = read(archive, "credit-notes-001.csv")
        payments = read(archive, "payments-to-enter-by-hand.csv")
    assert (tuple(rows[0]), tuple(credits[0])) == (quickbooks.COLUMNS, quickbooks.CREDIT_COLUMNS)
    billed, credited = (
        sum(
            D(row["*ItemAmount"]) + D(row["ItemTaxAmount"])
            for row in each
            if row["Currency"] == "GBP"
        )
        for each in (rows, credits)
    )
    assert credited > 0
    assert billed - credited == D(run.totals["GBP"]["gross"])
    assert {row["*ItemTaxCode"] for row in [*rows, *credits]} == {"20.0% S", "5.0% R"}
    assert {row["Kind"] for row in payments} >= {"payment", "refund"}
    assert any("imports no payments" in text for text in run.findings)


def line(number, **fields):
    return BilledLine(
        **{
            "number": number,
            "customer": "C",
            "issued_on": date(2027, 1, 1),
            "due_on": date(2027, 1, 31),
            "supplied_on": None,
            "reference": "",
            "code": "A",
            "description": "",
            "quantity": 1,
            "net": D(1),
            "tax": D(0),
            "tax_percent": D(0),
            "tax_category": "Z",
            "currency": "GBP",
            **fields,
        }
    )


@pytest.mark.parametrize(
    "sizes, files", [([1] * 250, [100, 100, 50]), ([600, 600, 3], [600, 603]), ([1200], [1200])]
)
def test_quickbooks_files_keep_to_the_import_s_limits(sizes, files):
    lines = [line(f"INV-{number}") for number, size in enumerate(sizes) for _ in range(size)]

    assert [len(rows) for rows in quickbooks.files(lines)] == files


@pytest.mark.parametrize(
    "legal, written",
    [
        ("INV-ACME-2026-00001", "INV-ACME-2026-00001"),
        ("INV-ACME-EUROPE-2026-00001", "INV-2026-00001"),
        ("INV-ACME-EUROPE-2026-00002", "INV-2026-00002"),
    ],
)
def test_quickbooks_gets_numbers_that_it_takes_and_each_once(legal, written):
    assert quickbooks.number(legal) == written


def test_a_house_without_stock_has_an_empty_valuation():
    make.sku("TEE-M", stock={"LON": 2})
    make.shipped(("TEE-M", 2))

    assert export(make.company(), "stock_value").rows == 0
