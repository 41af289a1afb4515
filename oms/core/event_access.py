"""Which events a person may see, and what they see of them."""

from collections.abc import Callable
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from oms.core import policy
from oms.core.actors import Actor
from oms.core.models import Company, Document, Event

Look = Callable[[Any, Company | None], Q]
_records: dict[str, Look] = {}


def register(subject_type: str, look: Look) -> None:
    """Show events about a kind of record that is no document; `look` narrows them to a person and a company."""
    _records[subject_type] = look


def document_models() -> list[type[Document]]:
    """Every kind of document, in a fixed order."""
    return sorted(Document.__subclasses__(), key=lambda model: model.subject_type)


def kinds() -> set[str]:
    """The kinds of records whose events somebody outside is shown."""
    return {model.subject_type for model in document_models()} | {*_records}


def kinds_for(actor: Actor) -> set[str]:
    """The kinds of records whose events a person may see, if only some of them."""
    return {
        model.subject_type for model in document_models() if policy.may(actor, "view", model)
    } | {kind for kind, look in _records.items() if look(actor, None) != Q(pk__in=[])}


def rule_of(subject_type: str) -> str:
    """Say who sees events about a kind of record that is no document; empty for nobody."""
    look = _records.get(subject_type)
    return (look.__doc__ or "").strip().rstrip(".") if look else ""


def visible_events(
    actor: Actor, events: "QuerySet[Event]", company: Company | None = None
) -> "QuerySet[Event]":
    """Those about documents that a person may see; of one company, where it is named."""
    return events.filter(condition(actor, company))


def condition(actor: Actor, company: Company | None = None) -> Q:
    """About what a person may see; of one company, where it is named."""
    found = about_documents(actor, company)
    for subject_type, look in _records.items():
        found |= Q(subject_type=subject_type) & look(actor, company)
    return found


def about_documents(actor: Actor, company: Company | None = None) -> Q:
    """About the documents that a person may see; of one company, where it is named."""
    seen = [model for model in document_models() if policy.may(actor, "view", model)]
    whole = [
        model.subject_type for model in seen if company is None and policy.sees_all(actor, model)
    ]
    found = Q(subject_type__in=whole)
    for model in seen:
        if model.subject_type not in whole:
            rows: Any = policy.scope(model, actor)
            rows = rows.filter(**{company_of(model): company}) if company else rows
            found |= Q(subject_type=model.subject_type, subject_number__in=rows.values("number"))
    return found


def about_seen_documents(actor: Actor) -> Q:
    """About no document, or about one that a person may see, for few rows: each looks for its document."""
    models = document_models()
    found = ~Q(subject_type__in=[model.subject_type for model in models])
    for model in models:
        if policy.may(actor, "view", model):
            rows: Any = policy.scope(model, actor)
            row = rows.filter(number=OuterRef("subject_number"))
            is_seen = Q() if policy.sees_all(actor, model) else Q(Exists(row))
            found |= Q(subject_type=model.subject_type) & is_seen
    return found


def company_of(model: type[Document]) -> str:
    """The lookup that leads from a kind of document to its company."""
    names = {field.name for field in model._meta.get_fields()}
    through = next(name for name in ("company", "order", "warehouse", "source") if name in names)
    return through if through == "company" else f"{through}__company"


def event_body(event: Event, actor: Actor) -> dict[str, Any]:
    """An event as programs are told it; without its data for people who see no money."""
    return {
        "position": event.position,
        "type": event.name,
        "timestamp": event.at.isoformat(),
        "subject": {"type": event.subject_type, "number": event.subject_number},
        "order": event.order_number or None,
        "data": event.data if policy.shows(actor, Event, "data") else {},
    }
