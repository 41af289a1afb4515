"""What a page did not expect to be refused is told on one clear page, never as a fault of ours."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from oms.core.errors import DomainError, NotAllowed
from oms.core.locking import busy, is_aborted


class Refusals:
    """Middleware: a DomainError, or a transaction that the server ended because of others, as a page."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        refused: Any = busy() if is_aborted(error) else error
        if not isinstance(refused, DomainError):
            return None
        status = 503 if refused.code == "busy" else 403 if isinstance(refused, NotAllowed) else 409
        context = {
            **admin.site.each_context(request),
            "title": _("Not done"),
            "message": refused.message,
            "back": request.get_full_path(),
        }
        return TemplateResponse(request, "admin/oms/refused.html", context, status=status).render()
