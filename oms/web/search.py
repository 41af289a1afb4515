"""The one search box: numbers, barcodes, tracking numbers, codes and names, from anywhere, as far as a person may see.

Each kind of record is one query; what is named exactly comes first, then what begins so, then what has the words.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.db.models import Case, IntegerField, Model, Q, QuerySet, Value, When
from django.http import HttpRequest
from django.urls import reverse

from fulfillment.models import Shipment, ShippingLabel, Wave
from inventory.models import SKU, Barcode, Bin, Count, Transfer
from inventory.purchasing.models import PurchaseOrder, Supplier
from oms.core import policy
from oms.core.models.word_search import with_words
from oms.printing import printout_revisions
from oms.printing.barcodes import read_sscc
from oms.web.menu import navigation
from orders.accounting.models import Invoice, Payment
from orders.models import Customer, Order
from returns.models import ReturnRequest

MOST = 6
EXACT, BEGINS, WORDS = 0, 1, 2


@dataclass(frozen=True)
class Found:
    """A hit, as the theme's list of results wants it."""

    title: str
    description: str
    link: str
    icon: str
    rank: int


@dataclass(frozen=True)
class Finder:
    """How one kind of record is found: by exact `numbers`; or, where its model has words, by those, its code first.

    `shown` leads to the record that is opened, where the found one only names it (a barcode its SKU).
    """

    model: type[Model]
    icon: str
    numbers: tuple[str, ...] = ()
    shown: str = ""

    def find(self, request: HttpRequest, term: str) -> Iterator[Found]:
        rows = self.visible(request)
        if rows is None:
            return
        rows = self._numbered(rows, term) if self.numbers else self._worded(rows, term)
        rows = rows.select_related(self.shown) if self.shown else rows
        for row in rows[:MOST]:
            record = getattr(row, self.shown) if self.shown else row
            yield Found(
                _title(record), _description(record, row), _link(record), self.icon, row.search_rank
            )

    def _numbered(self, rows: QuerySet[Any], term: str) -> Any:
        named = Q(pk__in=[])
        for name in self.numbers:
            named |= Q(**{f"{name}__in": {term, term.upper()}})
        return rows.filter(named).annotate(search_rank=Value(EXACT)).order_by("-pk")

    def _worded(self, rows: QuerySet[Any], term: str) -> Any:
        rank = Case(
            When(code__iexact=term, then=Value(EXACT)),
            When(code__istartswith=term, then=Value(BEGINS)),
            default=Value(WORDS),
            output_field=IntegerField(),
        )
        return with_words(rows, term).annotate(search_rank=rank).order_by("search_rank", "code")

    def visible(self, request: HttpRequest) -> QuerySet[Any] | None:
        """The rows in the person's scope; None where they may not look at what would be opened."""
        opened: Any = (
            self.model._meta.get_field(self.shown).related_model if self.shown else self.model
        )
        if not policy.may(request.user, "view", opened):
            return None
        if self.shown:
            return policy.scope(self.model, request.user)
        page: Any = admin.site.get_model_admin(opened)
        rows: QuerySet[Any] = page.get_queryset(request)
        return rows


FINDERS = (
    Finder(Order, "shopping_cart", numbers=("number", "external_id", "customer_reference")),
    Finder(Shipment, "package_2", numbers=("number",)),
    Finder(ShippingLabel, "local_shipping", numbers=("tracking_number", "sscc"), shown="shipment"),
    Finder(Invoice, "request_quote", numbers=("number",)),
    Finder(Payment, "payments", numbers=("number", "reference")),
    Finder(ReturnRequest, "assignment_return", numbers=("number",)),
    Finder(Wave, "directions_walk", numbers=("number",)),
    Finder(PurchaseOrder, "receipt_long", numbers=("number",)),
    Finder(Transfer, "swap_horiz", numbers=("number",)),
    Finder(Count, "fact_check", numbers=("number",)),
    Finder(Barcode, "barcode", numbers=("code",), shown="sku"),
    Finder(SKU, "category"),
    Finder(Customer, "storefront"),
    Finder(Supplier, "factory"),
    Finder(Bin, "shelves", numbers=("code",)),
)


def search(request: HttpRequest, term: str) -> list[Found]:
    """What a person finds, the most exact first; nothing for less than two characters."""
    term, _revision = printout_revisions.parse(term.replace("\x00", ""))
    term = read_sscc(term) or term
    if len(term) < 2:
        return []
    hits = [hit for finder in FINDERS for hit in finder.find(request, term)] + _pages(request, term)
    return sorted(hits, key=lambda hit: hit.rank)


def _pages(request: HttpRequest, term: str) -> list[Found]:
    """Pages of the menu."""
    items = [item for group in navigation(request) for item in group["items"]]
    return [
        Found(str(item["title"]), "page", item["link"], item["icon"], WORDS)
        for item in items
        if term.lower() in str(item["title"]).lower()
    ]


def _title(record: Any) -> str:
    code, name = getattr(record, "code", ""), getattr(record, "name", "")
    return f"{code} {name}".strip() if code else str(getattr(record, "number", "") or record)


def _description(record: Any, row: Any) -> str:
    """What kind of thing it is, and its state; by what it was found, where that is something else."""
    kind = str(record._meta.verbose_name)
    status = record.get_status_display() if hasattr(record, "get_status_display") else ""
    by = f"by {row}" if row is not record else ""
    return " · ".join(part for part in (kind, status, by) if part)


def _link(record: Any) -> str:
    opts = record._meta
    return reverse(f"admin:{opts.app_label}_{opts.model_name}_change", args=[record.pk])
