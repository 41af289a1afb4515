"""Fields of the API's own."""

from decimal import Decimal
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from oms.core import money


@extend_schema_field({"type": ["string", "null"], "format": "decimal", "examples": ["12.50"]})
class AmountField(serializers.ReadOnlyField):
    """An amount as text, at the minor units of its row's currency; null where there is none."""

    def get_attribute(self, instance: Any) -> Any:
        amount = super().get_attribute(instance)
        return None if amount is None else money.round_amount(amount, instance.currency)

    def to_representation(self, value: Decimal) -> str:
        return str(value)


class TextField(serializers.CharField):
    """Text, and nothing that merely could be written as text."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class WholeField(serializers.IntegerField):
    """A whole number, as a number (to JSON, 2.0 is one, too)."""

    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, bool) or not (isinstance(data, int) or (isinstance(data, float) and data.is_integer())):
            self.fail("invalid")
        return super().to_internal_value(int(data))


class FlagField(serializers.BooleanField):
    """True or false, and nothing that could be taken for it."""

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


class DecimalField(serializers.DecimalField):
    """A number as text, so that no client's floating point comes between."""

    def to_internal_value(self, data: Any) -> Decimal:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class AddressSerializer(serializers.Serializer[Any]):
    """Where goods or invoices go."""

    name = TextField(max_length=120)
    street = TextField(max_length=120, required=False, default="", allow_blank=True)
    postal_code = TextField(max_length=12, required=False, default="", allow_blank=True)
    city = TextField(max_length=60, required=False, default="", allow_blank=True)
    region = TextField(max_length=40, required=False, default="", allow_blank=True)
    country = serializers.RegexField(r"^[A-Z]{2}$", help_text="ISO 3166-1 alpha-2.")
