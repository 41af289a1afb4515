"""Forms from the description of an operation's input (`oms.core.inputs`).

A field becomes a form field by its type; a list becomes a table with one row per entry of the initial input, named by
that entry's first field, or with blank rows for new entries. A model that isn't narrowed is searched as it is typed.
"""

import dataclasses
from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AutocompleteSelect
from unfold.widgets import (
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminSingleDateWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanWidget,
)

from oms.core import inputs, limits
from oms.core.inputs import Field, Input
from oms.core.models import User
from oms.core.operations import Operation
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
    """A row of a table: the entry that it is about, its name, and the form for the rest. A new one has neither yet."""

    form: forms.Form
    entry: Any = None
    label: str = ""


@dataclasses.dataclass
class Table:
    """A list in the input: its title, headings, help on columns (names, text) and rows."""

    name: str
    title: str
    headings: list[str]
    helps: list[tuple[str, str]]
    rows: list[Row]


class OperationForm:
    """The form of an operation on a document, with its tables."""

    def __init__(self, operation: Operation, document: Any, user: User, data: Any = None) -> None:
        assert operation.input is not None
        self.input = inputs.describe(operation.input)
        self.user, self.document = user, document
        self.initial = operation.initial(document) if operation.initial else None
        self.form = self._build(self.input.plain, data, self.initial, prefix="")
        self.tables = [self._table(field, rows, data) for field, rows in self.input.tables]

    def _table(self, field: Field, asked: Input, data: Any) -> Table:
        name = field.name
        if field.blank:
            fields = list(asked.fields)
            rows = [
                Row(self._build_blank(fields, data, f"{name}-new{index}"))
                for index in range(field.blank)
            ]
        else:
            fields = [each for each in asked.fields[1:] if not each.is_fixed]
            rows = self._known_rows(name, asked, fields, data)
        return Table(name, spoken(name), [each.label for each in fields], _helps(fields), rows)

    def _known_rows(self, name: str, asked: Input, fields: list[Field], data: Any) -> list[Row]:
        """A row for each entry that the document offers."""
        entries, rows = getattr(self.initial, name) if self.initial else [], []
        fixed = [each for each in asked.fields if each.is_fixed]
        for index, entry in enumerate(entries):
            record = getattr(entry, asked.about.name)
            again = sum(getattr(other, asked.about.name) == record for other in entries[:index])
            prefix = f"{name}-{record.pk}" + (
                f"-{again}" if again else ""
            )  # one record in several rows
            told = ", ".join(
                [
                    str(record),
                    *(f"{each.label.lower()} {getattr(entry, each.name)}" for each in fixed),
                ]
            )
            rows.append(Row(self._build(fields, data, entry, prefix=prefix), entry, told))
        return rows

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
            table.name: [
                _stated(row, asked)
                for row in table.rows
                if row.entry is not None or row.form.has_changed()
            ]
            for table, (_field, asked) in zip(self.tables, self.input.tables, strict=True)
        }
        return {**_entered(self.input, self.form), **lists}

    def _build(self, asked: list[Field], data: Any, initial: Any, prefix: str) -> forms.Form:
        fields = {each.name: _field(each, self.user, self.document) for each in asked}
        values = (
            {each.name: getattr(initial, each.name) for each in asked}
            if initial is not None
            else None
        )
        form_class: type[forms.Form] = type("InputForm", (forms.Form,), fields)
        return form_class(data=data, initial=values, prefix=prefix or None)

    def _build_blank(self, asked: list[Field], data: Any, prefix: str) -> forms.Form:
        """A row for something new; left empty, it asks for nothing."""
        fields = {each.name: _field(each, self.user, self.document) for each in asked}
        for field in fields.values():
            field.initial = None
        form_class: type[forms.Form] = type("NewRowForm", (forms.Form,), fields)
        return form_class(
            data=data, prefix=prefix, empty_permitted=True, use_required_attribute=False
        )


def _stated(row: Row, asked: Input) -> Any:
    """The entry of a row as it was filled in."""
    entered = _entered(asked, row.form)
    return (
        asked.source(**entered) if row.entry is None else dataclasses.replace(row.entry, **entered)
    )


def _entered(asked: Input, form: forms.Form) -> dict[str, Any]:
    """What was entered; a field that was emptied is as where nothing is said."""
    defaults = {
        field.name: field.default
        for field in asked.fields
        if field.has_default and not field.is_nullable
    }
    return {
        name: defaults[name] if value in (None, "") and name in defaults else value
        for name, value in form.cleaned_data.items()
    }


def _helps(fields: list[Field]) -> list[tuple[str, str]]:
    """Each help text once, with the columns that it is about."""
    texts = dict.fromkeys(str(each.help) for each in fields if each.help)
    return [
        (", ".join(each.label for each in fields if str(each.help) == text), text) for text in texts
    ]


def _field(asked: Field, user: User, document: Any) -> forms.Field:
    options: dict[str, Any] = {
        "label": asked.label,
        "required": asked.is_required,
        "help_text": asked.help,
    }
    if asked.has_default and asked.default is not None:
        options["initial"] = asked.default
    if asked.is_record:
        return forms.ModelChoiceField(
            asked.choices(document, user), widget=_select(asked), **options
        )
    if asked.is_choice:
        return forms.ChoiceField(
            choices=asked.kind.choices, widget=UnfoldAdminSelectWidget, **options
        )
    field, widget = SIMPLE[asked.kind]
    if asked.kind is bool:
        options["required"] = False
    return field(widget=widget, **options, **_limits(asked))


def _limits(asked: Field) -> dict[str, Any]:
    """How large and how long an entry may be."""
    if asked.kind is str:
        return {"max_length": asked.most, "validators": [limits.require_text]}
    if asked.kind is int:
        return {"min_value": asked.least, "validators": [limits.require_number]}
    if asked.kind is Decimal:
        return {"min_value": asked.least, "max_digits": 14, "decimal_places": 4}
    return {"validators": [limits.require_day]} if asked.kind is date else {}


def _select(asked: Field) -> forms.Widget:
    """A list where the choice is narrow, else a search over the model's admin."""
    if asked.among or not admin.site.is_registered(asked.kind):
        return UnfoldAdminSelectWidget()
    link = next(
        relation.field for relation in asked.kind._meta.related_objects if relation.field.name
    )
    return AutocompleteSelect(link, admin.site, attrs={"data-theme": "admin-autocomplete"})
