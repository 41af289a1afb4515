"""Finding what the rooms of the house declare: events, handlers, operations, printed documents, pages."""

from importlib import import_module
from importlib.util import find_spec
from types import ModuleType

from django.conf import settings


def discover(*names: str) -> list[ModuleType]:
    """Import the modules of these names from every room that has them, the lowest room first."""
    return [
        import_module(f"{room}.{name}")
        for name in names
        for room in settings.ROOMS
        if find_spec(f"{room}.{name}")
    ]
