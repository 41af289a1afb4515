"""Returns: asked, received, inspected, settled; exchanges and kits among them."""

from collections import Counter

from hypothesis import strategies as st
from hypothesis.stateful import rule

from orders.models import Order
from returns import identity, inspection, receiving, requests
from returns.inspection import Finding
from returns.models import ReturnRequest
from returns.receiving import Arrived
from returns.requests import Asked
from tests import builders as make
from tests.properties.business.world import ORDERED, PARTS, World, few, there_is, which


class Returning(World):
    """What customers give back, and what becomes of it."""

    @there_is("shipment.shipped")
    @rule(index=which, number=which, quantity=few, wish=st.sampled_from(["refund", "credit", "exchange"]),
          other=st.sampled_from(ORDERED))
    def ask_to_give_back(self, index, number, quantity, wish, other):
        order = self.pick_from(Order.objects.filter(shipped__gt=0), index)
        row = self.pick_from(order.lines.filter(shipped__gt=0), number)
        wanted = make.sku(other) if wish == "exchange" else None
        self.attempt(requests.open_request, order, [Asked(row, min(quantity, row.shipped), exchange_for=wanted)],
                     wish=wish)

    @there_is("return.approved")
    @rule(index=which, damaged=st.booleans(), missing=st.booleans())
    def goods_come_back(self, index, damaged, missing):
        self.take_back(self.pick_from(ReturnRequest.objects.filter(status="approved"), index), damaged, missing)

    def take_back(self, request, damaged=False, missing=False):
        part = request.lines.select_related("order_line__sku").get()
        came = part.quantity - (missing and part.quantity > 1)
        named = self._named({lot: left for sku, _ in identity.composition(part) if sku.tracking != "none"
                             for lot, left in identity.still_out(part, sku).items()}, part, came)
        arrived = Arrived(part, 0, came, damaged_lots=named) if damaged else Arrived(part, came, lots=named)
        if self.attempt(receiving.receive, request, [arrived]):
            for code, per_unit in PARTS[part.order_line.sku.code].items():
                self.in_house[code] += per_unit * came

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
    @rule(index=which, route=st.sampled_from(["restock", "refurbish", "scrap"]))
    def inspect(self, index, route):
        self.look_at(self.pick_from(ReturnRequest.objects.filter(status="received"), index), route)

    def look_at(self, request, route="restock"):
        part = request.lines.select_related("order_line__sku").get()
        findings = [Finding(part, part.good, "used", route), Finding(part, part.damaged, "used", route, True)]
        if self.attempt(inspection.inspect, request, findings) and route == "scrap":
            for code, per_unit in PARTS[part.order_line.sku.code].items():
                self.in_house[code] -= per_unit * part.came

    @there_is("return.requested", "return.approved")
    @rule(index=which)
    def cancel_return(self, index):
        rows = ReturnRequest.objects.filter(status__in=["requested", "approved"])
        self.attempt(requests.cancel, self.pick_from(rows, index))
