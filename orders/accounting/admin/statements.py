"""A customer's statement in the admin: a page, and the letter that is sent."""

from datetime import date
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext

from oms.backoffice import absent
from oms.backoffice.printouts import pdf_answer
from oms.core import policy
from oms.core.models import Company
from orders.accounting import receivables, statement_letters
from orders.models import Customer


def statement_page(page: Any, request: HttpRequest, code: str) -> HttpResponse:
    """The account of a customer whom the person may see: `?company=`, `?currency=`, `?since=`, `?until=`, `?pdf=1`."""
    customer = page.get_queryset(request).filter(code=code).first()
    if (
        customer is None
        or not page.has_view_permission(request, customer)
        or (not policy.shows(request.user, Customer, "statement"))
    ):
        return absent.answer(request, page.opts, code)
    companies = policy.scope(Company, request.user, "view", Customer)
    company = _company(customer, companies, request.GET.get("company", ""))
    if company is None:
        messages.error(
            request,
            gettext("%(customer)s has no documents with any company yet.") % {"customer": customer},
        )
        return HttpResponseRedirect(reverse("admin:orders_customer_changelist"))
    since, until = receivables.default_period(company)
    since, until = _day(request, "since", since), _day(request, "until", until)
    found = receivables.statement(
        customer, company, since, until, request.GET.get("currency", "")[:3]
    )
    if "pdf" in request.GET:
        return pdf_answer(
            lambda: statement_letters.print_statement(found), f"{customer.code}-{until}.pdf"
        )
    context = {
        **page.admin_site.each_context(request),
        "title": gettext("Statement: %(customer)s") % {"customer": customer},
        "opts": page.opts,
        "statement": found,
        "lines": statement_letters.statement_lines(found),
    }
    return TemplateResponse(request, "admin/oms/statement.html", context)


def _company(customer: Customer, among: QuerySet[Company], code: str) -> Company | None:
    """The company that is asked for, else the one of the customer's latest document, else the only one."""
    own = among.values("pk")
    latest = (
        customer.invoices.filter(company__in=own).order_by("-pk").first()
        or customer.orders.filter(company__in=own).order_by("-pk").first()
    )
    companies = list(among[:2])
    known = among.filter(code=code).first() or (latest.company if latest else None)
    return known or (companies.pop() if len(companies) == 1 else None)


def _day(request: HttpRequest, name: str, otherwise: date) -> date:
    try:
        return date.fromisoformat(request.GET.get(name, ""))
    except ValueError:
        return otherwise
