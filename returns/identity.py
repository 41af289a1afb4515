"""Which lots and serial numbers of a return line came back, and which of them go where."""

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from django.db.models import Sum
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from fulfillment.models import Shipment
from inventory import catalog, lots
from inventory.models import SKU, Demand, Lot, Reservation
from oms.core.errors import Refused
from orders.models import OrderLine
from returns.models import ReturnedLot, ReturnLine, ReturnRequest

LOTS = {
    "most": 8000,
    "help": gettext_lazy("Only if tracked: for example S1 S2, A001..A010, or L1 x 2, L2 x 1."),
}


class Goods(NamedTuple):
    """Base units of a SKU, of a lot if it is tracked."""

    sku: SKU
    quantity: int
    lot: Lot | None = None


def shipments_of(request: ReturnRequest) -> list[str]:
    """The numbers of the shipments from which the goods of a return may be."""
    return list(
        Shipment.objects.filter(order=request.order).order_by("pk").values_list("number", flat=True)
    )


def composition(line: ReturnLine) -> list[tuple[SKU, int]]:
    """The SKUs that a unit of a return line is made of, and base units of each."""
    return [(line.component, 1)] if line.component else made_of(line.order_line)


def made_of(order_line: OrderLine) -> list[tuple[SKU, int]]:
    """The SKUs that a unit of an order line is made of, and base units of each."""
    demands = Demand.objects.filter(promise__line=order_line).select_related("sku")
    found = [(demand.sku, demand.per_unit) for demand in demands.order_by("pk")]
    return found or parts_of(order_line.sku)


def parts_of(sku: SKU) -> list[tuple[SKU, int]]:
    """The SKUs that a unit of a SKU is made of now, and base units of each."""
    kit = catalog.components([sku]).get(sku.pk)
    return [(part.component, part.quantity) for part in kit] if kit else [(sku, 1)]


def came_back(line: ReturnLine, good: str, damaged: str) -> tuple[list[Goods], list[Goods]]:
    """What came of a counted return line, good and damaged: the lots that are named, or the only ones possible.

    Raises Refused for one that wasn't shipped on the order line or came back already, and where several are possible.
    """
    parts = composition(line)
    outside = {
        sku.pk: still_out(line, sku)
        for sku, _per_unit in parts
        if sku.tracking != SKU.Tracking.NONE
    }
    _require_shipped(parts, outside, f"{good}\n{damaged}")
    found: tuple[list[Goods], list[Goods]] = ([], [])
    for sku, per_unit in parts:
        wanted = (
            (found[0], line.good * per_unit, good),
            (found[1], line.damaged * per_unit, damaged),
        )
        for goods, quantity, text in sorted(
            wanted, key=lambda each: not each[2].strip()
        ):  # named ones first
            goods += _taken(sku, quantity, text, outside.get(sku.pk))
    _record(line, found)
    return found


def _taken(sku: SKU, quantity: int, text: str, outside: Counter[Lot] | None) -> list[Goods]:
    if outside is None:
        return [Goods(sku, quantity)] if quantity else []
    if not outside.total():  # shipped before it was tracked, or imported: what is named is new
        return [Goods(sku, count, lot) for lot, count in lots.incoming(sku, text, quantity)]
    question = _("Say which of %(sku)s came back.") % {"sku": sku}
    chosen = lots.choose(sku, text, quantity, outside, question=question)
    outside.subtract({part.lot: part.quantity for part in chosen})
    return [Goods(sku, part.quantity, part.lot) for part in chosen]


def still_out(line: ReturnLine, sku: SKU) -> Counter[Lot]:
    """The lots that were shipped on the order line of a return line and have not come back, with their base units."""
    order_line = line.order_line
    shipped = Reservation.objects.filter(
        demand__promise__line=order_line,
        sku=sku,
        state=Reservation.State.SHIPPED,
        lot__isnull=False,
    )
    returned = ReturnedLot.objects.filter(line__order_line=order_line, lot__sku=sku)
    left: Counter[Lot] = Counter()
    lot_of = Lot.objects.in_bulk(
        [*shipped.values_list("lot", flat=True), *returned.values_list("lot", flat=True)]
    )
    for key, total in shipped.values_list("lot").annotate(Sum("quantity")):
        left[lot_of[key]] += total
    for key, total in returned.values_list("lot").annotate(Sum("quantity")):
        left[lot_of[key]] -= total
    return left


def _require_shipped(
    parts: Iterable[tuple[SKU, int]], outside: dict[int, Counter[Lot]], text: str
) -> None:
    named = _named([sku for sku, _per_unit in parts if sku.pk in outside], text)
    possible = {lot.code for left in outside.values() for lot, count in left.items() if count > 0}
    known = {lot.code for left in outside.values() for lot in left}
    strange = sorted(named - possible)
    if strange and known:
        text = (
            _("%(lot)s came back already. Still with the customer: %(lots)s.")
            if strange[0] in known
            else _("%(lot)s wasn't shipped on this order line. Still with the customer: %(lots)s.")
        )
        raise Refused(
            text % {"lot": strange[0], "lots": lots.listed(possible)},
            code="not_shipped",
            lot=strange[0],
        )


def _named(tracked: list[SKU], text: str) -> set[str]:
    """The codes in a text about tracked SKUs; where a kit has serial numbers, they are written between commas, too."""
    reader = next(
        (sku for sku in tracked if sku.tracking == SKU.Tracking.SERIAL), next(iter(tracked), None)
    )
    return {each.code for each in lots.parse(reader, text)} if reader else set()


def _record(line: ReturnLine, found: tuple[list[Goods], list[Goods]]) -> None:
    ReturnedLot.objects.bulk_create(
        ReturnedLot(line=line, lot=goods.lot, quantity=goods.quantity, is_damaged=is_damaged)
        for is_damaged, several in zip((False, True), found, strict=True)
        for goods in several
        if goods.lot is not None
    )


class Waiting:
    """The lots of a return that wait for their inspection; each is sent on once."""

    def __init__(self, lines: Iterable[ReturnLine]) -> None:
        self.left: dict[tuple[int, bool], Counter[Lot]] = {}
        for row in ReturnedLot.objects.filter(line__in=lines).select_related("lot__sku"):
            self.left.setdefault((row.line_id, row.is_damaged), Counter())[row.lot] += row.quantity

    def take(self, line: ReturnLine, units: int, *, is_damaged: bool, text: str) -> list[Goods]:
        """The goods of some units of a line: of the lots that are named, or the only ones possible."""
        waiting = self.left.get((line.pk, is_damaged), Counter())
        parts = composition(line)
        self._require_came(
            line, [sku for sku, _ in parts if sku.tracking != SKU.Tracking.NONE], text
        )
        goods = []
        for sku, per_unit in parts:
            own = {lot: count for lot, count in waiting.items() if lot.sku_id == sku.pk}
            if sku.tracking == SKU.Tracking.NONE or not own:
                goods.append(Goods(sku, units * per_unit))
                continue
            question = _("Say which of %(sku)s are meant.") % {"sku": sku}
            chosen = lots.choose(sku, text, units * per_unit, own, question=question)
            waiting.subtract({part.lot: part.quantity for part in chosen})
            goods += [Goods(sku, part.quantity, part.lot) for part in chosen]
        return goods

    def _require_came(self, line: ReturnLine, tracked: list[SKU], text: str) -> None:
        came = {lot.code for key, lots_ in self.left.items() if key[0] == line.pk for lot in lots_}
        strange = sorted(_named(tracked, text) - came)
        if strange:
            raise Refused(
                _("%(lot)s didn't come back on this line. Received: %(lots)s.")
                % {"lot": strange[0], "lots": lots.listed(came)},
                code="not_received",
                lot=strange[0],
            )
