"""An order that is requested for later reserves its stock when its day comes near; goods leave by the cut-off."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.utils import timezone

from fulfillment import partners, picking, shipments, waves
from fulfillment.models import Shipment
from inventory import adjusting, availability, backorders
from inventory.models import Demand, Reservation, Warehouse
from inventory.planners import working_days
from inventory.purchasing import replenishment
from inventory.purchasing.models import ReorderRule, SupplierItem
from oms.core import decisions, outbox
from oms.core.errors import NotEnough, Refused
from oms.insights import verification
from orders import amending, lifecycle, order_entry
from orders.admin.filters import VIEWS
from orders.amending import LineChange
from orders.models import Channel, Order
from orders.order_entry import Entry
from tests import builders as make
from tests.builders.orders import only_line
from tests.builders.stock import sent_purchase, storage, supplier

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("verified")]


@pytest.fixture
def channel():
    """Reserves five days ahead."""
    make.taxes()
    return make.channel(reserve_days_ahead=5)


def days(count: int) -> date:
    return make.company().today() + timedelta(days=count)


def confirmed(units: int, requested_on: date | None, code: str = "TEE-M") -> Order:
    entry = Entry(
        make.channel(), make.customer(), [make.line(code, units)], requested_on=requested_on
    )
    order = lifecycle.confirm(order_entry.enter(entry))
    outbox.drain()
    return make.fresh(order)


def reserved(order: Order) -> int:
    return sum(Demand.objects.filter(document=order.number).values_list("reserved", flat=True))


def comes_near(order: Order) -> None:
    """Let the days pass until an order reserves."""
    Demand.objects.filter(document=order.number).update(reserve_from=timezone.localdate())


def test_an_order_for_later_reserves_nothing_until_its_day_comes_near(channel):
    make.sku("TEE-M", stock={"LON": 10})
    later = confirmed(8, days(30))

    assert (reserved(later), later.shipments.count()) == (0, 0)
    assert (
        f"reserves stock from {days(25)} on"
        in decisions.about("order", later.number).get().reasons[0]
    )
    assert not VIEWS["short"][1](Order.objects.all(), make.user()).exists()
    backorders.serve_due()
    assert reserved(later) == 0

    comes_near(later)
    backorders.serve_due()
    outbox.drain()

    assert (reserved(later), make.fresh(later).reserved) == (8, 8)
    assert later.shipments.get().ship_by <= days(30)


def test_within_the_days_and_without_the_setting_stock_is_reserved_at_once(channel):
    make.sku("TEE-M", stock={"LON": 10})

    assert reserved(confirmed(2, days(5))) == 2
    Channel.objects.update(reserve_days_ahead=None)
    assert reserved(confirmed(2, days(60))) == 2


def test_verify_finds_an_order_whose_day_has_come_and_that_reserved_nothing(channel):
    make.sku("TEE-M", stock={"LON": 10})
    later = confirmed(8, days(30))
    assert verification.breaches() == []

    Demand.objects.update(reserve_from=days(-2))
    assert f"{later.number}: line {only_line(later).pk} waits" in " ".join(
        map(str, verification.breaches())
    )
    backorders.serve_due()
    outbox.drain()
    assert reserved(later) == 8


def test_it_goes_before_younger_orders_once_its_day_is_near(channel):
    tee = make.sku("TEE-M", stock={"LON": 5})
    later = confirmed(5, days(30))
    comes_near(later)  # the task has not run yet

    with pytest.raises(NotEnough):
        confirmed(3, None)

    make.receive_purchase(tee, 1)  # stock comes: it is served, too
    outbox.drain()
    assert reserved(later) == 5


def test_it_is_promised_against_what_is_projected_for_its_day(channel):
    tee = make.sku("TEE-M", stock={"LON": 4})
    with pytest.raises(NotEnough) as refused:
        confirmed(10, days(30))
    assert refused.value.shortfall == {"TEE-M": 6}

    purchase = sent_purchase(tee, 8)
    type(purchase).objects.filter(pk=purchase.pk).update(expected_on=days(40))
    with pytest.raises(NotEnough):
        confirmed(10, days(30))
    type(purchase).objects.filter(pk=purchase.pk).update(expected_on=days(20))
    confirmed(10, days(30))

    assert availability.available([tee], make.company())[tee.pk].projected == 2
    with pytest.raises(NotEnough):
        confirmed(3, days(30))
    confirmed(3, days(6))  # before that day the stock is free


def test_the_reorder_check_counts_it(channel):
    tee = make.sku("TEE-M", stock={"LON": 20})
    SupplierItem.objects.create(supplier=supplier(), sku=tee, cost="4")
    ReorderRule.objects.create(sku=tee, warehouse=make.warehouse(), point=5, target=20)
    confirmed(18, days(30))

    (order,) = replenishment.reorder_check().orders

    assert order.lines.get().quantity == 18


def test_a_kit_for_later_is_reserved_whole(channel):
    make.sku("CUP", stock={"LON": 4})
    make.sku("POT", stock={"LON": 2})
    make.sku("SET", kit={"CUP": 2, "POT": 1})
    with pytest.raises(NotEnough) as refused:
        confirmed(3, days(30), "SET")
    assert refused.value.shortfall == {"CUP": 2, "POT": 1}
    later = confirmed(2, days(30), "SET")

    comes_near(later)
    backorders.serve_due()

    assert dict(Demand.objects.values_list("sku__code", "reserved")) == {"CUP": 4, "POT": 2}


def test_it_is_amended_and_canceled_like_any_other(channel):
    make.sku("TEE-M", stock={"LON": 10})
    later = confirmed(4, days(30))

    amending.amend(later, [LineChange(only_line(later), 6)])
    assert (reserved(later), sum(Demand.objects.values_list("unreserved", flat=True))) == (0, 6)
    first = later.lines.order_by("pk").first()
    amending.amend(later, [LineChange(first, 1, first.unit_price + 1)])
    outbox.drain()
    assert set(Demand.objects.filter(unreserved__gt=0).values_list("reserve_from", flat=True)) == {
        days(25)
    }

    lifecycle.cancel(make.fresh(later))
    outbox.drain()
    assert make.fresh(later).status == "canceled"
    assert not Demand.objects.filter(unreserved__gt=0).exists()


def test_the_day_may_be_changed_and_the_stock_follows(channel):
    make.sku("TEE-M", stock={"LON": 10})
    order = confirmed(4, days(30))

    lifecycle.reschedule(order, requested_on=None)
    outbox.drain()
    assert (reserved(order), order.shipments.exclude(status="canceled").count()) == (4, 1)

    lifecycle.reschedule(order, requested_on=days(60))
    outbox.drain()
    assert (reserved(order), order.shipments.exclude(status="canceled").count()) == (0, 0)
    assert Demand.objects.get().reserve_from == days(55)
    with pytest.raises(Refused, match="past"):
        lifecycle.reschedule(order, requested_on=days(-1))


def test_what_is_being_picked_stays_when_the_day_is_put_off(channel):
    make.sku("TEE-M", stock={"LON": 10})
    order = confirmed(4, None)
    waves.start_picking(make.shipment_of(order))

    lifecycle.reschedule(order, requested_on=days(60))
    outbox.drain()

    assert Reservation.objects.get().state == "allocated"


LONDON = "Europe/London"


@pytest.mark.parametrize(
    "local, leaves",
    [
        ("2026-11-25 13:59", "2026-11-25"),
        ("2026-11-25 14:00", "2026-11-25"),
        ("2026-11-25 14:01", "2026-11-26"),
        ("2026-11-27 15:00", "2026-11-30"),
        ("2026-11-28 10:00", "2026-11-30"),
        ("2026-11-29 23:00", "2026-11-30"),
    ],
)
def test_what_is_confirmed_after_the_cut_off_leaves_the_next_working_day(local, leaves):
    at = datetime.fromisoformat(local)  # the warehouse's own clock

    assert working_days.ship_day(at, time(14)) == date.fromisoformat(leaves)


@pytest.mark.parametrize(
    "wanted, leaves",
    [
        ("2027-01-11", "2027-01-07"),
        ("2027-01-10", "2027-01-06"),
        ("2027-01-09", "2027-01-06"),
        ("2027-01-08", "2027-01-06"),
    ],
)
def test_what_is_wanted_on_a_weekend_is_there_before_it(wanted, leaves):
    """Two working days under way; 2027-01-11 is a Monday."""
    earliest, left = date(2026, 12, 1), date.fromisoformat(leaves)

    assert working_days.leave_by(earliest, date.fromisoformat(wanted), 2) == left
    assert working_days.add(left, 2) <= date.fromisoformat(wanted)


def test_the_cut_off_is_by_the_warehouses_own_clock():
    at = datetime(2026, 11, 25, 20, 30, tzinfo=UTC)
    york = Warehouse(time_zone="America/New_York", cutoff=time(16))
    tokyo = Warehouse(time_zone="Asia/Tokyo", cutoff=time(16))

    assert (york.ship_day(at), tokyo.ship_day(at)) == (date(2026, 11, 25), date(2026, 11, 26))


def test_a_shipment_says_by_when_it_leaves_and_arrives_and_waves_wait_for_it(channel):
    make.sku("TEE-M", stock={"LON": 10})
    Channel.objects.update(reserve_days_ahead=None)
    soon, later = confirmed(1, None), confirmed(1, days(40))
    place = make.warehouse()

    first, second = make.shipment_of(soon), make.shipment_of(later)
    assert first.ship_by == place.ship_day(timezone.now())
    assert first.promised_on > first.ship_by
    assert days(30) < second.ship_by < days(40) == second.promised_on
    (wave,) = waves.propose(place)
    assert list(wave.shipments.all()) == [first]

    lifecycle.reschedule(later, requested_on=None)
    outbox.drain()
    assert Shipment.objects.get(pk=second.pk).ship_by == first.ship_by


def test_what_a_third_party_has_taken_on_stays_when_the_day_is_put_off(channel):
    make.warehouse("3PL", kind="3pl")
    make.sku("TEE-M", stock={"3PL": 10})
    order = confirmed(4, None)
    shipment = shipments.hand_over(make.shipment_of(order), external_id="X-1")

    lifecycle.reschedule(order, requested_on=days(60))
    outbox.drain()

    assert reserved(order) == 4
    partners.record_outside(make.fresh(shipment))
    outbox.drain()
    assert make.fresh(order).status == "completed"


def test_its_day_comes_when_the_stock_is_gone_and_it_waits_like_any_other(channel):
    """Its channel doesn't let orders wait; it was promised, so it waits."""
    tee = make.sku("TEE-M", stock={"LON": 10})
    later = confirmed(8, days(30))
    adjusting.adjust(tee, storage(make.warehouse()), -10, note="flooded")
    comes_near(later)
    backorders.serve_due()
    outbox.drain()
    assert reserved(later) == 0

    make.receive_purchase(tee, 8)
    outbox.drain()

    assert (reserved(later), make.ship_rest(later).status) == (8, "completed")


def test_a_kit_of_which_a_part_is_picked_is_put_off(channel):
    make.sku("CUP", stock={"LON": 4})
    make.sku("POT", stock={"LON": 2})
    make.sku("SET", kit={"CUP": 2, "POT": 1})
    order = confirmed(2, None, "SET")
    shipment = waves.start_picking(make.shipment_of(order))
    picking.pick(shipment.lines.get(reservation__sku__code="CUP"))

    lifecycle.reschedule(order, requested_on=days(60))
    adjusting.adjust(make.sku("POT"), storage(make.warehouse()), -1, note="broken")
    outbox.drain()
    for row in picking.lines_to_put_back(shipment):
        picking.put_back(row, storage(make.warehouse()))
    outbox.drain()

    picking.pick_all(make.fresh(shipment))
    assert (make.fresh(order).picked, reserved(order)) == (
        1,
        0,
    )  # the kit that was lost waits for its day
