"""What must always hold, as set-based queries that find the rows where it does not.

Each query returns a subject and what is wrong with it. Amounts are compared exactly.
"""

from dataclasses import dataclass

from django.db import connection


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


def check(invariants: "tuple[Invariant, ...]", *, limit: int = 50) -> list[Breach]:
    """Run the queries; return up to `limit` breaches of each."""
    found = []
    with connection.cursor() as cursor:
        for invariant in invariants:
            cursor.execute(f"SELECT * FROM ({invariant.sql}) AS breach LIMIT %s", [limit])  # noqa: S608  # constants
            found += [
                Breach(invariant.name, str(subject), str(problem))
                for subject, problem in cursor.fetchall()
            ]
    return found
