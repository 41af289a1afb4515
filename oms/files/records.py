"""Sheets of records: known records are changed, unknown ones added, past no operation."""

import logging
from collections.abc import Iterator, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db import DatabaseError, models, transaction
from django.utils.translation import gettext as _
from import_export.instance_loaders import BaseInstanceLoader
from import_export.resources import ModelResource
from tablib import Dataset

from oms.core import policy
from oms.core.locking import is_aborted
from oms.files.columns import Coded, Reference, Text, column_of, lost_zeros, with_zeros
from oms.files.rows import CHANGED, NEW, UNCHANGED, Fault, Outcome, Row, Sheet

log = logging.getLogger(__name__)


class ByKeys(BaseInstanceLoader):
    """The records that a batch of rows means, by one key or several, in one query."""

    def __init__(self, resource: Any, dataset: Any = None) -> None:
        super().__init__(resource, dataset)
        self.keys = [resource.fields[name] for name in resource.get_import_id_fields()]
        rows = [key for key in map(self.key_of, dataset.dict) if key is not None]
        wanted = models.Q()
        for position, each in enumerate(self.keys):
            values = {key[position] for key in rows}
            some = models.Q(**{f"{each.attribute}__in": values - {None}})
            wanted &= some | models.Q(**{each.attribute: None}) if None in values else some
        found = resource.get_queryset().filter(wanted).order_by("pk") if rows else []
        self.known: dict[Any, Any] = {}
        for record in found:
            self.known.setdefault(
                tuple(getattr(record, each.attribute) for each in self.keys), record
            )
        resource.before = {record.pk: resource.stored(record) for record in self.known.values()}

    def key_of(self, row: dict[str, Any]) -> tuple[Any, ...] | None:
        try:
            return tuple(each.clean(row) if each.column_name in row else None for each in self.keys)
        except ValueError:
            return None  # said when the row is read

    def get_instance(self, row: dict[str, Any]) -> Any:
        return self.known.get(self.key_of(row))


class RecordSheet(Sheet, ModelResource):
    """Records of a model: known ones are changed, others added, unchanged ones left alone."""

    class Meta:
        abstract = True

    is_precise = False
    before: dict[Any, tuple[Any, ...]]  # what was stored of the records that a batch means

    @classmethod
    def widget_from_django_field(cls, f: Any, default: Any = None) -> Any:
        return lambda **_: column_of(f)

    @classmethod
    def widget_kwargs_for_field(cls, field_name: str, django_field: Any) -> dict[str, Any]:
        return {}

    def get_queryset(self) -> Any:
        rows = (
            super()
            .get_queryset()
            .select_related(
                *(
                    each.attribute
                    for each in self.fields.values()
                    if isinstance(each.widget, Reference)
                )
            )
        )
        return policy.choosable(rows, self.user, "import", self.imports)

    def validate_instance(
        self, instance: Any, import_validation_errors: Any = None, validate_unique: bool = True
    ) -> None:
        """Check the fields; what takes a query a row, only where the batch as a whole was refused."""
        errors: dict[str, Any] = dict(import_validation_errors or {})
        errors |= self._lost_zeros(instance) | self._without_company(instance)
        try:
            if self.is_precise and not errors:
                instance.full_clean()
            else:
                instance.clean_fields(exclude=[*errors, *self._looked_up(instance)])
                if not errors:  # else what a cell lacks would be told twice
                    instance.clean()
        except ValidationError as error:
            errors = error.update_error_dict(errors)
        if errors:
            raise ValidationError(errors)

    def _looked_up(self, instance: Any) -> list[str]:
        """The references that a row names: they were read with its batch, and asking again takes a query each."""
        return [
            each.attribute
            for each in self.fields.values()
            if isinstance(each.widget, Reference)
            and getattr(instance, instance._meta.get_field(each.attribute).attname) is not None
        ]

    def _lost_zeros(self, instance: Any) -> dict[str, Any]:
        """The fault of a new record's code, where a known one is the same but for its leading zeros."""
        attribute = self.fields[self._meta.import_id_fields[0]].attribute
        code = getattr(instance, attribute, None)
        if not instance._state.adding or code not in self.twins:
            return {}
        return {attribute: ValidationError(lost_zeros(code, self.twins[code]))}

    def _without_company(self, instance: Any) -> dict[str, Any]:
        """The fault of a new record of no company, where the person adds to their own alone."""
        is_whole = not instance._state.adding or getattr(instance, "company_id", 0) is not None
        if is_whole or not policy.must_name_company(self.user, type(instance)):
            return {}
        return {"company": ValidationError(_("Enter your company."))}

    def stored(self, record: Any) -> tuple[Any, ...]:
        """What a record holds in the sheet's columns."""
        return tuple(getattr(record, name) for name in self._names())

    def _names(self) -> list[str]:
        model = self._meta.model
        return [model._meta.get_field(each.attribute).attname for each in self.fields.values()]

    def take(self, rows: Sequence[Row], *, dry_run: bool) -> Outcome:
        """Take a batch in; row by row, so that each fault finds its row, where it cannot be taken at once.

        A key column that the file lacks is empty in each row. What became of a row is read from the database.
        """
        rows = [(number, dict.fromkeys(self.key_columns(), "") | row) for number, row in rows]
        self.look_up(rows)
        heading = list(rows[0][1])
        dataset = Dataset(
            *([row.get(name, "") for name in heading] for _, row in rows), headers=heading
        )
        try:
            outcome = self._import(rows, dataset, dry_run, precise=False)
        except DatabaseError as error:
            if is_aborted(error):
                raise
            outcome = None
        return outcome or self._import(rows, dataset, dry_run, precise=True) or self._none(rows)

    def look_up(self, rows: Sequence[Row]) -> None:
        super().look_up(rows)
        self.twins: dict[str, str] = {}
        column = self.fields[self._meta.import_id_fields[0]]
        if len(self._meta.import_id_fields) == 1 and isinstance(column.widget, Text):
            codes = {str(row.get(column.column_name) or "") for _, row in rows}
            full = {each: code for code in codes for each in with_zeros(code)}
            known = self._meta.model._base_manager.filter(**{f"{column.attribute}__in": full})
            self.twins = (
                {full[each]: each for each in known.values_list(column.attribute, flat=True)}
                if full
                else {}
            )

    def _import(
        self, rows: Sequence[Row], dataset: Any, dry_run: bool, *, precise: bool
    ) -> Outcome | None:
        """Import a batch and return what became of its rows; None where nothing of it could be saved."""
        self.is_precise, self._meta.use_bulk = precise, not precise
        with transaction.atomic():
            result = self.import_data(
                dataset, dry_run=False, use_transactions=None if not precise else False
            )
            for each in (
                *result.base_errors,
                *(error for row in result.rows for error in row.errors),
            ):
                if is_aborted(each.error):
                    raise each.error
            if result.base_errors:
                log.warning(
                    "import_batch_failed sheet=%s error=%s", self.slug, result.base_errors[0].error
                )
                transaction.set_rollback(True)
                return None
            outcome = self._outcome(rows, result)
            if dry_run:
                transaction.set_rollback(True)
        return outcome

    def import_row(self, row: Any, instance_loader: Any, **options: Any) -> Any:
        if not self.is_precise:
            return super().import_row(row, instance_loader, **options)
        with transaction.atomic():
            result = super().import_row(row, instance_loader, **options)
            if result.errors or result.validation_error:
                transaction.set_rollback(True)
        return result

    def _outcome(self, rows: Sequence[Row], result: Any) -> Outcome:
        """What became of each row, by what is stored now and what was before."""
        outcome, names = Outcome(), self._names()
        keys = [each.instance.pk for each in result.rows if each.instance is not None]
        now = {
            key: tuple(values)
            for key, *values in self._meta.model._base_manager.filter(pk__in=keys).values_list(
                "pk", *names
            )
        }
        for (number, row), each in zip(rows, result.rows, strict=True):
            error = each.validation_error or (each.errors[0].error if each.errors else None)
            subject, key = (
                self.subject(row),
                each.instance.pk if each.instance is not None else None,
            )
            if error is not None:
                outcome.faults += self.faults(number, subject, error)
            elif key not in now:
                outcome.faults.append(
                    Fault(number, subject, "", _("This row wasn't saved. Try again."))
                )
            elif key not in self.before:
                outcome.add(number, subject, NEW, "; ".join(self._corrections(row)))
            elif now[key] == self.before[key]:
                outcome.add(number, subject, UNCHANGED)
            else:
                told = [self._changes(each.original, each.instance), *self._corrections(row)]
                outcome.add(number, subject, CHANGED, "; ".join(told))
        return outcome

    def _none(self, rows: Sequence[Row]) -> Outcome:
        """The outcome of a batch of which nothing could be saved."""
        told = _("This row wasn't saved, because its batch couldn't be read. Nothing was changed.")
        return Outcome(faults=[Fault(number, self.subject(row), "", told) for number, row in rows])

    def _corrections(self, row: dict[str, Any]) -> Iterator[str]:
        """Codes that were written in another spelling, and what they became."""
        for each in self.get_import_fields():
            written = row.get(each.column_name)
            if isinstance(each.widget, Coded) and (code := each.widget.correction(written)):
                yield _("%(column)s: %(written)s corrected to %(code)s") % {
                    "column": each.column_name,
                    "written": written,
                    "code": code,
                }

    def _changes(self, before: Any, after: Any) -> str:
        told = []
        for each in self.get_import_fields():
            old, new = each.get_value(before), each.get_value(after)
            if old != new:
                told.append(f"{each.column_name}: {old} → {new}")
        return ", ".join(told)


class RecordMeta:
    """What every sheet of records asks of django-import-export."""

    instance_loader_class = ByKeys
    clean_model_instances = True
    skip_unchanged = True
    skip_html_diff = True
    store_instance = True
    batch_size = None
