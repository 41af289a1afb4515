"""Expiry is obeyed by promise, pin, pick and ship, whatever day change came in between."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from fulfillment import labels, packing, picking, shipping, waves
from inventory import adjusting, availability, catalog, transfers
from inventory.models import Bin, BinStock, Demand, Lot, Reservation, Stock, Transfer, TransferLine
from inventory.tasks import quarantine_expired_lots
from oms.core import states
from oms.core.errors import NotEnough, Refused
from orders.models import Customer
from returns import inspection
from returns.inspection import Finding
from tests import builders as make
from tests.builders.stock import put, storage

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("verified")]
TODAY = timezone.now().date()


def tea():
    return make.sku("TEA", tracking="lot")


def stocked(code, quantity, days, bin_code="A-01", place="LON"):
    """A lot that expires so many days from today."""
    lot, _ = Lot.objects.get_or_create(
        sku=tea(), code=code, defaults={"expires_on": TODAY + timedelta(days=days)}
    )
    put(tea(), place, quantity, code=bin_code, lot=lot)
    return lot


def ordered(quantity, life=0, backorder=False):
    """A confirmed order of a channel whose customers ask for so many days of remaining life."""
    code = f"life-{life}-{backorder}".lower()
    make.channel(code, min_life_days=life)
    return make.confirmed(("TEA", quantity), channel_code=code, backorder=backorder)


def reserved(*orders):
    return [Demand.objects.get(document=order.number).reserved for order in orders]


def pass_days(days):
    """Days go by: each lot expires so much sooner. No nightly job has run."""
    for lot in Lot.objects.all():
        Lot.objects.filter(pk=lot.pk).update(expires_on=lot.expires_on - timedelta(days=days))


def lots_of(order):
    return sorted(
        Reservation.objects.filter(demand__document=order.number, lot__isnull=False).values_list(
            "lot__code", "quantity", "state"
        )
    )


def test_what_has_expired_is_not_promised():
    stocked("OLD", 5, -1)
    stocked("NEW", 2, 30)

    assert availability.available([tea()], make.company())[tea().pk].quantity == 2
    with pytest.raises(NotEnough):
        ordered(3)
    ordered(2)


def test_a_lot_expires_at_the_end_of_its_day_in_its_warehouse(monkeypatch):
    make.company(other_vat_numbers="AU 53004085616, US 12-3456789")
    make.warehouse("SYD", time_zone="Australia/Sydney", country="AU")
    make.warehouse("NYC", time_zone="America/New_York", country="US")
    for place in ("SYD", "NYC"):
        lot, _ = Lot.objects.get_or_create(
            sku=tea(), code="L1", defaults={"expires_on": date(2031, 5, 1)}
        )
        put(tea(), place, 1, lot=lot)
    monkeypatch.setattr(
        timezone, "now", lambda: datetime(2031, 5, 1, 20, tzinfo=UTC)
    )  # already May 2 in Sydney

    assert availability.available([tea()], make.company())[tea().pk].by_warehouse == {
        "NYC": 1,
        "SYD": 0,
    }
    ordered(1)
    assert Reservation.objects.get().warehouse.code == "NYC"


def test_a_minimum_remaining_life_is_honored_by_promise_and_pin(drain):
    stocked("SHORT", 5, 30)
    stocked("LONG", 2, 200)
    make.customer()
    Customer.objects.update(min_life_days=90)

    with pytest.raises(NotEnough):
        make.confirmed(("TEA", 3))
    order = make.confirmed(("TEA", 2))
    waves.start_picking(make.shipment_of(order))

    assert lots_of(order) == [("LONG", 2, "allocated")]


def test_nobody_is_promised_what_somebody_stricter_holds(drain):
    """LONG is held for who asks for it; others get SHORT, and LONG only as far as it is left."""
    stocked("SHORT", 3, 30)
    stocked("LONG", 3, 200)
    ordered(2, life=90)

    with pytest.raises(NotEnough):
        ordered(2, life=90)
    with pytest.raises(NotEnough):
        ordered(5)
    ordered(4)
    assert make.stock_of(tea()) == (6, 6, 6)


def test_who_waits_for_long_life_does_not_block_the_others(drain):
    stocked("SHORT", 3, 30)
    strict = ordered(2, life=90, backorder=True)

    other = ordered(3)
    stocked("LONG", 2, 200)
    drain()

    assert reserved(strict, other) == [2, 3]


def test_what_expired_overnight_is_not_allocated_and_waits_again(drain):
    stocked("OLD", 2, 1)
    order = make.confirmed(("TEA", 2), backorder=True)
    pass_days(2)

    shipment = waves.start_picking(make.shipment_of(order))
    drain()
    assert (Demand.objects.get().unreserved, make.fresh(shipment).status) == (2, "canceled")

    stocked("NEW", 2, 90)
    drain()
    assert Demand.objects.get().reserved == 2
    waves.start_picking(make.shipment_of(order))
    assert ("NEW", 2, "allocated") in lots_of(order)


def test_what_expired_since_it_was_allocated_is_not_picked_and_another_lot_is(drain):
    stocked("OLD", 2, 1)
    order = make.confirmed(("TEA", 2))
    shipment = waves.start_picking(make.shipment_of(order))
    stocked("NEW", 5, 90)
    pass_days(2)
    line = shipment.lines.get()

    with pytest.raises(Refused, match="Lot OLD of TEA expires on"):
        picking.pick(line)
    picking.change_lot(line)
    drain()
    picking.pick_all(make.fresh(shipment))

    assert lots_of(order) == [("NEW", 2, "picked")]


def test_without_another_lot_the_units_wait_again(drain):
    stocked("OLD", 2, 1)
    order = make.confirmed(("TEA", 2))
    shipment = waves.start_picking(make.shipment_of(order))
    pass_days(2)

    picking.change_lot(shipment.lines.get())
    drain()

    assert (Demand.objects.get().unreserved, make.fresh(shipment).status) == (2, "canceled")
    assert make.stock_of(tea()) == (2, 2, 0)


def test_what_expired_since_it_was_picked_is_not_shipped(drain):
    stocked("OLD", 2, 1)
    make.service()
    order = make.confirmed(("TEA", 2))
    shipment = make.labeled(order)
    stocked("NEW", 2, 90)
    pass_days(2)

    with pytest.raises(Refused, match=r"expired on .* can't be shipped"):
        shipping.ship(shipment)
    labels.void(make.fresh(shipment))
    packing.unpack(make.fresh(shipment))
    picking.put_back(shipment.lines.get(), storage(make.warehouse()))
    drain()

    make.ship_rest(order)
    assert make.fresh(order).status == "completed"
    assert ("NEW", 2, "shipped") in lots_of(order)


def test_the_night_takes_expired_lots_away_and_frees_what_lives_too_short(drain):
    stocked("OLD", 2, 1)
    stocked("MID", 2, 91)
    other, strict = ordered(2, backorder=True), ordered(2, life=90, backorder=True)
    pass_days(3)

    quarantine_expired_lots()
    drain()

    assert make.bin_stock(tea(), "LON", "QUARANTINE") == 2
    assert reserved(other, strict) == [2, 0]


def test_losing_the_long_lot_frees_who_asked_for_it(drain):
    stocked("SHORT", 5, 30)
    long = stocked("LONG", 2, 200, "B-01")
    ordered(2, life=90, backorder=True)

    adjusting.adjust(tea(), storage(make.warehouse(), "B-01"), -2, note="water", lot=long)
    drain()

    assert Demand.objects.get().reserved == 0
    assert make.stock_of(tea()) == (5, 5, 0)


def test_another_lot_is_picked_when_it_is_free_and_allowed(drain):
    stocked("L1", 2, 30)
    second = stocked("L2", 2, 60, "B-01")
    old = stocked("OLD", 2, 1, "C-01")
    Lot.objects.filter(pk=old.pk).update(expires_on=TODAY - timedelta(days=2))
    order, other = make.confirmed(("TEA", 2)), make.confirmed(("TEA", 1))
    shipment = waves.start_picking(make.shipment_of(order))
    line = shipment.lines.get()
    there = BinStock.objects.get(lot=second)

    with pytest.raises(Refused, match="too early for this order"):
        picking.change_lot(line, BinStock.objects.get(lot=old))
    picking.change_lot(line, there)
    assert lots_of(order) == [("L2", 2, "allocated")]
    rest = waves.start_picking(make.shipment_of(other))
    with pytest.raises(Refused, match="Only 0 of lot L2 are free"):
        picking.change_lot(rest.lines.get(), there)


def test_a_lot_in_another_warehouse_is_not_picked(drain):
    away = stocked("L2", 1, 60, "B-01", "MAN")
    stocked("L1", 2, 30)
    order = make.confirmed(("TEA", 2))
    shipment = waves.start_picking(make.shipment_of(order))

    with pytest.raises(Refused, match="isn't TEA that can be picked in LON"):
        picking.change_lot(shipment.lines.get(), BinStock.objects.get(lot=away))


def test_a_long_lot_is_not_taken_from_who_needs_it(drain):
    stocked("L1", 2, 30)
    long = stocked("L2", 2, 200)
    order = make.confirmed(("TEA", 2))
    shipment = waves.start_picking(make.shipment_of(order))
    ordered(2, life=90)

    with pytest.raises(Refused, match="needed for orders that ask for a longer"):
        picking.change_lot(shipment.lines.get(), BinStock.objects.get(lot=long))


def test_a_corrected_expiry_date_frees_what_it_no_longer_serves(drain, client):
    lot = stocked("L1", 2, 200)
    order = ordered(2, life=90, backorder=True)
    person = make.user("boss", "manager")
    type(person).objects.filter(pk=person.pk).update(is_staff=True)
    client.force_login(type(person).objects.get(pk=person.pk))

    answer = client.post(
        reverse("admin:inventory_lot_change", args=[lot.pk]),
        {"sku": lot.sku_id, "code": "L1", "expires_on": str(TODAY + timedelta(days=30))},
    )
    drain()

    assert (answer.status_code, reserved(order)) == (302, [0])


def quarantined(place="LON"):
    return make.bin_stock(tea(), place, "QUARANTINE")


def test_an_expired_lot_arrives_in_quarantine_as_opening_stock():
    stocked("OLD", 5, -1)

    assert (quarantined(), make.bin_stock(tea(), "LON")) == (5, 0)
    assert make.stock_of(tea()) == (5, 0, 0)


@pytest.mark.parametrize(("end", "place"), [(make.arrived, "MAN"), (transfers.recall, "LON")])
def test_a_lot_that_expired_in_transit_arrives_in_quarantine(end, place, drain):
    lot = stocked("OLD", 5, 1)
    transfer = states.create(Transfer(source=make.warehouse(), target=make.warehouse("MAN")))
    TransferLine.objects.create(
        transfer=transfer, sku=tea(), bin=storage(make.warehouse()), lot=lot, quantity=5
    )
    transfer = transfers.send(transfer)
    waiting = make.confirmed(("TEA", 1), backorder=True)
    pass_days(2)

    end(transfer)
    drain()

    assert (quarantined(place), make.stock_of(tea(), place)) == (5, (5, 0, 0))
    assert reserved(waiting) == [0]


def test_a_lot_that_expired_on_its_way_back_is_not_restocked(drain):
    stocked("OLD", 5, 1)
    request = make.came_back(make.shipped(("TEA", 2)), 2)
    pass_days(2)
    adjusting.quarantine_expired(tea(), storage(make.warehouse()), Lot.objects.get())

    inspection.inspect(request, [Finding(request.lines.get(), 2)])
    drain()

    assert (quarantined(), make.stock_of(tea())) == (5, (5, 0, 0))


def test_nobody_brings_an_expired_lot_back_to_where_it_is_sold_from():
    lot = stocked("OLD", 5, -1)
    quarantine = catalog.place(make.warehouse(), Bin.Kind.QUARANTINE)

    with pytest.raises(Refused, match="It can't go to A-01, which is sold from"):
        adjusting.move_stock(tea(), quarantine, storage(make.warehouse()), 1, lot=lot)
    adjusting.move_stock(
        tea(), quarantine, catalog.place(make.warehouse(), Bin.Kind.DAMAGED), 1, lot=lot
    )


def test_lists_and_programs_do_not_count_what_expired_today(client):
    """As long as the nightly job has not taken it away."""
    stocked("OLD", 5, 1)
    stocked("NEW", 2, 30, "A-02")
    pass_days(2)
    person = make.user("mary", "manager")
    type(person).objects.filter(pk=person.pk).update(is_staff=True)
    client.force_login(person)

    listed = client.get(reverse("admin:inventory_stock_changelist")).context["cl"].result_list
    told = client.get("/api/v1/stock/?sku=TEA").json()["results"]

    assert [(row.sellable, row.free) for row in listed] == [(7, 2)]
    assert [(row["sellable"], row["available"]) for row in told] == [(7, 2)]
    assert availability.available([tea()], make.company())[tea().pk].projected == 2
    assert Stock.objects.get().sellable == 7
