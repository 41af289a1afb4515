"""What lists can be narrowed by."""

from django.utils.translation import gettext_lazy as _
from django_filters import rest_framework as filters

from inventory.models import SKU, Stock
from oms.rest.filtering import WordsFilter


class SKUFilter(filters.FilterSet):
    words = WordsFilter(label=_("Matches word prefixes in code and name."))
    name = filters.CharFilter(lookup_expr="icontains", label=_("Matches any part of the name."))
    barcode = filters.CharFilter(field_name="barcodes__code")
    category = filters.CharFilter(field_name="category__name")

    class Meta:
        model = SKU
        fields = ("words", "name", "barcode", "category", "is_sellable", "is_kit")


class StockFilter(filters.FilterSet):
    sku = filters.CharFilter(field_name="sku__code")
    warehouse = filters.CharFilter(field_name="warehouse__code")

    class Meta:
        model = Stock
        fields = ("sku", "warehouse")
