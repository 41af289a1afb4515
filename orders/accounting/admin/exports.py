"""The accountant's exports in the admin: begun by a form, looked at with their totals, downloaded, sent, taken back."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Case, OuterRef, QuerySet, Subquery, When
from django.db.models.functions import Coalesce
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldBooleanWidget

from oms.background import jobs
from oms.backoffice import absent
from oms.backoffice.access import ScopedAdmin
from oms.backoffice.chips import chip
from oms.backoffice.decorators import display
from oms.backoffice.documents import DocumentAdmin
from oms.backoffice.jobs import TYPES
from oms.backoffice.records import ReadOnlyAdmin
from oms.core import policy, pulse
from oms.core.errors import DomainError
from oms.core.models import Company, StoredDocument, User
from oms.core.money_text import Amount, grouped
from oms.core.wording import spoken
from orders.accounting import export_runs, receivables
from orders.accounting.models import (
    ExportedDocument,
    ExportRun,
    Invoice,
    Payment,
    Refund,
    SupplierInvoice,
    WriteOff,
)
from orders.accounting.models.export import Profile, TaxCode
from orders.models import Customer


class ExportForm(forms.Form):
    """What is asked for a run."""

    company = forms.ModelChoiceField(
        Company.objects.none(), label=_("Company"), widget=UnfoldAdminSelectWidget
    )
    profile = forms.ChoiceField(
        choices=Profile.choices, label=_("Export type"), widget=UnfoldAdminSelectWidget
    )
    only_new = forms.BooleanField(
        required=False, label=_("Only documents not exported before"), widget=UnfoldBooleanWidget
    )
    since = forms.DateField(
        required=False, label=_("From"), widget=forms.DateInput(attrs={"type": "date"})
    )
    until = forms.DateField(
        required=False, label=_("To"), widget=forms.DateInput(attrs={"type": "date"})
    )
    file_format = forms.ChoiceField(
        choices=[("xlsx", "XLSX"), ("csv", "CSV")],
        label=_("File format"),
        widget=UnfoldAdminSelectWidget,
    )

    def __init__(self, user: User, data: Any = None) -> None:
        companies = policy.scope(Company, user, "prepare", ExportRun)
        super().__init__(data, initial={"company": _only(companies)})
        self.fields["company"].queryset = companies  # type: ignore[attr-defined]


@admin.register(ExportedDocument)
class ExportedDocumentAdmin(ReadOnlyAdmin):
    """Which document is in which run."""

    list_display = ["run", "kind_of_document", "document", "is_sent"]
    list_select_related = ["run"]
    list_filter = ["is_sent"]
    ordering = ["-pk"]
    fields = ["run", "kind_of_document", "document", "is_sent"]
    readonly_fields = ["kind_of_document", "document"]

    def get_queryset(self, request: HttpRequest) -> Any:
        """With the number of each document; a refund or write-off has that of its payment or invoice."""
        sources: dict[str, Any] = {
            "invoice": Invoice.objects.values("number"),
            "supplier": SupplierInvoice.objects.values("number"),
            "payment": Payment.objects.values("number"),
            "refund": Refund.objects.values("payment__number"),
            "write_off": WriteOff.objects.values(
                shown=Coalesce("invoice__number", "payment__number")
            ),
        }
        return (
            super()
            .get_queryset(request)
            .annotate(
                shown=Case(
                    *[
                        When(kind=kind, then=Subquery(rows.filter(pk=OuterRef("key"))))
                        for kind, rows in sources.items()
                    ]
                )
            )
        )

    @display(description=_("Kind"), ordering="kind")
    def kind_of_document(self, row: ExportedDocument) -> str:
        return spoken(row.kind)

    @display(description=_("Document"))
    def document(self, row: ExportedDocument) -> str:
        return row.shown or "–"  # type: ignore[attr-defined]


@admin.register(TaxCode)
class TaxCodeAdmin(ScopedAdmin):
    """What the accounting program of a company calls its tax rates."""

    list_display = ["code", "company", "registration", "category", "percent"]
    list_select_related = ["company"]
    list_filter = ["company"]


@admin.register(ExportRun)
class ExportRunAdmin(DocumentAdmin):
    list_display = [
        "number",
        "state",
        "profile",
        "company",
        "since",
        "until",
        "only_new",
        "rows",
        "by",
        "created_at",
        "file",
    ]
    only_links = ["file"]
    list_filter = ["status", "profile", "company"]
    list_select_related = ["company", "by"]
    search_fields = exact_search_fields = ["number"]
    fields = [
        "profile",
        "company",
        "since",
        "until",
        "only_new",
        "rows",
        "control_totals",
        "found",
        "progress",
        "file",
    ]
    readonly_fields = ["control_totals", "found", "progress", "file"]
    list_tools_template, list_tools_rights = "admin/oms/new_export_button.html", ("prepare",)

    def alarms(self, document: ExportRun) -> list[str]:
        return pulse.alarms() if document.job and document.job.waits else super().alarms(document)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        waits = jobs.waiting().filter(kind=export_runs.KIND).exists()
        return super().changelist_view(
            request, {"alarms": pulse.alarms() if waits else [], **(extra_context or {})}
        )

    @display(description=_("Status"), ordering="status")
    def state(self, run: ExportRun) -> Any:
        return chip(run)

    @display(description=_("File"))
    def file(self, run: ExportRun) -> Any:
        if not run.totals and not run.rows:
            return "–"
        return format_html(
            '<a href="{}">{}</a>',
            reverse("admin:orders_exportrun_file", args=[run.pk]),
            run.file_format.upper(),
        )

    @display(description=_("Control totals (match the ledger)"))
    def control_totals(self, run: ExportRun) -> Any:
        return (
            format_html_join(
                "",
                "<div><strong>{}</strong> {}</div>",
                (
                    (
                        currency,
                        ", ".join(_told(name, value, currency) for name, value in totals.items()),
                    )
                    for currency, totals in run.totals.items()
                ),
            )
            or "–"
        )

    @display(description=_("Notes for your accountant"))
    def found(self, run: ExportRun) -> Any:
        return format_html_join("", "<div>{}</div>", ((text,) for text in run.findings)) or "–"

    @display(description=_("Progress"))
    def progress(self, run: ExportRun) -> Any:
        if run.job is None:
            return "–"
        link = reverse("admin:core_job_change", args=[run.job.pk])
        return format_html('<a href="{}">{}</a> {}', link, run.job, run.job.error)

    def get_urls(self) -> Any:
        wrap = self.admin_site.admin_view
        return [
            path("new/", wrap(self.new_view), name="orders_exportrun_new"),
            path("receivables/", wrap(self.receivables_view), name="orders_exportrun_receivables"),
            path("<int:pk>/file/", wrap(self.file_view), name="orders_exportrun_file"),
            *super().get_urls(),
        ]

    def new_view(self, request: HttpRequest) -> HttpResponse:
        """The form of a new run."""
        if not self.may(request, "prepare"):
            return HttpResponseRedirect(reverse("admin:index"))
        user: Any = request.user
        form = ExportForm(user, request.POST or None)
        if request.method == "POST" and form.is_valid():
            try:
                run = export_runs.prepare(by=user, **form.cleaned_data)
                return HttpResponseRedirect(self.document_url(run))
            except DomainError as refused:
                form.add_error(refused.details.get("field"), refused.message)
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("New export"),
            "opts": self.opts,
            "form": form,
        }
        return TemplateResponse(request, "admin/oms/new_export.html", context)

    def file_view(self, request: HttpRequest, pk: int) -> Any:
        user: Any = request.user
        run = self.get_object(request, str(pk))
        stored = (
            StoredDocument.objects.filter(subject_type="export", subject_number=str(run)).first()
            if run
            else None
        )
        if run is None or stored is None or not self.has_view_permission(request, run):
            messages.error(request, gettext("File not ready yet."))
            return absent.answer(request, self.opts, pk)
        if run.job is not None and not jobs.is_open_to(run.job, user):
            messages.error(
                request,
                gettext("This file shows records or amounts that you don't have access to."),
            )
            return HttpResponseRedirect(self.document_url(run))
        return FileResponse(
            stored.file.open("rb"),
            as_attachment=True,
            filename=export_runs.file_name(run),
            content_type=TYPES.get(run.file_format, "application/zip"),
        )

    def receivables_view(self, request: HttpRequest) -> HttpResponse:
        """What the customers whom the person may see owe by age, as of a day."""
        companies = list(policy.scope(Company, request.user, "see_receivables", None))
        if not companies or not policy.may(request.user, "see_receivables"):
            return HttpResponseRedirect(reverse("admin:index"))
        chosen = next(
            (each for each in companies if each.code == request.GET.get("company")), companies[0]
        )
        form = forms.DateField(required=False)
        try:
            day = form.clean(request.GET.get("day")) or chosen.today()
        except forms.ValidationError:
            day = chosen.today()
        rows = _seen_by(request.user, receivables.aged(chosen, day))
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Aged receivables"),
            "opts": self.opts,
            "companies": companies,
            "company": chosen,
            "day": day,
            "buckets": [spoken(name) for name in receivables.BUCKETS.values()],
            "rows": [
                (
                    row,
                    [grouped(amount, row.currency) if amount else "" for amount in row.amounts],
                    grouped(row.total, row.currency),
                )
                for row in rows[:500]
            ],
            "more": len(rows) > 500,
            "totals": _totals(rows),
        }
        return TemplateResponse(request, "admin/oms/receivables.html", context)


def _seen_by(user: Any, rows: list[receivables.Aged]) -> list[receivables.Aged]:
    """The rows of the customers whom a person may see."""
    if policy.sees_all(user, Customer):
        return rows
    codes = set(policy.scope(Customer, user).values_list("code", flat=True))
    return [row for row in rows if row.code in codes]


def _only(companies: QuerySet[Company]) -> Company | None:
    """The company, where there is one alone; of several somebody chooses."""
    found = list(companies[:2])
    return found[0] if len(found) == 1 else None


def _told(name: str, value: Any, currency: str) -> str:
    if name == "documents":
        return ngettext("%(count)s document", "%(count)s documents", value) % {"count": value}
    if name == "taxes":
        return ", ".join(f"{rate} %: {amount}" for rate, amount in value.items())
    return f"{spoken(name).lower()} {value}"


def _totals(rows: list[receivables.Aged]) -> list[tuple[str, list[Amount], Amount]]:
    found = []
    for currency in sorted({row.currency for row in rows}):
        own = [row for row in rows if row.currency == currency]
        amounts = [
            grouped(sum(column), currency)
            for column in zip(*(row.amounts for row in own), strict=True)
        ]
        found.append((currency, amounts, grouped(sum(row.total for row in own), currency)))  # type: ignore[arg-type]
    return found
