"""Lists that stay fast with millions of rows: pages by key, counts to a limit, and searches that an index answers."""

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.utils import lookup_field, lookup_spawns_duplicates
from django.contrib.admin.views.main import PAGE_VAR
from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.core.paginator import Paginator
from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest, HttpResponseRedirect
from django.utils.translation import gettext as _
from unfold.views import ChangeList

from oms.core import policy
from oms.core.models.word_search import with_words
from oms.core.money_text import Amount

MOST_COUNTED = 1000
MOST_LOOKED_AT = 5


@dataclass(frozen=True)
class Place:
    """A row's place in a list: the values that the list is sorted by; read forwards from it, or backwards."""

    values: tuple[Any, ...]
    backwards: bool = False

    def __str__(self) -> str:
        text = json.dumps([self.backwards, *self.values], cls=DjangoJSONEncoder)
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")

    @classmethod
    def read(cls, text: str) -> "Place":
        """A place from an address. Raises ValueError where it is none."""
        try:
            backwards, *values = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        except (binascii.Error, TypeError) as error:
            raise ValueError(str(error)) from error
        return cls(tuple(values), bool(backwards))


@dataclass(frozen=True)
class SortKey:
    """A column that a list is sorted by, as PostgreSQL sorts it: nulls are the highest."""

    name: str
    descending: bool
    nullable: bool

    def beyond(self, value: Any, *, backwards: bool) -> Q:
        """Rows after a value (before it, backwards)."""
        if self.descending != backwards:  # towards lower values
            if value is None:
                return Q(**{f"{self.name}__isnull": False})
            return Q(**{f"{self.name}__lt": value})
        if value is None:
            return Q(pk__in=[])
        higher = Q(**{f"{self.name}__gt": value})
        return higher | Q(**{f"{self.name}__isnull": True}) if self.nullable else higher

    def same(self, value: Any) -> Q:
        return Q(**{f"{self.name}__isnull": True}) if value is None else Q(**{self.name: value})


def sort_keys(rows: QuerySet[Any]) -> list[SortKey]:
    """What a list is sorted by, down to the primary key. Raises TypeError for what is neither column nor relation."""
    keys: list[SortKey] = []
    for name in rows.query.order_by:
        if not isinstance(name, str):
            raise TypeError(
                f"{rows.model.__name__} is sorted by {name!r}; lists are sorted by columns."
            )
        keys += _expanded(rows.model, name.lstrip("-"), name.startswith("-"))
        if keys[-1].name in ("pk", rows.model._meta.pk.name):
            return keys
    return [*keys, SortKey("pk", True, False)]


def _expanded(
    model: type[Model], name: str, descending: bool, nullable: bool = False
) -> list[SortKey]:
    """A name as the columns that it sorts by: a relation's are those that its model is sorted by."""
    step, _, rest = name.partition("__")
    field: Any = model._meta.pk if step == "pk" else model._meta.get_field(step)
    nullable = nullable or field.null
    if not field.is_relation:
        return [SortKey(name, descending, nullable)]
    inner = (
        [rest] if rest else [str(other) for other in field.related_model._meta.ordering] or ["pk"]
    )
    found = []
    for other in inner:
        down = descending != other.startswith("-")
        found += [
            SortKey(f"{step}__{key.name}", key.descending, key.nullable)
            for key in _expanded(field.related_model, other.lstrip("-"), down, nullable)
        ]
    return found


def beyond(keys: Sequence[SortKey], place: Place) -> Q:
    """The rows beyond a place. Its first part bounds the index that the list is read from."""
    found, equal = Q(pk__in=[]), Q()
    for key, value in zip(keys, place.values, strict=True):
        found |= equal & key.beyond(value, backwards=place.backwards)
        equal &= key.same(value)
    first, value = keys[0], place.values[0]
    return (first.beyond(value, backwards=place.backwards) | first.same(value)) & found


class Counted(Paginator):
    """One page, and how many rows there are as far as they were counted."""

    template_name = "admin/oms/pages.html"
    count = 0


class FastList(ChangeList):
    """A list whose next page begins after the last row of this one: as fast after a thousand pages as at first.

    It counts to MOST_COUNTED; where there are more it says so, and offers no selection of them all.
    """

    def get_results(self, request: HttpRequest) -> None:
        rows, size = self.queryset, self.list_per_page
        keys = sort_keys(rows)
        rows = rows.order_by(*(f"{'-' if key.descending else ''}{key.name}" for key in keys))
        place = self._place(request, len(keys))
        page = self._page(rows, keys, place, size)
        known = (
            len(page)
            if place is None and len(page) <= size
            else rows.order_by().values("pk")[: MOST_COUNTED + 1].count()
        )
        more, page = len(page) > size, page[:size]
        backwards = place is not None and place.backwards
        page = page[::-1] if backwards else page
        self.result_list: Any = page
        self.older = str(Place(_values(page[-1], keys))) if page and (more or backwards) else ""
        self.newer = (
            str(Place(_values(page[0], keys), True))
            if page and (more if backwards else place is not None)
            else ""
        )
        self.has_more_than_counted = known > MOST_COUNTED
        self.known_count = min(known, MOST_COUNTED)
        self.result_count = len(page) if self.has_more_than_counted else known
        self.paginator: Any = Counted(page, size)
        self.paginator.count = self.result_count
        self.full_result_count, self.show_full_result_count, self.show_admin_actions = (
            self.result_count,
            False,
            True,
        )
        self.can_show_all, self.multi_page, self.page_num = False, False, 1

    def _place(self, request: HttpRequest, width: int) -> Place | None:
        text = request.GET.get(PAGE_VAR, "")
        if not text:
            return None
        try:
            place = Place.read(text)
        except ValueError as error:
            raise IncorrectLookupParameters from error
        if len(place.values) != width:
            raise IncorrectLookupParameters
        return place

    def _page(
        self, rows: QuerySet[Any], keys: Sequence[SortKey], place: Place | None, size: int
    ) -> list[Any]:
        """The rows of a page and one more, in reading order."""
        try:
            rows = rows.filter(beyond(keys, place)) if place else rows
        except (ValueError, ValidationError) as error:
            raise IncorrectLookupParameters from error
        return list((rows.reverse() if place and place.backwards else rows)[: size + 1])

    @property
    def count_text(self) -> str:
        return (
            (_("%(MOST_COUNTED)s+") % {"MOST_COUNTED": MOST_COUNTED})
            if self.has_more_than_counted
            else str(self.known_count)
        )

    @property
    def amount_columns(self) -> str:
        """The columns that show amounts, as far as the first rows tell, by their names in the page's classes."""
        names = {
            name if isinstance(name, str) else name.__name__
            for row in self.result_list[:MOST_LOOKED_AT]
            for name in self.list_display
            if isinstance(self._shown(name, row), Amount)
        }
        return " ".join(sorted(names))

    def _shown(self, name: Any, row: Any) -> Any:
        try:
            return lookup_field(name, row, self.model_admin)[2]
        except ObjectDoesNotExist:
            return None

    @property
    def newer_link(self) -> str:
        return self.get_query_string({PAGE_VAR: self.newer}) if self.newer else ""

    @property
    def older_link(self) -> str:
        return self.get_query_string({PAGE_VAR: self.older}) if self.older else ""


def _values(row: Any, keys: Sequence[SortKey]) -> tuple[Any, ...]:
    return tuple(_value(row, key.name) for key in keys)


def _value(row: Any, name: str) -> Any:
    step, _, rest = name.partition("__")
    found = getattr(row, step)
    return _value(found, rest) if rest and found is not None else found


class FastListAdmin:
    """Lists by FastList.

    `exact_search_fields` names columns that an index finds: what the first of them finds is shown. Else a model with
    words is searched by those, and `search_related` names relations of which the rows are found first, by their own
    page, as far as the person sees their kind.
    """

    exact_search_fields: Sequence[str] = ()
    search_related: Sequence[str] = ()

    def get_changelist(self, request: HttpRequest, **options: Any) -> type[ChangeList]:
        return FastList

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> Any:
        page: Any = self
        has_words = hasattr(page.model, "worded")
        if not (self.exact_search_fields or self.search_related or has_words) or not search_term:
            return super().get_search_results(request, queryset, search_term)  # type: ignore[misc]
        term = search_term.strip()
        for name in self.exact_search_fields:  # one by one: each by its own index
            rows = queryset.filter(**{f"{name}__in": {term, term.upper()}})
            if rows.exists():
                return rows, lookup_spawns_duplicates(queryset.model._meta, name)
        if has_words:
            return with_words(queryset, term), False
        through = Q(pk__in=[])
        for name in self.search_related:
            related = page.model._meta.get_field(name).related_model
            if not policy.sees(request.user, related):
                continue
            other: Any = page.admin_site.get_model_admin(related)
            rows, _ = other.get_search_results(request, other.get_queryset(request), term)
            through |= Q(
                **{f"{name}__in": list(rows.order_by().values_list("pk", flat=True)[:MOST_COUNTED])}
            )
        return queryset.filter(through), False

    def response_action(
        self, request: HttpRequest, queryset: Any, *args: Any, **options: Any
    ) -> Any:
        """An action on all rows acts on as many as the page said, or on none."""
        if request.POST.get("select_across") == "1":
            count = queryset.order_by().values("pk")[: MOST_COUNTED + 1].count()
            if str(count) != request.POST.get("rows_said"):
                messages.error(
                    request,
                    _(
                        "The list changed and now has %(count)s rows. Nothing was done. Review "
                        "the list and try again."
                    )
                    % {"count": count},
                )
                return HttpResponseRedirect(request.get_full_path())
        return super().response_action(request, queryset, *args, **options)  # type: ignore[misc]
