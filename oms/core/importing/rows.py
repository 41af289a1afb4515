"""Resources of django-import-export that take batches of rows: records by their keys, documents by their operations."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import DatabaseError, models, transaction
from django.utils.translation import gettext as _
from import_export.fields import Field
from import_export.instance_loaders import BaseInstanceLoader
from import_export.resources import ModelResource, Resource
from tablib import Dataset

from oms.core.errors import DomainError
from oms.core.importing.columns import Choice, Day, Exact, Reference, Text, Whole, YesNo
from oms.core.locking import is_aborted
from oms.core.models import User
from oms.core.wording import Words

Row = tuple[int, dict[str, Any]]  # its number in the file, and its cells by column
MOST_SHOWN = 100


@dataclass(frozen=True)
class Fault:
    """What is wrong with a row, and in which column, if it is one's fault."""

    row: int
    subject: str
    column: str
    message: str


@dataclass
class Outcome:
    """What became of a batch of rows, and what changed (shown up to MOST_SHOWN)."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    faults: list[Fault] = field(default_factory=list)
    changes: list[list[str]] = field(default_factory=list)

    def show(self, row: int, subject: str, what: str) -> None:
        if len(self.changes) < MOST_SHOWN:
            self.changes.append([str(row), subject, what])


class Sheet:
    """What both kinds share: a title, columns, who it is for, and references read a batch at a time."""

    title: Words = ""
    slug = ""
    importers = ""  # roles that may take it in
    has_money = False  # whether it is for those alone who see money
    fields: dict[str, Field]

    def __init__(self, user: User) -> None:
        super().__init__()
        self.user = user

    @classmethod
    def columns(cls) -> list[str]:
        return [each.column_name for each in cls.fields.values()]

    @classmethod
    def needed(cls) -> list[str]:
        """The columns without which no row is known."""
        return [cls.fields[name].column_name for name in cls._meta.import_id_fields]  # type: ignore[attr-defined]

    def look_up(self, rows: Sequence[Row]) -> None:
        """Read what the rows refer to, as far as the person may see it."""
        for each in self.fields.values():
            if isinstance(each.widget, Reference):
                seen: Any = each.widget.model._default_manager.get_queryset()
                seen = seen.visible_to(self.user) if hasattr(seen, "visible_to") else seen
                each.widget.prepare((row.get(each.column_name) for _, row in rows), seen)

    def column_of(self, attribute: str) -> str:
        found = (each.column_name for each in self.fields.values() if each.attribute == attribute)
        return next(found, "")

    def faults(self, number: int, subject: str, error: Exception) -> Iterator[Fault]:
        """The faults of a row, one for each column that is wrong."""
        if isinstance(error, ValidationError) and hasattr(error, "error_dict"):
            for name, messages in error.message_dict.items():
                column = "" if name == NON_FIELD_ERRORS else self.column_of(name)
                yield Fault(number, subject, column, " ".join(messages))
        elif isinstance(error, DomainError):
            yield Fault(number, subject, "", error.message)
        else:
            yield Fault(number, subject, "", str(error).strip() or type(error).__name__)

    def subject(self, row: dict[str, Any]) -> str:
        """What a row is about, in its own words."""
        return " ".join(str(row[name]) for name in self.needed() if row.get(name) not in (None, ""))

    def listed(self, rows: Any) -> Any:
        """What is exported for the rows of the list that the sheet is offered on."""
        return rows

    def exported(self, rows: Iterable[Any]) -> Iterator[list[Any]]:
        """Records as rows of their columns."""
        for row in rows:
            yield [each.export(row) for each in self.fields.values()]


def column(attribute: str, widget: Any, name: str = "") -> Field:
    """A column of a sheet that is not just a field of its model."""
    return Field(attribute=attribute, column_name=name or attribute, widget=widget)


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
            self.known.setdefault(tuple(getattr(record, each.attribute) for each in self.keys), record)

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

    @classmethod
    def widget_from_django_field(cls, f: Any, default: Any = None) -> Any:
        return lambda **_: _column_of(f)

    @classmethod
    def widget_kwargs_for_field(cls, field_name: str, django_field: Any) -> dict[str, Any]:
        return {}

    def get_queryset(self) -> Any:
        rows = super().get_queryset().select_related(*(
            each.attribute for each in self.fields.values() if isinstance(each.widget, Reference)))
        return rows.visible_to(self.user) if hasattr(rows, "visible_to") else rows

    def validate_instance(
        self, instance: Any, import_validation_errors: Any = None, validate_unique: bool = True,
    ) -> None:
        """Check the fields; what takes a query a row, only where the batch as a whole was refused."""
        errors: dict[str, Any] = dict(import_validation_errors or {})
        try:
            if self.is_precise:
                instance.full_clean(exclude=list(errors))
            else:
                instance.clean_fields(exclude=list(errors))
                instance.clean()
        except ValidationError as error:
            errors = error.update_error_dict(errors)
        if errors:
            raise ValidationError(errors)

    def take(self, rows: Sequence[Row], *, dry_run: bool) -> Outcome:
        """Take a batch in; row by row, so that each fault finds its row, where it cannot be taken at once."""
        self.look_up(rows)
        heading = list(rows[0][1])
        dataset = Dataset(*([row.get(name, "") for name in heading] for _, row in rows), headers=heading)
        try:
            result = self._import(dataset, dry_run, precise=False)
            refused = bool(result.base_errors)
        except DatabaseError as error:
            if is_aborted(error):
                raise
            refused = True
        if refused:
            result = self._import(dataset, dry_run, precise=True)
        return self._outcome(rows, result)

    def _import(self, dataset: Any, dry_run: bool, *, precise: bool) -> Any:
        self.is_precise, self._meta.use_bulk = precise, not precise
        with transaction.atomic():
            result = self.import_data(dataset, dry_run=False, use_transactions=None if not precise else False)
            for each in (*result.base_errors, *(error for row in result.rows for error in row.errors)):
                if is_aborted(each.error):
                    raise each.error
            if dry_run or result.base_errors:
                transaction.set_rollback(True)
        return result

    def import_row(self, row: Any, instance_loader: Any, **options: Any) -> Any:
        if not self.is_precise:
            return super().import_row(row, instance_loader, **options)
        with transaction.atomic():
            result = super().import_row(row, instance_loader, **options)
            if result.errors or result.validation_error:
                transaction.set_rollback(True)
        return result

    def _outcome(self, rows: Sequence[Row], result: Any) -> Outcome:
        outcome = Outcome()
        for (number, row), each in zip(rows, result.rows, strict=True):
            error = each.validation_error or (each.errors[0].error if each.errors else None)
            if error is not None:
                outcome.faults += self.faults(number, self.subject(row), error)
            elif each.import_type == each.IMPORT_TYPE_SKIP:
                outcome.unchanged += 1
            elif each.import_type == each.IMPORT_TYPE_NEW:
                outcome.new += 1
                outcome.show(number, self.subject(row), "new")
            else:
                outcome.changed += 1
                outcome.show(number, self.subject(row), self._changes(each.original, each.instance))
        return outcome

    def _changes(self, before: Any, after: Any) -> str:
        told = []
        for each in self.get_import_fields():
            old, new = each.get_value(before), each.get_value(after)
            if old != new:
                told.append(f"{each.column_name}: {old} → {new}")
        return ", ".join(told)


def _column_of(f: Any) -> Any:
    """The column that a field of a model becomes."""
    empty = f.get_default if f.has_default() else None if f.null else "" if f.empty_strings_allowed else None
    if f.choices:
        return Choice([value for value, _ in f.choices], empty)
    kinds: tuple[tuple[type, type], ...] = (
        (models.BooleanField, YesNo), (models.IntegerField, Whole), (models.DecimalField, Exact),
        (models.DateField, Day))
    kind = next((widget for field_type, widget in kinds if isinstance(f, field_type)), Text)
    return kind(empty)


class RecordMeta:
    """What every sheet of records asks of django-import-export."""

    instance_loader_class = ByKeys
    clean_model_instances = True
    skip_unchanged = True
    skip_html_diff = True
    store_instance = True
    batch_size = None


class DocumentSheet(Sheet, Resource):
    """Rows that become documents by an operation, a group of rows each; never written past it."""

    def take(self, rows: Sequence[Row], *, dry_run: bool) -> Outcome:
        """Take whole groups of rows in, each in a transaction of its own."""
        self.look_up(rows)
        outcome = Outcome()
        for group in self.groups(rows):
            self.take_group(group, outcome, dry_run)
        return outcome

    def groups(self, rows: Sequence[Row]) -> list[list[Row]]:
        """Rows that belong together."""
        return [[row] for row in rows]

    def take_group(self, group: list[Row], outcome: Outcome, dry_run: bool) -> None:
        """Take a group in whole, or say what is wrong with its rows."""
        faults: list[Fault] = []
        entries = [self.read(number, row, faults) for number, row in group]
        number, row = group[0]
        if not faults:
            try:
                with rolled_back_if(dry_run):
                    what = self.perform(entries)
            except DomainError as error:
                at = error.details.get("line")
                number, row = group[at - 1] if isinstance(at, int) and 0 < at <= len(group) else group[0]
                faults.append(Fault(number, self.subject(row), "", error.message))
            else:
                outcome.new += len(group) if what else 0
                outcome.unchanged += 0 if what else len(group)
                if what:
                    outcome.show(number, self.subject(row), what)
        known = {fault.row for fault in faults}
        outcome.faults += faults
        outcome.faults += [Fault(number, self.subject(row), "", _("Left out with the other rows that belong to it."))
                           for number, row in group if faults and number not in known]

    def read(self, number: int, row: dict[str, Any], faults: list[Fault]) -> dict[str, Any]:
        """A row's values by column; what is wrong with it is added to the faults."""
        values = {}
        for each in self.fields.values():
            try:
                values[each.column_name] = each.widget.clean(row.get(each.column_name))
                if each.column_name in self.needed() and values[each.column_name] in (None, ""):
                    raise ValueError(_("This must not be empty."))
            except ValueError as error:
                faults.append(Fault(number, self.subject(row), each.column_name, str(error)))
        return values

    def perform(self, entries: Sequence[dict[str, Any]]) -> str:
        """Do what a group asks for; what was done, in words, or "" where it is done already. Raises DomainError."""
        raise NotImplementedError


@contextmanager
def rolled_back_if(dry_run: bool) -> Iterator[None]:
    """A transaction of which nothing stays in a dry run."""
    with transaction.atomic():
        yield
        if dry_run:
            transaction.set_rollback(True)
