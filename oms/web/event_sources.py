"""Who emits which event, as the code says: by its name, or by the status that a document reaches."""

import ast
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from django.conf import settings

from oms.core import event_access, event_catalog, states
from oms.core.models import Document

ABOVE = {"oms.rest", "oms.insights", "oms.web"}  # rooms that emit nothing of their own
NO_SOURCES = {"events.py", "handlers.py", "states.py", "event_catalog.py"}
READS = {
    "on",
    "filter",
    "exclude",
    "get",
}  # calls whose names of events are looked for, not emitted
EDITED = ".edited"


def emitters() -> dict[str, list[str]]:
    """The modules that emit each event, by its name."""
    found: dict[str, set[str]] = {each.name: set() for each in event_catalog.declared()}
    for path in _sources():
        for name in _emitted(path):
            found[name].add(_module(path))
    return {name: sorted(modules) for name, modules in found.items()}


def _sources() -> Iterator[Path]:
    for room in settings.ROOMS:
        for path in (
            sorted((settings.BASE_DIR / room.replace(".", "/")).rglob("*.py"))
            if room not in ABOVE
            else ()
        ):
            if path.name not in NO_SOURCES and not {"migrations", "api", "connectors"} & set(
                path.parts
            ):
                yield path


def _module(path: Path) -> str:
    return ".".join(path.relative_to(settings.BASE_DIR).with_suffix("").parts)


def _emitted(path: Path) -> Iterator[str]:
    """The names of the events that a module emits."""
    known = {each.name for each in event_catalog.declared()}
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    yield from known.intersection(_texts(tree))
    if f'{EDITED}"' in text:  # of whichever document's draft
        yield from (name for name in known if name.endswith(EDITED))
    if "states.advance(" in text or "states.create(" in text:
        names = vars(import_module(_module(path)))
        for function in ast.walk(tree):
            if isinstance(function, ast.FunctionDef):
                yield from _of_calls(function, tree, names)


def _texts(node: ast.AST) -> Iterator[str]:
    """The texts below a node, without keys of dictionaries and what is only looked for."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    for child in _children(node):
        yield from _texts(child)


def _children(node: ast.AST) -> list[ast.AST]:
    if isinstance(node, ast.Compare):
        return []
    if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in READS:
        return [node.func]
    if isinstance(node, ast.Dict):
        return [*node.values]
    return [*ast.iter_child_nodes(node)]


def _of_calls(function: ast.FunctionDef, tree: ast.Module, names: dict[str, Any]) -> Iterator[str]:
    for call in ast.walk(function):
        if not isinstance(call, ast.Call):
            continue
        if ast.unparse(call.func) == "states.advance":
            target = next(word.value for word in call.keywords if word.arg == "to")
            yield from _reached(function if isinstance(target, ast.Name) else target, names)
        elif ast.unparse(call.func) == "states.create":
            yield from next(
                filter(None, (_created(place, names) for place in (call, function, tree))),
                _drafts(),
            )


def _reached(node: ast.AST, names: dict[str, Any]) -> set[str]:
    """The events of the statuses that are written below a node, such as `Order.Status.PLACED`."""
    found: set[str] = set()
    if isinstance(node, ast.Attribute):
        value = _value(node, names)
        found |= {
            states.event_of(model, value)
            for model in event_access.document_models()
            if type(value) is getattr(model, "Status", None)
        }
    return found.union(*(_reached(child, names) for child in _children(node)))


def _value(node: ast.AST, names: dict[str, Any]) -> Any:
    """What `S.SENT` stands for in a module; None where it is more than names."""
    if isinstance(node, ast.Attribute):
        return getattr(_value(node.value, names), node.attr, None)
    return names.get(node.id) if isinstance(node, ast.Name) else None


def _created(place: ast.AST, names: dict[str, Any]) -> set[str]:
    """The events of the kinds of documents that are made below a node."""
    made = {
        _value(node.func, names)
        for node in ast.walk(place)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    return {
        f"{each.subject_type}.created"
        for each in made
        if isinstance(each, type) and issubclass(each, Document)
    }


@cache
def _drafts() -> set[str]:
    """The events of drafts that the admin makes, of whichever kind."""
    return {
        each.name.replace(EDITED, ".created")
        for each in event_catalog.declared()
        if each.name.endswith(EDITED)
    }
