"""Finding records by the beginnings of words in their names, by an index, among hundreds of thousands."""

from typing import Any, TypeVar, cast

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchQuery, SearchVectorField
from django.db import models
from django.db.models import F, Func

Row = TypeVar("Row", bound=models.Model)
MARKS = '-_/.,;:()[]"&+*#@!?<>=|'  # they part words; PostgreSQL's parser makes signs and addresses of some
APART = {ord(mark): " " for mark in MARKS + "'\\\0"}


class Words(Func):
    """The words of some fields. It has no parameters, so that the index is found by prepared statements, too."""

    template = f"to_tsvector('simple', translate(%(expressions)s, '{MARKS}', '{' ' * len(MARKS)}'))"
    arg_joiner = " || ' ' || "
    output_field = SearchVectorField()


def words_index(*names: str, name: str) -> GinIndex:
    """An index of the words in these fields."""
    return GinIndex(Words(*names), name=name)


def with_words(rows: "models.QuerySet[Row]", text: str) -> "models.QuerySet[Row]":
    """Rows that have, for each word of the text, a word beginning with it in their model's `worded` fields.

    None for a text without words.
    """
    words = text.translate(APART).split()
    if not words:
        return rows.none()
    query: Any = SearchQuery(
        " & ".join(f"'{word}':*" for word in words), search_type="raw", config="simple"
    )
    names: tuple[str, ...] = rows.model.worded  # type: ignore[attr-defined]
    found: Any = rows.alias(found_words=Words(*(F(name) for name in names))).filter(
        found_words=query
    )
    return cast("models.QuerySet[Row]", found)
