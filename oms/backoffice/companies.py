"""Companies, exchange rates, and the closing of the books, in the admin."""

from datetime import date
from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponseRedirect
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from oms.backoffice import absent
from oms.backoffice.access import ScopedAdmin
from oms.core import exchange_rates, periods, policy
from oms.core.errors import DomainError, Refused
from oms.core.models import Company, ExchangeRate


@admin.register(Company)
class CompanyAdmin(ScopedAdmin):
    list_display = ["code", "name", "country", "currency", "books_closed_through"]
    filter_horizontal = ["staff"]
    readonly_fields = ["books_closed_through"]
    change_form_outer_after_template = "admin/oms/close_books.html"

    def get_urls(self) -> Any:
        return [
            path(
                "<int:pk>/close/",
                self.admin_site.admin_view(self.close_view),
                name="core_company_close",
            ),
            *super().get_urls(),
        ]

    def close_view(self, request: HttpRequest, pk: int) -> HttpResponseRedirect:
        """The button that closes the books up to a day."""
        company, user = self.get_object(request, str(pk)), request.user
        if (
            company is None
            or request.method != "POST"
            or not self.may(request, "close_books", company)
        ):
            return absent.answer(request, self.opts, pk)
        try:
            periods.close(company, _day(request.POST.get("until", "")), by=user)  # type: ignore[arg-type]
            messages.success(
                request, _("Books closed through %(until)s.") % {"until": request.POST["until"]}
            )
        except DomainError as refused:
            messages.error(request, refused.message)
        return HttpResponseRedirect(reverse("admin:core_company_change", args=[pk]))


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Refused(
            _("“%(text)s” isn't a valid date. Use the format 2027-01-31.") % {"text": text or "—"}
        ) from None


@admin.register(ExchangeRate)
class ExchangeRateAdmin(ScopedAdmin):
    """Entered by hand, or taken from a file of the European Central Bank."""

    list_display = ["day", "currency", "rate", "company"]
    list_filter = ["currency", "company"]
    list_select_related = ["company"]
    ordering = ["-day", "currency"]
    list_tools_template, list_tools_rights = "admin/oms/upload_rates.html", ("add",)

    def get_urls(self) -> Any:
        return [
            path("upload/", self.admin_site.admin_view(self.rates_view), name="upload_rates"),
            *super().get_urls(),
        ]

    def rates_view(self, request: HttpRequest) -> HttpResponseRedirect:
        """Take the rates of a file in, for every company whose rates the person may add."""
        file: Any = request.FILES.get("file")
        companies = policy.scope(Company, request.user, "add", ExchangeRate)
        if request.method == "POST" and file is not None and self.has_add_permission(request):
            try:
                days = exchange_rates.read(file.read(), file.name)
                count = sum(exchange_rates.take(company, days) for company in companies)
                messages.success(
                    request,
                    ngettext(
                        "%(count)s exchange rate imported.",
                        "%(count)s exchange rates imported.",
                        count,
                    )
                    % {"count": count},
                )
            except DomainError as refused:
                messages.error(request, refused.message)
        return HttpResponseRedirect(reverse("admin:core_exchangerate_changelist"))
