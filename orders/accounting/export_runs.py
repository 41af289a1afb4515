"""The accountant's export: a run is prepared, looked at with its control totals, sent, and can be taken back."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from django.core.files import File
from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext as _

from oms.background import jobs
from oms.core import extents, states, stored_files
from oms.core.errors import Refused
from oms.core.extents import Extent
from oms.core.locking import atomic, whole
from oms.core.models import Company, Job, StoredDocument, User
from oms.core.wording import spoken
from orders.accounting import export_files, export_findings, export_profiles, export_totals
from orders.accounting.export_profiles import LAYOUTS
from orders.accounting.models import ExportRun, Invoice, Payment
from orders.accounting.models.export import Profile

SNAPSHOTS = (Profile.RECEIVABLES, Profile.STOCK_VALUE)  # of a day, not of a period
S = ExportRun.Status
KIND = "accounting"


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


def _shown(job: Job) -> Extent:
    """The books of the run's company."""
    run = ExportRun.objects.select_related("company").get(pk=job.details["run"])
    return extents.of_company(run.company, ExportRun, Invoice, Payment)


@jobs.runs(KIND, _shown)
def write(job: Job) -> StoredDocument | None:
    """Write a run's file, as the database is at one moment. Raises Refused where its sums are not the ledger's."""
    run = ExportRun.objects.select_related("company").get(pk=job.details["run"])
    if run.status != S.PREPARED or _stored(run):
        jobs.finish(job)
        return _stored(run)
    with tempfile.TemporaryDirectory() as folder, _one_moment():
        _take_documents(run)
        with jobs.ticking(job, run.documents.count()) as tick:
            path, sums = export_files.write_file(run, Path(folder), tick)
        export_totals.require_equal(sums.as_totals(), export_totals.ledger(run), run)
        run.rows, run.totals, run.findings = (
            sums.rows,
            sums.as_totals(),
            export_findings.findings(run),
        )
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
        # Views of more tables than these limits would be joined whole before the run's documents are picked.
        cursor.execute("SET LOCAL join_collapse_limit = 12")
        cursor.execute("SET LOCAL from_collapse_limit = 12")
        yield


def _stored(run: ExportRun) -> StoredDocument | None:
    return StoredDocument.objects.filter(
        subject_type=run.subject_type, subject_number=run.number
    ).first()


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
                export_profiles.parameters(run),
            )  # the parts are constants of `exports`


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
