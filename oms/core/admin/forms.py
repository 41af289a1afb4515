"""Forms from the typed input of operations.

A field of the input dataclass becomes a form field by its type; a list of dataclasses becomes a table with one row per
entry of the initial input, named by that entry's first field, a record; where it is None the row asks
for a new one. A field's metadata may have `help`, `label` where its name isn't what people call it, and
`among`: which rows of a model can be chosen for this document; without it a model is searched as it is typed. A field
of a row that is `fixed` names the row beside its record.
"""

import dataclasses
import types
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Any, Union, get_args, get_origin, get_type_hints

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AutocompleteSelect
from django.db.models import Model
from unfold.widgets import (
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminSingleDateWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanWidget,
)

from oms.core import limits
from oms.core.models import User
from oms.core.operations import MOST_CHARACTERS, Operation
from oms.core.wording import spoken

SIMPLE: dict[type, tuple[type[forms.Field], type[forms.Widget]]] = {
    bool: (forms.BooleanField, UnfoldBooleanWidget),
    int: (forms.IntegerField, UnfoldAdminIntegerFieldWidget),
    Decimal: (forms.DecimalField, UnfoldAdminDecimalFieldWidget),
    date: (forms.DateField, UnfoldAdminSingleDateWidget),
    str: (forms.CharField, UnfoldAdminTextInputWidget),
}


@dataclasses.dataclass
class Row:
    """A row of a table: the entry that it is about, its name, and the form for the rest."""

    entry: Any
    label: str
    form: forms.Form


@dataclasses.dataclass
class Table:
    """A list in the input: its title, headings and rows."""

    name: str
    title: str
    headings: list[str]
    rows: list[Row]


class OperationForm:
    """The form of an operation on a document, with its tables."""

    def __init__(self, operation: Operation, document: Any, user: User, data: Any = None) -> None:
        self.input: Any = operation.input
        self.user, self.document = user, document
        self.initial = operation.initial(document) if operation.initial else None
        hints = get_type_hints(self.input)
        plain = {name: hint for name, hint in hints.items() if get_origin(hint) is not list}
        self.form = self._build(self.input, plain, data, self.initial, prefix="")
        self.tables = [self._table(name, get_args(hint)[0], data) for name, hint in hints.items()
                       if get_origin(hint) is list]

    def _table(self, name: str, row_type: Any, data: Any) -> Table:
        hints = get_type_hints(row_type)
        key, *rest = hints
        entries = getattr(self.initial, name) if self.initial else []
        is_new = any(getattr(entry, key) is None for entry in entries)
        fixed = [(field.name, _label(field)) for field in dataclasses.fields(row_type) if field.metadata.get("fixed")]
        fields = hints if is_new else {field: hints[field] for field in rest if field not in dict(fixed)}
        rows = []
        for index, entry in enumerate(entries):
            record = getattr(entry, key)
            again = sum(getattr(other, key) == record for other in entries[:index])  # one record in several rows
            prefix = f"{name}-new{index}" if is_new else f"{name}-{record.pk}" + (f"-{again}" if again else "")
            told = ", ".join([str(record), *(f"{label.lower()} {getattr(entry, each)}" for each, label in fixed)])
            rows.append(Row(entry, "" if is_new else told,
                            self._build(row_type, fields, data, entry, prefix=prefix)))
        labels = {field.name: _label(field) for field in dataclasses.fields(row_type)}
        return Table(name, spoken(name), [labels[field] for field in fields], rows)

    @property
    def media(self) -> forms.Media:
        """The scripts and styles of all its fields."""
        return sum((row.form.media for table in self.tables for row in table.rows), self.form.media)

    def is_valid(self) -> bool:
        forms_ = [self.form, *(row.form for table in self.tables for row in table.rows)]
        valid = [form.is_valid() for form in forms_]  # each says what is wrong with it
        return all(valid)

    def values(self) -> dict[str, Any]:
        """What was entered, as keyword arguments for the operation."""
        lists = {
            table.name: [dataclasses.replace(row.entry, **_entered(type(row.entry), row.form)) for row in table.rows]
            for table in self.tables
        }
        return {**_entered(self.input, self.form), **lists}


    def _build(self, owner: Any, hints: dict[str, Any], data: Any, initial: Any, prefix: str) -> forms.Form:
        defaults = {field.name: field for field in dataclasses.fields(owner)}
        fields = {name: _field(name, hint, defaults[name], self.user, self.document) for name, hint in hints.items()}
        values = {name: getattr(initial, name) for name in hints} if initial is not None else None
        form_class: type[forms.Form] = type("InputForm", (forms.Form,), fields)
        return form_class(data=data, initial=values, prefix=prefix or None)


def _entered(owner: type[Any], form: forms.Form) -> dict[str, Any]:
    """What was entered; a field that was emptied is as where nothing is said."""
    hints, defaults = get_type_hints(owner), {field.name: field.default for field in dataclasses.fields(owner)}
    return {name: defaults[name] if value in (None, "") and not _unwrap(hints[name])[1]
            and defaults[name] is not dataclasses.MISSING else value for name, value in form.cleaned_data.items()}


def _field(name: str, hint: Any, owner: Any, user: User, document: Any) -> forms.Field:
    kind, optional = _unwrap(hint)
    has_default = owner.default is not dataclasses.MISSING
    options: dict[str, Any] = {"label": _label(owner), "required": not (optional or has_default),
                               "help_text": owner.metadata.get("help", "")}
    if has_default and owner.default is not None:
        options["initial"] = owner.default
    if issubclass(kind, Model):
        rows = _choices(kind, owner, user, document)
        return forms.ModelChoiceField(rows, widget=_select(kind, owner), **options)
    if issubclass(kind, Enum):
        return forms.ChoiceField(choices=kind.choices, widget=UnfoldAdminSelectWidget, **options)  # type: ignore[attr-defined]
    field, widget = SIMPLE[kind]
    if kind is bool:
        options["required"] = False
    return field(widget=widget, **options, **_limits(kind, owner))


def _label(owner: Any) -> str:
    """What a field is called: as its metadata says, else by its name."""
    return str(owner.metadata.get("label") or spoken(owner.name))


def _limits(kind: type, owner: Any) -> dict[str, Any]:
    """How large and how long an entry may be: numbers are not negative unless their metadata says `least`."""
    if kind is str:
        return {"max_length": owner.metadata.get("most", MOST_CHARACTERS), "validators": [limits.require_text]}
    if kind is int:
        return {"min_value": owner.metadata.get("least", 0), "validators": [limits.require_number]}
    if kind is Decimal:
        return {"min_value": owner.metadata.get("least", 0), "max_digits": 14, "decimal_places": 4}
    return {"validators": [limits.require_day]} if kind is date else {}


def _select(model: type[Model], owner: Any) -> forms.Widget:
    """A list where the choice is narrow, else a search over the model's admin."""
    if "among" in owner.metadata or model not in admin.site._registry:
        return UnfoldAdminSelectWidget()
    link = next(relation.field for relation in model._meta.related_objects if relation.field.name)
    return AutocompleteSelect(link, admin.site, attrs={"data-theme": "admin-autocomplete"})


def _choices(model: type[Model], owner: Any, user: User, document: Any) -> Any:
    rows: Any = model._default_manager.get_queryset()
    narrow = owner.metadata.get("among")
    rows = narrow(rows, document) if narrow else rows
    return rows.visible_to(user) if hasattr(rows, "visible_to") else rows


def _unwrap(hint: Any) -> tuple[type, bool]:
    if get_origin(hint) in (Union, types.UnionType):
        kinds: Sequence[Any] = [kind for kind in get_args(hint) if kind is not type(None)]
        return kinds[0], True
    return hint, False
