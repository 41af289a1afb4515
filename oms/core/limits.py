"""What a number, a day or a text may be, at every door, before anything is done with it."""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from typing import Any

from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import DatabaseError, DataError, models
from django.utils.translation import gettext as _

from oms.core import fonts
from oms.core.errors import DomainError, Refused
from oms.core.wording import is_ours, spoken

log = logging.getLogger(__name__)

MOST_UNITS = 99_999_999  # fewer than any usual barcode, so that one that is scanned as a quantity is found out
FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2199, 12, 31)
TOO_LARGE, CHECK, UNIQUE = "22003", "23514", "23505"  # PostgreSQL's numeric_value_out_of_range, …
# What neither XML nor a label can hold: control characters (but tab and line ends), half pairs, and no characters.
UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


def require_text(value: Any) -> None:
    """Raise ValidationError for a character that cannot be seen, printed or sent."""
    if not isinstance(value, str):
        return
    found = UNWRITABLE.search(value)
    if found is not None:
        raise ValidationError(
            _("Remove the invisible character U+%(code)s at position %(position)s."),
            code="unwritable",
            params={"code": f"{ord(found[0]):04X}", "position": found.start() + 1},
        )
    if missing := fonts.missing(value):
        raise ValidationError(fonts.told(missing), code="no_font")


def require_number(value: Any) -> None:
    """Raise ValidationError for a whole number that is no quantity, such as a barcode."""
    if isinstance(value, int) and abs(value) > MOST_UNITS:
        raise ValidationError(
            _("%(value)s is too large; %(most)s is the most. Is it a barcode?"),
            code="too_large",
            params={"value": value, "most": MOST_UNITS},
        )


def require_day(value: Any) -> None:
    """Raise ValidationError for a day that nobody means."""
    day = value.date() if isinstance(value, datetime) else value
    if isinstance(day, date) and not FIRST_DAY <= day <= LAST_DAY:
        raise ValidationError(
            _("Enter a day from %(first)s to %(last)s."),
            code="far_away",
            params={"first": FIRST_DAY, "last": LAST_DAY},
        )


def bind_models() -> None:
    """OrderHold all fields of the project's models to these limits, wherever a record is validated."""
    for model in (
        model for model in apps.get_models() if is_ours(model) or model._meta.label == "auth.Group"
    ):
        for field in model._meta.concrete_fields:
            if isinstance(field, models.CharField | models.TextField):
                field.validators.append(require_text)
            elif isinstance(field, models.DateField):
                field.validators.append(require_day)
            elif isinstance(field, models.IntegerField) and not isinstance(
                field, models.AutoField | models.BigAutoField | models.SmallAutoField
            ):
                field.validators.append(require_number)
        for rule in model._meta.constraints:
            if rule.violation_error_message == rule.default_violation_error_message:
                rule.get_violation_error_message = partial(_broken, rule.name)  # type: ignore[method-assign]
            if isinstance(rule, models.CheckConstraint):
                rule.validate = partial(_validate, rule, rule.validate)  # type: ignore[method-assign]


def _broken(name: str) -> str:
    """A rule of a table in words: its name says what holds."""
    return _("Not saved. The rule is: %(rule)s.") % {"rule": spoken(name).lower()}


def _validate(
    rule: models.CheckConstraint, validate: Any, model: Any, instance: Any, **options: Any
) -> None:
    """Check a rule of a table; the fault of one about a single field is that field's."""
    try:
        validate(model, instance, **options)
    except ValidationError as error:
        names = _fields_of(rule.condition)
        if len(names) != 1:
            raise
        (name,) = names
        least, most = bounds(model._meta.get_field(name))
        told = {"least": least, "most": most, "value": getattr(instance, name)}
        if least is not None and most is not None:
            raise ValidationError(
                {name: _("%(value)s is not between %(least)s and %(most)s.") % told}
            ) from error
        raise ValidationError({name: error.messages[0]}) from error


def _fields_of(condition: Any) -> set[str]:
    """The fields that a condition is about."""
    if isinstance(condition, models.Q):
        return {name for child in condition.children for name in _fields_of(child)}
    if isinstance(condition, tuple):
        return {str(condition[0]).partition("__")[0]} | _fields_of(condition[1])
    if isinstance(condition, models.F):
        return {str(condition.name)}  # type: ignore[attr-defined]  # the stubs lack it
    inner: list[Any] = getattr(condition, "get_source_expressions", list)()
    return {name for each in inner if each is not None for name in _fields_of(each)}


def bounds(field: Any) -> tuple[Any, Any]:
    """The least and the largest value of a number, as the rules of its table say; None where there is none."""
    least = most = None
    for rule in field.model._meta.constraints:
        condition = getattr(rule, "condition", None)
        if (
            not isinstance(rule, models.CheckConstraint)
            or not isinstance(condition, models.Q)
            or (condition.connector != models.Q.AND or condition.negated)
        ):
            continue
        for path, limit in (child for child in condition.children if isinstance(child, tuple)):
            name, _sep, lookup = path.partition("__")
            if name == field.name and isinstance(limit, int | Decimal):
                least = limit if lookup == "gte" else least
                least = (
                    limit + 1
                    if lookup == "gt" and isinstance(field, models.IntegerField)
                    else least
                )
                most = limit if lookup == "lte" else most
    return least, most


def told(error: Exception) -> str:
    """What went wrong with one record of many, in words: neither the database's nor the program's own."""
    if isinstance(error, DomainError):
        return error.message
    if isinstance(error, ValidationError):
        return " ".join(error.messages)
    if isinstance(error, ValueError):
        return str(error)
    if isinstance(error, DatabaseError):
        return _refused(error)
    log.error("record_failed error=%s", type(error).__name__, exc_info=error)
    return _(
        "Not done because of an unexpected error (%(error)s). It is in the log; tell your administrator."
    ) % {"error": type(error).__name__}


def _refused(error: DatabaseError) -> str:
    name = getattr(getattr(error.__cause__, "diag", None), "constraint_name", None)
    state = getattr(error.__cause__, "sqlstate", "")
    if state == CHECK and name:
        return _broken(name)
    if state == UNIQUE:
        return _(
            "Not saved: another record has the same values already. Was it entered at the same time? Try again."
        )
    if state == TOO_LARGE:
        return _(
            "Not saved: a quantity or an amount becomes larger than can be stored. Enter less."
        )
    log.warning("refused_by_database state=%s constraint=%s", state, name)
    return _(
        "Not saved: the database doesn't accept these values. Check the row's texts and numbers."
    )


def require(name: str, value: Any) -> None:
    """Raise Refused, naming the field, for a value or what it is made of."""
    if isinstance(value, dict):
        for key, inner in value.items():
            require(name, key)
            require(str(key), inner)
    elif isinstance(value, list):
        for inner in value:
            require(name, inner)
    else:
        try:
            for check in (require_text, require_number, require_day):
                check(value)
        except ValidationError as error:
            raise Refused(
                _("%(field)s: %(message)s")
                % {"field": spoken(UNWRITABLE.sub("", name)), "message": error.messages[0]},
                code="malformed",
            ) from None


@contextmanager
def within() -> Iterator[None]:
    """Tell of a sum or product that is larger than its column, which no door can know."""
    try:
        yield
    except DataError as error:
        told = _(
            "A quantity or an amount becomes larger than can be stored. Nothing was changed. Enter less, or in "
            "parts."
        )
        if getattr(error.__cause__, "sqlstate", "") != TOO_LARGE:
            told = _(
                "A text can't be stored: it's too long, or has an invisible character. Nothing was changed."
            )
        raise Refused(told, code="out_of_range") from error
