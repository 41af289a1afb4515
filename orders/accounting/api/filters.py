"""What lists of invoices can be narrowed by."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from django_filters import rest_framework as filters

from orders.accounting.models import Invoice


class InvoiceFilter(filters.FilterSet):
    customer = filters.CharFilter(field_name="customer__code")
    order = filters.CharFilter(field_name="order__number")
    issued_from = filters.DateFilter(field_name="issued_on", lookup_expr="gte")
    issued_to = filters.DateFilter(field_name="issued_on", lookup_expr="lte")
    is_open = filters.BooleanFilter(
        method="only_open",
        label=_("Only invoices with a balance due and credit notes with unapplied credit."),
    )

    class Meta:
        model = Invoice
        fields = ("customer", "order", "kind")

    def only_open(self, rows: Any, name: str, value: bool) -> Any:
        return rows.open() if value else rows
