"""Fields of the API's own."""

import re
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from oms.core import codes, money
from oms.core.limits import require_day, require_text

# Characters that can be seen, spelled out because "\s" means another set in each language.
VISIBLE = (
    r"[^\u0000-\u0020\u007f-\u00a0\u1680\u180e\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff]"
)


@extend_schema_field({"type": ["string", "null"], "format": "decimal", "examples": ["12.50"]})
class AmountField(serializers.ReadOnlyField):
    """An amount as text, at the minor units of its row's currency; null where there is none."""

    def get_attribute(self, instance: Any) -> Any:
        amount = super().get_attribute(instance)
        return None if amount is None else money.round_amount(amount, instance.currency)

    def to_representation(self, value: Decimal) -> str:
        return str(value)


class TextField(serializers.CharField):
    """Text that can be seen and printed, and nothing that merely could be written as text."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.validators.append(require_text)

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        if not self.allow_blank and not re.search(VISIBLE, data):
            self.fail("blank")
        return super().to_internal_value(data)


class WholeField(serializers.IntegerField):
    """A whole number, as a number (to JSON, 2.0 is one, too)."""

    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, bool) or not (
            isinstance(data, int) or (isinstance(data, float) and data.is_integer())
        ):
            self.fail("invalid")
        return super().to_internal_value(int(data))


class FlagField(serializers.BooleanField):
    """True or false, and nothing that could be taken for it."""

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


class DayField(serializers.DateField):
    """A day that somebody may mean."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.validators.append(require_day)


class DecimalField(serializers.DecimalField):
    """A number as text, so that no client's floating point comes between."""

    def to_internal_value(self, data: Any) -> Decimal:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


@extend_schema_field(
    {
        "type": "string",
        "enum": sorted(codes.COUNTRIES),
        "description": "Two-letter country code (ISO 3166-1 alpha-2). Common variants such as UK are corrected.",
    }
)
class CountryField(serializers.CharField):
    """A country by its code; usual spellings are corrected."""

    def to_internal_value(self, data: Any) -> str:
        try:
            return codes.country(super().to_internal_value(data))
        except ValidationError as error:
            raise serializers.ValidationError(error.messages, code="unknown_code") from None


class AddressSerializer(serializers.Serializer[Any]):
    """A shipping or billing address."""

    name = TextField(max_length=120)
    street = TextField(max_length=120, required=False, default="", allow_blank=True)
    postal_code = TextField(max_length=12, required=False, default="", allow_blank=True)
    city = TextField(max_length=60, required=False, default="", allow_blank=True)
    region = TextField(max_length=40, required=False, default="", allow_blank=True)
    country = CountryField()
