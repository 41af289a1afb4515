"""Narrowing lists by what the query says."""

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django_filters import rest_framework as filters
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from oms.core.models.word_search import with_words


class WordsFilter(filters.CharFilter):
    """Beginnings of words in what a record is called by."""

    def filter(self, rows: QuerySet[Any], value: str) -> QuerySet[Any]:
        return with_words(rows, value) if value else rows


class StrictFilters(filters.DjangoFilterBackend):
    """A value that is empty or makes no sense is a mistake, not a resolution for everything."""

    def filter_queryset(
        self, request: Request, queryset: QuerySet[Any], view: Any
    ) -> QuerySet[Any]:
        known = view.filterset_class.base_filters if getattr(view, "filterset_class", None) else {}
        empty = {
            name: [_("Enter a value or omit this parameter.")]
            for name, row in known.items()
            if "" in request.query_params.getlist(name) and not isinstance(row, filters.CharFilter)
        }
        unclear = {
            name: [_("Must be true or false.")]
            for name, row in known.items()
            if isinstance(row, filters.BooleanFilter)
            and {text.lower() for text in request.query_params.getlist(name)}
            - {"true", "false", ""}
        }
        if empty or unclear:
            raise ValidationError(empty | unclear)
        rows: QuerySet[Any] = super().filter_queryset(request, queryset, view)
        return rows
