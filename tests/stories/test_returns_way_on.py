"""Returns and exchanges go on: what is not there waits, and what came unannounced is decided."""

from decimal import Decimal as D

import pytest

from inventory.models import KitComponent, Lot
from oms.core import operations as declared
from oms.core.errors import Refused
from oms.core.models import Decision, Delivery
from orders import screening
from orders.models import Order
from returns import inspection, receiving, requests, unannounced
from returns.inspection import Finding
from returns.models import ReturnLine, ReturnRequest, Settlement, Unexpected
from returns.receiving import Arrived
from returns.requests import Asked
from returns.unannounced import Came, Decided
from tests import builders as make
from tests.builders.stock import storage

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("verified")]


@pytest.fixture
def order():
    make.sku("TEE-M", stock={"LON": 20})
    return make.shipped(("TEE-M", 3))


def settled_exchange(order, wanted):
    request = make.settled(order, good=1, resolution="exchange", exchange_for=wanted)
    return Order.objects.get(settlement__request=request)


def test_an_exchange_whose_goods_are_not_there_waits_until_they_are(order, drain):
    make.priced("TEE-L", "12")

    exchange = settled_exchange(order, make.sku("TEE-L"))
    drain()

    assert (exchange.status, make.fresh(exchange).reserved) == ("confirmed", 0)
    assert not Delivery.objects.filter(done_at=None).exists()
    make.put(make.sku("TEE-L"), "LON", 1)
    drain()
    assert make.shipment_of(exchange).lines.get().reservation.sku.code == "TEE-L"


def test_an_exchange_on_hold_goes_on_once_it_is_lifted(order, drain):
    make.priced("TEE-L", "12")
    order.customer.__class__.objects.filter(pk=order.customer_id).update(credit_limit=0)

    exchange = settled_exchange(order, make.sku("TEE-L"))
    if exchange.status == "placed":
        screening.release_hold(exchange)
        drain()

    assert make.fresh(exchange).status == "confirmed"


def test_what_is_wanted_in_exchange_is_checked_when_it_is_asked_for(order):
    make.priced("TEE-L", "12")
    make.put(make.sku("TEE-L"), "LON", 2)
    make.priced("OLD", "12")
    make.sku("OLD").__class__.objects.filter(code="OLD").update(is_sellable=False)
    step, manager = declared.of(Order)["return"], make.user("boss", "manager")
    line = order.lines.get()

    told = step.preview(
        order, by=manager, resolution="exchange", lines=[Asked(line, 3, "other", make.sku("TEE-L"))]
    )

    assert told.in_exchange == "TEE-L: 2 available: the rest waits until more comes"
    for wanted in ("OLD", "FREE"):
        with pytest.raises(Refused, match="Choose something else in exchange"):
            step.perform(
                order,
                by=manager,
                resolution="exchange",
                lines=[Asked(line, 1, "other", make.sku(wanted))],
            )
    step.perform(
        order, by=manager, resolution="exchange", lines=[Asked(line, 1, "other", make.sku("TEE-L"))]
    )
    assert Decision.objects.get(kind="exchange").chosen == {
        "TEE-L": "2 available: sent once the return is settled"
    }
    assert ReturnRequest.objects.count() == 1


def received(order, *, good=1, unannounced=(), announced=1):
    request = make.asked_back(order, announced)
    return receiving.receive(request, [Arrived(request.lines.get(), good)], unannounced=unannounced)


def decide(request, *decisions):
    items = Unexpected.objects.filter(request=request).order_by("pk")
    return unannounced.decide(
        request, [Decided(*each) for each in zip(items, decisions, strict=True)]
    )


def finish(request, drain):
    lines = ReturnLine.objects.filter(request=request)
    inspection.inspect(
        request,
        [Finding(line, line.good) for line in lines]
        + [Finding(line, line.damaged, "broken", "scrap", damaged=True) for line in lines],
    )
    drain()
    return Settlement.objects.get(request=request)


def test_more_units_than_announced_are_recorded_and_credited(order, drain):
    request = received(order, good=3, announced=2)

    assert (request.lines.get().came, str(Unexpected.objects.get())) == (2, "1 × TEE-M")
    with pytest.raises(
        Refused, match="Decide first what becomes of what wasn't announced: 1 × TEE-M"
    ):
        inspection.inspect(request, [Finding(request.lines.get(), 2)])
    decide(request, "credit")

    assert (make.fresh(order).returned, finish(request, drain).credited) == (3, D("36.00"))
    assert make.stock_of(make.sku("TEE-M")) == (20, 20, 0)


def test_more_than_was_shipped_is_kept_or_sent_back_without_credit(order, drain):
    request = received(order, good=5, announced=3)

    with pytest.raises(Refused, match="can't be credited"):
        decide(request, "credit")
    decide(request, "keep")

    assert finish(request, drain).credited == D("36.00")
    assert make.stock_of(make.sku("TEE-M")) == (22, 22, 0)


def test_another_product_of_the_order_is_credited_on_its_line(drain):
    make.sku("TEE-M", stock={"LON": 5})
    make.sku("CUP", stock={"LON": 5})
    order = make.shipped(("TEE-M", 2), ("CUP", 2))

    request = received(order, unannounced=[Came(make.sku("CUP"), good=1, damaged=1)])
    decide(request, "credit", "credit")

    settlement = finish(request, drain)
    assert {line.order_line.sku.code: line.came for line in request.lines.all()} == {
        "TEE-M": 1,
        "CUP": 2,
    }
    assert settlement.credited == sum(note.gross for note in settlement.credits.all()) > 0
    assert make.stock_of(make.sku("CUP")) == (4, 4, 0)


def test_what_is_not_ours_goes_back_or_is_scrapped(order, drain):
    request = received(
        order, unannounced=[Came(description="a red shoe", good=1), Came(make.sku("CUP"), good=2)]
    )

    with pytest.raises(Refused, match="isn't ours"):
        decide(request, "keep", "keep")
    decide(request, "send_back", "scrap")

    finish(request, drain)
    assert make.stock_of(make.sku("CUP")) == (0, 0, 0)
    assert list(Unexpected.objects.order_by("pk").values_list("decision", flat=True)) == [
        "send_back",
        "scrap",
    ]


def test_when_only_other_goods_came_the_return_goes_on(order, drain):
    request = received(order, good=0, unannounced=[Came(make.sku("CUP"), good=1)])
    decide(request, "send_back")

    assert finish(request, drain).credited == 0
    assert (make.fresh(request).status, make.fresh(order).returned) == ("settled", 0)
    with pytest.raises(Refused, match="Enter at least one received quantity"):
        received(order, good=0)


def test_what_was_decided_is_decided_once(order):
    request = received(order, unannounced=[Came(make.sku("CUP"), good=1)])
    decide(request, "keep")

    with pytest.raises(Refused, match="isn't waiting for a decision"):
        decide(request, "scrap")


def test_an_unannounced_serial_number_is_the_one_that_came(drain):
    saw = make.sku("SAW", tracking="serial")
    place = storage(make.warehouse())
    for code in ("S-1", "S-2"):
        make.put(saw, "LON", 1, lot=Lot.objects.create(sku=saw, code=code))
    make.priced("SAW", "50")
    order = make.shipped(("SAW", 2))
    request = make.asked_back(order, 1)

    request = receiving.receive(
        request,
        [Arrived(request.lines.get(), 1, lots="S-1")],
        unannounced=[Came(saw, good=1, lots="S-2")],
    )
    decide(request, "credit")
    finish(request, drain)

    assert place and make.stock_of(saw) == (2, 2, 0)
    assert make.fresh(order).returned == 2


def test_the_forms_record_and_decide(order):
    request = make.asked_back(order, 1)
    step, packer = declared.of(ReturnRequest)["receive"], make.user("pat", "packer")
    request.warehouse.staff.add(packer)
    start = step.initial(request)

    request = step.perform(
        request, by=packer, goods=start.goods, unannounced=[Came(description="a shoe", good=1)]
    )
    decision = declared.of(ReturnRequest)["decide"]
    assert decision.available(request)
    (row,) = decision.initial(request).decisions
    decision.perform(
        request,
        by=make.user("boss", "manager"),
        decisions=[Decided(row.goods, "scrap", "worn out")],
    )

    assert (Unexpected.objects.get().note, decision.available(request)) == ("worn out", False)


@pytest.fixture
def kit_order():
    make.sku("CUP", stock={"LON": 8})
    make.sku("POT", stock={"LON": 4})
    make.sku("SET", kit={"CUP": 2, "POT": 1})
    return make.shipped(("SET", 2, "30"))


def test_an_unannounced_kit_is_what_was_shipped_until_it_is_inspected(kit_order, drain):
    cups = KitComponent.objects.get(kit__code="SET", component__code="CUP")
    KitComponent.objects.filter(pk=cups.pk).update(quantity=3)  # since the order has left
    request = received(kit_order, unannounced=[Came(make.sku("SET"), damaged=1)])
    cups.refresh_from_db()
    cups.quantity = 1
    with pytest.raises(
        Refused, match=f"1 return with it waits for inspection \\({request.number}\\)"
    ):
        cups.save()
    decide(request, "credit")

    assert finish(request, drain).credited == kit_order.invoices.get(kind="invoice").gross
    assert make.stock_of(make.sku("CUP")) == (6, 6, 0)


def component(order, code, quantity, share):
    return Asked(order.lines.get(), quantity, component=make.sku(code), share_percent=D(share))


def test_one_component_of_a_kit_comes_back_for_its_share(kit_order, drain):
    request = requests.open_request(kit_order, [component(kit_order, "CUP", 1, "20")])

    receiving.receive(request, [Arrived(request.lines.get(), 1)])
    settlement = finish(request, drain)

    assert settlement.credited == kit_order.invoices.get(kind="invoice").gross * D("0.2") / 2
    assert (make.fresh(kit_order).returned, make.stock_of(make.sku("CUP"))) == (0, (5, 5, 0))
    assert make.stock_of(make.sku("POT")) == (2, 2, 0)


def test_a_kit_that_lost_a_component_does_not_come_back_whole(kit_order, drain):
    request = requests.open_request(kit_order, [component(kit_order, "CUP", 2, "25")])
    line = kit_order.lines.get()

    with pytest.raises(Refused, match="You can return up to 1"):
        requests.open_request(kit_order, [Asked(line, 2)])
    whole = requests.open_request(kit_order, [Asked(line, 1)])
    with pytest.raises(Refused, match="at most 0 more kits"):
        requests.open_request(kit_order, [component(kit_order, "CUP", 1, "1")])
    rest = requests.open_request(kit_order, [component(kit_order, "POT", 1, "50")])
    credited = D(0)
    for each in (request, whole, rest):
        receiving.receive(each, [Arrived(each.lines.get(), each.lines.get().quantity)])
        credited += finish(each, drain).credited

    assert credited == kit_order.invoices.get(kind="invoice").gross


def test_shares_come_to_a_kit_at_most_and_are_stated(kit_order):
    with pytest.raises(Refused, match="Lower them to 100% a kit"):
        requests.open_request(kit_order, [component(kit_order, "CUP", 2, "60")])
    with pytest.raises(Refused, match="Say what share"):
        requests.open_request(
            kit_order, [Asked(kit_order.lines.get(), 1, component=make.sku("CUP"))]
        )
    with pytest.raises(Refused, match="no component of"):
        requests.open_request(kit_order, [component(kit_order, "TEE-M", 1, "10")])
