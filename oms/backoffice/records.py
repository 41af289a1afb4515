"""Jobs, notices and events in the admin."""

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, JsonResponse
from django.urls import path
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from oms.backoffice import views
from oms.backoffice.access import ScopedAdmin, acting
from oms.backoffice.decorators import display
from oms.core import attention, outbox, policy
from oms.core.bulk_sql import distinct_values
from oms.core.models import (
    Decision,
    Delivery,
    Event,
    Heartbeat,
    IdempotencyKey,
    JobResult,
    Note,
    Notice,
    SavedView,
    Sequence,
    StoredDocument,
    Stream,
    Subscription,
)
from oms.messaging import notifications


class ReadOnlyAdmin(ScopedAdmin):
    """What nobody edits."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Notice)
class NoticeAdmin(ReadOnlyAdmin):
    list_display = ["text", "topic", "at", "read_at"]
    list_filter = [("read_at", admin.EmptyFieldListFilter), "topic"]
    actions = ["mark_read"]

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).order_by("-pk")

    def get_urls(self) -> Any:
        return [
            path("bell/", self.admin_site.admin_view(self.bell), name="bell"),
            *super().get_urls(),
        ]

    def bell(self, request: HttpRequest) -> JsonResponse:
        """How many notices are unread, to a hundred."""
        user: Any = request.user
        unread = policy.scope(Notice, user).filter(to=user, read_at=None)[:100].count()
        title = ngettext(
            "%(unread)s unread notification", "%(unread)s unread notifications", unread
        ) % {"unread": unread}
        return JsonResponse({"unread": unread, "title": title})

    @acting("view", _("Mark as read"))
    def mark_read(self, request: HttpRequest, rows: Any) -> None:
        notifications.mark_read(rows)


@admin.register(Subscription)
class SubscriptionAdmin(ScopedAdmin):
    """Who hears of what: a role, a topic, a warehouse or all, in the back office and by email."""

    list_display = ["topic", "role", "warehouse", "bell", "mail"]
    list_filter = ["topic", "role"]


@admin.register(Note)
class NoteAdmin(ReadOnlyAdmin):
    """Notes are written on their documents; here a manager finds them."""

    list_display = [
        "subject_type",
        "subject_number",
        "text",
        "file_name",
        "visible_to_warehouse",
        "by",
        "at",
    ]
    list_select_related = ["by"]
    search_fields = exact_search_fields = ["subject_number"]
    ordering = ["-pk"]


@admin.register(JobResult)
class JobResultAdmin(ReadOnlyAdmin):
    """What became of each row of a job; its page shows the first of them."""

    list_display = ["job", "subject", "column", "succeeded", "message"]
    list_select_related = ["job"]
    ordering = ["-pk"]


class SubjectType(admin.SimpleListFilter):
    """What an event is about."""

    title = _("subject type")
    parameter_name = "subject_type"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            (value, value.replace("_", " ")) for value in distinct_values(Event, "subject_type")
        ]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(subject_type=self.value()) if self.value() else queryset


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin):
    list_display = ["position", "name", "subject_number", "order_number", "by", "actor", "at"]
    list_filter = [SubjectType]
    search_fields = exact_search_fields = ["subject_number", "order_number"]
    ordering = ["-pk"]


@admin.register(Delivery)
class AttentionAdmin(ReadOnlyAdmin):
    """What keeps failing: from the second try on, and what is not tried again by itself."""

    list_display = ["event_name", "handler", "attempts", "next_try", "parked_at", "error"]
    actions = ["retry"]
    list_tools_template = "admin/oms/verify_button.html"

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        user: Any = request.user
        everything = policy.has_everywhere(user, "view", Delivery)
        context = {
            "alarms": attention.alarms() if everything else [],
            "may_verify": policy.has_everywhere(user, "verify"),
        }
        return super().changelist_view(request, {**context, **(extra_context or {})})

    def get_queryset(self, request: HttpRequest) -> Any:
        return policy.scope(outbox.standing().select_related("event"), request.user)

    @display(description=_("Event"))
    def event_name(self, delivery: Delivery) -> str:
        return str(delivery.event)

    @display(description=_("Next try"))
    def next_try(self, delivery: Delivery) -> Any:
        return None if delivery.parked_at else delivery.leased_until

    @acting("retry", _("Retry"))
    def retry(self, request: HttpRequest, rows: Any) -> None:
        for delivery in rows:
            outbox.retry(delivery)
        messages.success(request, gettext("Retry scheduled."))


@admin.register(Heartbeat)
class HeartbeatAdmin(ReadOnlyAdmin):
    """Workers, clocks and servers, each with when it was last seen."""

    list_display = ["name", "kind", "host", "pid", "started_at", "seen_at", "ended_at"]
    list_filter = ["kind"]
    ordering = ["-seen_at"]


@admin.register(Decision)
class DecisionAdmin(ReadOnlyAdmin):
    list_display = ["kind", "subject_number", "at"]
    search_fields = exact_search_fields = ["subject_number"]
    ordering = ["-pk"]


@admin.register(StoredDocument)
class StoredDocumentAdmin(ReadOnlyAdmin):
    list_display = ["kind", "subject_number", "file", "sha256", "created_at"]
    search_fields = exact_search_fields = ["subject_number"]
    ordering = ["-pk"]


@admin.register(Sequence)
class SequenceAdmin(ReadOnlyAdmin):
    list_display = ["company", "series", "year", "last"]


@admin.register(IdempotencyKey)
class IdempotencyKeyAdmin(ReadOnlyAdmin):
    list_display = ["client", "key", "created_at"]


@admin.register(Stream)
class StreamAdmin(ReadOnlyAdmin):
    list_display = ["last_position"]


@admin.register(SavedView)
class SavedViewAdmin(ReadOnlyAdmin):
    """The two buttons of saved views; the views themselves stand above their lists."""

    def get_urls(self) -> Any:
        wrap = self.admin_site.admin_view
        return [
            path("keep/", wrap(views.keep), name="keep_view"),
            path("<int:pk>/forget/", wrap(views.forget), name="forget_view"),
            *super().get_urls(),
        ]
