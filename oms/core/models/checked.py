"""Columns whose rule is part of them, for every door; to the database they are texts like any other."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from stdnum import get_cc_module, iban

from oms.core import event_catalog
from oms.core.codes import COUNTRIES
from oms.core.columns import TextColumn
from oms.core.identifiers import (
    by_fours,
    country_of,
    split_vat_numbers,
    tidy_iban,
    tidy_vat_number,
    tidy_vat_numbers,
)
from oms.core.web_addresses import require_callable

EVENT = r"^[a-z_]+\.(\*|[a-z_]+)$"
BIC = r"^[A-Z]{4}[A-Z]{2}[A-Z0-9]{2}([A-Z0-9]{3})?$"  # ISO 9362


class CheckedField(TextColumn):
    """A text with a rule of its own."""

    stored_as = "django.db.models.CharField"

    def deconstruct(self) -> Any:
        name, _path, args, options = super().deconstruct()
        return name, self.stored_as, args, options


class AddressField(CheckedField):
    """An address on the web that is called."""

    stored_as = "django.db.models.URLField"
    default_validators = [require_callable]


def require_offered(name: str) -> None:
    """Raise ValidationError for what no webhook can ask for."""
    if name not in event_catalog.offers():
        raise ValidationError(
            _("%(name)s isn't a webhook event. See the list of events."),
            code="unknown_event",
            params={"name": name},
        )


class EventNameField(CheckedField):
    """The name of an event, or of all of a kind."""

    default_validators = [
        RegexValidator(EVENT, _("Enter names of events, for example order.confirmed or order.*.")),
        require_offered,
    ]

    def formfield(self, **options: Any) -> Any:
        """Check in the form, too: of what only the model finds wrong, a list's form says no more than its position."""
        return super().formfield(**{"validators": self.default_validators, **options})


class BICField(CheckedField):
    """The code of a bank."""

    default_validators = [
        RegexValidator(
            BIC, _("Enter a BIC of 8 or 11 capital letters and digits, for example COBADEFFXXX.")
        )
    ]


class TidyField(CheckedField):
    """A number that people write with spaces, signs or in lower case, and that is kept in one way."""

    tidy: Callable[[str], str]
    shown: Callable[[str], str] = staticmethod(str)

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        return type(self).tidy(text) if text else text

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        value = self.to_python(getattr(model_instance, self.attname))
        setattr(model_instance, self.attname, value)
        return value

    def formfield(self, **options: Any) -> Any:
        return super().formfield(**{"form_class": TidyFormField, "kind": type(self), **options})


class TidyFormField(forms.CharField):
    """What a person enters and reads of such a number."""

    def __init__(self, *, kind: type[TidyField], **options: Any) -> None:
        options.pop("max_length", None)  # signs and spaces don't count
        super().__init__(**options)
        self.kind = kind

    def to_python(self, value: Any) -> str:
        return self.kind.tidy(super().to_python(value) or "")

    def prepare_value(self, value: Any) -> Any:
        return self.kind.shown(value) if isinstance(value, str) else value


def validate_vat_number(number: str) -> None:
    """By the check digits of its country (python-stdnum); a number without a country's prefix is left alone."""
    prefix = {"EL": "GR", "XI": "GB"}.get(number[:2].upper(), number[:2].upper())
    checker = get_cc_module(prefix.lower(), "vat") if prefix.isalpha() else None
    if checker is not None and not checker.is_valid(number):
        raise ValidationError(
            gettext("%(number)s isn't a valid %(country)s VAT number. Check the digits.")
            % {"number": number, "country": prefix}
        )


def validate_iban(number: str) -> None:
    if not iban.is_valid(number):
        raise ValidationError(
            gettext("%(number)s isn't a valid IBAN. Check the digits.") % {"number": number}
        )


class VATNumberField(TidyField):
    """A VAT number, with its country's prefix."""

    tidy = staticmethod(tidy_vat_number)
    default_validators = [validate_vat_number]

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{"max_length": 20, **options})


def validate_vat_numbers(numbers: str) -> None:
    """Each with its country's code, so that it tells where it was given."""
    for number in split_vat_numbers(numbers):
        if country_of(number) not in {*COUNTRIES, "XI"}:
            raise ValidationError(
                gettext(
                    "%(number)s doesn't begin with a country code. Enter it with the code, for "
                    "example NL004495445B01."
                )
                % {"number": number}
            )
        validate_vat_number(number)


class VATNumbersField(TidyField):
    """VAT numbers of several countries, separated by commas."""

    tidy = staticmethod(tidy_vat_numbers)
    default_validators = [validate_vat_numbers]

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{"max_length": 200, **options})


class IBANField(TidyField):
    """The number of a bank account, read in groups of four."""

    tidy = staticmethod(tidy_iban)
    shown = staticmethod(by_fours)
    default_validators = [validate_iban]

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{"max_length": 34, **options})
