"""Declaring who reacts to which event."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from django.apps import apps

from oms.core import event_catalog
from oms.core.models import Event

Handle = Callable[[Event], None]


# After each try that failed; the last one parks it.
PLAIN_PAUSES = tuple(timedelta(seconds=seconds) for seconds in (5, 20, 80, 320))
WORLD_PAUSES = tuple(
    timedelta(seconds=seconds)
    for seconds in (5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)
)  # together 75 hours: longer than ordinary outages


@dataclass(frozen=True)
class Handler:
    """A reaction to an event. One that calls the world runs without a transaction, at least once."""

    name: str
    handle: Handle
    external: bool = False

    @property
    def pauses(self) -> tuple[timedelta, ...]:
        """How long to wait after each try that failed."""
        return WORLD_PAUSES if self.external else PLAIN_PAUSES

    @property
    def tries(self) -> int:
        return len(self.pauses) + 1


_handlers: dict[str, list[Handler]] = {}


def on(event_name: str, *, external: bool = False) -> Callable[[Handle], Handle]:
    """Declare a function as a handler of an event, known by its app and its own name. Raises UnknownEvent."""
    event_catalog.get(event_name)

    def declare(function: Handle) -> Handle:
        room = function.__module__.rpartition(".")[0]
        app = apps.get_containing_app_config(room)
        name = f"{app.name if app else room}.{function.__name__}"  # stored: moves within an app keep it
        assert name not in {each.name for each in handlers_of(event_name)}, f"{name} twice"
        _handlers.setdefault(event_name, []).append(Handler(name, function, external))
        return function

    return declare


def handlers_of(event_name: str) -> list[Handler]:
    """The handlers of an event, in the order in which they were declared (lower apps first)."""
    return _handlers.get(event_name, [])


def heard() -> list[str]:
    """The names of the events that somebody reacts to."""
    return sorted(_handlers)


def heard_by(handler: str) -> list[str]:
    """The names of the events that a handler reacts to."""
    return [
        event for event, known in _handlers.items() if any(each.name == handler for each in known)
    ]
