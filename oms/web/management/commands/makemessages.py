"""Collect what is to be translated: what is marked in the code, and the names that the code gives things."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

from django.apps import apps
from django.conf import settings
from django.core.management.base import CommandParser
from django.core.management.commands import makemessages

from oms.backoffice.panels import registered
from oms.core import operations
from oms.core.wording import is_ours, sentence
from oms.web.menu import MENU
from orders import taxing
from orders.accounting import receivables

IGNORED = [".venv", ".data", "tests", "docs", "static-built"]


class Command(makemessages.Command):
    """Django's command, with this project's folders left out that hold nothing to translate."""

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.set_defaults(ignore_patterns=IGNORED)

    def handle(self, *args: Any, **options: Any) -> None:
        names = Path(
            settings.BASE_DIR, "oms", "derived_names.py"
        )  # not in locale, which is not read
        names.write_text(
            "".join(f"gettext_noop({name!r})\n" for name in sorted(set(_names()))), encoding="utf-8"
        )
        try:
            super().handle(*args, **options)
        finally:
            names.unlink()


def _names() -> Iterator[str]:
    """What no line of the code marks: names of models, fields, operations, what they ask for, panels, the menu; and the
    texts of taxes and of receivables by age."""
    yield from taxing.NOTES
    yield from map(sentence, receivables.BUCKETS.values())
    for title, items in MENU:
        yield title
        yield from (name for name, _address, _icon in items)
    for model in filter(is_ours, apps.get_models()):
        yield from (str(model._meta.verbose_name), str(model._meta.verbose_name_plural))
        yield from (
            str(field.verbose_name)
            for field in model._meta.get_fields()
            if hasattr(field, "verbose_name")
        )
        for operation in operations.of(model).values():
            if not operation.label:
                yield sentence(operation.name)
            yield from _asked(operation.input)
    for panel in registered():
        yield from map(sentence, panel.columns)


def _asked(asked: type[Any] | None) -> Iterator[str]:
    if asked is None or not is_dataclass(asked):
        return
    for field in fields(asked):
        yield sentence(field.name)
        hint = get_type_hints(asked)[field.name]
        if get_origin(hint) is list:
            yield from _asked(get_args(hint)[0])
