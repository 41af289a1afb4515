"""Companies, jobs, notices and events in the admin."""

from typing import Any

from django.contrib import admin, messages
from django.http import FileResponse, HttpRequest
from django.urls import path, reverse
from django.utils.html import format_html
from unfold.decorators import display

from oms.core import notices, outbox
from oms.core.admin.access import Lines, ScopedAdmin
from oms.core.models import (
    Company,
    Decision,
    Delivery,
    Event,
    ExchangeRate,
    IdempotencyKey,
    Job,
    JobResult,
    Notice,
    Sequence,
    StoredDocument,
    Stream,
)


class ReadOnlyAdmin(ScopedAdmin):
    """What nobody edits."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class Rates(Lines):
    model = ExchangeRate
    is_editable = True


@admin.register(Company)
class CompanyAdmin(ScopedAdmin):
    viewers = "accountant buyer"
    editors = "manager"
    list_display = ["code", "name", "country", "currency"]
    inlines = [Rates]


class Results(Lines):
    model = JobResult
    fields = ["subject", "succeeded", "message"]


@admin.register(Job)
class JobAdmin(ReadOnlyAdmin):
    viewers = "manager accountant buyer rep picker packer"
    list_display = ["title", "by", "done", "failed", "total", "started_at", "finished_at"]
    fields = ["title", "by", "total", "done", "failed", "started_at", "finished_at", "file"]
    readonly_fields = fields
    inlines = [Results]

    def file(self, job: Job) -> Any:
        """What the job made, once it is there."""
        stored = StoredDocument.objects.filter(subject_type="job", subject_number=str(job.pk)).last()
        return format_html('<a href="{}">PDF</a>', reverse("admin:core_job_file", args=[job.pk])) if stored else "-"

    def get_urls(self) -> Any:
        return [path("<int:pk>/file/", self.admin_site.admin_view(self.file_view), name="core_job_file"),
                *super().get_urls()]

    def file_view(self, request: HttpRequest, pk: int) -> Any:
        job = self.get_object(request, str(pk))
        stored = StoredDocument.objects.filter(subject_type="job", subject_number=str(pk)).last()
        if job is None or stored is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, str(pk))
        return FileResponse(stored.file.open("rb"), content_type="application/pdf")

    def get_queryset(self, request: HttpRequest) -> Any:
        rows = super().get_queryset(request)
        return rows if request.user.has_role("manager") else rows.filter(by=request.user)  # type: ignore[union-attr]


@admin.register(Notice)
class NoticeAdmin(ReadOnlyAdmin):
    viewers = "manager accountant buyer rep picker packer"
    list_display = ["text", "at", "read_at"]
    actions = ["mark_read"]

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).filter(to=request.user).order_by("-pk")

    @admin.action(description="Mark as read")
    def mark_read(self, request: HttpRequest, rows: Any) -> None:
        notices.mark_read(rows)


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin):
    viewers = "manager accountant"
    list_display = ["position", "name", "subject_number", "order_number", "by", "at"]
    list_filter = ["subject_type"]
    search_fields = search_exact = ["subject_number", "order_number"]
    ordering = ["-pk"]


@admin.register(Delivery)
class AttentionAdmin(ReadOnlyAdmin):
    """What failed five times and waits for a person."""

    viewers = "manager"
    list_display = ["event_name", "handler", "attempts", "parked_at", "error"]
    actions = ["retry"]
    list_before_template = "admin/oms/verify_button.html"

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).exclude(parked_at=None).select_related("event")

    @display(description="Event")
    def event_name(self, delivery: Delivery) -> str:
        return str(delivery.event)

    @admin.action(description="Try again")
    def retry(self, request: HttpRequest, rows: Any) -> None:
        for delivery in rows:
            outbox.retry(delivery)
        messages.success(request, "They are tried again.")


@admin.register(Decision)
class DecisionAdmin(ReadOnlyAdmin):
    viewers = "manager"
    list_display = ["kind", "subject_number", "at"]
    search_fields = search_exact = ["subject_number"]
    ordering = ["-pk"]


@admin.register(StoredDocument)
class StoredDocumentAdmin(ReadOnlyAdmin):
    viewers = "manager accountant"
    list_display = ["kind", "subject_number", "file", "sha256", "created_at"]
    search_fields = search_exact = ["subject_number"]
    ordering = ["-pk"]


@admin.register(Sequence)
class SequenceAdmin(ReadOnlyAdmin):
    viewers = "manager accountant"
    list_display = ["company", "series", "year", "last"]


@admin.register(IdempotencyKey)
class IdempotencyKeyAdmin(ReadOnlyAdmin):
    viewers = "manager"
    list_display = ["client", "key", "created_at"]


@admin.register(Stream)
class StreamAdmin(ReadOnlyAdmin):
    viewers = "manager"
    list_display = ["last_position"]
