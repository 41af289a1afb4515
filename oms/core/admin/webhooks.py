"""Webhook endpoints and the log of their calls."""

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from oms.core import pulse, webhooks
from oms.core.admin.access import Lines, ScopedAdmin
from oms.core.admin.records import ReadOnlyAdmin
from oms.core.models import WebhookAttempt, WebhookDelivery, WebhookEndpoint


@admin.register(WebhookEndpoint)
class WebhookEndpointAdmin(ScopedAdmin):
    """An endpoint sees what the person who made it sees."""

    editors = "rep accountant manager"
    list_display = ["url", "company", "user", "is_active", "disabled_reason", "created_at"]
    list_select_related = ["company", "user"]
    fields = ["company", "url", "events", "is_active", "disabled_reason", "secret", "position"]
    readonly_fields = ["disabled_reason", "secret", "position"]
    actions = ["rotate_secrets"]

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if change:
            super().save_model(request, obj, form, change)
            if obj.is_active:
                webhooks.enable(obj)
        else:
            obj.user = request.user
            webhooks.subscribe(obj)

    @admin.action(description=_("Rotate the secret"))
    def rotate_secrets(self, request: HttpRequest, rows: Any) -> None:
        for endpoint in rows:
            webhooks.rotate_secret(endpoint)
        messages.success(request, gettext("New secrets are in force; for a day calls carry a signature by the "
                                          "old ones, too."))


class Attempts(Lines):
    model = WebhookAttempt
    fields = ["at", "status", "response", "took_ms"]
    readonly_fields = fields


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(ReadOnlyAdmin):
    viewers = "rep accountant manager"
    list_display = ["event", "endpoint", "attempts", "next_at", "delivered_at", "given_up_at"]
    list_select_related = ["event", "endpoint"]
    list_filter = ["endpoint", "delivered_at"]
    inlines = [Attempts]
    actions = ["send_again"]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        waits = WebhookDelivery.objects.exclude(next_at=None).exists()
        return super().changelist_view(request, {"alarms": pulse.alarms() if waits else [], **(extra_context or {})})

    @admin.action(description=_("Send again"))
    def send_again(self, request: HttpRequest, rows: Any) -> None:
        for delivery in rows:
            webhooks.replay(delivery)
        messages.success(request, gettext("They are sent again within seconds."))
