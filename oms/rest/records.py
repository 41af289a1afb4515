"""Records as the API shows them."""

from collections.abc import Iterable
from functools import cached_property
from typing import Any, TypeVar

from django.db.models import Model
from rest_framework import serializers

from oms.core import policy

Record = TypeVar("Record", bound=Model)


class RecordSerializer(serializers.ModelSerializer[Record]):
    """A record, without the fields that the caller isn't shown."""

    @cached_property
    def _readable_fields(self) -> Iterable[serializers.Field[Any, Any, Any, Any]]:  # type: ignore[override]
        user, model = self.context["request"].user, self.Meta.model
        return [
            field
            for field in super()._readable_fields
            if policy.shows(user, model, str(field.field_name))
        ]
