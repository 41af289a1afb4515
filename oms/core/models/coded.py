"""Columns that hold a code of a closed list, whichever door it came through."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.db import models

from oms.core import codes
from oms.core.columns import TextColumn


class CodedField(TextColumn):
    """A code of a closed list. Usual spellings are corrected; other values are refused, in code as in forms."""

    read: Callable[[str], str]

    def deconstruct(self) -> Any:
        """To the database it is a text like any other."""
        name, _path, args, options = super().deconstruct()
        return name, "django.db.models.CharField", args, options

    def clean(self, value: Any, model_instance: models.Model | None) -> Any:
        written = self.to_python(value)
        return super().clean(type(self).read(written) if written else written, model_instance)

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        written = getattr(model_instance, self.attname) or ""
        value = codes.require(type(self).read, written, self.name)
        setattr(model_instance, self.attname, value)
        return value

    def formfield(self, **options: Any) -> Any:
        return super().formfield(
            **{"form_class": CodedFormField, "read": type(self).read, **options}
        )


class CodedFormField(forms.CharField):
    """What a person enters for a code; `corrected` is what they wrote and what it became, if that's another."""

    def __init__(self, *, read: Callable[[str], str], **options: Any) -> None:
        options.pop("max_length", None)  # a spelling may be longer than its code
        super().__init__(**options)
        self.read = read
        self.corrected: tuple[str, str] | None = None

    def clean(self, value: Any) -> Any:
        written = super().clean(value)
        code = self.read(written) if written else written
        self.corrected = (written, code) if code != written else None
        return code


class CountryField(CodedField):
    """A country by ISO 3166-1 alpha-2."""

    read = staticmethod(codes.country)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{"max_length": 2, **options})


class CurrencyField(CodedField):
    """A currency by ISO 4217."""

    read = staticmethod(codes.currency)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{"max_length": 3, **options})


class LanguageField(CodedField):
    """A language by BCP 47."""

    read = staticmethod(codes.language)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{"max_length": 10, **options})


class UnitField(CodedField):
    """A unit by UN/ECE Recommendation 20 or 21."""

    read = staticmethod(codes.unit)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{"max_length": 12, **options})
