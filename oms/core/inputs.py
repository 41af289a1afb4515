"""What an operation asks for, read from its frozen dataclass: forms, request schemas and JSON Schema follow from it.

A field's metadata may have `help`; `label` where its name isn't what people call it; `among`, which rows of a model can
be chosen for a document; `most` characters of a text, else 200; `least` that a number may be, else 0; `asked`, False
where nobody is asked for it. A list of dataclasses is a table whose rows are each about their first field, a record; a
field of a row that is `fixed` names the row beside its record. With `blank`, the table asks for new rows, and a form
has so many empty ones.
"""

import dataclasses
import types
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Any, Union, get_args, get_origin, get_type_hints

from django.db.models import Model

from oms.core import policy
from oms.core.models import User
from oms.core.wording import Words, spoken

MOST_CHARACTERS = 200
MOST_ROWS = 1000
NOTHING: Any = object()
KEYS = ("number", "code", "position")
METADATA = {
    "help": "help",
    "label": "own_label",
    "among": "among",
    "most": "most",
    "least": "least",
    "fixed": "is_fixed",
    "blank": "blank",
}
JSON_TYPES: dict[type, dict[str, Any]] = {
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    date: {"type": "string", "format": "date"},
    Decimal: {"type": "string", "format": "decimal"},
    str: {"type": "string"},
}
_described: "dict[type[Any], Input]" = {}


@dataclasses.dataclass(frozen=True)
class Field:
    """A field of an input: its type, and what may be entered. `rows` describes those of a list."""

    name: str
    kind: type[Any]
    is_nullable: bool = False
    default: Any = NOTHING
    help: Words = ""
    own_label: Words = ""
    among: Callable[[Any, Any], Any] | None = None
    most: int = MOST_CHARACTERS
    least: int = 0
    is_fixed: bool = False
    blank: int = 0
    rows: "Input | None" = None

    @property
    def label(self) -> str:
        """What people call it: as it says, else by its name."""
        return str(self.own_label or spoken(self.name))

    @property
    def has_default(self) -> bool:
        return self.default is not NOTHING

    @property
    def is_required(self) -> bool:
        return not (self.is_nullable or self.has_default)

    @property
    def is_record(self) -> bool:
        return issubclass(self.kind, Model)

    @property
    def is_choice(self) -> bool:
        return issubclass(self.kind, Enum)

    def choices(self, document: Any, user: User) -> Any:
        """The records that can be chosen for a document, within what the person sees."""
        rows: Any = self.kind._default_manager.get_queryset()
        rows = self.among(rows, document) if self.among else rows
        return policy.scope(rows, user)


@dataclasses.dataclass(frozen=True)
class Input:
    """The fields of an input, or of a row, whose first field is the record that it is about."""

    source: type[Any]
    fields: tuple[Field, ...]

    @property
    def plain(self) -> list[Field]:
        return [field for field in self.fields if field.rows is None]

    @property
    def tables(self) -> list[tuple[Field, "Input"]]:
        return [(field, field.rows) for field in self.fields if field.rows is not None]

    @property
    def about(self) -> Field:
        return self.fields[0]


def describe(source: type[Any]) -> Input:
    """The description of an input dataclass, or of one of its rows; read once."""
    if source not in _described:
        hints = get_type_hints(source)
        _described[source] = Input(
            source,
            tuple(
                _field(each, hints[each.name])
                for each in dataclasses.fields(source)
                if each.metadata.get("asked", True)
            ),
        )
    return _described[source]


def _field(source: "dataclasses.Field[Any]", hint: Any) -> Field:
    unknown = set(source.metadata) - set(METADATA)
    assert not unknown, f"{source.name}: unknown metadata {unknown}"
    told = {METADATA[name]: value for name, value in source.metadata.items()}
    if get_origin(hint) is list:
        return Field(source.name, list, rows=describe(get_args(hint)[0]), **told)
    kind, is_nullable = _unwrap(hint)
    default = NOTHING if source.default is dataclasses.MISSING else source.default
    return Field(source.name, kind, is_nullable, default, **told)


def _unwrap(hint: Any) -> tuple[type, bool]:
    """A type, and whether None is allowed beside it."""
    if get_origin(hint) in (Union, types.UnionType):
        return next(kind for kind in get_args(hint) if kind is not type(None)), True
    return hint, False


def key_of(model: type[Model]) -> str:
    """The field by which programs name a record."""
    names = {field.name for field in model._meta.get_fields()}
    return next((name for name in KEYS if name in names), "pk")


def json_schema(source: type[Any], *, has_initial: bool = False) -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of an input. With `has_initial`, omitted fields keep the document's values."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **_object(describe(source).fields, [] if has_initial else None),
    }


def _object(fields: tuple[Field, ...], required: list[str] | None) -> dict[str, Any]:
    needed = [field.name for field in fields if field.is_required] if required is None else required
    return {
        "type": "object",
        "additionalProperties": False,
        "required": needed,
        "properties": {field.name: _json_type(field) for field in fields},
    }


def _json_type(field: Field) -> dict[str, Any]:
    if field.rows is not None:
        needed = None if field.blank else [field.rows.about.name]
        return {"type": "array", "maxItems": MOST_ROWS, "items": _object(field.rows.fields, needed)}
    found = {**_json_kind(field), **({"description": str(field.help)} if field.help else {})}
    return {"anyOf": [found, {"type": "null"}]} if field.is_nullable else found


def _json_kind(field: Field) -> dict[str, Any]:
    if field.is_record:
        return JSON_TYPES[int if key_of(field.kind) in ("pk", "position") else str]
    if field.is_choice:
        return {"type": "string", "enum": [member.value for member in field.kind]}
    limits = {str: {"maxLength": field.most}, int: {"minimum": field.least}}.get(field.kind, {})
    return {**JSON_TYPES[field.kind], **limits}
