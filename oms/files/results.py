"""What a job found in a file: the rows that failed, and all rows with what became of each."""

from collections.abc import Iterator, Sequence
from typing import Any

from oms.core.models import Job, JobResult
from oms.files import reading
from oms.files.runs import format_of, stored_file

FAULT_COLUMNS = ("row", "wrong column", "error")
OUTCOME_COLUMNS = ("row", "outcome", "details")


def faulty_rows(job: Job) -> Iterator[list[Any]]:
    """The rows that failed as the file has them, each with what is wrong; the heading first. Mended, they import."""
    faults = _faults(job)
    for number, row in _lines(job, FAULT_COLUMNS):
        if not number:
            yield row
        elif number in faults:
            wrong = faults[number]
            yield [
                number,
                ", ".join(each.column for each in wrong if each.column),
                _told(wrong),
                *row,
            ]


def all_rows(job: Job) -> Iterator[list[Any]]:
    """All rows as the file has them, each with what became of it; the heading first."""
    faults = _faults(job)
    done: dict[int, Any] = {}
    details: dict[int, Any] = {}
    for rows in job.batches.values_list("rows", flat=True).iterator(20):
        done |= {number: outcome for number, outcome, _what in rows}
        details |= {number: what for number, _outcome, what in rows if what}
    for number, row in _lines(job, OUTCOME_COLUMNS):
        if number in faults:
            yield [number, "failed", _told(faults[number]), *row]
        else:
            yield (
                [number, done.get(number, "not reached"), details.get(number, ""), *row]
                if number
                else row
            )


def _faults(job: Job) -> dict[int, list[JobResult]]:
    """The faults of a job by row."""
    faults: dict[int, list[JobResult]] = {}
    for result in job.results.filter(succeeded=False).exclude(key=""):
        faults.setdefault(int(result.key), []).append(result)
    return faults


def _told(faults: Sequence[JobResult]) -> str:
    return " ".join(
        f"{each.column}: {each.message}" if each.column else each.message for each in faults
    )


def _lines(job: Job, columns: Sequence[str]) -> Iterator[reading.Line]:
    """The heading of a job's file after other columns, as row 0, then the rows."""
    with stored_file(job).file.open("rb") as file:
        lines = reading.read(file, job.details["name"], format_of(job))
        yield 0, [*columns, *next(lines, (1, []))[1]]
        yield from lines
