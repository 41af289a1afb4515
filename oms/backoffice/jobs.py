"""The page of a job: how far it is, what became of each row, its files, and what can be done next."""

from collections.abc import Callable, Iterator
from itertools import chain
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import (
    FileResponse,
    HttpRequest,
    HttpResponse,
    HttpResponseRedirect,
    StreamingHttpResponse,
)
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.translation import gettext as _

from oms.background import bulk_operations, jobs
from oms.backoffice import absent
from oms.backoffice.records import ReadOnlyAdmin
from oms.core import pulse
from oms.core.errors import DomainError, NotAllowed
from oms.core.models import Job, StoredDocument
from oms.files import results, runs, spreadsheets

MOST = 200


class Waits(admin.SimpleListFilter):
    """Jobs that no worker came for in time."""

    title = _("waiting")
    parameter_name = "waits"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("1", _("waiting too long"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(pk__in=jobs.late().values("pk")) if self.value() == "1" else queryset


TYPES = {"pdf": "application/pdf", **spreadsheets.FORMATS}


@admin.register(Job)
class JobAdmin(ReadOnlyAdmin):
    """A user's own jobs; users with the right to oversee jobs see all of them."""

    list_display = ["title", "by", "done", "failed", "total", "started_at", "finished_at"]
    list_select_related = ["by"]
    list_filter = [Waits]
    ordering = ["-pk"]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        waits = self.get_queryset(request).filter(pk__in=jobs.waiting().values("pk")).exists()
        return super().changelist_view(
            request, {"alarms": pulse.alarms() if waits else [], **(extra_context or {})}
        )

    def get_urls(self) -> Any:
        wrap = self.admin_site.admin_view
        names: dict[str, Callable[[HttpRequest, Job], HttpResponse]] = {
            "file": self.file,
            "faults": self.faults,
            "rows": self.rows,
            "again": self.again,
            "undo": self.undo,
            "apply": self.apply,
        }
        own = [
            path(f"<int:pk>/{name}/", wrap(self._on_job(view)), name=f"core_job_{name}")
            for name, view in names.items()
        ]
        return [*own, *super().get_urls()]

    def _on_job(self, view: Callable[[HttpRequest, Job], HttpResponse]) -> Any:
        """A view of a job that the person may see; a refusal is told on the job's page."""

        def on_job(request: HttpRequest, pk: int) -> HttpResponse:
            job = self.get_object(request, str(pk))
            if job is None:
                return absent.answer(request, self.opts, pk)
            try:
                if view in (self.file, self.faults, self.rows):
                    self._require_open(request, job)
                return view(request, job)
            except DomainError as refused:
                messages.error(request, refused.message)
                return self._to(job)

        return on_job

    def _require_open(self, request: HttpRequest, job: Job) -> None:
        """Refuse the contents of a job to whoever sees less than they show."""
        user: Any = request.user
        if not jobs.is_open_to(job, user):
            raise NotAllowed(
                _("This shows records or amounts that you don't have access to. Run it yourself.")
            )

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: Any = None,
        form_url: str = "",
        extra_context: Any = None,
    ) -> Any:
        if object_id is None or request.method == "POST":
            raise PermissionDenied
        job = self.get_object(request, object_id)
        if job is None:
            return absent.answer(request, self.opts, object_id)
        user: Any = request.user
        is_open = jobs.is_open_to(job, user)
        results = list(job.results.order_by("succeeded", "pk")[: MOST + 1]) if is_open else []
        context = {
            **self.admin_site.each_context(request),
            "title": job.title,
            "opts": self.opts,
            "job": job,
            "is_open": is_open,
            "reached": job.done + job.failed,
            "counts": job.details.get("counts"),
            "read_as": runs.told_format(job) if job.kind == runs.KIND else "",
            "results": results[:MOST],
            "alarms": pulse.alarms() if job.waits else [],
            "more": len(results) > MOST,
            "steps": self._steps(request, job),
            "links": self._links(job) if is_open else [],
        }
        return TemplateResponse(request, "admin/oms/job.html", context)

    def _steps(self, request: HttpRequest, job: Job) -> list[tuple[str, str, bool]]:
        """What can be done with a job now: title, address, whether it is the first thing to do."""

        def to(name: str) -> str:
            return reverse(f"admin:core_job_{name}", args=[job.pk])

        steps = []
        if (
            job.kind == runs.KIND
            and job.details.get("dry_run")
            and job.finished_at
            and not job.error
        ):
            steps.append((_("Import"), to("apply"), True))
        if jobs.can_run_again(job) and self._may_run(request, job):
            steps.append((_("Retry failed items"), to("again"), False))
        inverse = bulk_operations.inverse_of(job)
        if (
            inverse is not None
            and self._may_run(request, job)
            and inverse.allowed_for(request.user)  # type: ignore[arg-type]
        ):
            steps.append(
                (_("Undo %(title)s") % {"title": inverse.title.lower()}, to("undo"), False)
            )
        return steps

    def _may_run(self, request: HttpRequest, job: Job) -> bool:
        """Whether a person may have a job done once more, or undone: their own, or with a right to those of others."""
        return job.by_id == request.user.pk or self.may(request, "run_again")

    def _links(self, job: Job) -> list[tuple[str, str]]:
        links = []
        if self._stored(job) is not None:
            links.append((_("Download file"), reverse("admin:core_job_file", args=[job.pk])))
        if job.kind == runs.KIND and job.failed:
            links.append(
                (_("Download failed rows"), reverse("admin:core_job_faults", args=[job.pk]))
            )
        if job.kind == runs.KIND and job.details.get("counts"):
            links.append(
                (_("All rows with their outcome"), reverse("admin:core_job_rows", args=[job.pk]))
            )
        return links

    def _stored(self, job: Job) -> StoredDocument | None:
        """What the job made."""
        rows = StoredDocument.objects.filter(subject_type="job", subject_number=str(job.pk))
        return rows.exclude(kind=runs.KIND).last()

    def _to(self, job: Job) -> HttpResponseRedirect:
        return HttpResponseRedirect(reverse("admin:core_job_change", args=[job.pk]))

    def file(self, request: HttpRequest, job: Job) -> HttpResponse:
        stored = self._stored(job)
        if stored is None:
            return self._to(job)
        suffix = str(stored.file.name).rpartition(".")[2]
        answer: Any = FileResponse(
            stored.file.open("rb"),
            content_type=TYPES[suffix],
            as_attachment=suffix != "pdf",
            filename=f"{job.title.lower().replace(' ', '-')}-{job.pk}.{suffix}",
        )
        return answer

    def faults(self, request: HttpRequest, job: Job) -> HttpResponse:
        """The rows of an import that failed, with what is wrong."""
        if job.kind != runs.KIND:
            return self._to(job)
        return self._csv(f"failed-rows-{job.pk}.csv", results.faulty_rows(job))

    def rows(self, request: HttpRequest, job: Job) -> HttpResponse:
        """All rows of an import, each with what became of it."""
        return (
            self._csv(f"rows-{job.pk}.csv", results.all_rows(job))
            if job.kind == runs.KIND
            else self._to(job)
        )

    def _csv(self, name: str, rows: Iterator[list[Any]]) -> Any:
        first = next(rows)  # opens the file; where it is gone, the job's page says so
        return StreamingHttpResponse(
            spreadsheets.csv_lines(chain([first], rows)),
            content_type="text/csv",
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
        )

    def again(self, request: HttpRequest, job: Job) -> HttpResponse:
        return self._to(
            jobs.again(job) if request.method == "POST" and self._may_run(request, job) else job
        )

    def undo(self, request: HttpRequest, job: Job) -> HttpResponse:
        user: Any = request.user
        return self._to(
            bulk_operations.undo(job, by=user)
            if request.method == "POST" and self._may_run(request, job)
            else job
        )

    def apply(self, request: HttpRequest, job: Job) -> HttpResponse:
        """Take in the file that was checked."""
        user: Any = request.user
        may = job.kind == runs.KIND and job.by_id == user.pk
        if request.method == "POST" and may:
            return self._to(runs.begin(job, job.details["mapping"], dry_run=False, by=user))
        return self._to(job)
