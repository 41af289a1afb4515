"""What lists can be narrowed by."""

from django.utils.translation import gettext_lazy as _
from django_filters import rest_framework as filters

from oms.rest.filtering import WordsFilter
from orders.models import Customer, Order


class CustomerFilter(filters.FilterSet):
    words = WordsFilter(label=_("Matches word prefixes in code, name and email."))
    name = filters.CharFilter(lookup_expr="icontains", label=_("Matches any part of the name."))

    class Meta:
        model = Customer
        fields = ("words", "name", "is_active", "currency")


class OrderFilter(filters.FilterSet):
    customer = filters.CharFilter(field_name="customer__code")
    channel = filters.CharFilter(field_name="channel__code")
    status = filters.MultipleChoiceFilter(choices=Order.Status.choices)
    placed_from = filters.DateFilter(field_name="placed_on", lookup_expr="gte")
    placed_to = filters.DateFilter(field_name="placed_on", lookup_expr="lte")

    class Meta:
        model = Order
        fields = ("customer", "channel", "status", "external_id", "customer_reference")
