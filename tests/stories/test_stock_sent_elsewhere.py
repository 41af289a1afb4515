"""Transfers and returns to suppliers take what is free, pinned or not, and say whose stock they can't have."""

import pytest

from fulfillment import packing, picking, waves
from fulfillment.models import PickTask
from inventory import transfers
from inventory.models import Bin, Transfer, TransferLine
from inventory.purchasing import sending_back
from inventory.purchasing.sending_back import GoingBack
from oms.core import states
from oms.core.errors import NotEnough, Refused
from tests import builders as make
from tests.builders.stock import put, storage

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("verified")]


def transfer(code, quantity, place="A-01"):
    made = states.create(Transfer(source=make.warehouse("LON"), target=make.warehouse("MAN")))
    TransferLine.objects.create(
        transfer=made,
        sku=make.sku(code),
        bin=storage(make.warehouse("LON"), place),
        quantity=quantity,
    )
    return made


def test_what_is_allocated_in_a_bin_that_is_sent_away_is_picked_from_another(drain):
    make.sku("TEE-M", stock={"LON": 5})
    shipment = waves.start_picking(make.shipment_of(make.confirmed(("TEE-M", 4))))
    put(make.sku("TEE-M"), "LON", 10, code="B-01")

    sent = transfers.send(transfer("TEE-M", 5))
    drain()

    assert [task.bin.code for task in PickTask.objects.filter(done_at=None)] == ["B-01"]
    packing.pack(picking.pick_all(make.fresh(shipment)))
    assert make.arrived(sent).status == "received"


def test_goods_go_back_to_the_supplier_from_a_bin_in_which_some_are_allocated(drain):
    tee = make.sku("TEE-M")
    make.warehouse()
    purchase = make.receive_purchase(tee, 5)
    shipment = waves.start_picking(make.shipment_of(make.confirmed(("TEE-M", 4))))
    put(tee, "LON", 10, code="B-01")

    sending_back.return_to_supplier(
        purchase,
        [
            GoingBack(
                purchase.lines.get(), 3, Bin.objects.get(kind="receiving", warehouse__code="LON")
            )
        ],
        reason="The wrong color.",
    )
    drain()

    packing.pack(picking.pick_all(make.fresh(shipment)))


def test_what_is_reserved_is_not_sent_away_and_the_orders_are_named(drain):
    tee = make.sku("TEE-M")
    make.warehouse()
    purchase = make.receive_purchase(tee, 1)
    put(tee, "LON", 4)
    order = make.confirmed(("TEE-M", 4))

    with pytest.raises(
        Refused, match=f"2 × TEE-M of these in LON are reserved for {order.number}. Send less"
    ):
        transfers.send(transfer("TEE-M", 3))
    receiving = Bin.objects.get(kind="receiving", warehouse__code="LON")
    transfers.send(transfer("TEE-M", 1))
    with pytest.raises(Refused, match=f"1 × TEE-M of these in LON are reserved for {order.number}"):
        sending_back.return_to_supplier(
            purchase, [GoingBack(purchase.lines.get(), 1, receiving)], reason="Wrong."
        )
    assert make.stock_of(tee) == (4, 4, 4)


def test_parts_of_kits_are_not_sent_away_either():
    make.sku("A", stock={"LON": 4})
    make.sku("B", stock={"LON": 2})
    make.sku("SET", kit={"A": 2, "B": 1})
    order = make.confirmed(("SET", 2))
    shipment = waves.start_picking(make.shipment_of(order))

    with pytest.raises(Refused, match=f"1 × B of these in LON are reserved for {order.number}"):
        transfers.send(transfer("B", 1))

    packing.pack(picking.pick_all(make.fresh(shipment)))


def test_more_than_lies_in_a_bin_is_said_with_the_bin():
    make.sku("TEE-M", stock={"LON": 5})
    put(make.sku("TEE-M"), "LON", 9, code="B-01")

    with pytest.raises(NotEnough, match=r"Only 5 × TEE-M are free in LON A-01, not 7\."):
        transfers.send(transfer("TEE-M", 7))
