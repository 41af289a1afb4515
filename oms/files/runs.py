"""Taking a file in as a job: checked or applied batch by batch, gone on with after a stop, failed rows tried again."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import islice
from typing import IO, Any

from django.core.files.base import File
from django.db import connection, transaction
from django.utils.translation import gettext as _

from oms.background import jobs
from oms.core import extents, policy, stored_files
from oms.core.errors import NotAllowed, Refused
from oms.core.locking import run_again, whole
from oms.core.models import Job, JobResult, JobRows, StoredDocument, User
from oms.files import cells, notations, reading
from oms.files.notations import ASK, NAMES, Found
from oms.files.reading import Format
from oms.files.records import RecordSheet
from oms.files.rows import DONE, MOST_SHOWN, DocumentSheet, Fault, Outcome, Row

KIND = "import"
BATCH = 500
MOST_LOOKED_AT = 10_000  # rows, to see how numbers and days are written
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
    stream = file.open("rb")
    how = reading.recognize(stream, name)
    found = _looked_at(sheet, stream, name, how)
    job = jobs.start(
        KIND,
        _("Check %(title)s: %(name)s") % {"title": sheet.title, "name": name},
        0,
        by=by,
        sheet=sheet.slug,
        name=name,
        dry_run=True,
        **found,
    )
    file.seek(0)
    stored_files.keep(
        "import",
        subject_type="job",
        subject_number=str(job.pk),
        content=file,
        suffix=name.rpartition(".")[2].lower(),
    )
    return job


def _looked_at(sheet: SheetType, file: IO[bytes], name: str, how: Format) -> dict[str, Any]:
    """What a file's first rows tell: its heading, which column is which, and how numbers and days are written.

    A hidden column is read only if somebody chooses it.
    """
    file.seek(0)
    heading = reading.heading_of(file, name, how)
    file.seek(0)
    rows = [cells for _number, cells in islice(reading.read(file, name, how), 1, MOST_LOOKED_AT)]
    written = {
        kind: {
            title: asdict(found)
            for position, title in enumerate(heading)
            if title
            and (found := notations.of_column(kind, (row[position] for row in rows))).notation
        }
        for kind in notations.READERS
    }
    file.seek(0)
    hidden = reading.hidden_columns(file, name, how, heading)
    return {
        "format": how.as_details(),
        "heading": heading,
        "hidden": hidden,
        "written": written,
        "mapping": matched(sheet, [title for title in heading if title not in hidden]),
    }


@whole
def look_again(job: Job, how: Format) -> Job:
    """Read a file in another way: its heading may be another."""
    with stored_file(job).file.open("rb") as file:
        job.details = {
            **job.details,
            **_looked_at(sheet_of(job), file, job.details["name"], how),
            "notations": {},
        }
    job.save(update_fields=["details"])
    return job


def format_of(job: Job) -> Format:
    """How a job's file is read."""
    return Format(**job.details.get("format", {}))


def matched(sheet: SheetType, names: Sequence[str]) -> dict[str, str]:
    """Which of a file's columns is which of the sheet's, by name, whatever the case and spaces."""
    known = {reading.plain(name): name for name in names if name}
    return {
        column: known[reading.plain(column)]
        for column in sheet.columns()
        if reading.plain(column) in known
    }


def doubts(job: Job, mapping: dict[str, str]) -> dict[str, Found]:
    """The columns of numbers and days that can be written in more than one way, each with what the file proves."""
    sheet, found = sheet_of(job), {}
    for column in sheet.fields.values():
        written = job.details.get("written", {}).get(column.widget.kind, {})
        if mapping.get(column.column_name) in written:
            found[column.column_name] = Found(**written[mapping[column.column_name]])
    return found


def _notations(job: Job, mapping: dict[str, str], chosen: Mapping[str, str]) -> dict[str, str]:
    """How each column is written. Raises Refused where the file proves nothing and nobody chose."""
    found = {
        name: chosen[name] if chosen.get(name) in NAMES else doubt.notation
        for name, doubt in doubts(job, mapping).items()
    }
    asked = [name for name, notation in found.items() if notation == ASK]
    if asked:
        raise Refused(
            _(
                "Choose how these columns are written: %(names)s. Their values can be read in two ways."
            )
            % {"names": ", ".join(asked)},
            code="notation_needed",
        )
    return found


def begin(
    job: Job,
    mapping: dict[str, str],
    *,
    dry_run: bool,
    by: User,
    notations: Mapping[str, str] | None = None,
) -> Job:
    """Have a worker check a file, or take it in. Raises Refused where a column that rows are known by is missing.

    A check that has run stays as it is; taking in is a job of its own on the same file.
    """
    sheet = sheet_of(job)
    missing = [name for name in sheet.needed() if name not in mapping]
    if missing:
        raise Refused(
            _("Map a column to: %(missing)s.") % {"missing": ", ".join(missing)},
            code="column_missing",
        )
    if not format_of(job).is_complete:
        raise Refused(
            _("%(name)s has several sheets. Choose the one to import.")
            % {"name": job.details["name"]},
            code="sheet_needed",
        )
    written = _notations(
        job, mapping, job.details.get("notations", {}) if notations is None else notations
    )
    details = {
        **job.details,
        "mapping": mapping,
        "dry_run": dry_run,
        "file_of": job.details.get("file_of", job.pk),
        "notations": written,
    }
    title = (_("Check %(sheet)s: %(file)s") if dry_run else _("Import %(sheet)s: %(file)s")) % {
        "sheet": sheet.title,
        "file": job.details["name"],
    }
    for name in ("rows_done", "counts", "changes", "failed_keys"):
        details.pop(name, None)
    return jobs.submit(KIND, title, 0, by=by, **details)


def told_format(job: Job) -> str:
    """How a job's file is read, in words."""
    written = [
        f"{column}: {NAMES[notation]}"
        for column, notation in job.details.get("notations", {}).items()
    ]
    used = set(job.details["mapping"].values())
    hidden = [
        (_("hidden column %(name)s read") if name in used else _("hidden column %(name)s not read"))
        % {"name": name}
        for name in job.details.get("hidden", [])
    ]
    return "; ".join([*reading.told(format_of(job)), *written, *hidden])


def sample(job: Job, most: int = 5) -> list[list[Any]]:
    """The first rows of a job's file."""
    with stored_file(job).file.open("rb") as file:
        return [
            row
            for _number, row in islice(
                reading.read(file, job.details["name"], format_of(job)), 1, most + 1
            )
        ]


def may_import(sheet: SheetType, person: User) -> bool:
    """Whether a sheet is one to take in, and a person may do so and see all of its columns."""
    if sheet.imports is None or not policy.may(person, "import", sheet.imports):
        return False
    return sheet.is_shown(person) and len(sheet.shown_fields(person)) == len(sheet.fields)


def sheet_of(job: Job) -> SheetType:
    return _sheets[job.details["sheet"]]


def stored_file(job: Job) -> StoredDocument:
    """The file that a job takes in."""
    number = str(job.details.get("file_of", job.pk))
    stored = StoredDocument.objects.filter(
        kind="import", subject_type="job", subject_number=number
    ).first()
    if stored is None:
        raise Refused(_("The file has expired. Upload it again."), code="file_gone")
    return stored


def rows_of(job: Job, file: IO[bytes]) -> Iterator[Row]:
    """The rows of a job's file as the sheet's columns, with their numbers in the file; empty ones are left out."""
    lines = reading.read(file, job.details["name"], format_of(job))
    heading = [str(cell).strip() for cell in next(lines, (1, []))[1]]
    mapping = job.details["mapping"]
    places = {column: heading.index(name) for column, name in mapping.items()}
    first = next((column for column in sheet_of(job).columns() if column in places), "")
    for number, row in lines:
        found = {column: row[place] for column, place in places.items()}
        if isinstance(row[0], cells.Unreadable) and row[0].is_of_row:
            found[first] = row[0]
        if any(cell != "" for cell in found.values()):
            yield number, found


@jobs.runs(KIND, lambda job: extents.seen_by(job.by, sheet_of(job).about))
def run(job: Job) -> None:
    """Check a file, or take it in, batch by batch: what a batch did and that it is done is one transaction."""
    assert job.by is not None
    if not may_import(sheet_of(job), job.by):
        raise NotAllowed(
            _("None of your roles may import %(title)s.") % {"title": sheet_of(job).title}
        )
    sheet: Any = sheet_of(job)(job.by)
    sheet.write_as(job.details.get("notations", {}))
    stored = stored_file(job)
    if not job.total:
        with stored.file.open("rb") as file:
            job.total = sum(1 for _ in rows_of(job, file))
        Job.objects.filter(pk=job.pk).update(total=job.total)
    with stored.file.open("rb") as file:
        ends = last_rows(sheet, rows_of(job, file)) if getattr(sheet, "has_groups", False) else {}
    with stored.file.open("rb") as file:
        for batch in _batches(job, sheet, rows_of(job, file), ends):
            run_again(_take, job, sheet, batch)
    jobs.finish(job)


def _take(job: Job, sheet: Any, batch: "Batch") -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SET CONSTRAINTS ALL IMMEDIATE"
        )  # what a row breaks is told of that row, not of the commit
        job.refresh_from_db(fields=["details"])  # an aborted try may have counted already
        outcome = (
            sheet.take(batch.rows, dry_run=job.details["dry_run"]) if batch.rows else Outcome()
        )
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


def last_rows(sheet: DocumentSheet, rows: Iterator[Row]) -> dict[Any, int]:
    """The last row of each document: until there its rows are gathered, wherever they stand."""
    return {sheet.key(row) or number: number for number, row in rows}


def _batches(job: Job, sheet: Any, rows: Iterator[Row], ends: dict[Any, int]) -> Iterator[Batch]:
    """The rows still to do, in batches that hold each document whole; a record whose key comes again is a fault."""
    failed, reached = (
        {int(key) for key in job.details.get("failed_keys", [])},
        job.details.get("rows_done", 0),
    )
    first_with: dict[Any, int] = {}
    gathered: dict[Any, list[Row]] = {}
    batch = Batch()
    for number, row in rows:
        key = sheet.key(row) or number
        earlier, end = first_with.setdefault(key, number), ends.get(key, number)
        if end <= reached and number not in failed:
            continue
        gathered.setdefault(key, []).append((number, row))
        if number < end:
            continue
        batch.last = number
        if ends or earlier == number:
            batch.rows += gathered.pop(key)
        else:
            told = _("Duplicate of row %(row)s.") % {"row": earlier}
            batch.faults.append(Fault(number, sheet.subject(row), sheet.needed()[0], told))
            del gathered[key]
        if len(batch) >= BATCH:
            yield batch
            batch = Batch()
    if batch:
        yield batch


def _note(job: Job, batch: Batch, outcome: Outcome) -> None:
    """Write down what became of a batch."""
    JobResult.objects.bulk_create(
        JobResult(
            job=job,
            key=str(fault.row),
            subject=f"row {fault.row}: {fault.subject}"[:60],
            column=fault.column,
            succeeded=False,
            message=fault.message,
        )
        for fault in outcome.faults
    )
    failed = len({fault.row for fault in outcome.faults})
    if outcome.rows:
        JobRows.objects.create(job=job, rows=outcome.rows)
    counts, found = job.details.setdefault("counts", dict.fromkeys(DONE, 0)), outcome.counts()
    for name in counts:
        counts[name] += found[name]
    changes = job.details.setdefault("changes", [])
    changes += outcome.changes[: MOST_SHOWN - len(changes)]
    job.details["rows_done"] = max(job.details.get("rows_done", 0), batch.last)
    Job.objects.filter(pk=job.pk).update(details=job.details)
    jobs.progress(job, done=len(batch) - failed, failed=failed)
