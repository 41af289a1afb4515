"""The catalog of events: each app declares in its `events.py` what it emits, with a typed payload."""

from collections.abc import Iterator
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass
from difflib import get_close_matches
from functools import cache, cached_property
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

from django.utils.functional import Promise

from oms.core.discovery import discover


class UnknownEvent(LookupError):
    """A name that no app declares."""


class WrongPayload(TypeError):
    """Data that does not fit the declaration of its event."""


@dataclass(frozen=True)
class Notation:
    """How a text is written: its format in JSON Schema, and an example."""

    example: str
    format: str = ""


Amount = Annotated[str, Notation("119.00", "decimal")]
Currency = Annotated[str, Notation("EUR")]
Day = Annotated[str, Notation("2027-01-31", "date")]
Number = Annotated[str, Notation("SO-1042")]  # of an order, a wave, a shipment
InvoiceNumber = Annotated[str, Notation("INV-2027-00042")]
SkuCode = Annotated[str, Notation("TEE-M")]
LineKey = Annotated[str, Notation("17")]  # the key of a document's line, as text
Name = Annotated[str, Notation("main")]  # a code of master data, or a status
Text = Annotated[str, Notation("as agreed by phone")]


@dataclass(frozen=True)
class NoData:
    """The payload of an event that says everything by its name and subject."""


@dataclass(frozen=True)
class Created:
    """The payload of a new document: the status in which it begins."""

    status: Annotated[str, Notation("draft")]


@dataclass(frozen=True)
class Edited:
    """The payload of a draft that was edited."""

    fields: list[Annotated[str, Notation("note")]]


@dataclass(frozen=True)
class EventType:
    """A declared event. A payload field with a default may be missing; within a version payloads only gain fields."""

    name: str
    payload: type[Any]
    meaning: str | Promise
    subject: str
    version: int
    is_internal: bool
    is_for_customer: bool

    @cached_property
    def fields(self) -> dict[str, tuple[Any, bool]]:
        """Each field's type by its name in the payload, and whether it is always there."""
        return fields_of(self.payload)

    @property
    def schema(self) -> dict[str, Any]:
        """The payload in JSON Schema."""
        return schema_of(self.payload)

    @property
    def example(self) -> dict[str, Any]:
        """A payload as it could be."""
        example: dict[str, Any] = example_of(self.payload)
        return example


_declared: dict[str, EventType] = {}


def event(
    name: str,
    payload: type[Any],
    meaning: str | Promise,
    *,
    subject: str = "",
    version: int = 1,
    is_internal: bool = False,
    is_for_customer: bool = False,
) -> EventType:
    """Declare an event about a kind of record (`subject`: else the first part of its name).

    Whoever may view the subject sees the event, and its payload if they see money; nobody outside sees internal ones,
    and the customer of an order sees those alone that are for them.
    """
    if name in _declared:
        raise ValueError(f"The event {name!r} is declared twice.")
    made = EventType(
        name,
        payload,
        meaning,
        subject or name.partition(".")[0],
        version,
        is_internal,
        is_for_customer,
    )
    _declared[name] = made
    return made


@cache
def _load() -> None:
    discover("events")


def declared() -> list[EventType]:
    """Every event, by name."""
    _load()
    return sorted(_declared.values(), key=lambda each: each.name)


def get(name: str) -> EventType:
    """Return the declaration of an event. Raises UnknownEvent."""
    _load()
    if name not in _declared:
        near = get_close_matches(name, _declared, 1)
        raise UnknownEvent(
            f"No app declares the event {name!r}"
            + (f" (did you mean {near[0]!r}?)" if near else "")
            + ". Declare it in the events.py of the app that emits it."
        )
    return _declared[name]


def offers() -> set[str]:
    """What a webhook can ask for: each event that is not internal, and `order.*` for all that begin so."""
    names = {each.name for each in declared() if not each.is_internal}
    return names | {f"{name.partition('.')[0]}.*" for name in names}


def for_customers() -> set[str]:
    """The names of the events that the customer of an order sees."""
    return {each.name for each in declared() if each.is_for_customer}


def check(name: str, subject_type: str, data: dict[str, Any]) -> None:
    """Raise UnknownEvent or WrongPayload unless the event is declared and its data fits."""
    known = get(name)
    if subject_type != known.subject:
        raise WrongPayload(f"{name} is declared about {known.subject!r}, not {subject_type!r}.")
    wrong = list(_faults(data, known.fields))
    if wrong:
        raise WrongPayload(
            f"The payload of {name} does not fit {known.payload.__qualname__}: {'; '.join(wrong)}."
        )


def fields_of(payload: type[Any]) -> dict[str, tuple[Any, bool]]:
    """The fields of a payload's dataclass; `from_` stands for `from`."""
    hints = get_type_hints(payload, include_extras=True)
    return {
        field.name.rstrip("_"): (hints[field.name], _is_required(field))
        for field in fields(payload)
    }


def _is_required(field: Field[Any]) -> bool:
    return field.default is MISSING and field.default_factory is MISSING


def _faults(data: dict[str, Any], wanted: dict[str, tuple[Any, bool]]) -> Iterator[str]:
    for name, (kind, is_required) in wanted.items():
        if name in data and not fits(data[name], kind):
            yield f"{name} is {data[name]!r}, not {describe(kind)}"
        elif name not in data and is_required:
            yield f"{name} is missing"
    yield from (f"{name} is not declared" for name in data if name not in wanted)


def fits(value: Any, kind: Any) -> bool:
    """Whether a value is of a declared type."""
    origin, inner = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return fits(value, inner[0])
    if origin in (Union, UnionType):
        return any(fits(value, each) for each in inner)
    if origin is list:
        return isinstance(value, list) and all(fits(each, inner[0]) for each in value)
    if origin is dict:
        return isinstance(value, dict) and all(
            isinstance(key, str) and fits(each, inner[1]) for key, each in value.items()
        )
    if is_dataclass(kind):
        return isinstance(value, dict) and not any(_faults(value, fields_of(kind)))  # type: ignore[arg-type]
    return isinstance(value, (int, float) if kind is float else kind) and (
        kind is bool or not isinstance(value, bool)
    )


_JSON = {str: "string", int: "integer", float: "number", bool: "boolean", type(None): "null"}


def schema_of(kind: Any) -> dict[str, Any]:
    """A declared type in JSON Schema."""
    origin, inner = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return schema_of(inner[0]) | ({"format": inner[1].format} if inner[1].format else {})
    if origin in (Union, UnionType):
        return {"type": [schema_of(each)["type"] for each in inner]}
    if origin is list:
        return {"type": "array", "items": schema_of(inner[0])}
    if origin is dict:
        return {"type": "object", "additionalProperties": schema_of(inner[1])}
    if is_dataclass(kind):
        known = fields_of(kind)  # type: ignore[arg-type]
        required = [name for name, (_, is_required) in known.items() if is_required]
        return {
            "type": "object",
            "properties": {name: schema_of(each) for name, (each, _) in known.items()},
            **({"required": required} if required else {}),
        }
    return {"type": _JSON[kind]}


def describe(kind: Any) -> str:
    """A declared type as people read it: `list of text`."""
    origin, inner = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return inner[1].format or describe(inner[0])
    if origin in (Union, UnionType):
        return " or ".join(map(describe, inner))
    if origin is list:
        return f"list of {describe(inner[0])}"
    if origin is dict:
        return f"{describe(inner[1])} by {describe(inner[0])}"
    if is_dataclass(kind):
        parts = fields_of(kind).items()  # type: ignore[arg-type]
        return "(" + ", ".join(f"{name}: {describe(each)}" for name, (each, _) in parts) + ")"
    return {
        str: "text",
        int: "integer",
        float: "number",
        bool: "true or false",
        type(None): "null",
    }[kind]


_EXAMPLES = {str: "A-01", int: 2, float: 1.5, bool: True, type(None): None}


def example_of(kind: Any) -> Any:
    """A value of a declared type."""
    origin, inner = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return inner[1].example
    if origin in (Union, UnionType):
        return example_of(inner[0])
    if origin is list:
        return [example_of(inner[0])]
    if origin is dict:
        return {example_of(inner[0]): example_of(inner[1])}
    if is_dataclass(kind):
        return {name: example_of(each) for name, (each, _) in fields_of(kind).items()}  # type: ignore[arg-type]
    return _EXAMPLES[kind]
