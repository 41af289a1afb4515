"""What is written down of the catalog of events: a page, and the payloads of each version."""

import json
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

from django.conf import settings

from oms.core import event_access, event_catalog, event_handlers, policy
from oms.core.event_catalog import EventType
from oms.web import event_sources

PAGE: Path = settings.BASE_DIR / "docs" / "events.md"
PAYLOADS: Path = settings.BASE_DIR / "docs" / "event_payloads.json"
HEAD = """# Events

Written by `manage.py describe_events` from the catalog (`events.py` of each app) and the code; don't edit it.

A program reads events from `GET /api/v1/events/`, or a webhook endpoint is sent them. It sees the events of the
documents that its user may view, and their payloads if that user sees money. Internal events are for handlers alone.
Within a version, a payload only gains fields; fields in *italics* may be missing. Handlers marked `→` call other
systems. Events marked † are also for the customer of the order, by a link to it.
"""
Schema = dict[str, Any]
Payloads = dict[str, dict[str, Schema]]


def page() -> str:
    """The list of events, by what they are about."""
    emitters = event_sources.emitters()
    kinds = groupby(
        sorted(event_catalog.declared(), key=lambda each: (each.subject, each.name)),
        key=lambda each: each.subject,
    )
    return HEAD + "".join(_section(kind, list(known), emitters) for kind, known in kinds)


def _section(kind: str, known: list[EventType], emitters: dict[str, list[str]]) -> str:
    rows = "".join(_row(each, emitters[each.name]) for each in known)
    title = "SKU" if kind == "sku" else kind.replace("_", " ").capitalize()
    return (
        f"\n## {title}\n\nWho may see them: {_viewers(kind)}.\n\n"
        f"| event | version | meaning | payload | emitted by | handled by |\n|---|---|---|---|---|---|\n{rows}"
    )


def _row(known: EventType, emitters: list[str]) -> str:
    cells = (
        f"`{known.name}`" + (" †" if known.is_for_customer else ""),
        str(known.version),
        str(known.meaning),
        _payload(known),
        _listed(emitters),
        _listed(_handlers(known.name)),
    )
    return f"| {' | '.join(cells)} |\n"


def _payload(known: EventType) -> str:
    return ", ".join(
        f"{name if is_required else f'*{name}*'}: {event_catalog.describe(kind)}"
        for name, (kind, is_required) in known.fields.items()
    )


def _handlers(name: str) -> list[str]:
    return [
        ("→ " if handler.external else "") + handler.name
        for handler in event_handlers.handlers_of(name)
    ]


def _listed(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _viewers(kind: str) -> str:
    """The built-in roles that may view a kind of record."""
    model = next(
        (model for model in event_access.document_models() if model.subject_type == kind), None
    )
    if model is not None:
        return ", ".join(sorted(policy.roles_with("view", model)))
    return event_access.rule_of(kind) or "nobody (internal)"


def payloads() -> Payloads:
    """The payload of each event in JSON Schema, in its present version."""
    return {each.name: {str(each.version): each.schema} for each in event_catalog.declared()}


def written_payloads() -> Payloads:
    """The payloads of all versions, as they were written down."""
    known: Payloads = json.loads(PAYLOADS.read_text(encoding="utf-8")) if PAYLOADS.exists() else {}
    return known


def merged(before: Payloads, now: Payloads) -> Payloads:
    """The payloads of today, with the earlier versions of each event."""
    return {name: {**before.get(name, {}), **versions} for name, versions in now.items()}


def as_text(known: Payloads) -> str:
    """Payloads as they are written down."""
    return (
        "{\n"
        + ",\n".join(f" {json.dumps(name)}: {json.dumps(known[name])}" for name in sorted(known))
        + "\n}\n"
    )


def lost(before: Payloads, now: Payloads) -> list[str]:
    """What receivers relied on and is not there any more: events, and within a version fields and their types."""
    return [
        fault
        for name, versions in before.items()
        for fault in (
            [f"{name} is gone"]
            if name not in now
            else [
                f"{name}, version {version}: {fault}"
                for version, schema in versions.items()
                if version in now[name]
                for fault in _lost(schema, now[name][version])
            ]
        )
    ]


def _lost(before: Schema, now: Schema, at: str = "") -> Iterator[str]:
    """The fields that are gone, may be missing now, or are of another type."""
    nested = {"properties", "required", "items", "additionalProperties"}
    if {**before, **dict.fromkeys(nested)} != {**now, **dict.fromkeys(nested)}:
        yield f"{at or 'the payload'} is of another type"
    yield from (
        f"{at}{name} may be missing"
        for name in before.get("required", ())
        if name in now.get("properties", {}) and name not in now.get("required", ())
    )
    for name, schema in before.get("properties", {}).items():
        if name in now.get("properties", {}):
            yield from _lost(schema, now["properties"][name], f"{at}{name}")
        else:
            yield f"{at}{name} is gone"
    for inner in {"items", "additionalProperties"} & before.keys():
        yield from _lost(before[inner], now.get(inner, {}), f"{at}[]")
