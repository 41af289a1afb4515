"""Re-routing, re-dating and holding orders meet the people who pick them: one of both wins, and nothing is torn."""

from datetime import timedelta

import pytest

from fulfillment import picking, rerouting, waves
from fulfillment.models import Shipment
from inventory import adjusting
from oms.core import outbox
from oms.core.errors import DomainError
from oms.insights import verification
from orders import lifecycle, screening
from orders.models import Channel
from tests import builders as make
from tests.builders.orders import only_line
from tests.builders.stock import storage
from tests.races.conftest import kinds

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 4


def everything_holds():
    outbox.drain()
    assert [str(breach) for breach in verification.breaches()] == []
    assert outbox.parked() == []


def only_refused(results):
    assert [
        each
        for each in results
        if isinstance(each, Exception) and not isinstance(each, DomainError)
    ] == []


def picked(shipment):
    return picking.pick_all(waves.start_picking(shipment))


@pytest.fixture
def kits():
    """Kits in two warehouses."""
    for place in ("LON", "MAN"):
        make.sku("A", stock={place: 80})
        make.sku("B", stock={place: 40})
    make.sku("SET", kit={"A": 2, "B": 1})


def test_a_re_route_against_a_pick(kits, race):
    for _round in range(ROUNDS):
        order = make.confirmed(("SET", 3))
        shipment = make.shipment_of(order)
        other = make.warehouse("MAN" if shipment.warehouse.code == "LON" else "LON")

        results = race(
            lambda s=shipment: picked(s),
            lambda o=order, to=other: rerouting.reroute(o, to=to),
            lambda s=shipment, to=other: rerouting.reroute_shipment(s, to=to),
            outbox.drain,
        )

        only_refused(results)
        assert "done" in kinds(results)
        outbox.drain()
        assert sum(len(row.lines.all()) for row in Shipment.objects.filter(order=order)) == 2
    everything_holds()


def test_a_later_day_and_a_hold_against_a_pick_and_a_loss(kits, race):
    Channel.objects.update(reserve_days_ahead=5)
    for _round in range(ROUNDS):
        order = make.confirmed(("SET", 3), backorder=True)
        shipment = make.shipment_of(order)
        later = make.company().today() + timedelta(days=60)

        results = race(
            lambda s=shipment: picked(s),
            lambda o=order, day=later: lifecycle.reschedule(o, requested_on=day),
            lambda o=order: screening.hold(o, reason="Customer asked for a call before shipping."),
            lambda o=order: lifecycle.cancel_lines(o, {only_line(o).pk: 1}),
            lambda s=shipment: adjusting.adjust(
                make.sku("B"), storage(s.warehouse), -1, note="broken"
            ),
            outbox.drain,
        )

        only_refused(results)
    everything_holds()
