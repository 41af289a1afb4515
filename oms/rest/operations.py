"""Operations as endpoints: from one declaration of the catalog come the request's schema and what it is called with.

A record in an input is named by its natural key: a document's number, a code, a line's position. What is left out, a
list or a field of a row, is as the form of the back office offers it; a list that is given names all that is meant.
"""

import dataclasses
from collections.abc import Callable, Iterable
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from oms.core import inputs
from oms.core.inputs import Field, Input, key_of
from oms.core.models import User
from oms.core.operations import Operation
from oms.rest.fields import DayField, DecimalField, FlagField, TextField, WholeField
from oms.rest.problems import Unknown

FIELDS: dict[type, Callable[..., serializers.Field[Any, Any, Any, Any]]] = {
    bool: FlagField,
    int: lambda **options: WholeField(max_value=10**9, **options),
    Decimal: lambda **options: DecimalField(max_digits=14, decimal_places=4, **options),
    date: DayField,
    str: lambda **options: TextField(allow_blank=not options.get("required"), **options),
}


@cache
def request_of(operation: Operation) -> type[serializers.Serializer[Any]] | None:
    """The serializer of an operation's input; None where it asks for nothing."""
    if operation.input is None:
        return None
    name = f"{operation.model.__name__}{operation.name.title().replace('_', '')}"
    asked = inputs.describe(operation.input)
    fields = {
        field.name: _field(field, name, has_initial=operation.initial is not None)
        for field in asked.fields
    }
    fields["confirm"] = FlagField(
        required=False, help_text=_("Yes to the question of an answer 409 with the code “confirm”.")
    )
    return _serializer(name, fields)


def _serializer(name: str, fields: dict[str, Any]) -> type[serializers.Serializer[Any]]:
    return type(f"{name}Request", (serializers.Serializer,), fields)


def _field(asked: Field, owner: str, *, has_initial: bool) -> serializers.Field[Any, Any, Any, Any]:
    if asked.rows is not None:
        rows = _rows(asked.rows, f"{owner}{asked.name.title()}", is_new=bool(asked.blank))
        return serializers.ListField(
            child=rows(), max_length=inputs.MOST_ROWS, required=not has_initial
        )
    options: dict[str, Any] = {
        "required": asked.is_required and not has_initial,
        "allow_null": asked.is_nullable,
        "help_text": asked.help,
    }
    if asked.is_record:
        return _reference(asked, options)
    if asked.is_choice:
        return serializers.ChoiceField(choices=asked.kind.choices, **options)
    if asked.kind is str:
        options["max_length"] = asked.most
    if asked.kind in (int, Decimal):
        options["min_value"] = asked.least
    return FIELDS[asked.kind](**options)


def _rows(asked: Input, name: str, *, is_new: bool) -> type[serializers.Serializer[Any]]:
    """A row needs its first field, which says what it is about; of one that the document offers the rest is known."""
    about, *rest = asked.fields
    fields = {
        about.name: _reference(
            about,
            {
                "required": about.is_required or not is_new,
                "allow_null": about.is_nullable,
                "help_text": "",
            },
        )
    }
    return _serializer(
        name, fields | {field.name: _field(field, name, has_initial=not is_new) for field in rest}
    )


def _reference(asked: Field, options: dict[str, Any]) -> serializers.Field[Any, Any, Any, Any]:
    key = key_of(asked.kind)
    named = f"{asked.kind._meta.verbose_name}: its {'id' if key == 'pk' else key}."
    text = f"{named} {options.pop('help_text', '')}".strip()
    if key in ("pk", "position"):
        return WholeField(min_value=0, max_value=10**9, help_text=text, **options)
    return TextField(max_length=80, help_text=text, **options)


def arguments(
    operation: Operation, document: Any, data: dict[str, Any], user: User
) -> dict[str, Any]:
    """What a valid request says, as the operation's keyword arguments. Raises Unknown for an unknown record."""
    if operation.input is None:
        return {}
    initial = operation.initial(document) if operation.initial else None
    return _Binder(document, user).values(inputs.describe(operation.input), data, initial)


@dataclasses.dataclass
class _Binder:
    """Turns named records into records, within what the document offers and the person sees."""

    document: Any
    user: User

    def values(self, asked: Input, data: dict[str, Any], initial: Any) -> dict[str, Any]:
        found = {}
        for field in asked.fields:
            if field.rows is not None:
                known = getattr(initial, field.name) if initial and not field.blank else None
                found[field.name] = (
                    known or []
                    if field.name not in data
                    else [
                        self.row(field.rows, row, known, field.name, index)
                        for index, row in enumerate(data[field.name])
                    ]
                )
            elif field.name in data:
                found[field.name] = self.value(field, data[field.name], field.name)
            elif initial is not None:
                found[field.name] = getattr(initial, field.name)
            elif field.has_default:
                found[field.name] = field.default
        return found

    def row(
        self, asked: Input, data: dict[str, Any], known: list[Any] | None, name: str, index: int
    ) -> Any:
        """A row: the one that the document offers for this record, changed by what is given; else a new one."""
        about, *rest = asked.fields
        path = f"{name}[{index}]"
        if known is None:
            return asked.source(**self.given(asked.fields, data, path))
        entry = next(
            (
                row
                for row in known
                if getattr(getattr(row, about.name), key_of(about.kind)) == data[about.name]
            ),
            None,
        )
        if entry is None:
            raise Unknown(
                {
                    name: {
                        f"{index}": {
                            about.name: [f"{data[about.name]} is none of those that this concerns."]
                        }
                    }
                }
            )
        return dataclasses.replace(entry, **self.given(rest, data, path))

    def given(self, asked: Iterable[Field], data: dict[str, Any], path: str) -> dict[str, Any]:
        return {
            field.name: self.value(field, data[field.name], path)
            for field in asked
            if field.name in data
        }

    def value(self, asked: Field, value: Any, path: str) -> Any:
        if value is None or not asked.is_record:
            return value
        record = (
            asked.choices(self.document, self.user).filter(**{key_of(asked.kind): value}).first()
        )
        if record is None:
            raise Unknown(
                {path: [f"There is no {asked.kind._meta.verbose_name} {value!r} to choose."]}
            )
        return record
