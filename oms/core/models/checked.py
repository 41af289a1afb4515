"""Columns whose rule is part of them, for every door; to the database they are texts like any other."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from oms.core import event_catalog
from oms.core.outgoing import require_callable

EVENT = r"^[a-z_]+\.(\*|[a-z_]+)$"
BIC = r"^[A-Z]{4}[A-Z]{2}[A-Z0-9]{2}([A-Z0-9]{3})?$"  # ISO 9362


class CheckedField(models.CharField):
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
    if not event_catalog.is_offered(name):
        raise ValidationError(_("There is no event %(name)s for webhooks. The list of events has all names."),
                              code="unknown_event", params={"name": name})


class EventNameField(CheckedField):
    """The name of an event, or of all of a kind."""

    default_validators = [RegexValidator(EVENT, _("Enter names of events, for example order.confirmed or order.*.")),
                          require_offered]


class BICField(CheckedField):
    """The code of a bank."""

    default_validators = [RegexValidator(BIC, _("Enter a BIC of 8 or 11 capital letters and digits, for example "
                                                "COBADEFFXXX."))]
