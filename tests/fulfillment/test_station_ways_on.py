"""Ways on at a station: the picker ships what is picked; lists of lots and serial numbers; counted lots with a date."""

from datetime import timedelta

import pytest
from django.utils import timezone

from fulfillment import waves
from fulfillment.models import Shipment
from inventory import transfers
from inventory.models import BinStock, CountLine, Lot, Transfer, TransferLine
from oms.core import states
from orders.models import Customer
from tests import builders as make
from tests.builders.stock import put
from tests.fulfillment.test_stations import at as at  # the fixture

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("verified")]


def started():
    for code in ("TEE", "CAP"):
        make.sku(code, stock={"LON": 5})
    shipment = waves.start_picking(make.shipment_of(make.confirmed(("TEE", 1), ("CAP", 1))))
    return shipment, list(shipment.lines.order_by("pk"))


def test_what_is_not_picked_moves_to_a_new_shipment(at, drain):
    shipment, (first, second) = started()
    picker = at("picker")

    assert picker.work("pick", shipment.wave.number)[1]["started"] == []
    assert picker.act("pick", "split", shipment=shipment.number)[1]["code"] == "nothing_picked"
    assert picker.act("pick", "pick", line=first.pk, quantity=1)[0] == 200
    assert picker.work("pick", shipment.wave.number)[1]["started"] == [shipment.number]
    assert picker.act("pick", "split", shipment=shipment.number) == (
        200,
        {"done": f"Unpicked items of {shipment.number} moved to a new shipment."},
    )

    drain()
    new = Shipment.objects.exclude(pk=shipment.pk).get()
    assert [line.reservation.sku for line in new.lines.all()] == [second.reservation.sku]


def test_who_ships_complete_only_is_not_asked_to_ship_in_parts(at):
    shipment, _lines = started()
    Customer.objects.update(ship_complete=True)

    assert at("picker").work("pick", shipment.wave.number)[1]["whole"] == [shipment.number]


def test_serial_numbers_of_a_transfer_arrive_in_one_act(at):
    drill = make.sku("DRILL", tracking="serial")
    transfer = states.create(Transfer(source=make.warehouse("MAN"), target=make.warehouse()))
    for code in ("S1", "S2", "S3"):
        lot = Lot.objects.create(sku=drill, code=code)
        put(drill, "MAN", 1, lot=lot)
        TransferLine.objects.create(
            transfer=transfer,
            sku=drill,
            bin=make.storage(make.warehouse("MAN"), "A-01"),
            quantity=1,
            lot=lot,
        )
    transfers.send(transfer)
    picker, body = at("picker"), {"order": transfer.number, "sku": "DRILL", "damaged": 0}

    assert (
        picker.act("receive", "receive", **body, good=3, lot="S1 S2")[1]["code"]
        == "lots_do_not_add_up"
    )
    assert picker.act("receive", "receive", **body, good=2, lot="S1 S9")[1]["code"] == "unknown"
    assert picker.act("receive", "receive", **body, good=2, lot="S1 S2")[0] == 200

    here = BinStock.objects.filter(bin__warehouse=make.warehouse(), on_hand=1)
    assert sorted(here.values_list("lot__code", flat=True)) == ["S1", "S2"]


def test_a_counted_lot_that_nobody_knew_is_counted_with_its_date(at):
    make.sku("TEA", tracking="lot", has_expiry=True)
    make.storage(make.warehouse(), "A-01")
    picker, day = at("picker"), (timezone.now().date() + timedelta(days=90)).isoformat()
    row = {"sku": "TEA", "lot": "L1", "quantity": 2}

    assert picker.work("count", "TEA", look="1")[1]["lots"] == []
    assert picker.act("count", "count", bin="A-01", found=[row])[1]["code"] == "expiry_missing"
    assert picker.act("count", "count", bin="A-01", found=[{**row, "expires_on": day}])[0] == 200
    assert picker.work("count", "TEA", look="1")[1]["lots"] == ["L1"]
    assert (CountLine.objects.get().found, Lot.objects.get().expires_on.isoformat()) == (2, day)
