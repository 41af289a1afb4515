"""Lots and serial numbers tell the truth: at every door, from receipt to return."""

from datetime import date

import pytest
from django.db import IntegrityError, connection, transaction

from inventory import adjusting, receiving, transfers
from inventory.models import Bin, BinStock, Lot, Transfer, TransferLine
from inventory.purchasing.receiving import Received, receive
from inventory.receiving import Opening
from oms.core import states
from oms.core.errors import Refused
from returns import inspection
from returns import receiving as returning
from returns.inspection import Finding
from returns.receiving import Arrived
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
        lambda: receive(order, [Received(order.lines.get(), 10, lot="S1")]),
        lambda: receiving.open_stock(
            make.warehouse(), [Opening(drill(), shelf, 5, 4, serial("S2"))]
        ),
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
    found_again = (
        lambda: adjusting.adjust(drill(), shelf, 1, note="found", lot=one),
        lambda: receiving.open_stock(make.warehouse("MAN"), [Opening(drill(), shelf, 1, 4, one)]),
    )
    for again in found_again:
        with pytest.raises(Refused, match="already in bin A-01 of LON"):
            again()

    transfer = states.create(Transfer(source=make.warehouse(), target=make.warehouse("MAN")))
    TransferLine.objects.create(
        transfer=transfer, sku=drill(), bin=storage(make.warehouse()), lot=one, quantity=1
    )
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


def test_ten_serials_come_in_one_receipt():
    order = make.sent_purchase(drill(), 10)

    receive(order, [Received(order.lines.get(), 9, 1, lot="A001..A008 B1", damaged_lot="B2")])

    codes = list(Lot.objects.order_by("code").values_list("code", flat=True))
    assert codes == [f"A00{number}" for number in range(1, 9)] + ["B1", "B2"]
    assert BinStock.objects.get(lot__code="B2", on_hand=1).bin.kind == "damaged"
    assert make.stock_of(drill()) == (10, 9, 0)
    assert make.fresh(order).status == "closed"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "Enter the lot or serial number"),
        ("A1 A2", "need as many serial numbers"),
        ("A1 A1 A2", "Named more than once"),
        ("A9..A1", "must go upward"),
        ("A1..B3", "isn't a range"),
        ("A1", "not 1"),
        ("x" * 41 + " B C", "longer"),
    ],
)
def test_serials_that_do_not_make_up_the_quantity_are_not_received(text, why):
    order = make.sent_purchase(drill(), 3)

    with pytest.raises(Refused, match=why):
        receive(order, [Received(order.lines.get(), 3, lot=text)])

    assert not BinStock.objects.filter(on_hand__gt=0).exists()


def test_several_lots_come_in_one_receipt():
    tea = make.sku("TEA", tracking="lot")
    order = make.sent_purchase(tea, 100)

    receive(order, [Received(order.lines.get(), 100, lot="L 1 x 60, L2 × 40")])

    assert dict(BinStock.objects.values_list("lot__code", "on_hand")) == {"L 1": 60, "L2": 40}


def test_expiry_is_asked_at_receipt():
    tea = make.sku("TEA", tracking="lot", has_expiry=True)
    order = make.sent_purchase(tea, 10)
    line, day = order.lines.get(), date(2031, 5, 1)

    with pytest.raises(Refused, match="Enter the expiry date of L1"):
        receive(order, [Received(line, 5, lot="L1")])
    receive(order, [Received(line, 5, lot="L1", expires_on=day)])
    receive(make.fresh(order), [Received(line, 2, lot="L1")])  # it is known by now
    with pytest.raises(Refused, match="expires on 2031-05-01, not on 2031-06-01"):
        receive(make.fresh(order), [Received(line, 3, lot="L1", expires_on=date(2031, 6, 1))])

    assert (Lot.objects.get().expires_on, make.bin_stock(tea, "LON", "RECEIVING")) == (day, 7)


def test_what_has_expired_is_received_into_quarantine():
    tea = make.sku("TEA", tracking="lot", has_expiry=True)
    order = make.sent_purchase(tea, 5)

    receive(order, [Received(order.lines.get(), 5, lot="OLD", expires_on=date(2020, 1, 1))])

    assert make.stock_of(tea) == (5, 0, 0)
    assert make.bin_stock(tea, "LON", "QUARANTINE") == 5


@pytest.fixture
def shipped_drills(drain):
    """Serials S1, S2 and S3 shipped with one order, S4 with another."""
    for code in ("S1", "S2", "S3", "S4"):
        put(drill(), "LON", 1, lot=serial(code))
    first, second = make.shipped(("DRILL", 3)), make.shipped(("DRILL", 1))
    return first, second


def test_what_is_returned_is_the_serial_that_was_shipped(shipped_drills, drain):
    order, _other = shipped_drills
    request = make.asked_back(order, 2)
    line = request.lines.get()

    def receive(text, good=1, damaged=0, damaged_text=""):
        return returning.receive(
            make.fresh(request), [Arrived(line, good, damaged, text, damaged_text)]
        )

    with pytest.raises(Refused, match=r"Say which of DRILL came back. Possible: S1, S2, S3"):
        receive("")
    with pytest.raises(Refused, match="S4 wasn't shipped on this order line"):
        receive("S4")
    receive("S2", 1, 1, "S1")

    assert BinStock.objects.get(lot__code="S2", on_hand=1).bin.kind == "returns"
    assert BinStock.objects.get(lot__code="S1", on_hand=1).bin.kind == "damaged_returns"
    inspection.inspect(
        make.fresh(request), [Finding(line, 1), Finding(line, 1, "broken", "scrap", damaged=True)]
    )
    drain()
    assert BinStock.objects.get(lot__code="S2", on_hand=1).bin.kind == "receiving"

    again = make.asked_back(order, 1)
    with pytest.raises(Refused, match="S2 came back already"):
        returning.receive(again, [Arrived(again.lines.get(), 1, lots="S2")])
    returning.receive(make.fresh(again), [Arrived(again.lines.get(), 1)])  # only S3 is possible
    assert BinStock.objects.get(lot__code="S3", on_hand=1).bin.kind == "returns"


def test_only_one_possible_serial_is_known(shipped_drills):
    request = make.came_back(shipped_drills[1], good=1)

    assert str(request.lines.get().lots.get().lot) == "S4"


def test_each_returned_serial_goes_where_it_is_sent(shipped_drills, drain):
    order, _other = shipped_drills
    request = make.asked_back(order, 3)
    line = request.lines.get()
    returning.receive(request, [Arrived(line, 3)])  # all of them

    split = [Finding(line, 2), Finding(line, 1, "broken", "scrap")]
    with pytest.raises(Refused, match="Say which of DRILL are meant"):
        inspection.inspect(make.fresh(request), split)
    with pytest.raises(Refused, match="S9 didn't come back"):
        inspection.inspect(
            make.fresh(request), [split[0], Finding(line, 1, "broken", "scrap", lots="S9")]
        )
    inspection.inspect(
        make.fresh(request), [split[0], Finding(line, 1, "broken", "scrap", lots="S2")]
    )
    drain()

    kept = BinStock.objects.filter(on_hand=1).values_list("lot__code", flat=True)
    assert sorted(kept) == ["S1", "S3"]


def test_lots_come_back_in_the_amounts_that_were_shipped(drain):
    tea = make.sku("TEA", tracking="lot")
    for code, quantity in (("L1", 2), ("L2", 3)):
        put(tea, "LON", quantity, lot=serial(code, tea))
    request = make.asked_back(make.shipped(("TEA", 5)), 4)
    line = request.lines.get()

    for text, why in (
        ("L1 x 3, L2 x 1", "Only 2 of lot L1"),
        ("L1 x 1, L2 x 1", "add up to 2"),
        ("L1, L2", "Say how many"),
        ("L1 x 2, L9 x 2", "wasn't shipped"),
    ):
        with pytest.raises(Refused, match=why):
            returning.receive(make.fresh(request), [Arrived(line, 4, lots=text)])
    returning.receive(make.fresh(request), [Arrived(line, 4, lots="L1 x 1, L2 x 3")])

    assert dict(
        BinStock.objects.filter(on_hand__gt=0, bin__kind="returns").values_list(
            "lot__code", "on_hand"
        )
    ) == {"L1": 1, "L2": 3}
    inspection.inspect(make.fresh(request), [Finding(line, 4)])


def test_a_kit_comes_back_with_the_serials_of_its_parts(drain):
    make.sku("BIT", stock={"LON": 4})
    for code in ("S1", "S2"):
        put(drill(), "LON", 1, lot=serial(code))
    make.sku("SET", kit={"DRILL": 1, "BIT": 2})
    request = make.asked_back(make.shipped(("SET", 2)), 1)
    line = request.lines.get()

    returning.receive(request, [Arrived(line, 1, lots="S2")])
    inspection.inspect(make.fresh(request), [Finding(line, 1)])

    assert BinStock.objects.get(lot__code="S2", on_hand=1).bin.kind == "receiving"
    assert make.stock_of(make.sku("BIT")) == (2, 2, 0)
