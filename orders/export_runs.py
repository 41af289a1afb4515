"""The accountant's export: a run is prepared, looked at with its control totals, sent, and can be taken back."""

import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from itertools import groupby
from pathlib import Path
from typing import Any

from django.core.files import File
from django.db import IntegrityError, connection, transaction
from django.db.models import F
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from oms.background import jobs
from oms.core import money, states, stored_files
from oms.core.errors import Refused
from oms.core.locking import atomic, whole
from oms.core.models import Company, Job, StoredDocument, User
from oms.core.wording import spoken
from oms.files import spreadsheets
from orders.connectors.accounting import BilledLine
from orders.connectors.accounting.quickbooks_online import mapping as quickbooks
from orders.export_profiles import LAYOUTS, LINES, TAX_CATEGORY, Layout
from orders.models import ExportedDocument, ExportRun, Invoice, InvoiceLine, OrderLine, TaxRate
from orders.models.export import Profile

SNAPSHOTS = (Profile.RECEIVABLES, Profile.STOCK_VALUE)  # of a day, not of a period
S = ExportRun.Status
KIND = "accounting"
CHUNK = 2000
Row = Sequence[Any]


@dataclass
class Sums:
    """What rows add up to, by currency, in thousandths so that floating point loses nothing."""

    layout: Layout
    documents: dict[str, int] = field(default_factory=dict)
    amounts: dict[str, dict[str, int]] = field(default_factory=dict)
    taxes: dict[str, dict[str, int]] = field(default_factory=dict)
    rows: int = 0
    _last: Any = None

    def add(self, row: Row) -> None:
        layout, currency = self.layout, row[self.layout.currency]
        self.rows += 1
        totals = self.amounts.setdefault(currency, dict.fromkeys(layout.sums, 0))
        for name, index in layout.sums.items():
            totals[name] += round(row[index] * 1000)
        if layout.document is not None and row[layout.document] != self._last:
            self._last = row[layout.document]
            self.documents[currency] = self.documents.get(currency, 0) + 1
        if layout.rate is not None:
            rates, rate = self.taxes.setdefault(currency, {}), f"{row[layout.rate]:g}"
            rates[rate] = rates.get(rate, 0) + round(row[layout.sums["tax"]] * 1000)

    def as_totals(self) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = {}
        for currency, amounts in sorted(self.amounts.items()):
            found[currency] = {name: _exact(value) for name, value in amounts.items()}
            if self.layout.document is not None:
                found[currency]["documents"] = self.documents.get(currency, 0)
            if self.layout.rate is not None:
                rates = sorted(self.taxes[currency].items(), key=lambda each: float(each[0]))
                found[currency]["taxes"] = {rate: _exact(value) for rate, value in rates}
        return found


def _exact(thousandths: int) -> str:
    return _text(Decimal(thousandths) / 1000)


def _text(amount: Decimal) -> str:
    """An amount without zeros beyond its second place."""
    return f"{amount:.2f}" if amount == round(amount, 2) else f"{amount.normalize():f}"


@whole
def prepare(
    company: Company,
    profile: str,
    *,
    since: date | None = None,
    until: date | None = None,
    only_new: bool = False,
    file_format: str = "xlsx",
    by: User | None = None,
) -> ExportRun:
    """Begin a run: a worker writes its file and its control totals, which must equal the ledger's."""
    layout = LAYOUTS[profile]
    if since and until and since > until:
        raise Refused(_("The end date must be after the start date."), field="until")
    if only_new and not layout.documents:
        raise Refused(
            _("“%(profile)s” can't be limited to new documents. Choose dates.")
            % {"profile": Profile(profile).label},
            field="only_new",
        )
    if profile in SNAPSHOTS:
        since, until = None, until or company.today()
    with atomic():
        run = states.create(
            ExportRun(
                company=company,
                profile=profile,
                since=since,
                until=until,
                only_new=only_new,
                file_format=_format(profile, file_format),
                by=by,
            ),
            by=by,
        )
        run.job = jobs.submit(KIND, f"{run.number}: {Profile(profile).label}", 0, by=by, run=run.pk)
        run.save(update_fields=["job"])
    return run


def _format(profile: str, wanted: str) -> str:
    return "zip" if profile == Profile.QUICKBOOKS else wanted


@jobs.runs(KIND)
def write(job: Job) -> StoredDocument | None:
    """Write a run's file, as the database is at one moment. Raises Refused where its sums are not the ledger's."""
    run = ExportRun.objects.select_related("company").get(pk=job.details["run"])
    if run.status != S.PREPARED or _stored(run):
        jobs.finish(job)
        return _stored(run)
    with tempfile.TemporaryDirectory() as folder, _one_moment():
        _take_documents(run)
        with jobs.ticking(job, run.documents.count()) as tick:
            path, sums = _write_file(run, Path(folder), tick)
        _require_equal(sums.as_totals(), ledger(run), run)
        run.rows, run.totals, run.findings = sums.rows, sums.as_totals(), findings(run)
        run.save(update_fields=["rows", "totals", "findings"])
        with path.open("rb") as file:
            stored = stored_files.keep(
                run.profile,
                subject_type=run.subject_type,
                subject_number=run.number,
                content=File(file),
                suffix=run.file_format,
            )
    Job.objects.filter(pk=job.pk).update(done=run.rows, total=run.rows)
    jobs.finish(job)
    return stored


@contextmanager
def _one_moment() -> Iterator[None]:
    """A transaction that sees the database as it is now, however long it takes."""
    is_outermost = not connection.in_atomic_block
    with transaction.atomic(), connection.cursor() as cursor:
        if is_outermost:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        cursor.execute("SET LOCAL statement_timeout = 0")
        yield


def _stored(run: ExportRun) -> StoredDocument | None:
    return StoredDocument.objects.filter(
        subject_type=run.subject_type, subject_number=run.number
    ).first()


def _parameters(run: ExportRun) -> dict[str, Any]:
    return {
        "company": run.company_id,
        "places": money.minor_units(run.company.currency),
        "run": run.pk,
        "since": run.since,
        "until": run.until,
        "profile": run.profile,
        "only_new": run.only_new,
    }


def _take_documents(run: ExportRun) -> None:
    """Note which documents the run holds; of a run of new ones, those in no sent run of its profile."""
    with connection.cursor() as cursor:
        for kind, keys in LAYOUTS[run.profile].documents:
            cursor.execute(
                f"""
                INSERT INTO orders_exporteddocument (run_id, profile, kind, key, is_sent)
                SELECT %(run)s, %(profile)s::text, '{kind}', k.id, false FROM ({keys}) k
                WHERE NOT %(only_new)s::boolean OR NOT EXISTS (
                    SELECT 1 FROM orders_exporteddocument e
                    WHERE e.is_sent AND e.profile = %(profile)s::text AND e.kind = '{kind}' AND e.key = k.id)
                """,
                _parameters(run),
            )  # the parts are constants of `exports`


def _write_file(run: ExportRun, folder: Path, tick: Callable[[int], None]) -> tuple[Path, Sums]:
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
            layout.columns,
            _with_names(layout, rows),
            _totals(layout, sums),
        )
    return path, sums


def _rows(run: ExportRun, layout: Layout) -> Iterator[Row]:
    with connection.chunked_cursor() as cursor:
        cursor.execute(layout.rows, _parameters(run))
        while rows := cursor.fetchmany(CHUNK):
            yield from rows


def _with_names(layout: Layout, rows: Iterable[Row]) -> Iterator[Row]:
    """Rows whose tax categories have their names: "S (standard rate)"."""
    coded = [index for index, (_heading, kind) in enumerate(layout.columns) if kind == TAX_CATEGORY]
    names = {code: f"{code} ({label})" for code, label in TaxRate.Category.choices}
    for row in rows:
        yield (
            [names.get(cell, cell) if index in coded else cell for index, cell in enumerate(row)]
            if coded
            else row
        )


def _counted(rows: Iterable[Row], sums: Sums, tick: Callable[[int], None]) -> Iterator[Row]:
    for row in rows:
        sums.add(row)
        if sums.rows % (5 * CHUNK) == 0:
            tick(sum(sums.documents.values()) or sums.rows)
        yield row


def _totals(layout: Layout, sums: Sums) -> tuple[list[tuple[str, str]], Iterator[Row]]:
    """The columns and rows of the totals, one for each currency; they are complete once all rows were read."""
    columns = [
        layout.columns[layout.currency],
        *(layout.columns[index] for index in layout.sums.values()),
    ]
    return columns, _total_rows(layout, sums)


def _total_rows(layout: Layout, sums: Sums) -> Iterator[Row]:
    for currency, amounts in sorted(sums.amounts.items()):
        yield [currency, *(amounts[name] / 1000 for name in layout.sums)]


def _write_csv(path: Path, layout: Layout, rows: Iterable[Row]) -> None:
    with path.open("wb") as file:
        writer = spreadsheets.CSVWriter(file, [heading for heading, _kind in layout.columns])
        for row in rows:
            writer.row([_plain(cell) for cell in row])
        writer.close()


def _plain(cell: Any) -> Any:
    """A number without an exponent or a needless fraction."""
    return Decimal(_text(Decimal(repr(cell)))) if isinstance(cell, float) else cell


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
        payments = [[_plain(cell) for cell in row] for row in _rows(run, layout)]
        if payments:
            heading = [heading for heading, _kind in layout.columns]
            archive.writestr(
                "payments-to-enter-by-hand.csv",
                b"".join(spreadsheets.csv_lines([heading, *payments])),
            )
    return len(payments)


def tax_codes(company: Company) -> dict[tuple[str, Decimal], str]:
    """The names of the accounting program's tax codes: those of the company's country, and its own before them."""
    own = {(row.category, row.percent.normalize()): row.code for row in company.tax_codes.all()}
    return {**quickbooks.TAX_CODES.get(company.country, {}), **own}


def _billed(row: Row) -> BilledLine:
    """A row of the layout LINES as the layouts of accounting programs take it."""
    names = {heading: index for index, (heading, _kind) in enumerate(LINES.columns)}

    def exact(heading: str) -> Decimal:
        return Decimal(repr(row[names[heading]]))

    return BilledLine(
        number=row[0],
        customer=row[6],
        issued_on=row[2],
        supplied_on=row[3],
        due_on=row[4],
        reference=row[9],
        code=row[11],
        description=row[12],
        quantity=int(row[13]),
        net=exact("Net"),
        tax=exact("Tax"),
        tax_percent=exact("Tax %"),
        tax_category=row[16],
        currency=row[21],
        is_credit=row[1] == Invoice.Kind.CREDIT,
    )


def ledger(run: ExportRun) -> dict[str, dict[str, Any]]:
    """The control totals of a run by the heads of its documents, or by the books that a snapshot is of."""
    layout = LAYOUTS[run.profile]
    found: dict[str, dict[str, Any]] = {}
    with connection.cursor() as cursor:
        cursor.execute(layout.ledger, _parameters(run))
        for currency, count, *amounts in cursor.fetchall():
            known = dict(zip(("net", "tax", "gross", "amount"), amounts, strict=True))
            if not count and not any(amounts):
                continue  # books that came to nothing have no rows
            found[currency] = {name: _text(known[name]) for name in layout.sums}
            if layout.document is not None:
                found[currency]["documents"] = count
        if layout.ledger_taxes:
            cursor.execute(layout.ledger_taxes, _parameters(run))
            for currency, rate, tax in cursor.fetchall():
                found[currency].setdefault("taxes", {})[f"{float(rate):g}"] = _text(tax)
    return found


def _require_equal(written: dict[str, Any], booked: dict[str, Any], run: ExportRun) -> None:
    if written != booked:
        differing = [
            name for name in sorted({*written, *booked}) if written.get(name) != booked.get(name)
        ]
        raise Refused(
            _(
                "Export %(number)s failed: its rows total %(written)s, but the ledger shows %(booked)s "
                "(%(currencies)s). Ask a manager to run the data checks."
            )
            % {
                "number": run.number,
                "written": written,
                "booked": booked,
                "currencies": ", ".join(differing),
            },
            code="totals_differ",
        )


def findings(run: ExportRun) -> list[str]:
    """What the accountant should know with the file: gaps, what is not posted, what was credited since."""
    found = [
        _("%(series)s %(year)s: number %(number)s is missing.")
        % {"series": series, "year": year, "number": number}
        for series, year, number in _gaps(run.company)
    ]
    drafts = Invoice.objects.filter(company=run.company, status=Invoice.Status.DRAFT).count()
    waiting = (
        OrderLine.objects.filter(order__company=run.company, shipped__gt=F("invoiced"))
        .values("order")
        .distinct()
        .count()
    )
    if drafts:
        found.append(
            ngettext(
                "%(count)s draft invoice hasn't been issued.",
                "%(count)s draft invoices haven't been issued.",
                drafts,
            )
            % {"count": drafts}
        )
    if waiting:
        found.append(
            ngettext(
                "%(count)s order has shipped items that haven't been invoiced.",
                "%(count)s orders have shipped items that haven't been invoiced.",
                waiting,
            )
            % {"count": waiting}
        )
    return (
        found + (_of_quickbooks(run) if run.profile == Profile.QUICKBOOKS else []) + _credited(run)
    )


def _of_quickbooks(run: ExportRun) -> list[str]:
    """What its imports don't take, and tax codes that nobody has named."""
    found, codes = [], tax_codes(run.company)
    if run.documents.exclude(kind="invoice").exists():
        found.append(
            _(
                "QuickBooks imports no payments from a file. Enter those of payments-to-enter-by-hand.csv, or "
                "match them with your bank's."
            )
        )
    taxes = InvoiceLine.objects.filter(
        invoice__in=run.documents.filter(kind="invoice").values("key")
    )
    for category, percent in (
        taxes.order_by("tax_category", "tax_percent")
        .values_list("tax_category", "tax_percent")
        .distinct()
    ):
        if (category, percent.normalize()) not in codes:
            found.append(
                _(
                    "The tax code of QuickBooks for %(code)s isn't known. Enter it under Tax codes, or choose "
                    "it at the import."
                )
                % {"code": quickbooks.unknown_code(category, percent)}
            )
    return found


def _gaps(company: Company) -> list[tuple[str, int, int]]:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT s.series, s.year, n FROM core_sequence s CROSS JOIN LATERAL generate_series(1, s.last) n
            WHERE s.company_id = %s AND NOT EXISTS (
                SELECT 1 FROM orders_invoice i WHERE i.company_id = s.company_id AND i.series = s.series
                AND i.year = s.year AND i.sequence_number = n) ORDER BY 1, 2, 3 LIMIT 50""",
            [company.pk],
        )
        return cursor.fetchall()


def _credited(run: ExportRun) -> list[str]:
    """Invoices of earlier sent runs that credit notes of this one change."""
    own = ExportedDocument.objects.filter(run=run, kind="invoice").values("key")
    sent = ExportedDocument.objects.filter(
        profile=run.profile, kind="invoice", is_sent=True
    ).values("key")
    notes = Invoice.objects.filter(
        pk__in=own, kind=Invoice.Kind.CREDIT, corrects__in=sent
    ).order_by("pk")
    return [
        _("%(note)s credits %(invoice)s, which was in an earlier export.")
        % {"note": note, "invoice": note.corrects}
        for note in notes.select_related("corrects")[:200]
    ]


def send(run: ExportRun, *, by: User | None = None) -> ExportRun:
    """Note that the accountant has the file: its documents are not new any more. Refused where one was sent already."""
    try:
        with states.advance(run, to=S.SENT, by=by) as run:
            if _stored(run) is None:
                raise Refused(
                    _("Export %(number)s isn't ready yet.") % {"number": run.number},
                    code="not_written",
                )
            run.documents.update(is_sent=True)
    except IntegrityError as error:
        raise Refused(
            _(
                "Export %(number)s contains documents already sent in another “%(profile)s” export. Undo "
                "that export, or export only new documents."
            )
            % {"number": run.number, "profile": run.get_profile_display()},
            code="sent_already",
        ) from error
    return run


def undo(run: ExportRun, *, by: User | None = None) -> ExportRun:
    """Take a run back: its documents are new again."""
    with states.advance(run, to=S.UNDONE, by=by) as run:
        run.documents.update(is_sent=False)
    return run


def file_name(run: ExportRun) -> str:
    period = "-".join(str(day) for day in (run.since, run.until) if day) or "all"
    return (
        f"{run.number}-{spoken(run.profile).lower().replace(' ', '-')}-{period}.{run.file_format}"
    )
