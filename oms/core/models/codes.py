"""A column for codes that are printed as barcodes and scanned."""

import unicodedata
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext as _

from oms.core.columns import TextColumn

INVISIBLE = {"Cc", "Cf", "Co", "Cs", "Zl", "Zp"}  # categories of Unicode


def one_form(value: Any) -> Any:
    """A code as it is stored and compared: a letter and its accent are one character (NFC), however it was typed."""
    return unicodedata.normalize("NFC", value) if isinstance(value, str) else value


def require_scannable(code: str) -> None:
    """Raise ValidationError for a code that a scanner could not give back, or that nobody could type."""
    for position, character in enumerate(code, 1):
        kind = unicodedata.category(character)
        if kind in INVISIBLE or (kind == "Zs" and character != " "):
            raise ValidationError(
                _(
                    "Remove the invisible character U+%(code)s at position %(position)s: a scanner "
                    "couldn't read it."
                ),
                code="unscannable",
                params={"code": f"{ord(character):04X}", "position": position},
            )
    if code != code.strip():
        raise ValidationError(
            _(
                "Remove the space at the beginning or the end of the code: a scanner couldn't read "
                "it."
            ),
            code="unscannable",
        )


class CodeField(TextColumn):
    """A code on a label, in one form whichever door it came through; looked up in that form, too."""

    default_validators = [require_scannable]

    def deconstruct(self) -> Any:
        """To the database it is a text like any other."""
        name, _path, args, options = super().deconstruct()
        return name, "django.db.models.CharField", args, options

    def to_python(self, value: Any) -> Any:
        return one_form(super().to_python(value))

    def get_prep_value(self, value: Any) -> Any:
        return one_form(super().get_prep_value(value))

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        value = one_form(super().pre_save(model_instance, add))
        setattr(model_instance, self.attname, value)
        return value
