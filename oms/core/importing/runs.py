"""Taking a file in as a job: checked or applied batch by batch, gone on with after a stop, failed rows tried again."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import IO, Any

from django.core.files.base import File
from django.db import transaction
from django.utils.translation import gettext as _

from oms.core import documents, jobs, spreadsheets
from oms.core.errors import NotAllowed, Refused
from oms.core.importing.rows import MOST_SHOWN, DocumentSheet, Fault, Outcome, RecordSheet, Row
from oms.core.locking import run_again, whole
from oms.core.models import Job, JobResult, StoredDocument, User

KIND = "import"
BATCH = 500
FAULT_COLUMNS = ("row", "wrong column", "error")
SheetType = type[RecordSheet] | type[DocumentSheet]
_sheets: dict[str, SheetType] = {}


def offer(*sheets: SheetType) -> tuple[SheetType, ...]:
    """Make sheets known by their slugs, to the workers too."""
    for sheet in sheets:
        assert sheet.slug not in _sheets, f"There is a sheet {sheet.slug} already"
        _sheets[sheet.slug] = sheet
    return sheets


@whole
def upload(sheet: SheetType, file: "File[bytes]", name: str, *, by: User) -> Job:
    """Keep a file that is to be taken in, its columns matched by their names. Raises Refused for what is no table."""
    heading = next(spreadsheets.read(file.open("rb"), name), [])
    names = [str(cell) for cell in heading]
    if not any(names):
        raise Refused(_("%(name)s has no heading in its first line; name the columns there.")
                      % {"name": name}, code="no_heading")
    job = jobs.start(KIND, _("Check %(title)s: %(name)s")
                           % {"title": sheet.title, "name": name}, 0, by=by, sheet=sheet.slug, name=name, heading=names,
                     mapping=matched(sheet, names), dry_run=True)
    file.seek(0)
    documents.keep("import", subject_type="job", subject_number=str(job.pk), content=file,
                   suffix=name.rpartition(".")[2].lower())
    return job


def matched(sheet: SheetType, names: Sequence[str]) -> dict[str, str]:
    """Which of a file's columns is which of the sheet's, by name, whatever the case and spaces."""
    known = {_plain(name): name for name in names}
    return {column: known[_plain(column)] for column in sheet.columns() if _plain(column) in known}


def _plain(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalnum())


def begin(job: Job, mapping: dict[str, str], *, dry_run: bool, by: User) -> Job:
    """Have a worker check a file, or take it in. Raises Refused where a column that rows are known by is missing.

    A check that has run stays as it is; taking in is a job of its own on the same file.
    """
    sheet = sheet_of(job)
    missing = [name for name in sheet.needed() if name not in mapping]
    if missing:
        raise Refused(_("Say which column holds %(missing)s.")
                      % {"missing": ", ".join(missing)}, code="column_missing")
    details = {**job.details, "mapping": mapping, "dry_run": dry_run, "file_of": job.details.get("file_of", job.pk)}
    title = (_("Check %(sheet)s: %(file)s") if dry_run else _("Import %(sheet)s: %(file)s")) % {
        "sheet": sheet.title, "file": job.details["name"]}
    for name in ("rows_done", "counts", "changes", "failed_keys"):
        details.pop(name, None)
    return jobs.submit(KIND, title, 0, by=by, **details)


def sheet_of(job: Job) -> SheetType:
    return _sheets[job.details["sheet"]]


def stored_file(job: Job) -> StoredDocument:
    """The file that a job takes in."""
    number = str(job.details.get("file_of", job.pk))
    stored = StoredDocument.objects.filter(kind="import", subject_type="job", subject_number=number).first()
    if stored is None:
        raise Refused(_("The file is no longer kept; upload it again."), code="file_gone")
    return stored


def rows_of(job: Job, file: IO[bytes]) -> Iterator[Row]:
    """The rows of a job's file as the sheet's columns, with their numbers in the file; empty ones are left out."""
    cells = spreadsheets.read(file, job.details["name"])
    heading = [str(cell) for cell in next(cells, [])]
    places = {column: heading.index(name) for column, name in job.details["mapping"].items()}
    for number, row in enumerate(cells, 2):
        if any(cell != "" for cell in row):
            yield number, {column: row[place] if place < len(row) else "" for column, place in places.items()}


@jobs.runs(KIND)
def run(job: Job) -> None:
    """Check a file, or take it in, batch by batch: what a batch did and that it is done is one transaction."""
    assert job.by is not None
    if not job.by.is_superuser and not job.by.role_names & set(sheet_of(job).importers.split()):
        raise NotAllowed(_("Importing %(title)s needs one of the roles %(importers)s.")
                         % {"title": sheet_of(job).title, "importers": sheet_of(job).importers})
    sheet: Any = sheet_of(job)(job.by)
    stored = stored_file(job)
    if not job.total:
        with stored.file.open("rb") as file:
            job.total = sum(1 for _ in rows_of(job, file))
        Job.objects.filter(pk=job.pk).update(total=job.total)
    with stored.file.open("rb") as file:
        for batch in _batches(job, sheet, rows_of(job, file)):
            run_again(_take, job, sheet, batch)
    jobs.finish(job)


def _take(job: Job, sheet: Any, batch: "Batch") -> None:
    with transaction.atomic():
        job.refresh_from_db(fields=["details"])  # an aborted try may have counted already
        outcome = sheet.take(batch.rows, dry_run=job.details["dry_run"]) if batch.rows else Outcome()
        outcome.faults += batch.faults
        _note(job, batch, outcome)


@dataclass
class Batch:
    """Rows to take, and those whose key stood in the file before."""

    rows: list[Row] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    last: int = 0

    def __len__(self) -> int:
        return len(self.rows) + len(self.faults)


def _batches(job: Job, sheet: Any, rows: Iterator[Row]) -> Iterator[Batch]:
    """The rows still to do, in batches that never part what belongs together; a key that comes again is a fault."""
    failed, reached = {int(key) for key in job.details.get("failed_keys", [])}, job.details.get("rows_done", 0)
    has_groups = isinstance(sheet, DocumentSheet)
    first_with: dict[str, int] = {}
    batch, last = Batch(), ""
    for number, row in rows:
        subject, before = sheet.subject(row), last
        earlier, last = first_with.setdefault(subject, number), subject
        goes_on = has_groups and subject == before
        if number <= reached and number not in failed:
            continue
        if len(batch) >= BATCH and not goes_on:
            yield batch
            batch = Batch()
        batch.last = number
        if subject and earlier != number and not goes_on:
            told = _("This stands in row %(row)s already.") % {"row": earlier}
            batch.faults.append(Fault(number, subject, sheet.needed()[0], told))
        else:
            batch.rows.append((number, row))
    if batch:
        yield batch


def _note(job: Job, batch: Batch, outcome: Outcome) -> None:
    """Write down what became of a batch."""
    JobResult.objects.bulk_create(
        JobResult(job=job, key=str(fault.row), subject=f"row {fault.row}: {fault.subject}"[:60], column=fault.column,
                  succeeded=False, message=fault.message) for fault in outcome.faults)
    failed = len({fault.row for fault in outcome.faults})
    counts = job.details.setdefault("counts", {"new": 0, "changed": 0, "unchanged": 0})
    for name in counts:
        counts[name] += getattr(outcome, name)
    changes = job.details.setdefault("changes", [])
    changes += outcome.changes[: MOST_SHOWN - len(changes)]
    job.details["rows_done"] = max(job.details.get("rows_done", 0), batch.last)
    Job.objects.filter(pk=job.pk).update(details=job.details)
    jobs.progress(job, done=len(batch) - failed, failed=failed)


def faulty_rows(job: Job) -> Iterator[list[Any]]:
    """The rows that failed as the file has them, each with what is wrong; the heading first. Mended, they import."""
    faults: dict[int, list[JobResult]] = {}
    for result in job.results.filter(succeeded=False).exclude(key=""):
        faults.setdefault(int(result.key), []).append(result)
    with stored_file(job).file.open("rb") as file:
        cells = spreadsheets.read(file, job.details["name"])
        yield [*FAULT_COLUMNS, *next(cells, [])]
        for number, row in enumerate(cells, 2):
            if number in faults:
                wrong = faults[number]
                yield [number, ", ".join(each.column for each in wrong if each.column),
                       " ".join(f"{each.column}: {each.message}" if each.column else each.message for each in wrong),
                       *row]
