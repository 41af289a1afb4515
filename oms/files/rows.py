"""Sheets: what all have in common, and those whose rows become documents by an operation."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import transaction
from django.db.models import Model
from django.utils.translation import gettext as _
from import_export.fields import Field
from import_export.resources import Resource

from oms.core import policy
from oms.core.errors import DomainError
from oms.core.limits import told
from oms.core.locking import is_aborted
from oms.core.models import User
from oms.core.wording import Words
from oms.files.columns import Column, Reference, Text

Row = tuple[int, dict[str, Any]]  # its number in the file, and its cells by column
MOST_SHOWN = 100
NEW, CHANGED, UNCHANGED = DONE = ("new", "changed", "unchanged")


@dataclass(frozen=True)
class Fault:
    """What is wrong with a row, and in which column, if it is one's fault."""

    row: int
    subject: str
    column: str
    message: str


@dataclass
class Outcome:
    """What became of each row of a batch, and what changed (shown up to MOST_SHOWN)."""

    rows: list[tuple[int, str, str]] = field(
        default_factory=list
    )  # the row, one of DONE, what changed
    faults: list[Fault] = field(default_factory=list)
    changes: list[list[str]] = field(default_factory=list)

    def add(
        self, row: int, subject: str, done: str, what: str = "", *, is_shown: bool = True
    ) -> None:
        self.rows.append((row, done, what))
        if done != UNCHANGED and is_shown and len(self.changes) < MOST_SHOWN:
            self.changes.append([str(row), subject, what or done])

    def counts(self) -> Counter[str]:
        return Counter(done for _row, done, _what in self.rows)


class Sheet:
    """What both kinds share: a title, columns, who it is for, and references read a batch at a time."""

    title: Words = ""
    slug = ""
    imports: type[Model] | None = None  # the model whose import right is required
    about: type[Model]  # the model whose fields the columns show
    fields: dict[str, Field]

    def __init__(self, user: User) -> None:
        super().__init__()
        self.user = user
        self._widgets: dict[str, Any] = {
            each.column_name: each.widget for each in self.fields.values()
        }

    def write_as(self, notations: dict[str, str]) -> None:
        """Read columns in the notations that were recognized or chosen for them."""
        for name, notation in notations.items():
            if name in self._widgets:
                self._widgets[name].notation = notation

    @classmethod
    def columns(cls) -> list[str]:
        return [each.column_name for each in cls.fields.values()]

    @classmethod
    def is_shown(cls, user: User) -> bool:
        """Whether a person may see the sheet, if not all of its columns."""
        return not policy.lacks(user, "view", cls.about)

    @classmethod
    def shown_fields(cls, user: User) -> list[Field]:
        """The columns that a person may see."""
        return [
            each
            for each in cls.fields.values()
            if policy.shows(user, cls.about, str(each.attribute))
        ]

    @classmethod
    def needed(cls) -> list[str]:
        """The columns without which no row is known."""
        return [cls.fields[name].column_name for name in cls._meta.import_id_fields]  # type: ignore[attr-defined]

    def look_up(self, rows: Sequence[Row]) -> None:
        """Read what the rows refer to, as far as the person may see it, and may import what refers to it."""
        for each in self.fields.values():
            if isinstance(each.widget, Reference):
                known = policy.choosable(each.widget.model, self.user, "import", self.imports)
                each.widget.prepare((row.get(each.column_name) for _, row in rows), known)

    def column_of(self, attribute: str) -> str:
        found = (each.column_name for each in self.fields.values() if each.attribute == attribute)
        return next(found, "")

    def faults(self, number: int, subject: str, error: Exception) -> Iterator[Fault]:
        """The faults of a row, one for each column that is wrong."""
        if isinstance(error, ValidationError) and hasattr(error, "error_dict"):
            for name, messages in error.message_dict.items():
                column = "" if name == NON_FIELD_ERRORS else self.column_of(name)
                yield Fault(number, subject, column, " ".join(messages))
        else:
            yield Fault(number, subject, "", told(error))

    def key(self, row: dict[str, Any]) -> tuple[str, ...]:
        """What a row is known by, as it is read: 1001 and “1001 ” are one; () where nothing is entered."""
        values = tuple(_as_read(self._widgets[name], row.get(name)) for name in self.key_columns())
        return values if any(row.get(name) not in (None, "") for name in self.key_columns()) else ()

    def key_columns(self) -> list[str]:
        """The columns that a row is known by; those that a file lacks are empty."""
        return [self.fields[name].column_name for name in self._meta.import_id_fields]  # type: ignore[attr-defined]

    def subject(self, row: dict[str, Any]) -> str:
        """What a row is about, in its own words."""
        return " ".join(str(row[name]) for name in self.needed() if row.get(name) not in (None, ""))

    def listed(self, rows: Any) -> Any:
        """What is exported for the rows of the list that the sheet is offered on."""
        return rows

    def exported(self, rows: Iterable[Any]) -> Iterator[list[Any]]:
        """Records as rows of their columns."""
        shown = self.shown_fields(self.user)
        for row in rows:
            yield [each.export(row) for each in shown]


def column(attribute: str, widget: Any, name: str = "") -> Field:
    """A column of a sheet that is not just a field of its model."""
    return Field(attribute=attribute, column_name=name or attribute, widget=widget)


def _as_read(widget: Column, value: Any) -> str:
    try:
        return str((Text() if isinstance(widget, Reference) else widget).clean(value))
    except ValueError:
        return str(value)


class DocumentSheet(Sheet, Resource):
    """Rows that become documents by an operation, a group of rows each; never written past it."""

    has_groups = False  # whether several rows may be one document

    @classmethod
    def is_shown(cls, user: User) -> bool:
        """Whether a person may see all of its columns: without prices its rows would become other documents."""
        return super().is_shown(user) and len(cls.shown_fields(user)) == len(cls.fields)

    def take(self, rows: Sequence[Row], *, dry_run: bool) -> Outcome:
        """Take whole groups of rows in, each in a transaction of its own."""
        self.look_up(rows)
        outcome = Outcome()
        for group in self.groups(rows):
            self.take_group(group, outcome, dry_run)
        return outcome

    def groups(self, rows: Sequence[Row]) -> list[list[Row]]:
        """Rows that belong together, which have one key; each is a group where none is entered."""
        found: dict[Any, list[Row]] = {}
        for number, row in rows:
            found.setdefault(self.key(row) or number, []).append((number, row))
        return list(found.values())

    def take_group(self, group: list[Row], outcome: Outcome, dry_run: bool) -> None:
        """Take a group in whole, or say what is wrong with its rows."""
        faults: list[Fault] = []
        entries = [self.read(number, row, faults) for number, row in group]
        number, row = group[0]
        if not faults:
            try:
                with rolled_back_if(dry_run):
                    what = self.perform(entries)
            except Exception as error:
                if is_aborted(error):
                    raise
                at = error.details.get("line") if isinstance(error, DomainError) else None
                number, row = (
                    group[at - 1] if isinstance(at, int) and 0 < at <= len(group) else group[0]
                )
                faults.append(Fault(number, self.subject(row), "", told(error)))
            else:
                for each, cells in group:
                    outcome.add(
                        each,
                        self.subject(cells),
                        NEW if what else UNCHANGED,
                        what,
                        is_shown=each == number,
                    )
        known = {fault.row for fault in faults}
        outcome.faults += faults
        outcome.faults += [
            Fault(
                number,
                self.subject(row),
                "",
                _("Skipped because another row of the same record failed."),
            )
            for number, row in group
            if faults and number not in known
        ]

    def read(self, number: int, row: dict[str, Any], faults: list[Fault]) -> dict[str, Any]:
        """A row's values by column; what is wrong with it is added to the faults."""
        values = {}
        for each in self.fields.values():
            try:
                values[each.column_name] = each.widget.clean(row.get(each.column_name))
                if each.column_name in self.needed() and values[each.column_name] in (None, ""):
                    raise ValueError(_("Required."))
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
