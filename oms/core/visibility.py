"""Which events a person may see, and what they see of them."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet

from oms.core.models import Company, Document, Event, User

Look = Callable[[User, Company | None], Q]
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


def kinds_for(user: User) -> set[str]:
    """The kinds of records whose events a person may see, if only some of them."""
    return {model.subject_type for model in document_models() if may_look(user, model)} | {
        kind for kind, look in _records.items() if look(user, None) != Q(pk__in=[])}


def rule_of(subject_type: str) -> str:
    """Say who sees events about a kind of record that is no document; empty for nobody."""
    look = _records.get(subject_type)
    return (look.__doc__ or "").strip().rstrip(".") if look else ""


def visible_events(user: User, events: "QuerySet[Event]", company: Company | None = None) -> "QuerySet[Event]":
    """Those about documents that a person may see; of one company, where it is named."""
    if user.sees_everything and company is None:
        return events.filter(subject_type__in=kinds())
    scope = Q(pk__in=[])
    for subject_type, look in _records.items():
        scope |= Q(subject_type=subject_type) & look(user, company)
    for model in document_models():
        if may_look(user, model):
            rows: Any = model._default_manager.get_queryset()
            rows = rows.visible_to(user) if hasattr(rows, "visible_to") else rows
            rows = rows.filter(**{company_of(model): company}) if company else rows
            scope |= Q(subject_type=model.subject_type, subject_number__in=rows.values("number"))
    return events.filter(scope)


def may_look(user: User, model: type[Document]) -> bool:
    """Whether the back office shows a person this kind of document at all."""
    page = admin.site._registry.get(model)
    return page is not None and page.has_view_permission(_As(user))  # type: ignore[arg-type]


def company_of(model: type[Document]) -> str:
    """The lookup that leads from a kind of document to its company."""
    names = {field.name for field in model._meta.get_fields()}
    through = next(name for name in ("company", "order", "warehouse", "source") if name in names)
    return through if through == "company" else f"{through}__company"


def event_body(event: Event, user: User) -> dict[str, Any]:
    """An event as programs are told it; without its data for people who see no money."""
    return {"position": event.position, "type": event.name, "timestamp": event.at.isoformat(),
            "subject": {"type": event.subject_type, "number": event.subject_number},
            "order": event.order_number or None, "data": event.data if user.sees_money else {}}


class _As:
    """What the admin's rule of who may look asks of a request."""

    def __init__(self, user: User) -> None:
        self.user = user
