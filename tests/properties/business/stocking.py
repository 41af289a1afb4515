"""Stock by hand: goods come, are lost and found, moved and damaged, counted, bought and transferred."""

from datetime import timedelta

from django.utils import timezone
from hypothesis import strategies as st
from hypothesis.stateful import rule

from inventory import adjusting, catalog, counting, tasks, transfers
from inventory.models import Bin, BinStock, Count, Lot, Move, Transfer, TransferLine
from inventory.purchasing import receiving, sending_back
from inventory.purchasing.models import PurchaseOrder
from inventory.purchasing.receiving import Received
from inventory.purchasing.sending_back import GoingBack, Undone
from oms.core import states
from orders import exposure
from tests import builders as make
from tests.builders.stock import sent_purchase, storage
from tests.properties.business.world import (
    ANYWHERE,
    PLACES,
    SIMPLE,
    STOCKED,
    World,
    few,
    there_is,
    which,
)


class Stocking(World):
    """What storekeepers and buyers do, also while others pick."""

    @rule(
        code=st.sampled_from(STOCKED),
        place=st.sampled_from(ANYWHERE),
        quantity=few,
        life=st.sampled_from([20, 200]),
    )
    def goods_come(self, code, place, quantity, life):
        self.come(code, place, quantity, life=life)

    def some_stock(self, index, **conditions):
        rows = BinStock.objects.filter(on_hand__gt=0, **conditions)
        return self.pick_from(rows, index)

    @rule(index=which, quantity=few)
    def units_are_lost(self, index, quantity):
        if row := self.some_stock(index, bin__kind="storage"):
            self._adjust(row, -min(quantity, row.on_hand))

    @rule(index=which)
    def a_unit_is_found(self, index):
        if row := self.some_stock(index, bin__kind="storage"):
            self._adjust(row, 1)

    def _adjust(self, row, difference):
        if self.attempt(
            adjusting.adjust, row.sku, row.bin, difference, lot=row.lot, note="recount"
        ):
            self.in_house[row.sku.code] += difference

    @rule(index=which, quantity=few)
    def units_are_damaged(self, index, quantity):
        if row := self.some_stock(index, bin__kind="storage"):
            target = catalog.place(row.bin.warehouse, Bin.Kind.DAMAGED)
            self.attempt(
                adjusting.move_stock,
                row.sku,
                row.bin,
                target,
                min(quantity, row.on_hand),
                lot=row.lot,
            )

    @rule(index=which, quantity=few, back=st.booleans())
    def units_are_moved(self, index, quantity, back):
        """From any place of a warehouse to another bin: staging and returns belong to who put goods there."""
        if row := self.some_stock(index):
            target = storage(row.bin.warehouse, "A-01" if back else "B-02")
            self.attempt(
                adjusting.move_stock,
                row.sku,
                row.bin,
                target,
                min(quantity, row.on_hand),
                lot=row.lot,
            )

    @rule(index=which)
    def a_lot_expires(self, index):
        """Its label says an earlier day than was entered: also where it is promised, pinned or picked already."""
        if lot := self.pick_from(Lot.objects.filter(sku__tracking="lot"), index):
            lot.expires_on = timezone.now().date() - timedelta(days=2)
            lot.save()

    @rule()
    def night_falls(self):
        """Lots that expired leave what can be sold, and what customers owe is folded."""
        tasks.quarantine_expired_lots()
        exposure.fold()

    @rule(place=st.sampled_from(PLACES))
    def plan_count(self, place):
        warehouse = make.warehouse(place)
        self.attempt(counting.plan, warehouse, [storage(warehouse), storage(warehouse, "B-02")])

    @there_is("count.planned")
    @rule(index=which, number=which, difference=st.integers(-2, 1))
    def count(self, index, number, difference):
        """All that is there is found, but for one line."""
        sheet = self.pick_from(Count.objects.filter(status="planned"), index)
        found = as_booked(sheet)
        if found:
            key = list(found)[number % len(found)]
            found[key] = max(0, found[key] + difference)
        self.attempt(counting.key, sheet, found)

    @there_is("count.counted")
    @rule(index=which)
    def reconcile(self, index):
        sheet = self.pick_from(Count.objects.filter(status="counted"), index)
        if self.attempt(counting.reconcile, sheet):
            for move in Move.objects.filter(reference=sheet.number).select_related(
                "sku", "source", "target"
            ):
                self.in_house[move.sku.code] += move.quantity * (
                    move.source.is_outside - move.target.is_outside
                )

    @there_is("count.planned", "count.counted")
    @rule(index=which, again=st.booleans())
    def give_up_count(self, index, again):
        sheet = self.pick_from(Count.objects.filter(status__in=["planned", "counted"]), index)
        self.attempt(counting.recount if again else counting.cancel, sheet)

    @rule(code=st.sampled_from(SIMPLE), place=st.sampled_from(PLACES), quantity=few, good=few)
    def buy_and_receive(self, code, place, quantity, good):
        """Bought; what comes is less, as much, or more, and part of it damaged."""
        order = sent_purchase(make.sku(code), quantity, place)
        self._receive(order, good, int(good > 2))

    def _receive(self, order, good, damaged):
        row = order.lines.select_related("sku").get()
        if self.attempt(receiving.receive, order, [Received(row, good, damaged)]):
            self.in_house[row.sku.code] += good + damaged

    @there_is("purchase.sent", "purchase.closed")
    @rule(index=which, quantity=few, undone=st.booleans())
    def goods_leave_for_their_supplier(self, index, quantity, undone):
        """A receipt was a mistake, or the goods are no good."""
        order = self.pick_from(PurchaseOrder.objects.filter(status__in=["sent", "closed"]), index)
        row = order.lines.select_related("sku").get()
        place = catalog.place(order.warehouse, Bin.Kind.RECEIVING)
        if undone:
            done = self.attempt(sending_back.undo_receipt, order, [Undone(row, quantity)])
        else:
            going = [GoingBack(row, quantity, place)]
            done = self.attempt(sending_back.return_to_supplier, order, going, reason="torn")
        if done:
            self.in_house[row.sku.code] -= quantity

    @there_is("purchase.sent")
    @rule(index=which, good=few)
    def the_rest_comes(self, index, good):
        self._receive(self.pick_from(PurchaseOrder.objects.filter(status="sent"), index), good, 0)

    @rule(index=which, quantity=few, to=st.sampled_from(ANYWHERE))
    def send_transfer(self, index, quantity, to):
        if row := self.some_stock(index, bin__kind="storage"):
            source, target = row.bin.warehouse, make.warehouse(to)
            if source == target:
                return
            transfer = states.create(Transfer(source=source, target=target))
            quantity = min(quantity, row.on_hand)
            TransferLine.objects.create(
                transfer=transfer, sku=row.sku, bin=row.bin, lot=row.lot, quantity=quantity
            )
            if self.attempt(transfers.send, transfer):
                self.in_house[row.sku.code] -= quantity

    @there_is("transfer.sent")
    @rule(index=which, arrived=few, damaged=st.booleans())
    def receive_transfer(self, index, arrived, damaged):
        self.take_in(
            self.pick_from(Transfer.objects.filter(status="sent"), index), arrived, damaged
        )

    def take_in(self, transfer, most=99, damaged=False):
        """A part of what is on its way arrives, or all of it."""
        row = transfer.lines.select_related("sku").get()
        came = min(most, row.in_transit)
        goods = transfers.Arrived(row, came - damaged, int(damaged))
        if self.attempt(transfers.receive, transfer, [goods]):
            self.in_house[row.sku.code] += came

    @there_is("transfer.sent")
    @rule(index=which, lost=st.booleans())
    def end_transfer(self, index, lost):
        """What is still on its way is called back, or lost."""
        transfer = self.pick_from(Transfer.objects.filter(status="sent"), index)
        row = transfer.lines.select_related("sku").get()
        if lost:
            self.attempt(transfers.write_off, transfer, reason="the truck burned")
        elif self.attempt(transfers.recall, transfer):
            self.in_house[row.sku.code] += row.in_transit


def as_booked(sheet):
    """What a count finds where the books are right."""
    there = {(row.sku_id, row.bin_id, row.lot_id): row.on_hand for row in BinStock.objects.all()}
    return {
        row.pk: there.get((row.sku_id, row.bin_id, row.lot_id), 0)
        for row in sheet.lines.order_by("pk")
    }
