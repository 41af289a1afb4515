"""What must always hold, as set-based queries that find the rows where it does not.

Each query returns a subject and what is wrong with it. Amounts are compared exactly.
"""

import hashlib
from dataclasses import dataclass

from django.db import connection
from django.db.backends.utils import CursorWrapper


@dataclass(frozen=True)
class Invariant:
    """A rule, and the SQL that finds what breaks it: rows of (subject, problem)."""

    name: str
    sql: str


@dataclass(frozen=True)
class Breach:
    """A row that breaks an invariant."""

    invariant: str
    subject: str
    problem: str

    def __str__(self) -> str:
        return f"{self.invariant}: {self.subject}: {self.problem}"


def check(
    invariants: tuple[Invariant, ...], *, limit: int = 50, prepared: bool = False
) -> list[Breach]:
    """Run the queries; return up to `limit` breaches of each.

    `prepared` keeps their plans with the connection, for callers that check small tables again and again: planning
    takes ten times as long as running there. Elsewhere a plan that is kept would go by sizes of the past.
    """
    found = []
    with connection.cursor() as cursor:
        kept = _kept(cursor) if prepared else set()
        for invariant in invariants:
            statement = f"SELECT * FROM ({invariant.sql}) AS breach LIMIT {limit:d}"  # noqa: S608  # constants
            cursor.execute(_planned(cursor, statement, kept) if prepared else statement, [])
            found += [
                Breach(invariant.name, str(subject), str(problem))
                for subject, problem in cursor.fetchall()
            ]
    return found


def _kept(cursor: CursorWrapper) -> set[str]:
    """The names of the plans that the connection keeps."""
    cursor.execute("SELECT name FROM pg_prepared_statements")
    return {name for (name,) in cursor.fetchall()}


def _planned(cursor: CursorWrapper, statement: str, kept: set[str]) -> str:
    """Have the connection keep the statement's plan, unless it does; return what runs it."""
    name = f"invariant_{hashlib.md5(statement.encode(), usedforsecurity=False).hexdigest()}"
    if name not in kept:
        cursor.execute(f"PREPARE {name} AS {statement}", [])
    return f"EXECUTE {name}"
