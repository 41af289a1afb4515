"""What the books add to the pages of customers: their statements, and invoices for all that was shipped to them."""

from typing import Any

from django.http import HttpRequest, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from oms.background import jobs
from oms.backoffice.access import Page, acting
from oms.backoffice.decorators import display
from orders.accounting.admin.statements import statement_page
from orders.admin.customers import CustomerAdmin
from orders.models import Customer


@display(description=_("Statement"))
def statement(customer: Customer) -> Any:
    return format_html(
        '<a href="{}">{}</a>',
        reverse("admin:orders_customer_statement", args=[customer.code]),
        gettext("Statement"),
    )


@acting("bill", _("Invoice shipped items"))
def collect(page: Any, request: HttpRequest, rows: Any) -> HttpResponseRedirect:
    """A job: one invoice for all that was shipped to each customer and is not billed yet."""
    user: Any = request.user
    keys = list(rows.order_by("pk").values_list("pk", flat=True))
    job = jobs.submit(
        "collect",
        gettext("Invoice shipped items for %(keys)s customers") % {"keys": len(keys)},
        len(keys),
        by=user,
        keys=keys,
    )
    return HttpResponseRedirect(reverse("admin:core_job_change", args=[job.pk]))


CustomerAdmin.list_display.append(statement)
CustomerAdmin.only_links = [*CustomerAdmin.only_links, statement]
CustomerAdmin.actions = [collect]
CustomerAdmin.pages = [Page("statement/<str:code>/", statement_page, "orders_customer_statement")]
