"""Lots and serial numbers at stations: another one scanned at pick, the date asked at receipt."""

from datetime import timedelta

import pytest
from django.utils import timezone

from fulfillment import waves
from inventory.models import BinStock, Lot, Reservation
from tests import builders as make
from tests.builders.stock import put
from tests.fulfillment.test_stations import at as at  # the fixture

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("verified")]


def test_another_serial_of_the_same_bin_is_picked(at):
    drill = make.sku("DRILL", tracking="serial")
    for code in ("S1", "S2"):
        put(drill, "LON", 1, lot=Lot.objects.create(sku=drill, code=code))
    shipment = waves.start_picking(make.shipment_of(make.confirmed(("DRILL", 1))))
    line, picker = shipment.lines.get(), at("picker")
    planned = line.reservation.lot.code
    other = "S2" if planned == "S1" else "S1"

    (stop,) = picker.work("pick", shipment.wave.number)[1]["stops"]
    assert (stop["lot"], stop["lots"]) == (planned, [other])
    assert picker.act("pick", "pick", line=line.pk, quantity=1, lot="S9")[1]["code"] == "unknown"
    assert picker.act("pick", "pick", line=line.pk, quantity=1, lot=other)[0] == 200

    assert Reservation.objects.get(state="picked").lot.code == other
    assert BinStock.objects.get(lot__code=other, on_hand=1).bin.kind == "staging"


def test_what_expires_is_received_with_its_date(at):
    order, picker = (
        make.sent_purchase(make.sku("TEA", tracking="lot", has_expiry=True), 5),
        at("picker"),
    )
    body = {"order": order.number, "sku": "TEA", "good": 5, "damaged": 0, "lot": "L1"}
    day = timezone.now().date() + timedelta(days=90)

    assert picker.work("receive", order.number)[1]["lines"][0]["has_expiry"] is True
    assert picker.act("receive", "receive", **body)[1]["code"] == "expiry_missing"
    assert picker.act("receive", "receive", **body, expires_on="soon")[1]["code"] == "malformed"
    assert picker.act("receive", "receive", **body, expires_on=day.isoformat())[0] == 200
    assert Lot.objects.get().expires_on == day
