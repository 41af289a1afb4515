"""Operations as endpoints: from one declaration of the catalogue come the request's schema and what it is called with.

A record in an input is named by its natural key: a document's number, a code, a line's position. What is left out, a
list or a field of a row, is as the form of the back office offers it; a list that is given names all that is meant.
"""

import dataclasses
import types
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from enum import Enum
from functools import cache
from typing import Any, Union, get_args, get_origin, get_type_hints

from django.db.models import Model
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from oms.core.api.fields import DayField, DecimalField, FlagField, TextField, WholeField
from oms.core.api.problems import Unknown
from oms.core.models import User
from oms.core.operations import MOST_CHARACTERS, Operation

FIELDS: dict[type, Callable[..., serializers.Field[Any, Any, Any, Any]]] = {
    bool: FlagField,
    int: lambda **options: WholeField(max_value=10**9, **options),
    Decimal: lambda **options: DecimalField(max_digits=14, decimal_places=4, **options),
    date: DayField,
    str: lambda **options: TextField(allow_blank=not options.get("required"), **options),
}
KEYS = ("number", "code", "position")


@cache
def request_of(operation: Operation) -> type[serializers.Serializer[Any]] | None:
    """The serializer of an operation's input; None where it asks for nothing."""
    if operation.input is None:
        return None
    name = f"{operation.model.__name__}{operation.name.title().replace('_', '')}"
    return _serializer(operation.input, name, has_initial=operation.initial is not None, confirm=FlagField(
        required=False, help_text=_("Yes to the question of an answer 409 with the code “confirm”.")))


def _serializer(
    source: type[Any], name: str, *, has_initial: bool, **more: Any,
) -> type[serializers.Serializer[Any]]:
    hints = get_type_hints(source)
    fields = {field.name: _field(field, hints[field.name], name, has_initial) for field in dataclasses.fields(source)}
    return type(f"{name}Request", (serializers.Serializer,), {**fields, **more})


def _field(field: Any, hint: Any, owner: str, has_initial: bool) -> serializers.Field[Any, Any, Any, Any]:
    if get_origin(hint) is list:
        rows = _rows(get_args(hint)[0], f"{owner}{field.name.title()}")
        return serializers.ListField(child=rows(), max_length=1000, required=not has_initial)
    kind, is_optional = unwrap(hint)
    is_required = field.default is dataclasses.MISSING and not is_optional and not has_initial
    options = {"required": is_required, "allow_null": is_optional, "help_text": field.metadata.get("help", "")}
    if issubclass(kind, Model):
        return _reference(kind, options)
    if kind is str:
        options["max_length"] = field.metadata.get("most", MOST_CHARACTERS)
    if kind in (int, Decimal):
        options["min_value"] = field.metadata.get("least", 0)
    if issubclass(kind, Enum):
        return serializers.ChoiceField(choices=kind.choices, **options)  # type: ignore[attr-defined]
    return FIELDS[kind](**options)


def _rows(row: type[Any], name: str) -> type[serializers.Serializer[Any]]:
    """A row needs its first field, which says what it is about; the rest has defaults."""
    hints = get_type_hints(row)
    first, *rest = dataclasses.fields(row)
    kind, is_optional = unwrap(hints[first.name])
    fields = {first.name: _reference(kind, {"required": True, "allow_null": is_optional, "help_text": ""})}
    fields |= {field.name: _field(field, hints[field.name], name, has_initial=True) for field in rest}
    return type(f"{name}Request", (serializers.Serializer,), fields)


def _reference(model: type[Model], options: dict[str, Any]) -> serializers.Field[Any, Any, Any, Any]:
    key = key_of(model)
    text = f"{model._meta.verbose_name}: its {'id' if key == 'pk' else key}. {options.pop('help_text', '')}".strip()
    if key in ("pk", "position"):
        return WholeField(min_value=0, max_value=10**9, help_text=text, **options)
    return TextField(max_length=80, help_text=text, **options)


def key_of(model: type[Model]) -> str:
    """The field by which callers name a record."""
    names = {field.name for field in model._meta.get_fields()}
    return next((name for name in KEYS if name in names), "pk")


def unwrap(hint: Any) -> tuple[type, bool]:
    """A type, and whether None is allowed beside it."""
    if get_origin(hint) in (Union, types.UnionType):
        kinds = [kind for kind in get_args(hint) if kind is not type(None)]
        return kinds[0], True
    return hint, False


def arguments(operation: Operation, document: Any, data: dict[str, Any], user: User) -> dict[str, Any]:
    """What a valid request says, as the operation's keyword arguments. Raises Unknown for an unknown record."""
    if operation.input is None:
        return {}
    initial = operation.initial(document) if operation.initial else None
    return _Binder(document, user).values(operation.input, data, initial)


@dataclasses.dataclass
class _Binder:
    """Turns named records into records, within what the document offers and the person sees."""

    document: Any
    user: User

    def values(self, source: type[Any], data: dict[str, Any], initial: Any) -> dict[str, Any]:
        hints, found = get_type_hints(source), {}
        for field in dataclasses.fields(source):
            hint = hints[field.name]
            if get_origin(hint) is list:
                known = getattr(initial, field.name) if initial else None
                found[field.name] = known or [] if field.name not in data else [
                    self.row(get_args(hint)[0], row, known, field.name, index)
                    for index, row in enumerate(data[field.name])]
            elif field.name in data:
                found[field.name] = self.value(field, unwrap(hint)[0], data[field.name], field.name)
            elif initial is not None:
                found[field.name] = getattr(initial, field.name)
            elif field.default is not dataclasses.MISSING:
                found[field.name] = field.default
        return found

    def row(self, source: type[Any], data: dict[str, Any], known: list[Any] | None, name: str, index: int) -> Any:
        """A row: the one that the document offers for this record, changed by what is given.

        Where it offers none at all, or blank ones, it is a new one.
        """
        first, *rest = dataclasses.fields(source)
        hints, path = get_type_hints(source), f"{name}[{index}]"
        key = key_of(unwrap(hints[first.name])[0])
        entry = next((row for row in known or [] if getattr(row, first.name) is not None
                      and getattr(getattr(row, first.name), key) == data[first.name]), None)
        if entry is None and known is not None and all(getattr(row, first.name) is not None for row in known):
            raise Unknown({name: {f"{index}": {first.name: [
                f"{data[first.name]} is none of those that this concerns."]}}})
        given = {field.name: self.value(field, unwrap(hints[field.name])[0], data[field.name], path)
                 for field in rest if field.name in data}
        if entry is not None:
            return dataclasses.replace(entry, **given)
        return source(**{first.name: self.value(first, unwrap(hints[first.name])[0], data[first.name], path), **given})

    def value(self, field: Any, kind: type[Any], value: Any, path: str) -> Any:
        if value is None or not issubclass(kind, Model):
            return value
        rows: Any = kind._default_manager.get_queryset()
        narrow = field.metadata.get("among")
        rows = narrow(rows, self.document) if narrow else rows
        rows = rows.visible_to(self.user) if hasattr(rows, "visible_to") else rows
        record = rows.filter(**{key_of(kind): value}).first()
        if record is None:
            raise Unknown({path: [f"There is no {kind._meta.verbose_name} {value!r} to choose."]})
        return record
