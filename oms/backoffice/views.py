"""Saved views of lists: one person's, or shared with a team."""

from typing import Any

from django.apps import apps
from django.contrib import messages
from django.http import HttpRequest, HttpResponseRedirect, QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _

from oms.core import policy
from oms.core.limits import UNWRITABLE
from oms.core.models import Role, SavedView

PAGING = ("p", "e")


def list_tools(page: Any, request: HttpRequest) -> dict[str, Any]:
    """What stands above a list: the views that were saved of it, and what can go out and come in."""
    user: Any = request.user
    name = f"{page.opts.app_label}_{page.opts.model_name}"
    return {
        "page": name,
        "may": [right for right in page.list_tools_rights if page.may(request, right)],
        "query": _query(request.GET.urlencode()),
        "teams": sorted(user.role_names),
        "views": list(policy.scope(SavedView, user).filter(page=name)),
        "export": reverse(f"admin:{name}_export"),
        "exportable": [
            (sheet.title, sheet.slug, sheet.imports is not None)
            for sheet in page.exportable(request)
        ],
        "imports": [
            (sheet.title, reverse(f"admin:{name}_import", args=[sheet.slug]))
            for sheet in page.importable(request)
        ],
    }


def _query(text: str) -> str:
    """The filters, search and order of an address, without the place in the list."""
    query = QueryDict(text, mutable=True)
    for name in PAGING:
        query.pop(name, None)
    return query.urlencode()


class SavedViewsAdmin:
    """A list with its saved views above it, and what can go out and come in."""

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        context = {**(extra_context or {}), "tools": list_tools(self, request)}
        return super().changelist_view(request, context)  # type: ignore[misc]


def keep(request: HttpRequest) -> HttpResponseRedirect:
    """Save the list as it is shown under a name; one of the same name is replaced."""
    user: Any = request.user
    page, name, team = (request.POST.get(key, "").strip() for key in ("page", "name", "team"))
    known = {f"{each._meta.app_label}_{each._meta.model_name}": each for each in apps.get_models()}
    model = known.get(page)
    query = _query(request.POST.get("query", ""))
    name = UNWRITABLE.sub("", name)
    if request.method != "POST" or model is None or not policy.may(user, "view", model):
        return HttpResponseRedirect(reverse("admin:index"))
    if not 0 < len(name) <= 40 or len(query) > 1000 or team not in {"", *user.role_names}:
        messages.error(
            request, _("Enter a name of up to 40 characters, and choose one of your own roles.")
        )
    else:
        SavedView.objects.update_or_create(
            owner=user,
            page=page,
            name=name,
            defaults={"query": query, "team": Role.objects.filter(name=team).first()},
        )
        messages.success(request, _("View “%(name)s” saved.") % {"name": name})
    return HttpResponseRedirect(f"{reverse(f'admin:{page}_changelist')}?{query}")


def forget(request: HttpRequest, pk: int) -> HttpResponseRedirect:
    """Take one's own view away."""
    user: Any = request.user
    view = SavedView.objects.filter(pk=pk, owner=user).first()
    if request.method != "POST" or view is None:
        return HttpResponseRedirect(reverse("admin:index"))
    view.delete()
    return HttpResponseRedirect(reverse(f"admin:{view.page}_changelist"))
