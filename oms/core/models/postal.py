"""A column for postal codes."""

from typing import Any

from django.db import models

from oms.core.columns import TextColumn
from oms.core.postal_codes import normalize


class PostalCodeField(TextColumn):
    """A postal code or the beginning of one, kept as its row's country writes it, whichever door it came through."""

    def __init__(self, *args: Any, country: str = "country", **options: Any) -> None:
        self.country = country
        super().__init__(*args, **options)

    def deconstruct(self) -> Any:
        """To the database it is a text like any other."""
        name, _path, args, options = super().deconstruct()
        return name, "django.db.models.CharField", args, options

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        written = getattr(model_instance, self.attname) or ""
        value = normalize(getattr(model_instance, self.country) or "", written)
        setattr(model_instance, self.attname, value)
        return value
