"""Order entry: one page, by keyboard, over the API. It holds no rule: what it shows and sends is the API's."""

from typing import Any

from django.db.models import Case, When
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from oms.backoffice.choices import choosable
from orders.models import Channel, Order


def entry_page(page: Any, request: HttpRequest) -> HttpResponse:
    """The empty page, or, with `?repeat=NUMBER`, one with that order's customer and lines."""
    if not page.has_add_permission(request):
        raise Http404
    context = {
        **page.admin_site.each_context(request),
        "title": _("New order"),
        "opts": page.opts,
        "channels": choosable(Channel, request, Order).order_by(
            Case(When(kind=Channel.Kind.IN_HOUSE, then=0), default=1), "name"
        ),
        "setup": {"user": request.user.pk, "repeat": _repeated(page, request), "urls": _urls()},
    }
    return TemplateResponse(request, "admin/oms/order_entry.html", context)


def _urls() -> dict[str, str]:
    """The addresses that the page's script calls; those of one thing with VALUE for its code, number or key."""
    return {
        "customers": reverse("customer-list"),
        "customer": reverse("customer-detail", args=["VALUE"]),
        "credit": reverse("customer-credit", args=["VALUE"]),
        "part_numbers": reverse("customer-part-numbers", args=["VALUE"]),
        "skus": reverse("sku-list"),
        "lookup": reverse("sku-lookup"),
        "read_lines": reverse("sku-read-lines"),
        "orders": reverse("order-list"),
        "quotes": reverse("quote-list"),
        "request": reverse("request-detail", args=["VALUE"]),
        "order": reverse("admin:orders_order_number", args=["VALUE"]),
    }


def _repeated(page: Any, request: HttpRequest) -> dict[str, Any] | None:
    number = request.GET.get("repeat")
    if not number:
        return None
    order = get_object_or_404(
        page.get_queryset(request).select_related("customer", "channel"), number=number
    )
    return {
        "customer": {"code": order.customer.code, "name": order.customer.name},
        "channel": order.channel.code,
        "lines": [
            {"sku": line.sku.code, "quantity": line.quantity - line.canceled}
            for line in order.lines.select_related("sku").order_by("position")
            if line.quantity > line.canceled
        ],
    }


def by_number(page: Any, request: HttpRequest, number: str) -> HttpResponse:
    """The page of an order, by its number."""
    order: Order = get_object_or_404(page.get_queryset(request), number=number)
    return HttpResponseRedirect(reverse("admin:orders_order_change", args=[order.pk]))
