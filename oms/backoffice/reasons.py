"""Decisions as people read them: what was weighed, in columns, and what was chosen."""

from typing import Any

from django.utils.translation import gettext_lazy

from oms.core.models import Decision

COLUMNS = {  # what decisions weigh, in the order in which it is shown
    "service": gettext_lazy("service"),
    "warehouses": gettext_lazy("warehouses"),
    "units": gettext_lazy("units"),
    "km": gettext_lazy("km"),
    "price": gettext_lazy("price"),
    "cost": gettext_lazy("cost"),
    "distance": gettext_lazy("distance"),
    "days": gettext_lazy("days"),
    "lateness": gettext_lazy("lateness"),
    "split": gettext_lazy("split"),
    "score": gettext_lazy("score"),
}


def in_words(decision: Decision) -> dict[str, Any]:
    """A decision as people read it; candidates that tell the same things stand in columns."""
    rows = decision.candidates
    alike = rows and all(isinstance(row, dict) and row.keys() == rows[0].keys() for row in rows)
    headings = sorted(rows[0], key=_column) if alike else []
    return {
        "kind": decision.kind,
        "chosen": _words(decision.chosen),
        "reasons": decision.reasons,
        "headings": [str(COLUMNS.get(heading, heading.replace("_", " "))) for heading in headings],
        "rows": [[_cell(row[heading]) for heading in headings] for row in rows] if headings else [],
        "candidates": [] if headings else [_words(candidate) for candidate in rows],
    }


def _column(name: str) -> tuple[int, str]:
    """Where a column stands: the database forgets the order in which a decision names its parts."""
    return (list(COLUMNS).index(name) if name in COLUMNS else -1), name


def _cell(value: Any) -> str:
    if isinstance(value, list):
        return " + ".join(_cell(each) for each in value)
    return f"{value:.2f}" if isinstance(value, float) else _words(value)


def _words(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name.replace('_', ' ')} {_words(each)}" for name, each in value.items())
    return "; ".join(_words(each) for each in value) if isinstance(value, list) else str(value)
