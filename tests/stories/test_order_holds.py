"""A confirmed order is stopped and let go again; one that ships complete waits for all of it. Every way to the door."""

import pytest
from django.urls import reverse

from fulfillment import labels, packing, partners, picking, shipments, shipping, waves
from fulfillment.models import Shipment
from inventory.models import Reservation
from oms.core.errors import Refused, WrongState
from orders import holds, lifecycle, screening
from tests import builders as make
from tests.builders.stock import put

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("verified")]


@pytest.fixture
def order():
    make.sku("TEE-M", stock={"LON": 20})
    return make.confirmed(("TEE-M", 3))


def stop(order):
    return screening.hold(make.fresh(order), reason="Customer asked for a call before shipping.")


STAGES = ["open", "in a wave", "picking", "picked", "packed", "labeled"]


@pytest.mark.parametrize("stage", STAGES)
def test_a_hold_stops_a_confirmed_order_at_every_step_and_lets_it_go_on(order, stage, drain):
    make.service()
    shipment = make.shipment_of(order)
    steps = {
        "in a wave": lambda: waves.plan(shipment.warehouse, [shipment]),
        "picking": lambda: waves.release(make.fresh(shipment).wave),
        "picked": lambda: picking.pick_all(make.fresh(shipment)),
        "packed": lambda: packing.pack(make.fresh(shipment)),
        "labeled": lambda: (labels.buy(make.fresh(shipment)), drain()),
    }
    for name in STAGES[1 : STAGES.index(stage) + 1]:
        steps[name]()
    following = {**steps, "gone": lambda: shipping.ship(make.fresh(shipment))}
    rest = [*STAGES[STAGES.index(stage) + 1 :], "gone"]
    stop(order)

    with pytest.raises(
        Refused, match=r"on hold .Manual: Customer asked for a call before shipping"
    ):
        following[rest[0]]()

    screening.release_hold(make.fresh(order))
    for name in rest:
        following[name]()
    drain()
    assert (make.fresh(shipment).status, make.fresh(order).status) == ("shipped", "completed")


def test_a_wave_goes_without_the_shipments_on_hold(order):
    other = make.confirmed(("TEE-M", 1))
    wave = waves.plan(make.warehouse(), list(Shipment.objects.all()))
    stop(order)

    waves.release(wave)

    assert (make.shipment_of(order).status, make.shipment_of(order).wave) == ("open", None)
    assert make.shipment_of(other).status == "picking"
    assert waves.propose(make.warehouse()) == []
    screening.release_hold(make.fresh(order))
    assert [each.shipments.get() for each in waves.propose(make.warehouse())] == [
        make.shipment_of(order)
    ]


def test_the_wave_and_its_list_show_what_is_on_hold(order, client):
    make.confirmed(("TEE-M", 1))
    wave = waves.plan(make.warehouse(), list(Shipment.objects.all()))
    stop(order)
    person = make.user("mary", "manager")
    type(person).objects.filter(pk=person.pk).update(is_staff=True)
    client.force_login(person)

    listed = client.get(reverse("admin:fulfillment_wave_changelist")).context["cl"].result_list
    shown = client.get(reverse("admin:fulfillment_wave_change", args=[wave.pk])).context["panels"]

    assert [(row.inside, row.stopped) for row in listed] == [(2, 1)]
    assert "Stopped because" in shown[0].headings
    assert [cells[-1] for _link, cells in shown[0].rows] == [
        "Manual: Customer asked for a call before shipping.",
        "",
    ]


def test_a_third_party_neither_gets_nor_reports_what_is_on_hold(drain):
    make.warehouse("3PL", kind="3pl")
    make.sku("TEE-M", stock={"3PL": 5})
    order = make.confirmed(("TEE-M", 2))
    stop(order)
    with pytest.raises(Refused, match="on hold"):
        shipments.hand_over(make.shipment_of(order), external_id="X-1")
    screening.release_hold(make.fresh(order))
    shipments.hand_over(make.shipment_of(order), external_id="X-1")
    stop(order)
    with pytest.raises(Refused, match="on hold"):
        partners.record_outside(make.shipment_of(order))

    screening.release_hold(make.fresh(order))
    partners.record_outside(make.shipment_of(order))
    drain()
    assert make.fresh(order).status == "completed"


def test_an_order_on_hold_can_be_canceled_and_what_has_left_cannot_be_put_on_hold(order, drain):
    stop(order)
    lifecycle.cancel(make.fresh(order))
    drain()
    assert (make.fresh(order).status, Shipment.objects.get().status) == ("canceled", "canceled")

    with pytest.raises(WrongState, match="completed"):
        stop(make.shipped(("TEE-M", 1)))


def test_an_order_that_ships_complete_waits_for_all_of_it(drain):
    make.sku("TEE-M", stock={"LON": 2})
    make.sku("CAP", stock={"LON": 5})
    make.customer(ship_complete=True)
    order = make.confirmed(("TEE-M", 3), ("CAP", 1), backorder=True)
    shipment = make.shipment_of(order)

    assert holds.reasons(order) == ["ships complete: 3 of 4 reserved"]
    assert waves.propose(make.warehouse()) == []
    with pytest.raises(Refused, match=r"1 × TEE-M isn't in stock yet"):
        waves.start_picking(shipment)

    put(make.sku("TEE-M"), "LON", 5)
    drain()
    make.ship_rest(order)
    assert make.fresh(order).status == "completed"
    assert Shipment.objects.filter(status="shipped").count() == 1


def test_an_order_says_otherwise_than_its_customer(drain):
    make.sku("TEE-M", stock={"LON": 2})
    make.customer(ship_complete=True)
    order = make.confirmed(("TEE-M", 3), backorder=True)

    holds.ship_complete(make.fresh(order), only_complete=False)
    assert make.ship_rest(order).shipped == 2

    other = make.confirmed(("TEE-M", 1), customer_code="C-2", backorder=True)
    holds.ship_complete(make.fresh(other), only_complete=True)
    assert make.fresh(other).ships_complete


def test_what_comes_up_short_stops_a_complete_order_before_it_leaves(drain):
    make.service()
    make.sku("TEE-M", stock={"LON": 3})
    order = make.confirmed(("TEE-M", 3), backorder=True)
    holds.ship_complete(make.fresh(order), only_complete=True)
    shipment = waves.start_picking(make.shipment_of(order))
    picking.report_short(shipment.lines.get(), found=2)
    drain()
    packing.pack(make.fresh(shipment))
    labels.buy(make.fresh(shipment))
    drain()

    with pytest.raises(Refused, match="1 × TEE-M isn't in stock yet"):
        shipping.ship(make.fresh(shipment))

    holds.ship_complete(make.fresh(order), only_complete=False)
    assert shipping.ship(make.fresh(shipment)).status == "shipped"
    assert Reservation.objects.filter(state="shipped").get().quantity == 2
