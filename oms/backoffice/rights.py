"""The rights of a role as a table: a row for each kind of record, and boxes to check where they can be changed."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from django import forms
from django.apps import apps
from django.contrib.auth.models import Permission
from django.db.models import Model
from django.template.loader import render_to_string
from django.utils.translation import gettext_lazy as _

from oms.core import policy, roles
from oms.core.wording import Words, in_capitals

COLUMNS: dict[str, Words] = {
    "view": _("View"),
    "add": _("Add"),
    "change": _("Change"),
    "delete": _("Delete"),
}


@dataclass(frozen=True)
class Box:
    """A right: its permission's key, what it is called, and whether the role has it."""

    key: int
    title: Words
    label: str  # with the kind of record, for those who hear the table
    is_checked: bool


@dataclass(frozen=True)
class Row:
    """One row of the rights table: a check box per column (None if the right doesn't exist), and other rights."""

    title: str
    boxes: list[Box | None]
    more: list[Box]


def sections(checked: Iterable[int]) -> list[tuple[str, list[Row]]]:
    """All rights that roles can be made of, by app and kind of record; rights in general come first."""
    known, chosen = roles.permissions(), set(checked)
    titles = {
        **{(model, right): title for right, title in COLUMNS.items() for model in policy.offered()},
        **roles.titles(),
    }

    def box(model: type[Model] | None, right: str, kind: str) -> Box:
        key = known[policy.code(right, model)].pk
        title = titles[model, right]
        return Box(key, title, f"{title}: {kind}" if kind else str(title), key in chosen)

    def row(model: type[Model] | None, rights: list[str]) -> Row:
        kind = in_capitals(str(model._meta.verbose_name_plural)) if model else ""
        kind = kind[:1].upper() + kind[1:]
        return Row(
            kind,
            [box(model, right, kind) if right in rights else None for right in COLUMNS],
            [box(model, right, kind) for right in rights if right not in COLUMNS],
        )

    offered = sorted(policy.offered().items(), key=lambda item: _place(item[0]))
    return [
        (title, [row(model, rights) for model, rights in kinds])
        for title, kinds in groupby(offered, key=lambda item: _app_of(item[0]))
    ]


def _place(model: type[Model] | None) -> tuple[int, str]:
    """Rights in general first, then by app; what all apps share comes last."""
    if model is None:
        return -1, ""
    labels = [config.label for config in apps.get_app_configs() if config.label != "core"] + [
        "core"
    ]
    return labels.index(model._meta.app_label), str(model._meta.verbose_name_plural).lower()


def _app_of(model: type[Model] | None) -> str:
    return str(
        _("In general")
        if model is None
        else apps.get_app_config(model._meta.app_label).verbose_name
    )


class RightsTable(forms.CheckboxSelectMultiple):
    """Boxes of permissions, laid out as a table."""

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> Any:
        chosen = [int(key) for key in value or () if str(key).isdigit()]
        return table(chosen, name=name)


def table(checked: Iterable[int], *, name: str = "") -> Any:
    """The table as HTML; without a name, for looking only."""
    context = {"sections": sections(checked), "columns": list(COLUMNS.values()), "name": name}
    return render_to_string("admin/oms/rights.html", context)


class RightsField(forms.ModelMultipleChoiceField):
    """Which rights a role has. Whoever may do anything with a kind of record may look at it."""

    widget = RightsTable

    def clean(self, value: Any) -> Any:
        chosen = set(super().clean(value))
        return Permission.objects.filter(pk__in={each.pk for each in chosen} | set(_views(chosen)))


def _views(chosen: "set[Permission]") -> Iterator[int]:
    """The keys of the rights to look at what is chosen to be changed."""
    known, kinds = roles.permissions(), {each.content_type_id for each in chosen}
    for model, rights in policy.offered().items():
        if model is not None and "view" in rights:
            view = known[policy.code("view", model)]
            if view.content_type_id in kinds:
                yield view.pk


def offered_permissions() -> Any:
    """The permissions that roles can be made of."""
    codes = {
        policy.code(right, model) for model, rights in policy.offered().items() for right in rights
    }
    return Permission.objects.filter(
        pk__in=[row.pk for code, row in roles.permissions().items() if code in codes]
    )
