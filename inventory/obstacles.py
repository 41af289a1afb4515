"""What stands in the way of changing the meaning of SKUs, lots, bins and warehouses under booked stock."""

from collections.abc import Iterator
from typing import Any

from django.db.models import F, Q, Sum
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from inventory.models import (
    SKU,
    Bin,
    BinStock,
    Demand,
    KitComponent,
    Lot,
    Move,
    Transfer,
    TransferLine,
    Warehouse,
)
from oms.core.guarding import stands_in_the_way

MOST_NAMED = 5


@stands_in_the_way(SKU, "tracking", "is_kit", "base_unit")
def stock_of_sku(sku: SKU) -> Iterator[str]:
    """Pieces in bins and in transit: they are booked without a lot, or with one, as the tracking was."""
    rows = (
        BinStock.objects.filter(sku=sku)
        .exclude(on_hand=0)
        .values_list("bin__warehouse__code", "bin__code")
    )
    found = [
        (f"{place} {code}", count) for place, code, count in rows.annotate(count=Sum("on_hand"))
    ]
    if found:
        yield _("%(count)s in stock (%(places)s)") % {
            "count": sum(count for _place, count in found),
            "places": _listed(place for place, _count in found),
        }
    sent = TransferLine.objects.filter(sku=sku, transfer__status=Transfer.Status.SENT)
    yield from named(sent.values_list("transfer__number", flat=True), _("in transit on %(names)s"))


@stands_in_the_way(SKU, "is_kit", "base_unit")
def demand_of_sku(sku: SKU) -> Iterator[str]:
    """What is promised of it and not shipped."""
    wanted = Demand.objects.filter(sku=sku, quantity__gt=F("shipped"))
    yield from named(wanted.values_list("document", flat=True), _("promised to %(names)s"))


@stands_in_the_way(SKU, "is_kit")
def kits_with_sku(sku: SKU) -> Iterator[str]:
    """A kit can't be part of a kit."""
    yield from named(
        KitComponent.objects.filter(component=sku).values_list("kit__code", flat=True),
        _("part of the kit %(names)s"),
    )


@stands_in_the_way(SKU, "base_unit")
def history_of_sku(sku: SKU) -> Iterator[str]:
    """Every booked quantity is counted in the base unit."""
    count = Move.objects.filter(sku=sku).count()
    if count:
        yield ngettext(
            "%(count)s stock movement is counted in it",
            "%(count)s stock movements are counted in it",
            count,
        ) % {"count": count}


@stands_in_the_way(SKU, "has_expiry")
def lots_of_sku(sku: SKU) -> Iterator[str]:
    """Lots without a date could be sold forever; lots with one would no longer be asked for it."""
    undated = Lot.objects.filter(sku=sku, expires_on=None)
    if not sku.has_expiry:
        yield from named(
            undated.values_list("code", flat=True),
            _("%(names)s have no expiry date; enter it first"),
        )


@stands_in_the_way(Bin, "kind", "is_sellable", "warehouse")
def stock_of_bin(place: Bin) -> Iterator[str]:
    """What is in the bin counts as sellable, reserved or in custody by the bin's kind."""
    if place.is_outside:
        yield _("it's built in")
    rows = BinStock.objects.filter(bin=place).exclude(on_hand=0)
    total = rows.aggregate(total=Sum("on_hand"))["total"]
    if total:
        yield _("it holds %(count)s (%(skus)s); move them to another bin first") % {
            "count": total,
            "skus": _listed(rows.values_list("sku__code", flat=True)),
        }


@stands_in_the_way(Bin, "warehouse")
def history_of_bin(place: Bin) -> Iterator[str]:
    """Past moves happened in the warehouse that the bin belongs to."""
    count = Move.objects.filter(Q(source=place) | Q(target=place)).count()
    if count:
        yield ngettext(
            "%(count)s stock movement names it", "%(count)s stock movements name it", count
        ) % {"count": count}


@stands_in_the_way(Warehouse, "company")
def books_of_warehouse(warehouse: Warehouse) -> Iterator[str]:
    """Stock is valued in the books and the currency of the warehouse's company."""
    if Move.objects.filter(
        Q(source__warehouse=warehouse) | Q(target__warehouse=warehouse)
    ).exists():
        yield _(
            "its stock movements are in the books of %(company)s; create another warehouse instead"
        ) % {"company": warehouse.company}
    yield from _open_supply(warehouse)


@stands_in_the_way(Warehouse, "is_active", "kind")
def supply_of_warehouse(warehouse: Warehouse) -> Iterator[str]:
    """What comes there could no longer be sold."""
    yield from _open_supply(warehouse)


def _open_supply(warehouse: Warehouse) -> Iterator[str]:
    sent = Transfer.objects.filter(
        Q(source=warehouse) | Q(target=warehouse), status=Transfer.Status.SENT
    )
    yield from named(
        sent.values_list("number", flat=True), _("goods are in transit with %(names)s")
    )


@stands_in_the_way(Lot, "sku", "code")
def history_of_lot(lot: Lot) -> Iterator[str]:
    """What came, was moved and shipped was this lot of this SKU."""
    count = Move.objects.filter(lot=lot).count()
    if count:
        yield ngettext(
            "%(count)s stock movement names it", "%(count)s stock movements name it", count
        ) % {"count": count}


def named(names: Any, phrase: str) -> Iterator[str]:
    """A phrase with the names of what stands in the way, if there are any."""
    found = _listed(names)
    if found:
        yield phrase % {"names": found}


def _listed(names: Any) -> str:
    """Names once each, the first few in full."""
    found = list(dict.fromkeys(str(name) for name in names))
    shown = ", ".join(found[:MOST_NAMED])
    return (
        shown
        if len(found) <= MOST_NAMED
        else _("%(shown)s and %(more)s more") % {"shown": shown, "more": len(found) - MOST_NAMED}
    )
