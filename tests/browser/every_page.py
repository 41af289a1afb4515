"""Every add, change and operation page that a person may open, as the admin site and the catalog know them."""

from dataclasses import dataclass

from django.contrib import admin
from django.test import RequestFactory
from django.urls import reverse

from oms.core import operations

ROWS = 300  # as many are looked through for one that an operation is open to


@dataclass(frozen=True)
class Page:
    """A page: what it is, its address, and whether it must ask for something."""

    name: str
    path: str
    asks: bool
    saves: bool
    shape: tuple


def request_of(person):
    request = RequestFactory().get("/")
    request.user = person
    return request


def pages_of(person):
    """All pages of a person; of records one that they edit and one that they only see, and what can be done to one."""
    request = request_of(person)
    for model, page in sorted(admin.site._registry.items(), key=lambda item: item[0]._meta.label):
        label, name = model._meta.label, f"admin:{model._meta.app_label}_{model._meta.model_name}"
        if page.has_add_permission(request):
            yield Page(
                f"add {label}",
                reverse(f"{name}_add"),
                True,
                True,
                (label, "add", person.sees_money),
            )
        if not page.has_view_permission(request):
            continue
        rows = list(page.get_queryset(request).order_by("-pk")[:ROWS])
        for edits, row in {
            page.has_change_permission(request, row): row for row in reversed(rows)
        }.items():
            yield Page(
                f"change {label} {row}",
                reverse(f"{name}_change", args=[row.pk]),
                edits,
                edits,
                (label, "change", edits, person.sees_money),
            )
        for step in operations.of(model).values() if hasattr(page, "operation_view") else ():
            row = (
                next((row for row in rows if step.available(row)), None)
                if step.allowed_for(person)
                else None
            )
            if row is not None:
                yield Page(
                    f"{step.name} {label} {row}",
                    reverse(f"{name}_operation", args=[row.pk, step.name]),
                    step.has_form,
                    True,
                    (label, "do", step.name),
                )
