"""API clients and their tokens: a token is shown once, when it is made."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import path, reverse
from django.utils.translation import gettext_lazy as _

from oms.backoffice import absent
from oms.backoffice.access import Lines, ScopedAdmin
from oms.core import clients
from oms.core.models import ApiClient, ApiToken
from oms.core.wording import Words


class Tokens(Lines):
    model = ApiToken
    fields = ["hint", "created_at", "expires_at", "last_used_at", "revoked_at"]
    readonly_fields = fields


def _rotate(client: ApiClient) -> str:
    newest = client.tokens.filter(revoked_at=None).order_by("-pk").first()
    return clients.rotate_token(newest) if newest else clients.issue_token(client)


def _revoke(client: ApiClient) -> str:
    for token in client.tokens.filter(revoked_at=None):
        clients.revoke_token(token)
    return ""


STEPS: dict[str, tuple[Words, Callable[[ApiClient], str]]] = {
    "issue": (_("New token"), clients.issue_token),
    "rotate": (_("Rotate newest token"), _rotate),
    "revoke": (_("Revoke all tokens"), _revoke),
}


@admin.register(ApiClient)
class ApiClientAdmin(ScopedAdmin):
    """For superusers only: a client may do all that its person may."""

    list_display = ["name", "user", "calls_per_minute", "is_active"]
    list_select_related = ["user"]
    inlines = [Tokens]
    change_form_outer_before_template = "admin/oms/steps.html"

    def get_urls(self) -> Any:
        return [
            path(
                "<int:pk>/<str:step>-token/",
                self.admin_site.admin_view(self.token_view),
                name="api_token",
            ),
            *super().get_urls(),
        ]

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: Any = None,
        form_url: str = "",
        extra_context: Any = None,
    ) -> Any:
        context = {
            "steps": [
                (title, reverse("admin:api_token", args=[object_id, name]))
                for name, (title, _step) in STEPS.items()
            ]
            if object_id
            else []
        }
        return super().changeform_view(
            request, object_id, form_url, {**context, **(extra_context or {})}
        )

    def token_view(self, request: HttpRequest, pk: int, step: str) -> HttpResponse:
        """The buttons: make, rotate and revoke."""
        client = self.get_object(request, str(pk))
        if client is None or step not in STEPS or not self.has_change_permission(request, client):
            return absent.answer(request, self.opts, pk)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        text = STEPS[step][1](client)
        messages.warning(
            request,
            _("New token: %(text)s. Copy it now; you won't be able to see it again.")
            % {"text": text}
            if text
            else _("All tokens revoked."),
        )
        return HttpResponseRedirect(reverse("admin:core_apiclient_change", args=[pk]))
