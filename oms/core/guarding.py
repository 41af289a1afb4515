"""Master data that booked rows rely on: what stands in the way of changing it, and refusing with that."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.db import connection, models
from django.utils.translation import gettext as _

from oms.core.errors import Refused

Obstacles = Callable[[Any], Iterable[str]]

_UNREAD = object()
_obstacles: dict[tuple[type[models.Model], str], list[Obstacles]] = {}
_warnings: dict[type[models.Model], list[Obstacles]] = {}


def stands_in_the_way(model: type[models.Model], *names: str) -> Callable[[Obstacles], Obstacles]:
    """Register what prevents changing fields of a model: phrases with numbers, such as "12 in stock"."""

    def register(find: Obstacles) -> Obstacles:
        for name in names:
            _obstacles.setdefault((model, name), []).append(find)
        return find

    return register


def warns(model: type[models.Model]) -> Callable[[Obstacles], Obstacles]:
    """Register what a form of a model warns of, in sentences, though it may be saved."""

    def register(find: Obstacles) -> Obstacles:
        _warnings.setdefault(model, []).append(find)
        return find

    return register


def warnings(record: models.Model) -> list[str]:
    """What a record's form warns of as it is saved."""
    return [text for find in _warnings.get(type(record), ()) for text in find(record)]


def obstacles(record: models.Model, name: str) -> list[str]:
    """What stands in the way of changing a field of a saved record."""
    return [text for find in _obstacles.get((type(record), name), ()) for text in find(record)]


def problems(record: models.Model, names: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Guarded fields of a record that differ from the database although something relies on them, and why not."""
    for name, known in _changes(record, names):
        found = obstacles(known, name)
        if found:
            title = str(record._meta.get_field(name).verbose_name)  # type: ignore[union-attr]
            yield (
                name,
                _("You can't change “%(title)s” of %(record)s: %(obstacles)s.")
                % {"title": title, "record": known, "obstacles": ", ".join(found)},
            )


def _changes(record: models.Model, names: Iterable[str]) -> Iterator[tuple[str, models.Model]]:
    """The fields that would change, and the record as it is, locked against new rows that refer to it."""
    if record._state.adding or not _may_differ(record, names):
        return
    rows = type(record)._base_manager.filter(pk=record.pk)
    if connection.in_atomic_block:
        rows = (
            rows.select_for_update()
        )  # new rows that refer to it wait, and those under way are seen
    known = rows.first()
    for name in _differing(record, known, names):
        assert known is not None
        yield name, known


def _may_differ(record: models.Model, names: Iterable[str]) -> bool:
    """Whether a field isn't as it was read, without asking the database."""
    read = getattr(record, "as_read", {})
    return any(
        getattr(record, name) != read.get(name, _UNREAD) for name in map(_column(record), names)
    )


def _column(record: models.Model) -> Callable[[str], str]:
    return lambda name: str(record._meta.get_field(name).attname)  # type: ignore[union-attr]


def _differing(record: models.Model, known: models.Model | None, names: Iterable[str]) -> list[str]:
    if known is None:
        return []
    column = _column(record)
    return [name for name in names if getattr(record, column(name)) != getattr(known, column(name))]


class Guarded(models.Model):
    """A record with fields that booked rows rely on: forms, sheets and code can't change them under those."""

    guarded: ClassVar[tuple[str, ...]] = ()
    compared: ClassVar[tuple[str, ...]] = ()  # fields whose former values are asked for, too
    as_read: dict[str, Any]

    class Meta:
        abstract = True

    @classmethod
    def from_db(cls, *args: Any, **options: Any) -> Any:
        record = super().from_db(*args, **options)
        loaded = record.__dict__
        names = (*cls.guarded, *cls.compared)
        columns = (cls._meta.get_field(name).attname for name in names)  # type: ignore[union-attr]
        record.as_read = {column: loaded[column] for column in columns if column in loaded}
        return record

    def is_changed(self, name: str) -> bool:
        """Whether a guarded or compared field of a saved record has another value than it was read with."""
        return not self._state.adding and _may_differ(self, [name])

    def clean(self) -> None:
        super().clean()
        found = dict(problems(self, self.guarded))
        if found:
            raise ValidationError(found)

    def save(self, *args: Any, **options: Any) -> None:
        """Save, or raise Refused where a guarded field would change under what relies on it."""
        named = options.get("update_fields")
        names = self.guarded if named is None else [name for name in self.guarded if name in named]
        for name, why in problems(self, names):
            raise Refused(why, code="relied_on", field=name)
        super().save(*args, **options)
