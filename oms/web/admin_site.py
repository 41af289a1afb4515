"""The back office: one admin site for everybody who works here."""

import time
from typing import Any

from django.contrib.admin.apps import AdminConfig
from django.contrib.admin.views.autocomplete import AutocompleteJsonView
from django.core.paginator import Paginator
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext_lazy as _
from unfold.sites import UnfoldAdminSite


class Suggestions(AutocompleteJsonView):
    """What a search field suggests: a code with its name, where a thing has both."""

    def serialize_result(self, obj: Any, to_field_name: str) -> dict[str, Any]:
        code, name = getattr(obj, "code", None), getattr(obj, "name", None)
        text = f"{code} {name}" if code and name else str(obj)
        return {**super().serialize_result(obj, to_field_name), "text": text}


class OMSAdminSite(UnfoldAdminSite):
    site_title = "OMS"
    site_header = "OMS"
    index_title = _("Home")

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> Any:
        """Build the list of all models only for pages that show it: it takes as long as the rest of a small page."""
        return SimpleLazyObject(lambda: super(OMSAdminSite, self).get_app_list(request, app_label))

    def search(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """The search box; not kept, so that nobody finds what they may no longer see."""
        from oms.web.search import search  # it needs the models, which this module comes before

        started = time.perf_counter()
        hits = Paginator(search(request, request.GET.get("s", "")), 200)
        return TemplateResponse(
            request,
            "unfold/helpers/command_results.html",
            {
                "page_obj": hits,
                "results": hits.page(1),
                "page_counter": 0,
                "execution_time": time.perf_counter() - started,
                "command_show_history": False,
            },
            headers={"HX-Trigger": "search"},
        )

    def autocomplete_view(self, request: HttpRequest) -> HttpResponseBase:
        return Suggestions.as_view(admin_site=self)(request)


class OMSAdminConfig(AdminConfig):
    default_site = "oms.web.admin_site.OMSAdminSite"
