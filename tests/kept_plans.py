"""The invariants' queries as functions of the database, which keeps their plans as long as a connection lives.

Planning them takes ten times as long as running them over a test's few rows. Prepared statements wouldn't last: the
driver drops them when a transaction is rolled back, as most tests are.
"""

import hashlib

from django.db import connection

from oms.insights import invariants, verification
from oms.insights.invariants import Rows

SCHEMA = "kept_plans"
_functions: set[str] = set()


def create() -> None:
    """Make a function of each invariant, in this worker's database."""
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE SCHEMA {SCHEMA}")
        cursor.execute(f"CREATE TYPE {SCHEMA}.breach AS (subject text, problem text)")
        for rule in verification.rules():
            statement = rule.statement(invariants.LIMIT)
            name = _name(statement)
            cursor.execute(
                f"CREATE FUNCTION {name}() RETURNS SETOF {SCHEMA}.breach LANGUAGE plpgsql AS $function$ BEGIN "
                f"RETURN QUERY SELECT subject::text, problem::text FROM ({statement.replace('%%', '%')}) AS found; "
                "END $function$"
            )
            _functions.add(name)


def rows_of(statement: str) -> Rows:
    """What a query answers; by its function, if it is an invariant's."""
    name = _name(statement)
    return invariants.rows_of(f"SELECT * FROM {name}()" if name in _functions else statement)


def _name(statement: str) -> str:
    return f"{SCHEMA}.i{hashlib.md5(statement.encode(), usedforsecurity=False).hexdigest()}"
