"""Invariants of events: one effect each, nothing forgotten, and a legal trail behind every status."""

from django.apps import apps

from oms.core import event_catalog, states
from oms.core.models import Document
from oms.insights.invariants import Invariant

FIXED = (
    Invariant(
        "one effect per event and handler",
        """
        SELECT 'event ' || event_id || ' ' || handler, count(*) || ' deliveries' FROM core_delivery
        GROUP BY event_id, handler HAVING count(*) > 1""",
    ),
    Invariant(
        "positions in the stream are given once, up to its end",
        """
        SELECT 'event ' || id, 'position ' || position || ' is past the end ' || (SELECT last_position FROM core_stream)
        FROM core_event WHERE position > (SELECT last_position FROM core_stream)""",
    ),
    Invariant(
        "an endpoint asks for events that there are",
        f"""
        SELECT 'endpoint ' || p.url, 'asks for ' || asked.name FROM core_webhookendpoint p, unnest(p.events) asked (name)
        WHERE asked.name NOT IN ({", ".join(f"'{name}'" for name in sorted(event_catalog.offers()))})""",
    ),
)


def rules() -> tuple[Invariant, ...]:
    """The fixed rules, and for each kind of document that its events are a legal path to its present status."""
    kinds = [
        model
        for model in apps.get_models()
        if issubclass(model, Document) and hasattr(model, "subject_type")
    ]
    return FIXED + tuple(rule for model in kinds for rule in (_path(model), _end(model)))


def _steps(model: type[Document]) -> str:
    """The statuses that a document went through, in order, and the one before each."""
    reached = " ".join(
        f"WHEN '{name}' THEN '{value}'"
        for value in _values(model)
        for name in {states.event_of(model, value), f"{model.subject_type}.{value}"}
    )
    return f"""
        SELECT subject_number, id, status, lag(status) OVER (PARTITION BY subject_number ORDER BY id) AS before
        FROM (SELECT subject_number, id,
                     CASE name WHEN '{model.subject_type}.created' THEN data->>'status' {reached} END AS status
              FROM core_event WHERE subject_type = '{model.subject_type}') e
        WHERE status IS NOT NULL"""


def _values(model: type[Document]) -> list[str]:
    fields = {field.name: field for field in model._meta.fields}
    return [value for value, _ in fields["status"].flatchoices]


def _path(model: type[Document]) -> Invariant:
    moves = ", ".join(
        f"('{before}', '{after}')"
        for before, afters in model.TRANSITIONS.items()
        for after in afters
    )
    return Invariant(
        f"the trail of each {model._meta.verbose_name} is legal",
        f"""
        SELECT subject_number, before || ' → ' || status || ' is no legal move' FROM ({_steps(model)}) s
        WHERE before IS NOT NULL AND (before, status) NOT IN ({moves})""",
    )


def _end(model: type[Document]) -> Invariant:
    table = model._meta.db_table
    exempt = (
        "AND NOT d.is_imported"
        if any(field.name == "is_imported" for field in model._meta.fields)
        else ""
    )
    return Invariant(
        f"the trail of each {model._meta.verbose_name} ends in its status",
        f"""
        SELECT d.number, 'is ' || d.status || ', its events say ' || coalesce(t.status, 'nothing')
        FROM {table} d
        LEFT JOIN (SELECT DISTINCT ON (subject_number) subject_number, status FROM ({_steps(model)}) s
                   ORDER BY subject_number, id DESC) t ON t.subject_number = d.number
        WHERE d.number IS NOT NULL {exempt} AND d.status IS DISTINCT FROM t.status""",
    )
