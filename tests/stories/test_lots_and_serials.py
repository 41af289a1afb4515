"""Lots and serial numbers tell the truth: at every door, from receipt to return."""

import pytest
from django.db import IntegrityError, connection, transaction

from inventory import adjusting, receiving, transfers
from inventory.models import Bin, BinStock, Lot, Transfer, TransferLine
from inventory.receiving import Opening, Received
from oms.core import states
from oms.core.errors import Refused
from tests import builders as make
from tests.builders.stock import put, storage

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("verified")]


def serial(code="S1", sku=None):
    return Lot.objects.get_or_create(sku=sku or drill(), code=code)[0]


def drill():
    return make.sku("DRILL", tracking="serial")


def test_a_serial_is_one_piece_at_every_door():
    shelf, one = storage(make.warehouse()), serial("S0")
    put(drill(), "LON", 1, lot=one)
    order = make.sent_purchase(drill(), 10)
    transfer = states.create(Transfer(source=make.warehouse(), target=make.warehouse("MAN")))
    TransferLine.objects.create(transfer=transfer, sku=drill(), bin=shelf, lot=one, quantity=2)
    doors = (
        lambda: receiving.receive(order, [Received(order.lines.get(), 10, lot="S1")]),
        lambda: receiving.open_stock(make.warehouse(), [Opening(drill(), shelf, 5, 4, serial("S2"))]),
        lambda: adjusting.adjust(drill(), shelf, 3, note="found", lot=serial("S3")),
        lambda: adjusting.move_stock(drill(), shelf, storage(make.warehouse(), "B-01"), 2, lot=one),
        lambda: transfers.send(transfer),
    )

    for door in doors:
        with pytest.raises(Refused):
            door()

    assert list(BinStock.objects.values_list("lot__code", "on_hand")) == [("S0", 1)]


def test_a_serial_is_in_one_place(drain):
    """It can't be found, opened or received a second time while it is in stock, in transit or with a customer."""
    one, shelf = serial("S1"), storage(make.warehouse("MAN"))
    put(drill(), "LON", 1, lot=one)
    found_again = (lambda: adjusting.adjust(drill(), shelf, 1, note="found", lot=one),
                   lambda: receiving.open_stock(make.warehouse("MAN"), [Opening(drill(), shelf, 1, 4, one)]))
    for again in found_again:
        with pytest.raises(Refused, match="already in bin A-01 of LON"):
            again()

    transfer = states.create(Transfer(source=make.warehouse(), target=make.warehouse("MAN")))
    TransferLine.objects.create(transfer=transfer, sku=drill(), bin=storage(make.warehouse()), lot=one, quantity=1)
    transfers.send(transfer)
    with pytest.raises(Refused, match="on its way with transfer TR-"):
        found_again[0]()
    make.arrived(make.fresh(transfer))

    make.shipped(("DRILL", 1))
    with pytest.raises(Refused, match="with a customer, shipped with SH-"):
        found_again[0]()


def test_a_lost_serial_is_found_again():
    one, shelf = serial("S1"), storage(make.warehouse())
    put(drill(), "LON", 1, lot=one)
    adjusting.adjust(drill(), shelf, -1, note="lost", lot=one)

    adjusting.adjust(drill(), shelf, 1, note="found", lot=one)

    assert make.bin_stock(drill(), "LON") == 1


def test_the_database_keeps_a_serial_in_one_place():
    put(drill(), "LON", 1, lot=serial("S1"))
    other = storage(make.warehouse(), "B-01")

    with pytest.raises(IntegrityError, match="serial_in_one_place"), transaction.atomic():
        BinStock.objects.create(sku=drill(), bin=other, lot=serial("S1"), on_hand=1, is_serial=True)
    with pytest.raises(IntegrityError, match="serial_is_one_piece"), transaction.atomic():
        BinStock.objects.update(on_hand=2)
    assert connection.in_atomic_block


def test_a_serial_moves_between_bins_in_any_order():
    for code, bin_code in (("S1", "A-01"), ("S2", "B-01")):
        put(drill(), "LON", 1, code=bin_code, lot=serial(code))
    first, second = storage(make.warehouse()), storage(make.warehouse(), "B-01")

    adjusting.move_stock(drill(), second, first, 1, lot=serial("S2"))
    adjusting.move_stock(drill(), first, second, 1, lot=serial("S2"))

    assert BinStock.objects.get(lot__code="S2", on_hand=1).bin == second


def test_a_lot_belongs_to_its_sku_and_an_untracked_sku_has_none():
    shelf, tee = storage(make.warehouse()), make.sku("TEE-M")

    with pytest.raises(Refused, match="isn't a lot of"):
        adjusting.adjust(drill(), shelf, 1, note="found", lot=Lot.objects.create(sku=tee, code="X"))
    with pytest.raises(Refused, match="isn't tracked"):
        adjusting.adjust(tee, shelf, 1, note="found", lot=serial("S1"))
    assert Bin.objects.filter(stock__on_hand__gt=0).count() == 0
