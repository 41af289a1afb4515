"""Receipts: over the tolerance only on demand, taken back, returned to the supplier, and closed orders reopened."""

from decimal import Decimal as D

import pytest

from inventory import purchasing, receiving, sending_back
from inventory.models import Lot, Move, PurchaseOrder, Stock, SupplierItem
from inventory.receiving import Received
from inventory.sending_back import GoingBack, Undone
from oms.core import operations as catalogue
from oms.core.errors import Refused, WrongState
from tests import builders as make
from tests.builders.stock import sent_purchase, storage, supplier

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("verified")]


def received(good=0, damaged=0, ordered=10, **options):
    order = sent_purchase(make.sku("TEE-M"), ordered)
    return receiving.receive(order, [Received(order.lines.get(), good, damaged)], **options)


def damaged_bin(order):
    return order.warehouse.bins.get(kind="damaged")


def test_more_than_the_tolerance_is_taken_only_when_it_is_accepted():
    order = sent_purchase(make.sku("TEE-M"), 48)
    row = Received(order.lines.get(), 60)

    with pytest.raises(Refused, match="60 × TEE-M would be received of 48 ordered; up to 52") as refused:
        receiving.receive(order, [row])

    assert refused.value.code == "more_than_ordered"
    assert receiving.receive(order, [row], accept_more=True).status == "closed"


def test_the_tolerance_counts_what_came_before_and_is_the_suppliers():
    tee = make.sku("TEE-M")
    SupplierItem.objects.create(supplier=supplier(), sku=tee, cost="4", over_receipt_percent=0)
    order = received(9)

    with pytest.raises(Refused, match="up to 10"):
        receiving.receive(order, [Received(order.lines.get(), 2)])
    assert receiving.receive(order, [Received(order.lines.get(), 1)]).status == "closed"


def test_a_mistaken_receipt_is_taken_back_with_its_cost():
    tee = make.sku("TEE-M", stock={"LON": 10}, cost="4")
    order = received(10)
    assert Stock.objects.get().average_cost == D("4.5")

    order = sending_back.undo_receipt(order, [Undone(order.lines.get(), good=10)])

    assert (order.status, order.lines.get().received, make.stock_of(tee)) == ("sent", 0, (10, 10, 0))
    assert Stock.objects.get().average_cost == D("4")
    assert purchasing.cancel(order).status == "cancelled"


def test_goods_that_were_put_away_or_damaged_are_taken_back_from_where_they_are():
    tee = make.sku("TEE-M")
    order = received(6, damaged=2, ordered=8)
    receiving.put_away(tee, order.warehouse.bins.get(kind="receiving"), storage(order.warehouse), 4)

    sending_back.undo_receipt(order, [Undone(order.lines.get(), good=5, damaged=2)])

    line = order.lines.get()
    assert (line.received, line.damaged, make.stock_of(tee), make.bin_stock(tee, "LON")) == (1, 0, (1, 1, 0), 1)


def test_what_is_reserved_for_an_order_is_not_taken_back(drain):
    waiting = make.confirmed(("TEE-M", 7), backorder=True) if make.sku("TEE-M") else None
    order = received(10)
    drain()

    with pytest.raises(Refused, match="Only 3 of the 4 × TEE-M can leave LON"):
        sending_back.undo_receipt(order, [Undone(order.lines.get(), good=4)])

    assert sending_back.undo_receipt(order, [Undone(order.lines.get(), good=3)]).status == "sent"
    assert make.fresh(waiting).allocated == 7


def test_never_more_is_taken_back_than_came():
    order = received(3, damaged=1)
    line = order.lines.get()

    for undone in (Undone(line, good=4), Undone(line, damaged=2), Undone(line, -1)):
        with pytest.raises(Refused, match="3 good and 1 damaged were received"):
            sending_back.undo_receipt(order, [undone])


def test_a_receipt_of_a_lot_is_taken_back_by_its_lot():
    tea = make.sku("TEA", tracking="lot")
    order = sent_purchase(tea, 5)
    receiving.receive(order, [Received(order.lines.get(), 5, lot="L-1")])

    with pytest.raises(Refused, match="aren't free in any bin"):
        sending_back.undo_receipt(order, [Undone(order.lines.get(), good=5, lot="L-2")])

    sending_back.undo_receipt(order, [Undone(order.lines.get(), good=5, lot="L-1")])
    assert make.stock_of(tea) == (0, 0, 0)


def test_damaged_goods_go_back_to_the_supplier():
    order = received(8, damaged=2)
    place = damaged_bin(order)

    order = sending_back.return_to_supplier(order, [GoingBack(order.lines.get(), 2, place)], reason="broken in transit")

    assert (order.status, order.lines.get().returned, make.stock_of(make.sku("TEE-M"))) == ("closed", 2, (8, 8, 0))
    move = Move.objects.get(reason="send_back")
    assert (move.quantity, move.unit_cost, move.note, move.reference) == (2, D("5"), "broken in transit", order.number)


def test_goods_that_are_replaced_are_expected_again():
    order = received(8, damaged=2)

    order = sending_back.return_to_supplier(order, [GoingBack(order.lines.get(), 2, damaged_bin(order))],
                                            reason="broken", is_replaced=True)

    assert (order.status, order.lines.get().outstanding) == ("sent", 2)
    order = receiving.receive(order, [Received(order.lines.get(), 2)])
    assert (order.status, order.lines.get().received) == ("closed", 12)


def test_what_goes_back_is_free_there_and_was_received(drain):
    make.sku("TEE-M")
    order = received(10)
    make.confirmed(("TEE-M", 8))
    receiving_bin = order.warehouse.bins.get(kind="receiving")

    with pytest.raises(Refused, match="are reserved for"):
        sending_back.return_to_supplier(order, [GoingBack(order.lines.get(), 3, receiving_bin)], reason="faulty")
    with pytest.raises(Refused, match="10 can go back"):
        sending_back.return_to_supplier(order, [GoingBack(order.lines.get(), 11, receiving_bin)], reason="faulty")
    with pytest.raises(Refused, match="Say why"):
        sending_back.return_to_supplier(order, [GoingBack(order.lines.get(), 1, receiving_bin)], reason="")


def test_a_serial_number_that_went_back_comes_again():
    saw = make.sku("SAW", tracking="serial")
    order = sent_purchase(saw, 1)
    order = receiving.receive(order, [Received(order.lines.get(), 1, lot="S-1")])

    order = sending_back.return_to_supplier(
        order, [GoingBack(order.lines.get(), 1, order.warehouse.bins.get(kind="receiving"), "S-1")],
        reason="repair", is_replaced=True)
    receiving.receive(order, [Received(order.lines.get(), 1, lot="S-1")])

    assert (make.stock_of(saw), Lot.objects.count()) == ((1, 1, 0), 1)


def test_a_closed_order_is_reopened():
    order = purchasing.close(received(4))

    order = purchasing.reopen(order)

    assert receiving.receive(order, [Received(order.lines.get(), 6)]).status == "closed"
    with pytest.raises(WrongState):
        purchasing.send(PurchaseOrder.objects.get())


def test_the_form_says_that_more_is_accepted():
    order = sent_purchase(make.sku("TEE-M"), 10)
    step = catalogue.of(PurchaseOrder)["receive"]
    goods = [row.__class__(row.line, 15) for row in step.initial(order).goods]
    buyer = make.user("bea", "buyer")

    with pytest.raises(Refused, match="accept more than ordered"):
        step.perform(order, by=buyer, goods=goods)
    step.perform(order, by=buyer, goods=goods, accept_more=True)
    back = catalogue.of(PurchaseOrder)["return_to_supplier"]
    with pytest.raises(Refused, match="Choose the bin"):
        back.perform(make.fresh(order), by=buyer, reason="faulty",
                     goods=[row.__class__(row.line, 1) for row in back.initial(order).goods])
