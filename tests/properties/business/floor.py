"""The floor: waves, picks, shorts, put-backs, parcels, and trucks that leave."""

from hypothesis import strategies as st
from hypothesis.stateful import rule

from fulfillment import (
    choosing,
    labels,
    packing,
    partial,
    picking,
    rerouting,
    shipments,
    shipping,
    waves,
)
from fulfillment.choosing import ParcelRow
from fulfillment.models import Shipment, Wave
from inventory.models import BinStock
from oms.core import outbox
from orders.models import Order
from tests import builders as make
from tests.builders.stock import storage
from tests.properties.business.world import ANYWHERE, PLACES, World, few, there_is, which


class Floor(World):
    """What pickers and packers do."""

    def a_shipment(self, status, index):
        return self.pick_from(Shipment.objects.filter(status=status), index)

    @there_is("shipment.open")
    @rule(index=which)
    def start_picking(self, index):
        self.attempt(waves.start_picking, self.a_shipment("open", index))

    @there_is("shipment.open")
    @rule(place=st.sampled_from(PLACES))
    def propose_waves(self, place):
        self.attempt(waves.propose, make.warehouse(place))

    @there_is("wave.draft")
    @rule(index=which)
    def release(self, index):
        self.attempt(waves.release, self.pick_from(Wave.objects.filter(status="draft"), index))

    @there_is("shipment.open")
    @rule(index=which, number=which)
    def split_off_a_line(self, index, number):
        shipment = self.a_shipment("open", index)
        if row := self.pick_from(shipment.lines.all(), number):
            self.attempt(shipments.split, shipment, [row])

    @there_is("reservation.allocated")
    @rule(index=which)
    def pick_all(self, index):
        rows = Shipment.objects.filter(
            status="picking", lines__reservation__state="allocated"
        ).distinct()
        if shipment := self.pick_from(rows, index):
            self.attempt(picking.pick_all, shipment)

    def _a_line(self, index, number, **conditions):
        shipment = self.a_shipment("picking", index)
        return self.pick_from(shipment.lines.filter(**conditions), number)

    @there_is("shipment.picking")
    @rule(index=which, number=which)
    def pick_a_line(self, index, number):
        if row := self._a_line(index, number, reservation__state="allocated"):
            self.attempt(picking.pick, row)

    @there_is("reservation.allocated")
    @rule(index=which, number=which, missing=few, damaged=st.booleans())
    def pick_short(self, index, number, missing, damaged):
        if row := self._a_line(index, number, reservation__state="allocated"):
            found = max(0, row.reservation.quantity - missing)
            self.attempt(picking.report_short, row, found, is_damaged=damaged)

    @there_is("shipment.picking")
    @rule(index=which, number=which)
    def put_back(self, index, number):
        if row := self._a_line(index, number, reservation__state="picked"):
            self.attempt(picking.put_back, row, storage(row.shipment.warehouse))

    @there_is("shipment.picking")
    @rule(index=which, sends_the_rest_later=st.booleans())
    def stop_picking(self, index, sends_the_rest_later):
        """A started shipment goes with what is picked, or is started anew."""
        operation = partial.split_unpicked if sends_the_rest_later else partial.stop_picking
        self.attempt(operation, self.a_shipment("picking", index))

    @there_is("order.confirmed")
    @rule(index=which, to=st.sampled_from([*ANYWHERE, None]))
    def reroute(self, index, to):
        order = self.pick_from(Order.objects.filter(status="confirmed"), index)
        self.attempt(rerouting.reroute, order, to=make.warehouse(to) if to else None)

    @there_is("shipment.picking")
    @rule(index=which)
    def pack(self, index):
        self.attempt(packing.pack, self.a_shipment("picking", index))

    @there_is("shipment.packed")
    @rule(index=which)
    def unpack(self, index):
        shipment = self.a_shipment("packed", index)
        self.attempt(labels.void, shipment)
        self.attempt(packing.unpack, shipment)

    @there_is("shipment.packed")
    @rule(index=which)
    def ship(self, index):
        self.send_out(self.a_shipment("packed", index))

    def send_out(self, shipment):
        self.attempt(labels.buy, shipment)
        outbox.drain()
        self.send(shipping.ship, make.fresh(shipment))

    @there_is("reservation.allocated")
    @rule(index=which, number=which, chosen=which, is_chosen=st.booleans())
    def change_lot(self, index, number, chosen, is_chosen):
        """Another lot or serial number lies nearer."""
        if row := self._a_line(
            index, number, reservation__state="allocated", reservation__lot__isnull=False
        ):
            there = BinStock.objects.filter(
                sku=row.reservation.sku, on_hand__gt=0, bin__is_sellable=True
            )
            self.attempt(
                picking.change_lot, row, self.pick_from(there, chosen) if is_chosen else None
            )

    @there_is("shipment.picking", "shipment.packed")
    @rule(index=which, first=st.integers(0, 2))
    def choose_packages(self, index, first):
        """So many units of each line in the first package, the others in the second."""
        shipment = self.pick_from(Shipment.objects.filter(status__in=["picking", "packed"]), index)
        rows = []
        for row in shipment.lines.select_related("reservation").order_by("pk"):
            part = min(first, row.reservation.quantity)
            rows += [ParcelRow(row, part, 1), ParcelRow(row, row.reservation.quantity - part, 2)]
        self.attempt(choosing.choose_parcels, shipment, lines=rows)
