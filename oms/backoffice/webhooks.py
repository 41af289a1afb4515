"""Webhook endpoints and the log of their calls."""

import json
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from oms.backoffice.access import Lines, ScopedAdmin, acting
from oms.backoffice.records import ReadOnlyAdmin
from oms.core import event_access, pulse
from oms.core.models import WebhookAttempt, WebhookDelivery, WebhookEndpoint
from oms.messaging import webhooks
from oms.rest import event_schema


@admin.register(WebhookEndpoint)
class WebhookEndpointAdmin(ScopedAdmin):
    """An endpoint sees what the person who made it sees."""

    list_display = ["url", "company", "user", "is_active", "disabled_reason", "created_at"]
    list_select_related = ["company", "user"]
    fields = ["company", "url", "events", "is_active", "disabled_reason", "secret", "position"]
    readonly_fields = ["disabled_reason", "secret", "position"]
    actions = ["rotate_secrets"]
    list_tools_template = "admin/oms/events_button.html"

    def get_urls(self) -> Any:
        return [
            path("events/", self.admin_site.admin_view(self.events_view), name="webhook_events"),
            *super().get_urls(),
        ]

    def events_view(self, request: HttpRequest) -> TemplateResponse:
        """The events that this person's endpoints can be sent, with an example of each call."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        person: Any = request.user
        kinds = event_access.kinds_for(person)
        known = [
            (each, json.dumps(event_schema.example(each, person), indent=2))
            for each in event_schema.offered()
            if each.subject in kinds
        ]
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Events"),
            "events": known,
        }
        return TemplateResponse(request, "admin/oms/events.html", context)

    def formfield_for_dbfield(self, db_field: Any, request: Any, **options: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **options)
        if db_field.name == "events" and field is not None:
            field.help_text = format_html(
                '{} <a href="{}">{}</a>',
                field.help_text,
                reverse("admin:webhook_events"),
                gettext("List of events"),
            )
        return field

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if change:
            super().save_model(request, obj, form, change)
            if obj.is_active:
                webhooks.enable(obj)
        else:
            obj.user = request.user
            webhooks.subscribe(obj)

    @acting("change", _("Rotate signing secret"))
    def rotate_secrets(self, request: HttpRequest, rows: Any) -> None:
        for endpoint in rows:
            webhooks.rotate_secret(endpoint)
        messages.success(
            request, gettext("Signing secrets rotated. The old secrets stay valid for 24 hours.")
        )


class Attempts(Lines):
    model = WebhookAttempt
    fields = ["at", "status", "response", "took_ms"]
    readonly_fields = fields


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(ReadOnlyAdmin):
    list_display = ["event", "endpoint", "attempts", "next_at", "delivered_at", "given_up_at"]
    list_select_related = ["event", "endpoint"]
    list_filter = ["endpoint", "delivered_at"]
    inlines = [Attempts]
    actions = ["send_again"]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        waits = WebhookDelivery.objects.exclude(next_at=None).exists()
        return super().changelist_view(
            request, {"alarms": pulse.alarms() if waits else [], **(extra_context or {})}
        )

    @acting("send_again", _("Resend"))
    def send_again(self, request: HttpRequest, rows: Any) -> None:
        for delivery in rows:
            webhooks.replay(delivery)
        messages.success(request, gettext("Deliveries queued for resending."))
