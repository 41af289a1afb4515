"""Receipts: over the tolerance only on demand, taken back, returned to the supplier, and closed orders reopened."""

from datetime import timedelta
from decimal import Decimal as D

import pytest
from django.utils import timezone

from inventory import receiving
from inventory.models import BinStock, Lot, Move, Stock
from inventory.purchasing import purchase_orders as purchasing
from inventory.purchasing import sending_back
from inventory.purchasing.models import PurchaseOrder, SupplierItem
from inventory.purchasing.receiving import Received, receive
from inventory.purchasing.sending_back import GoingBack, Undone
from oms.core import operations as declared
from oms.core.errors import Refused, WrongState
from tests import builders as make
from tests.builders.stock import sent_purchase, storage, supplier

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("verified")]


def received(good=0, damaged=0, ordered=10, **options):
    order = sent_purchase(make.sku("TEE-M"), ordered)
    return receive(order, [Received(order.lines.get(), good, damaged)], **options)


def damaged_bin(order):
    return order.warehouse.bins.get(kind="damaged")


def test_more_than_the_tolerance_is_taken_only_when_it_is_accepted():
    order = sent_purchase(make.sku("TEE-M"), 48)
    row = Received(order.lines.get(), 60)

    with pytest.raises(
        Refused, match="60 × TEE-M would be received of 48 ordered; up to 52"
    ) as refused:
        receive(order, [row])

    assert refused.value.code == "more_than_ordered"
    assert receive(order, [row], accept_more=True).status == "closed"


def test_the_tolerance_counts_what_came_before_and_is_the_suppliers():
    tee = make.sku("TEE-M")
    SupplierItem.objects.create(supplier=supplier(), sku=tee, cost="4", over_receipt_percent=0)
    order = received(9)

    with pytest.raises(Refused, match="up to 10"):
        receive(order, [Received(order.lines.get(), 2)])
    assert receive(order, [Received(order.lines.get(), 1)]).status == "closed"


def test_a_mistaken_receipt_is_taken_back_with_its_cost():
    tee = make.sku("TEE-M", stock={"LON": 10}, cost="4")
    order = received(10)
    assert Stock.objects.get().average_cost == D("4.5")

    order = sending_back.undo_receipt(order, [Undone(order.lines.get(), good=10)])

    assert (order.status, order.lines.get().received, make.stock_of(tee)) == (
        "sent",
        0,
        (10, 10, 0),
    )
    assert Stock.objects.get().average_cost == D("4")
    assert purchasing.cancel(order).status == "canceled"


def test_goods_that_were_put_away_or_damaged_are_taken_back_from_where_they_are():
    tee = make.sku("TEE-M")
    order = received(6, damaged=2, ordered=8)
    receiving.put_away(tee, order.warehouse.bins.get(kind="receiving"), storage(order.warehouse), 4)

    sending_back.undo_receipt(order, [Undone(order.lines.get(), good=5, damaged=2)])

    line = order.lines.get()
    assert (line.received, line.damaged, make.stock_of(tee), make.bin_stock(tee, "LON")) == (
        1,
        0,
        (1, 1, 0),
        1,
    )


def test_what_is_reserved_for_an_order_is_not_taken_back(drain):
    waiting = make.confirmed(("TEE-M", 7), backorder=True) if make.sku("TEE-M") else None
    order = received(10)
    drain()

    with pytest.raises(Refused, match="Only 3 of the 4 × TEE-M can leave LON"):
        sending_back.undo_receipt(order, [Undone(order.lines.get(), good=4)])

    assert sending_back.undo_receipt(order, [Undone(order.lines.get(), good=3)]).status == "sent"
    assert make.fresh(waiting).reserved == 7


def test_never_more_is_taken_back_than_came():
    order = received(3, damaged=1)
    line = order.lines.get()

    for undone in (Undone(line, good=4), Undone(line, damaged=2), Undone(line, -1)):
        with pytest.raises(Refused, match="3 good and 1 damaged were received"):
            sending_back.undo_receipt(order, [undone])


def test_a_receipt_of_a_lot_is_taken_back_by_its_lot():
    tea = make.sku("TEA", tracking="lot")
    order = sent_purchase(tea, 5)
    receive(order, [Received(order.lines.get(), 5, lot="L-1")])

    with pytest.raises(Refused, match=r"Lot L-2 of TEA isn't available here. Possible: L-1"):
        sending_back.undo_receipt(order, [Undone(order.lines.get(), good=5, lot="L-2")])

    sending_back.undo_receipt(order, [Undone(order.lines.get(), good=5, lot="L-1")])
    assert make.stock_of(tea) == (0, 0, 0)


def test_damaged_goods_go_back_to_the_supplier():
    order = received(8, damaged=2)
    place = damaged_bin(order)

    order = sending_back.return_to_supplier(
        order, [GoingBack(order.lines.get(), 2, place)], reason="broken in transit"
    )

    assert (order.status, order.lines.get().returned, make.stock_of(make.sku("TEE-M"))) == (
        "closed",
        2,
        (8, 8, 0),
    )
    move = Move.objects.get(reason="send_back")
    assert (move.quantity, move.unit_cost, move.note, move.reference) == (
        2,
        D("5"),
        "broken in transit",
        order.number,
    )


def test_goods_that_are_replaced_are_expected_again():
    order = received(8, damaged=2)

    order = sending_back.return_to_supplier(
        order,
        [GoingBack(order.lines.get(), 2, damaged_bin(order))],
        reason="broken",
        is_replaced=True,
    )

    assert (order.status, order.lines.get().outstanding) == ("sent", 2)
    order = receive(order, [Received(order.lines.get(), 2)])
    assert (order.status, order.lines.get().received) == ("closed", 12)


def test_what_goes_back_is_free_there_and_was_received(drain):
    make.sku("TEE-M")
    order = received(10)
    make.confirmed(("TEE-M", 8))
    receiving_bin = order.warehouse.bins.get(kind="receiving")

    with pytest.raises(Refused, match="are reserved for"):
        sending_back.return_to_supplier(
            order, [GoingBack(order.lines.get(), 3, receiving_bin)], reason="faulty"
        )
    with pytest.raises(Refused, match="10 can go back"):
        sending_back.return_to_supplier(
            order, [GoingBack(order.lines.get(), 11, receiving_bin)], reason="faulty"
        )
    with pytest.raises(Refused, match="Say why"):
        sending_back.return_to_supplier(
            order, [GoingBack(order.lines.get(), 1, receiving_bin)], reason=""
        )


def test_a_serial_number_that_went_back_comes_again():
    saw = make.sku("SAW", tracking="serial")
    order = sent_purchase(saw, 1)
    order = receive(order, [Received(order.lines.get(), 1, lot="S-1")])

    order = sending_back.return_to_supplier(
        order,
        [GoingBack(order.lines.get(), 1, order.warehouse.bins.get(kind="receiving"), "S-1")],
        reason="repair",
        is_replaced=True,
    )
    receive(order, [Received(order.lines.get(), 1, lot="S-1")])

    assert (make.stock_of(saw), Lot.objects.count()) == ((1, 1, 0), 1)


def test_a_closed_order_is_reopened():
    order = purchasing.close(received(4))

    order = purchasing.reopen(order)

    assert receive(order, [Received(order.lines.get(), 6)]).status == "closed"
    with pytest.raises(WrongState):
        purchasing.send(PurchaseOrder.objects.get())


def test_the_form_says_that_more_is_accepted():
    order = sent_purchase(make.sku("TEE-M"), 10)
    step = declared.of(PurchaseOrder)["receive"]
    goods = [row.__class__(row.line, 15) for row in step.initial(order).goods]
    buyer = make.user("bea", "buyer")

    with pytest.raises(Refused, match="accept more than ordered"):
        step.perform(order, by=buyer, goods=goods)
    step.perform(order, by=buyer, goods=goods, accept_more=True)
    back = declared.of(PurchaseOrder)["return_to_supplier"]
    with pytest.raises(Refused, match="Choose the bin"):
        back.perform(
            make.fresh(order),
            by=buyer,
            reason="faulty",
            goods=[row.__class__(row.line, 1) for row in back.initial(order).goods],
        )


def delivered(tracking, text, good, damaged=0, **options):
    """A purchase of tracked pieces, received with these lots or serial numbers."""
    order = sent_purchase(make.sku("TEA", tracking=tracking), good + damaged)
    return receive(order, [Received(order.lines.get(), good, damaged, text, **options)])


def codes_left(kind="receiving"):
    rows = BinStock.objects.filter(bin__kind=kind, on_hand__gt=0).order_by("lot__code")
    return [(row.lot.code, row.on_hand) for row in rows]


def test_several_serials_of_one_receipt_are_taken_back_and_several_go_back_to_the_supplier():
    order = delivered("serial", "S1..S8", 8, 2, damaged_lot="D1 D2")
    line, place = order.lines.get(), order.warehouse.bins.get(kind="receiving")
    undo = declared.of(PurchaseOrder)["undo_receipt"]

    with pytest.raises(Refused, match=r"Which of TEA\? Possible: S1, S2") as refused:
        sending_back.undo_receipt(order, [Undone(line, good=3)])
    assert refused.value.code == "lot_missing"
    with pytest.raises(Refused, match=r"Lot S9 of TEA isn't available here. Possible: S1, S2"):
        sending_back.undo_receipt(order, [Undone(line, good=1, lot="S9")])
    with pytest.raises(Refused, match="3 pieces of TEA need as many serial numbers, not 2"):
        sending_back.undo_receipt(order, [Undone(line, good=3, lot="S1 S2")])
    undo.perform(order, by=make.user("bea", "buyer"), goods=[Undone(line, 3, 1, "S1..S3", "D2")])
    sending_back.return_to_supplier(
        make.fresh(order), [GoingBack(line, 2, place, "S4, S8")], reason="faulty"
    )

    assert codes_left() == [("S5", 1), ("S6", 1), ("S7", 1)]
    assert codes_left("damaged") == [("D1", 1)]
    line.refresh_from_db()
    assert (line.received, line.damaged, line.returned) == (6, 1, 2)


def test_several_lots_of_one_receipt_are_taken_back_but_none_of_another():
    tea = make.sku("TEA", tracking="lot")
    make.put(tea, "LON", 50, lot=Lot.objects.create(sku=tea, code="L0"))
    order = delivered("lot", "L1 x 6, L2 x 4", 10)
    line, place = order.lines.get(), order.warehouse.bins.get(kind="receiving")

    with pytest.raises(Refused, match="isn't available here"):
        sending_back.return_to_supplier(order, [GoingBack(line, 1, place, "L0")], reason="faulty")
    with pytest.raises(Refused, match="isn't available here"):
        sending_back.undo_receipt(order, [Undone(line, 2, lot="L0")])
    order = sending_back.undo_receipt(order, [Undone(line, 5, lot="L1 x 3, L2 x 2")])
    sending_back.return_to_supplier(
        order, [GoingBack(line, 4, place, "L1 x 3, L2 x 1")], reason="faulty"
    )
    assert codes_left() == [("L2", 1)]
    sending_back.undo_receipt(make.fresh(order), [Undone(line, 1)])  # the only one possible

    assert codes_left() == []
    assert make.stock_of(tea)[0] == 50


def test_a_receipt_of_an_expired_lot_is_taken_back_out_of_quarantine():
    yesterday = timezone.now().date() - timedelta(days=2)
    order = delivered("lot", "OLD", 4, expires_on=yesterday)
    assert codes_left("quarantine") == [("OLD", 4)]

    sending_back.undo_receipt(order, [Undone(order.lines.get(), 3)])

    assert codes_left("quarantine") == [("OLD", 1)]
