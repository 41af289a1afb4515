"""Panels on document pages: what hangs on a document. Higher apps register theirs on lower documents."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any

from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.urls import reverse

from oms.backoffice.access import is_money
from oms.core import money_text, policy
from oms.core.models import Document, User
from oms.core.wording import Words, spoken


@dataclass(frozen=True)
class Panel:
    """A titled table of related documents: which rows, and which of their fields."""

    title: Words
    model: type[Model]
    rows: Callable[[Any], QuerySet[Any]]
    columns: tuple[str, ...]


@dataclass(frozen=True)
class PanelTable:
    """A panel as it is shown: headings, and rows of a link and cells."""

    title: str
    headings: list[str]
    rows: list[tuple[str, list[Any]]]


Around = Callable[[Any, HttpRequest], dict[str, Any]]
_panels: dict[type[Document], list[Panel]] = {}
_around: dict[type[Document], dict[str, Around]] = {}


def register(
    document: type[Document], title: Words, model: type[Model], rows: Any, *columns: str
) -> None:
    """Show related documents on the page of a kind of document."""
    _panels.setdefault(document, []).append(Panel(title, model, rows, columns))


def around(document: type[Document], name: str) -> Callable[[Around], Around]:
    """Register what the page of a kind of document shows besides: a function of document and request to its context.

    It is shown to those to whom the policy shows its name.
    """

    def register(show: Around) -> Around:
        _around.setdefault(document, {})[name] = show
        return show

    return register


def context_of(document: Any, request: HttpRequest) -> dict[str, Any]:
    """What rooms above show on the page of a document."""
    context: dict[str, Any] = {}
    for name, show in _around.get(type(document), {}).items():
        if policy.shows(request.user, type(document), name):
            context |= show(document, request)
    return context


def registered() -> Iterator[Panel]:
    """All panels of all kinds of documents."""
    return chain.from_iterable(_panels.values())


def seen_by(user: Any, document: type[Document]) -> list[Panel]:
    """The panels of a kind of document that show what a person may view."""
    return [panel for panel in _panels.get(document, []) if policy.may(user, "view", panel.model)]


def panels_of(document: Any, request: HttpRequest) -> list[PanelTable]:
    """The panels of a document that this person may see, with the rows in their scope and without hidden money."""
    user: Any = request.user
    shown = [_table(panel, document, user) for panel in seen_by(user, type(document))]
    return [table for table in shown if table.rows]


def _table(panel: Panel, document: Any, user: User) -> PanelTable:
    rows = policy.scope(panel.rows(document), user)
    columns = [name for name in panel.columns if policy.shows(user, panel.model, name)]
    opts = panel.model._meta
    link = f"admin:{opts.app_label}_{opts.model_name}_change"
    return PanelTable(
        str(panel.title),
        [spoken(name) for name in columns],
        [
            (reverse(link, args=[row.pk]), [_cell(row, name) for name in columns])
            for row in rows[:50]
        ],
    )


def _cell(row: Any, name: str) -> Any:
    display = getattr(row, f"get_{name}_display", None)
    value = display() if display else getattr(row, name)
    return (
        money_text.display(value, row.currency)
        if is_money(type(row), name) and value is not None
        else value
    )
