"""What a person, or anybody with a role, sees and can do: the menu, the home page, records, buttons and addresses."""

from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.contrib.auth.decorators import user_passes_test
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.utils.translation import gettext

from oms.backoffice.rights import COLUMNS
from oms.core import operations, policy
from oms.core.models import Role, User
from oms.core.models.role import Reach
from oms.core.wording import in_capitals
from oms.web.api import router
from oms.web.dashboards import mine
from oms.web.menu import navigation

MOST = 1000  # rows that are counted


@dataclass(frozen=True)
class Seen:
    """A kind of record that is seen: how many rows, what can be done, and where programs find it."""

    title: str
    rows: str
    rights: list[str]
    steps: list[str]
    addresses: list[str]


def _may_preview(user: Any) -> bool:
    return bool(user.is_active and user.is_staff and policy.may(user, "view", Role))


@user_passes_test(_may_preview)
def preview_role(request: HttpRequest, pk: int) -> HttpResponse:
    """What somebody sees who has this role alone; without their customers and warehouses no rows can be counted."""
    role = get_object_or_404(Role, pk=pk)
    person = User(username=role.name, is_staff=True)
    person.know_grants([{"role": role.name, "reach": role.reach, "permissions": _codes(role)}])
    return _page(
        request, person, gettext("What “%(role)s” sees") % {"role": role}, is_counted=False
    )


@user_passes_test(_may_preview)
def preview_person(request: HttpRequest, pk: int) -> HttpResponse:
    """What a person sees, with how many records of each kind."""
    person = get_object_or_404(User, pk=pk)
    return _page(
        request, person, gettext("What %(person)s sees") % {"person": person}, is_counted=True
    )


def _codes(role: Role) -> list[str]:
    return [
        f"{app}.{name}"
        for app, name in role.permissions.values_list("content_type__app_label", "codename")
    ]


def _page(request: HttpRequest, person: User, title: str, *, is_counted: bool) -> HttpResponse:
    asked = HttpRequest()
    asked.user = person
    context = {
        **admin.site.each_context(request),
        "title": title,
        "person": person,
        "menu": navigation(asked),
        "cards": [todo.title for todo in mine(person)],
        "seen": list(seen_by(person, is_counted=is_counted)),
        "is_counted": is_counted,
        "general": [
            title
            for (model, right), title in policy.titles().items()
            if model is None and policy.may(person, right)
        ],
    }
    return TemplateResponse(request, "admin/oms/preview.html", context)


def seen_by(person: User, *, is_counted: bool) -> list[Seen]:
    """The kinds of records that a person may look at, as pages or over the API."""
    kinds = [model for model, rights in policy.offered().items() if model and "view" in rights]
    found = [
        _seen(model, person, is_counted) for model in kinds if policy.may(person, "view", model)
    ]
    return sorted(found, key=lambda each: each.title)


def _seen(model: type[Model], person: User, is_counted: bool) -> Seen:
    kind = in_capitals(str(model._meta.verbose_name_plural))
    rights = [str(title) for right, title in COLUMNS.items() if policy.may(person, right, model)]
    steps = [step.title for step in operations.of(model).values() if step.allowed_for(person)]
    addresses = [
        f"/api/v1/{prefix}/"
        for prefix, viewset, _name in router.registry
        if _model_of(viewset) is model
    ]
    return Seen(
        kind[:1].upper() + kind[1:],
        _counted(model, person) if is_counted else _told(model, person),
        rights,
        steps,
        addresses,
    )


def _model_of(viewset: Any) -> type[Model] | None:
    return getattr(getattr(viewset, "queryset", None), "model", None)


def _counted(model: type[Model], person: User) -> str:
    count = policy.scope(model, person).order_by().values("pk")[: MOST + 1].count()
    return f"{MOST}+" if count > MOST else str(count)


def _told(model: type[Model], person: User) -> str:
    """Which rows, in words: a role alone has no customers and warehouses."""
    if policy.sees_all(person, model):
        return gettext("all")
    reached = policy.reaches(person, "view", model)
    return (
        gettext("one's own")
        if Reach.EVERYTHING in reached
        else " / ".join(str(Reach(each).label) for each in reached)
    )
