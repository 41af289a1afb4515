"""Serving a company's orders from another company's stock, as long as that is shared."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from django.utils import timezone

from inventory.models import Stock, StockShare, Warehouse
from oms.core import events
from oms.core.locking import whole
from oms.core.models import Company, User


@dataclass(frozen=True)
class Shares:
    """The open shares by their selling and supplying company, by key."""

    keys: Mapping[tuple[int, int], int] = field(default_factory=dict)

    def companies(self) -> set[int]:
        """All companies whose stock is shared."""
        return {supplying for _company, supplying in self.keys}

    def under(self, selling: int, stock: Stock) -> int | None:
        """The share under which a company's order takes a row of stock; None for its own."""
        owner = stock.warehouse.company_id
        return None if owner == selling else self.keys[selling, owner]

    def may_take(self, selling: int, stock: Stock) -> bool:
        """Whether a row is another company's stock that may serve a company's orders."""
        return (selling, stock.warehouse.company_id) in self.keys


def shares_of(companies: Collection[int]) -> Shares:
    """The shares that hold now for the orders of companies (by their keys)."""
    rows = StockShare.objects.open(companies).values_list("selling", "supplying", "pk")
    return Shares({(selling, supplying): key for selling, supplying, key in rows})


def sellers_of(company: int) -> list[int]:
    """The other companies whose orders may be served from a company's stock, by key."""
    return list(
        StockShare.objects.open().filter(supplying=company).values_list("selling", flat=True)
    )


def serving(company: Company) -> set[int]:
    """The companies whose stock may serve a company's orders, by key: itself, and those that share with it."""
    return {company.pk, *shares_of([company.pk]).companies()}


def may_serve(company: Company, warehouse: Warehouse) -> bool:
    """Whether a warehouse may serve a company's orders."""
    return warehouse.company_id in serving(company)


@whole
def share(selling: Company, supplying: Company, *, by: User | None = None) -> None:
    """Let a company's orders be served from another's stock from now on; waiting orders look again."""
    _row, is_new = StockShare.objects.get_or_create(
        selling=selling, supplying=supplying, until=None
    )
    for warehouse in Warehouse.objects.active().filter(company=supplying) if is_new else ():
        events.record(
            "warehouse.changed",
            subject_type="warehouse",
            subject_number=warehouse.code,
            by=by,
            is_active=True,
        )


@whole
def stop_sharing(selling: Company, supplying: Company) -> None:
    """Promise no more of another company's stock; what is promised already stays promised."""
    StockShare.objects.open().filter(selling=selling, supplying=supplying).update(
        until=timezone.now()
    )
