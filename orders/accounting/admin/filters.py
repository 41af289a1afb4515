"""Lists of invoices and payments as people think of them."""

from typing import Any

from django.contrib.admin import SimpleListFilter
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from orders.accounting.connectors.gateways import TRANSFER, gateways
from orders.accounting.models import Invoice


class Due(SimpleListFilter):
    """Invoices that are not yet paid, and those of them that should be."""

    title = _("payment status")
    parameter_name = "due"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("open", "open"), ("overdue", "overdue")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> Any:
        invoices: Any = queryset
        if self.value() == "open":
            return invoices.open().exclude(kind=Invoice.Kind.CREDIT)
        if self.value() == "overdue":
            return invoices.open().overdue()
        return queryset


class GatewayName(SimpleListFilter):
    """The way that money came; which there are is known without looking at the payments."""

    title = _("gateway")
    parameter_name = "gateway"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(name, name) for name in (TRANSFER, *gateways.names)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(gateway=self.value()) if self.value() else queryset
