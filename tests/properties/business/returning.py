"""Returns: asked, received, inspected, settled; exchanges and kits among them."""

from collections import Counter
from decimal import Decimal as D

from hypothesis import strategies as st
from hypothesis.stateful import rule

from orders.models import Order, OrderLine
from returns import identity, inspection, receiving, requests, unannounced
from returns.inspection import Finding
from returns.models import ReturnRequest, Unexpected
from returns.receiving import Arrived
from returns.requests import Asked
from returns.unannounced import Came, Decided
from tests import builders as make
from tests.properties.business.world import ORDERED, PARTS, World, few, there_is, which


class Returning(World):
    """What customers give back, and what becomes of it."""

    @there_is("shipment.shipped")
    @rule(
        index=which,
        number=which,
        quantity=few,
        resolution=st.sampled_from(["refund", "credit", "exchange"]),
        other=st.sampled_from(ORDERED),
    )
    def ask_to_give_back(self, index, number, quantity, resolution, other):
        order = self.pick_from(Order.objects.filter(shipped__gt=0), index)
        row = self.pick_from(order.lines.filter(shipped__gt=0), number)
        wanted = make.sku(other) if resolution == "exchange" else None
        self.attempt(
            requests.open_request,
            order,
            [Asked(row, min(quantity, row.shipped), exchange_for=wanted)],
            resolution=resolution,
        )

    @there_is("shipment.shipped")
    @rule(index=which, quantity=st.integers(1, 2), part=st.sampled_from(["A", "B", "L"]))
    def ask_to_give_a_component_back(self, index, quantity, part):
        """A piece of a kit, worth a part of it."""
        kits = OrderLine.objects.filter(shipped__gt=0, sku__is_kit=True)
        if row := self.pick_from(kits, index):
            asked = Asked(row, quantity, component=make.sku(part), share_percent=D(25))
            self.attempt(requests.open_request, row.order, [asked])

    @there_is("return.approved")
    @rule(
        index=which,
        damaged=st.booleans(),
        missing=st.booleans(),
        also=st.sampled_from([None, None, "A", "B", "KIT"]),
        count=few,
    )
    def goods_come_back(self, index, damaged, missing, also, count):
        """Maybe less than was asked, maybe with something that nobody announced."""
        more = [Came(make.sku(also), **{"damaged" if damaged else "good": count})] if also else []
        self.take_back(
            self.pick_from(ReturnRequest.objects.filter(status="approved"), index),
            damaged,
            missing,
            more,
        )

    def take_back(self, request, damaged=False, missing=False, also=()):
        arrived, expected = [], Counter()
        for part in request.lines.select_related("order_line__sku", "component"):
            came = part.quantity - (missing and part.quantity > 1)
            named = self._named(
                {
                    lot: left
                    for sku, _ in identity.composition(part)
                    if sku.tracking != "none"
                    for lot, left in identity.still_out(part, sku).items()
                },
                part,
                came,
            )
            arrived.append(
                Arrived(part, 0, came, damaged_lots=named)
                if damaged
                else Arrived(part, came, lots=named)
            )
            expected += self._pieces(part, came)
        for each in also:
            expected += Counter(
                {
                    code: per_unit * (each.good + each.damaged)
                    for code, per_unit in PARTS[each.sku.code].items()
                }
            )
        if self.attempt(receiving.receive, request, arrived, unannounced=also):
            self.in_house += expected

    def _pieces(self, part, units):
        """Base units by SKU code of units of a return line."""
        parts = {part.component.code: 1} if part.component else PARTS[part.order_line.sku.code]
        return Counter({code: per_unit * units for code, per_unit in parts.items()})

    @there_is("return.received")
    @rule(index=which, decision=st.sampled_from(["credit", "keep", "send_back", "scrap"]))
    def decide(self, index, decision):
        if request := self.pick_from(
            ReturnRequest.objects.filter(status="received", unexpected__decision=""), index
        ):
            self.decide_all(request, decision)

    def decide_all(self, request, decision):
        """Say what becomes of what nobody announced."""
        items = list(
            Unexpected.objects.filter(request=request, decision="")
            .select_related("sku")
            .order_by("pk")
        )
        if items and self.attempt(
            unannounced.decide, request, [Decided(item, decision) for item in items]
        ):
            for item in items if decision in ("send_back", "scrap") else ():
                for code, per_unit in PARTS[item.sku.code].items():
                    self.in_house[code] -= per_unit * item.quantity

    def _named(self, lots, part, units):
        """As many of the lots and serials as make up the units, as somebody would write them."""
        wanted = Counter({sku.pk: per_unit * units for sku, per_unit in identity.composition(part)})
        named = []
        for lot, left in lots.items():
            taken = min(left, wanted[lot.sku_id])
            wanted[lot.sku_id] -= taken
            if taken > 0:
                named.append(lot.code if lot.sku.tracking == "serial" else f"{lot.code} x {taken}")
        return ", ".join(named)

    @there_is("return.received")
    @rule(index=which, disposition=st.sampled_from(["restock", "refurbish", "scrap"]))
    def inspect(self, index, disposition):
        self.look_at(
            self.pick_from(ReturnRequest.objects.filter(status="received"), index), disposition
        )

    def look_at(self, request, disposition="restock"):
        parts = list(request.lines.select_related("order_line__sku", "component"))
        findings = [
            finding
            for part in parts
            for finding in (
                Finding(part, part.good, "used", disposition),
                Finding(part, part.damaged, "used", disposition, True),
            )
        ]
        if self.attempt(inspection.inspect, request, findings) and disposition == "scrap":
            for part in parts:
                self.in_house -= self._pieces(part, part.came)

    @there_is("return.requested", "return.approved")
    @rule(index=which)
    def cancel_return(self, index):
        rows = ReturnRequest.objects.filter(status__in=["requested", "approved"])
        self.attempt(requests.cancel, self.pick_from(rows, index))
