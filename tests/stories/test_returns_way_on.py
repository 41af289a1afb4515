"""Returns and exchanges go on: what is not there waits, and what came unannounced is decided."""

import pytest

from oms.core import operations as catalogue
from oms.core.errors import Refused
from oms.core.models import Decision, Delivery
from orders import screening
from orders.models import Order
from returns.models import ReturnRequest
from returns.operations import AskedRow
from tests import builders as make

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("verified")]


@pytest.fixture
def order():
    make.sku("TEE-M", stock={"LON": 20})
    return make.shipped(("TEE-M", 3))


def settled_exchange(order, wanted):
    request = make.settled(order, good=1, wish="exchange", exchange_for=wanted)
    return Order.objects.get(settlement__request=request)


def test_an_exchange_whose_goods_are_not_there_waits_until_they_are(order, drain):
    make.priced("TEE-L", "12")

    exchange = settled_exchange(order, make.sku("TEE-L"))
    drain()

    assert (exchange.status, make.fresh(exchange).allocated) == ("confirmed", 0)
    assert not Delivery.objects.filter(done_at=None).exists()
    make.put(make.sku("TEE-L"), "LON", 1)
    drain()
    assert make.shipment_of(exchange).lines.get().reservation.sku.code == "TEE-L"


def test_an_exchange_on_hold_goes_on_once_it_is_lifted(order, drain):
    make.priced("TEE-L", "12")
    order.customer.__class__.objects.filter(pk=order.customer_id).update(credit_limit=0)

    exchange = settled_exchange(order, make.sku("TEE-L"))
    if exchange.status == "placed":
        screening.lift(exchange)
        drain()

    assert make.fresh(exchange).status == "confirmed"


def test_what_is_wanted_in_exchange_is_checked_when_it_is_asked_for(order):
    make.priced("TEE-L", "12")
    make.put(make.sku("TEE-L"), "LON", 2)
    make.priced("OLD", "12")
    make.sku("OLD").__class__.objects.filter(code="OLD").update(is_sellable=False)
    step, manager = catalogue.of(Order)["return"], make.user("boss", "manager")
    line = order.lines.get()

    told = step.preview(order, by=manager, wish="exchange", lines=[AskedRow(line, 3, "other", make.sku("TEE-L"))])

    assert told.in_exchange == "TEE-L: 2 available: the rest waits until more comes"
    for wanted in ("OLD", "FREE"):
        with pytest.raises(Refused, match="Choose something else in exchange"):
            step.perform(order, by=manager, wish="exchange", lines=[AskedRow(line, 1, "other", make.sku(wanted))])
    step.perform(order, by=manager, wish="exchange", lines=[AskedRow(line, 1, "other", make.sku("TEE-L"))])
    assert Decision.objects.get(kind="exchange").chosen == {"TEE-L": "2 available: sent once the return is settled"}
    assert ReturnRequest.objects.count() == 1
