"""Numbers of documents: from a database sequence (gaps allowed), legal ones from a locked counter (no gaps)."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.db.migrations import RunSQL

from oms.core.locking import lock
from oms.core.models import Company, Sequence


class NextNumber(models.Func):
    """A column default: prefix and the next value of a database sequence, such as SO-1042."""

    output_field = models.CharField()

    def __init__(self, prefix: str, sequence: str) -> None:
        self.prefix, self.sequence = prefix, sequence
        super().__init__(template=f"('{prefix}-' || nextval('{sequence}'))")

    def deconstruct(self) -> Any:
        return "oms.core.numbering.NextNumber", (self.prefix, self.sequence), {}


def number_field(prefix: str) -> "models.CharField[str, str]":
    """The number of a document, given by the database when it is created."""
    return models.CharField(
        max_length=20,
        unique=True,
        editable=False,
        db_default=NextNumber(prefix, sequence_name(prefix)),
    )


def sequence_name(prefix: str) -> str:
    return f"number_{prefix.lower()}"


def create_sequences(*prefixes: str, start: int = 1001) -> RunSQL:
    """A migration operation that creates the sequences of these prefixes."""
    return RunSQL(
        [f"CREATE SEQUENCE {sequence_name(prefix)} START {start}" for prefix in prefixes],
        [f"DROP SEQUENCE {sequence_name(prefix)}" for prefix in prefixes],
    )


@dataclass(frozen=True)
class Taken:
    """A legal number, and the hash that chains its document to the one before."""

    number: str
    sequence_number: int
    hash: str
    previous_hash: str


def take(company: Company, series: str, year: int, content: str) -> Taken:
    """Take the next number of a legal series; the last thing that the posting transaction does.

    The hash is SHA-256 over the previous document's hash, this number and the canonical content.
    """
    (counter,) = lock_counters(company, [series], year)
    number = legal_number(company, series, year, counter.last + 1)
    previous = counter.last_hash
    counter.last += 1
    counter.last_hash = chain(previous, number, content)
    counter.save(update_fields=["last", "last_hash"])
    return Taken(number, counter.last, counter.last_hash, previous)


def lock_counters(company: Company, series: Iterable[str], year: int) -> list[Sequence]:
    """Lock the counters of several series at once, for who takes numbers of more than one."""
    names = sorted(set(series))
    Sequence.objects.bulk_create(
        [Sequence(company=company, series=name, year=year) for name in names], ignore_conflicts=True
    )
    return lock(Sequence.objects.filter(company=company, series__in=names, year=year))


def legal_number(company: Company, series: str, year: int, count: int) -> str:
    return f"{series}-{company.code.upper()}-{year}-{count:05d}"


def chain(previous: str, number: str, content: str) -> str:
    """The hash of a document in its series."""
    return hashlib.sha256("\n".join([previous, number, content]).encode()).hexdigest()
