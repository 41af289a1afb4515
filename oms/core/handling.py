"""Declaring who reacts to which event."""

from collections.abc import Callable
from dataclasses import dataclass

from oms.core.models import Event

Handle = Callable[[Event], None]


@dataclass(frozen=True)
class Handler:
    """A reaction to an event. One that calls the world runs without a transaction, at least once."""

    name: str
    handle: Handle
    calls_world: bool = False


_handlers: dict[str, list[Handler]] = {}


def on(event_name: str, *, calls_world: bool = False) -> Callable[[Handle], Handle]:
    """Declare a function as a handler of an event, known by its app and its own name."""

    def declare(function: Handle) -> Handle:
        name = f"{function.__module__.rpartition('.')[0]}.{function.__name__}"
        _handlers.setdefault(event_name, []).append(Handler(name, function, calls_world))
        return function

    return declare


def handlers_of(event_name: str) -> list[Handler]:
    """The handlers of an event, in the order in which they were declared (lower apps first)."""
    return _handlers.get(event_name, [])


def heard() -> list[str]:
    """The names of the events that somebody reacts to."""
    return sorted(_handlers)
