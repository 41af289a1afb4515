"""What must always hold, as set-based queries that find the rows where it does not.

Each query returns a subject and what is wrong with it. Amounts are compared exactly.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import connection

Rows = list[tuple[Any, ...]]
LIMIT = 50


@dataclass(frozen=True)
class Invariant:
    """A rule, and the SQL that finds what breaks it: rows of (subject, problem)."""

    name: str
    sql: str

    def statement(self, limit: int) -> str:
        """The query for `limit` rows at most."""
        return f"SELECT * FROM ({self.sql}) AS breach (subject, problem) LIMIT {limit:d}"  # noqa: S608  # constants


@dataclass(frozen=True)
class Breach:
    """A row that breaks an invariant."""

    invariant: str
    subject: str
    problem: str

    def __str__(self) -> str:
        return f"{self.invariant}: {self.subject}: {self.problem}"


def rows_of(statement: str) -> Rows:
    """What a query answers."""
    with connection.cursor() as cursor:
        cursor.execute(statement, [])
        found: Rows = cursor.fetchall()
    return found


def check(
    invariants: tuple[Invariant, ...], *, limit: int = LIMIT, ask: Callable[[str], Rows] = rows_of
) -> list[Breach]:
    """Run the queries through `ask`; return up to `limit` breaches of each."""
    return [
        Breach(invariant.name, str(subject), str(problem))
        for invariant in invariants
        for subject, problem in ask(invariant.statement(limit))
    ]
