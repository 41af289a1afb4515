"""Where each SKU stands in each warehouse: what is there, promised, waited for, on order and under way."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db.models import Sum

from inventory.models import SKU, Demand, Stock, Transfer, TransferLine, Warehouse
from inventory.purchasing.models import PurchaseLine, PurchaseOrder, SupplierItem
from inventory.purchasing.planners import reorder
from inventory.purchasing.planners.reorder import Position
from oms.core import exchange_rates
from oms.core.errors import Refused
from oms.core.models import Company

Key = tuple[int, int]  # SKU, warehouse
NO_POINT = -1  # of what has no rule: it is only needed where orders wait


@dataclass(frozen=True)
class Want:
    """A SKU that a warehouse should have: at or below the point, up to the target."""

    sku: SKU
    warehouse: Warehouse
    point: int
    target: int


@dataclass
class Known:
    """What was read of all SKUs at once, and what proposals of this run have used up of it."""

    warehouses: Mapping[int, Warehouse]
    wants: Mapping[Key, Want]
    stock: Mapping[Key, Any]  # with what is free
    on_order: Mapping[Key, int]
    offers: Mapping[int, list[SupplierItem]]  # by SKU
    waiting: dict[Key, int]  # by SKU and company
    coming: dict[Key, int]
    leaving: dict[Key, int]
    waits_at: dict[Key, int] = field(default_factory=dict)
    rates: dict[tuple[int, str], Decimal | None] = field(
        default_factory=dict
    )  # by company and currency

    def item(self, want: Want) -> SupplierItem | None:
        """From whom a SKU is bought: its preferred supplier, else the cheapest at today's rates of the company."""
        offers = self.offers.get(want.sku.pk, [])
        return min(
            offers, key=lambda offer: self._rank(offer, want.warehouse.company), default=None
        )

    def _rank(self, offer: SupplierItem, company: Company) -> tuple[bool, bool, Decimal, int]:
        """Lower is better; a cost whose currency has no rate can't be compared, and comes last."""
        key = company.pk, offer.currency
        if key not in self.rates:
            try:
                self.rates[key] = exchange_rates.exchange_rate(
                    company, offer.currency, company.today()
                )
            except Refused:
                self.rates[key] = None
        rate = self.rates[key]
        return not offer.is_preferred, rate is None, offer.cost / (rate or 1), offer.pk

    def position(self, want: Want, *, pack: int = 1, minimum: int = 1) -> Position:
        """Where a SKU stands in a warehouse. What waits counts once, where it is asked for first."""
        key = want.sku.pk, want.warehouse.pk
        own = want.sku.pk, want.warehouse.company_id
        home = self.waits_at.setdefault(own, want.warehouse.pk)
        row = self.stock.get(key)
        return Position(
            sellable=row.free + row.reserved if row else 0,
            reserved=row.reserved if row else 0,
            back_ordered=self.waiting.get(own, 0) if home == want.warehouse.pk else 0,
            on_order=self.on_order.get(key, 0),
            coming=self.coming.get(key, 0),
            leaving=self.leaving.get(key, 0),
            point=want.point,
            target=want.target,
            pack=pack,
            minimum=minimum,
        )

    def spare(self, want: Want) -> dict[int, int]:
        """What other warehouses of the same company can give away of a SKU, by their key."""
        others = [
            other
            for other in self.warehouses.values()
            if other.pk != want.warehouse.pk and other.company_id == want.warehouse.company_id
        ]
        rows = {
            other.pk: self.wants.get((want.sku.pk, other.pk)) or Want(want.sku, other, NO_POINT, 0)
            for other in others
            if (want.sku.pk, other.pk) in self.stock
        }
        spare = {key: reorder.surplus(self.position(row)) for key, row in rows.items()}
        return {key: quantity for key, quantity in spare.items() if quantity > 0}

    def use_up(self, want: Want, source: int, quantity: int) -> None:
        """Count a proposed transfer, for the wants that come after."""
        self.leaving[want.sku.pk, source] = self.leaving.get((want.sku.pk, source), 0) + quantity
        key = want.sku.pk, want.warehouse.pk
        self.coming[key] = self.coming.get(key, 0) + quantity


def read(wants: Sequence[Want]) -> Known:
    """Read what there is of the wanted SKUs, in a handful of statements."""
    skus = {want.sku.pk for want in wants}
    coming, leaving = _under_way(skus)
    offers: dict[int, list[SupplierItem]] = defaultdict(list)
    for offer in SupplierItem.objects.filter(sku__in=skus).select_related("supplier", "sku"):
        offers[offer.sku_id].append(offer)
    return Known(
        warehouses={
            row.pk: row
            for row in Warehouse.objects.active().select_related("company")
            if row.kind != Warehouse.Kind.THIRD_PARTY
        },
        wants={(want.sku.pk, want.warehouse.pk): want for want in wants},
        stock={
            (row.sku_id, row.warehouse_id): row
            for row in Stock.objects.filter(sku__in=skus).with_free()
        },
        on_order=_on_order(skus),
        coming=coming,
        leaving=leaving,
        waiting=_waiting(skus),
        offers=offers,
    )


def _waiting(skus: Iterable[int]) -> dict[Key, int]:
    rows = Demand.objects.filter(sku__in=list(skus), unreserved__gt=0)
    return {
        (sku, company): total
        for sku, company, total in rows.values_list("sku_id", "company_id").annotate(
            Sum("unreserved")
        )
    }


def _on_order(skus: Iterable[int]) -> dict[Key, int]:
    lines = PurchaseLine.objects.filter(sku__in=list(skus), order__status__in=PurchaseOrder.OPEN)
    totals: dict[Key, int] = defaultdict(int)
    for line in lines.select_related("order"):
        totals[line.sku_id, line.order.warehouse_id] += line.outstanding
    return totals


def _under_way(skus: Iterable[int]) -> tuple[dict[Key, int], dict[Key, int]]:
    """What transfers bring to each warehouse, and what drafted ones will take from it."""
    coming: dict[Key, int] = defaultdict(int)
    leaving: dict[Key, int] = defaultdict(int)
    lines = TransferLine.objects.filter(sku__in=list(skus), transfer__status__in=Transfer.UNDER_WAY)
    for line in lines.select_related("transfer"):
        coming[line.sku_id, line.transfer.target_id] += line.in_transit
        if line.transfer.status == Transfer.Status.DRAFT:
            leaving[line.sku_id, line.transfer.source_id] += line.quantity
    return coming, leaving


def drafted(source: Warehouse, sku: SKU) -> dict[tuple[int, int | None], int]:
    """What drafted transfers will take of a SKU, by bin and lot."""
    lines = TransferLine.objects.filter(
        transfer__source=source, transfer__status=Transfer.Status.DRAFT, sku=sku
    )
    return {
        (place, lot): total
        for place, lot, total in lines.values_list("bin_id", "lot_id").annotate(
            total=Sum("quantity")
        )
    }


def back_ordered(known: set[Key]) -> list[Want]:
    """SKUs for which orders wait and that no rule of their company (`known`) looks after, at its first warehouse."""
    homes: dict[int, Warehouse] = {}
    own = Warehouse.objects.active().filter(kind=Warehouse.Kind.OWN).select_related("company")
    for row in own.order_by("priority", "pk"):
        homes.setdefault(row.company_id, row)
    pairs = (
        Demand.objects.filter(unreserved__gt=0, company__in=homes)
        .values_list("sku", "company")
        .distinct()
    )
    wanted = [pair for pair in pairs.order_by("sku__code", "company") if pair not in known]
    skus = SKU.objects.in_bulk({sku for sku, _company in wanted})
    return [Want(skus[sku], homes[company], NO_POINT, 0) for sku, company in wanted]
