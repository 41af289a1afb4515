"""Low stock is told when it happens, once until it recovers."""

import pytest

from fulfillment import picking, waves
from inventory import adjusting, backorders, counting, transfers
from inventory.models import Bin, Transfer, TransferLine
from inventory.purchasing import alerts
from inventory.purchasing.models import ReorderRule
from oms.core import states
from oms.core.models import Event, Notice, Role, Subscription
from orders import amending
from orders.amending import LineChange
from tests import builders as make
from tests.builders.stock import put, storage

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("verified")]


@pytest.fixture
def buyer():
    return make.user("buyer", "buyer")


def low(stock=10, point=5):
    tee = make.sku("TEE-M", stock={"LON": stock})
    ReorderRule.objects.create(sku=tee, warehouse=make.warehouse(), point=point, target=30)
    return tee


def told():
    return [
        event.name
        for event in Event.objects.filter(name__in=["stock.low", "stock.out"]).order_by("pk")
    ]


def heard():
    return list(
        Notice.objects.filter(topic__in=["low_stock", "out_of_stock"])
        .order_by("pk")
        .values_list("topic", "text")
    )


def test_an_order_that_takes_stock_below_its_point_tells_it_at_once(buyer, drain):
    low()

    make.confirmed(("TEE-M", 4))
    assert told() == []
    make.confirmed(("TEE-M", 2))

    assert heard() == [("low_stock", "Low stock in LON: TEE-M.")]
    event = Event.objects.get(name="stock.low")
    assert (event.subject_number, event.data) == (
        "TEE-M",
        {"warehouse": "LON", "available": 4, "point": 5},
    )


def test_it_is_told_once_until_it_recovers(buyer, drain):
    tee = low()

    make.confirmed(("TEE-M", 6))
    make.confirmed(("TEE-M", 1))
    adjusting.adjust(tee, storage(make.warehouse()), -1, note="broken")
    drain()
    assert told() == ["stock.low"]

    put(tee, "LON", 20)
    drain()
    make.confirmed(("TEE-M", 18))

    assert told() == ["stock.low", "stock.low"]


def test_stock_that_runs_out_is_told_again_as_out(buyer, drain):
    low()

    make.confirmed(("TEE-M", 6))
    make.confirmed(("TEE-M", 4))

    assert told() == ["stock.low", "stock.out"]
    assert [topic for topic, _ in heard()] == ["low_stock", "out_of_stock"]


def test_a_sku_without_a_rule_is_told_when_it_sells_out(buyer, drain):
    make.sku("TEE-M", stock={"LON": 2})

    make.confirmed(("TEE-M", 2))

    assert heard() == [("out_of_stock", "Out of stock in LON: TEE-M.")]


def test_what_waiting_orders_take_at_once_has_not_recovered(buyer, drain):
    tee = make.sku("TEE-M", stock={"LON": 2})
    make.confirmed(("TEE-M", 7), backorder=True)

    put(tee, "LON", 3)
    drain()

    assert told() == ["stock.out"]
    put(tee, "LON", 5)
    drain()
    make.confirmed(("TEE-M", 3))
    assert told() == ["stock.out", "stock.out"]


def lose(tee):
    adjusting.adjust(tee, storage(make.warehouse()), -6, note="broken")


def damage(tee):
    adjusting.move_stock(
        tee, storage(make.warehouse()), make.warehouse().bins.get(kind=Bin.Kind.DAMAGED), 6
    )


def count(tee):
    planned = counting.plan(make.warehouse(), [storage(make.warehouse())])
    counting.reconcile(counting.key(planned, {planned.lines.get().pk: 4}))


def send(tee):
    transfer = states.create(Transfer(source=make.warehouse(), target=make.warehouse("MAN")))
    TransferLine.objects.create(
        transfer=transfer, sku=tee, bin=storage(make.warehouse()), quantity=6
    )
    transfers.send(transfer)


def amend(tee):
    order = make.confirmed(("TEE-M", 1))
    amending.amend(order, [LineChange(order.lines.get(), quantity=6)])


@pytest.mark.parametrize("happens", [lose, damage, count, send, amend])
def test_whatever_takes_stock_tells_it(happens, buyer, drain):
    tee = low()

    happens(tee)
    drain()

    assert told() == ["stock.low"]


def test_moving_and_picking_what_is_reserved_tell_nothing(buyer, drain):
    tee = low(stock=20)
    adjusting.move_stock(tee, storage(make.warehouse()), storage(make.warehouse(), "B-01"), 16)
    make.picked(make.confirmed(("TEE-M", 4)))
    drain()

    assert told() == []


def test_a_short_pick_tells_it(buyer, drain):
    tee = low()
    order = make.confirmed(("TEE-M", 3))
    shipment = waves.start_picking(make.shipment_of(order))

    picking.report_short(shipment.lines.get(), found=0)
    drain()

    assert tee and told() == ["stock.low"]


def test_it_is_told_by_mail_and_to_whom_it_concerns(drain):
    packer, buyer = make.user("packer", "packer"), make.user("buyer", "buyer")
    Subscription.objects.create(
        role=Role.objects.get(name="packer"), topic="low_stock", warehouse="MAN"
    )
    low()

    make.confirmed(("TEE-M", 6))

    (notice,) = Notice.objects.filter(topic="low_stock")
    assert (notice.to, notice.mail, packer.notices.count()) == (buyer, "digest", 0)


def test_a_new_rule_is_noticed_by_the_next_look(buyer):
    make.sku("TEE-M", stock={"LON": 3})
    ReorderRule.objects.create(sku=make.sku("TEE-M"), warehouse=make.warehouse(), point=5, target=9)

    assert [row.sku.code for row in alerts.watch_all()] == ["TEE-M"]
    assert alerts.watch_all() == []


def test_goods_that_were_never_for_sale_are_not_sold_out(buyer, drain):
    tee = make.sku("TEE-M")
    put(tee, "LON", 3, code="DAMAGED")
    drain()
    backorders.serve([tee.pk])

    assert told() == []
