"""What is checked at start: that every event that can happen is declared, and is seen as it is declared."""

from typing import Any

from django.core.checks import CheckMessage, Error, register

from oms.core import event_access, event_catalog, states
from oms.core.event_catalog import UnknownEvent


@register
def check_events(**options: Any) -> list[CheckMessage]:
    """Each status that a document reaches has its event, and public events are about what somebody may view."""
    reached = {
        states.event_of(model, status)
        for model in event_access.document_models()
        for moves in model.TRANSITIONS.values()
        for status in moves
    }
    return [*_undeclared(sorted(reached)), *_unseen()]


def _undeclared(names: list[str]) -> list[CheckMessage]:
    found: list[CheckMessage] = []
    for name in names:
        try:
            event_catalog.get(name)
        except UnknownEvent as unknown:
            found.append(Error(str(unknown), obj=name, id="events.E001"))
    return found


def _unseen() -> list[CheckMessage]:
    kinds = event_access.kinds()
    return [
        Error(
            f"{each.name} is declared as {'internal' if each.is_internal else 'public'}, and events about "
            f"{each.subject!r} are {'shown' if each.subject in kinds else 'shown to nobody'}.",
            obj=each.name,
            id="events.E002",
        )
        for each in event_catalog.declared()
        if each.is_internal == (each.subject in kinds)
    ]
