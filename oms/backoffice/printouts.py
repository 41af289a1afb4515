"""Printing in the admin: a link for each paper of a record, and a bulk action that draws many as one PDF."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse
from django.utils.html import format_html_join
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from oms.backoffice import absent
from oms.backoffice.decorators import display
from oms.core.errors import DomainError
from oms.printing import printouts
from oms.printing.printouts import Paper
from oms.printing.rendering import RendererMissing


class PapersAdmin:
    """A page of records that have papers."""

    def get_urls(self) -> Any:
        page: Any = self
        return [
            path(
                "<int:pk>/print/<str:paper>/",
                page.admin_site.admin_view(self.paper_view),
                name=self._name(),
            ),
            *super().get_urls(),  # type: ignore[misc]
        ]

    def get_actions(self, request: HttpRequest) -> Any:
        return super().get_actions(request) | self.prints_of_many(request)  # type: ignore[misc]

    def _name(self) -> str:
        page: Any = self
        return f"{page.opts.app_label}_{page.opts.model_name}_paper"

    def paper_view(self, request: HttpRequest, pk: int, paper: str) -> Any:
        """A paper of a record that the person may see."""
        page: Any = self
        user: Any = request.user
        record = page.get_object(request, str(pk))
        found = next((each for each in printouts.of(page.model, user) if each.name == paper), None)
        if record is None or found is None or not page.has_view_permission(request, record):
            return absent.answer(request, page.opts, pk)
        return pdf_answer(lambda: printouts.print_one(found, record), f"{record}-{paper}.pdf")

    def print_links(self, request: HttpRequest, record: Any) -> list[tuple[str, str]]:
        """What can be printed of a record now, and where."""
        user: Any = request.user
        return [
            (str(paper.title), reverse(f"admin:{self._name()}", args=[record.pk, paper.name]))
            for paper in printouts.of(type(record), user)
            if paper.available(record)
        ]

    @display(description=_("Print"))
    def prints(self, record: Any) -> Any:
        """A column of links; of papers without amounts, for it is shown to everybody who sees the list."""
        links = (
            (reverse(f"admin:{self._name()}", args=[record.pk, paper.name]), paper.title)
            for paper in printouts.all_of(type(record))
            if not paper.needs
        )
        return format_html_join(" · ", '<a href="{}">{}</a>', links)

    def prints_of_many(self, request: HttpRequest) -> dict[str, Any]:
        """A bulk action for each paper."""
        page: Any = self
        user: Any = request.user
        return {
            f"print_{paper.name}": (
                _printing(paper),
                f"print_{paper.name}",
                gettext("Print %(paper)s") % {"paper": paper.title},
            )
            for paper in printouts.of(page.model, user)
        }


def _printing(paper: Paper) -> Any:
    """A bulk action: have a worker draw a paper of the selected records as one PDF; the job's page shows it."""

    def run(modeladmin: Any, request: HttpRequest, rows: Any) -> HttpResponseRedirect:
        user: Any = request.user
        keys = list(rows.order_by(*paper.order).values_list("pk", flat=True))
        title = gettext("Print %(paper)s (%(count)s)") % {"paper": paper.title, "count": len(keys)}
        job = printouts.submit(paper, keys, title=title, by=user)
        return HttpResponseRedirect(reverse("admin:core_job_change", args=[job.pk]))

    return run


def pdf_answer(render: Callable[[], bytes], filename: str) -> HttpResponse:
    """A PDF to look at, or why there is none."""
    try:
        content = render()
    except DomainError as refused:
        status = 503 if isinstance(refused, RendererMissing) else 409
        return HttpResponse(refused.message, status=status, content_type="text/plain")
    return HttpResponse(
        content,
        content_type="application/pdf",
        headers={"Content-Disposition": f'inline; filename="{filename}"'},
    )
