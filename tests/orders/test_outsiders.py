"""Actors that are no users: a customer by the link to an order, and a channel. Each reaches its own rows alone."""

import pytest
from django.apps import apps

from fulfillment.models import (
    Package,
    PackageContent,
    PickTask,
    Shipment,
    ShipmentLine,
    TrackingEvent,
)
from oms.core import event_catalog, events, operations, outbox, policy
from oms.core.errors import NotAllowed
from oms.core.models import Event
from orders import outsiders
from orders.accounting.models import Installment, Invoice, InvoiceLine, Payment
from orders.amending import LineChange
from orders.models import Channel, Customer, Order, OrderCharge, OrderHold, OrderLine
from orders.operations import CancelRow
from orders.order_entry import Entry
from returns.models import ReturnLine, ReturnRequest
from tests import builders as make
from tests.web.test_rights import plant

pytestmark = pytest.mark.django_db


@pytest.fixture
def house():
    """Two customers' business, and an order of one of them through another channel."""
    plant("LON", "C-1", "me")
    plant("LEE", "C-2", "other")
    make.shipped(("SKU-LON", 1), customer_code="C-1", channel_code="shop")
    outbox.drain()


@pytest.fixture
def shop():
    return make.channel("shop")


def seen_by(actor):
    """What an actor reaches of each model, where it reaches anything."""
    found = {model: set(policy.scope(model, actor)) for model in apps.get_models()}
    return {model: rows for model, rows in found.items() if rows}


def without_none(rows):
    return {model: set(found) for model, found in rows.items() if found}


def test_a_customer_by_link_sees_an_orders_rows_alone(house):
    returned = ReturnRequest.objects.filter(order__customer__code="C-1").get().order
    numbers = {
        each.number
        for rows in (
            Order.objects.filter(pk=returned.pk),
            Shipment.objects.filter(order=returned),
            Invoice.objects.filter(order=returned),
            ReturnRequest.objects.filter(order=returned),
        )
        for each in rows
    }

    seen = seen_by(outsiders.customer_of(returned))

    shipments = Shipment.objects.filter(order=returned)
    invoices = Invoice.objects.filter(order=returned, status="issued")
    assert seen == without_none(
        {
            Order: [returned],
            OrderLine: returned.lines.all(),
            OrderCharge: returned.charges.all(),
            Shipment: shipments,
            ShipmentLine: ShipmentLine.objects.filter(shipment__in=shipments),
            Package: Package.objects.filter(shipment__in=shipments),
            PackageContent: PackageContent.objects.filter(package__shipment__in=shipments),
            TrackingEvent: TrackingEvent.objects.filter(shipment__in=shipments),
            Invoice: invoices,
            InvoiceLine: InvoiceLine.objects.filter(invoice__in=invoices),
            Installment: Installment.objects.filter(invoice__in=invoices),
            ReturnRequest: ReturnRequest.objects.filter(order=returned),
            ReturnLine: ReturnLine.objects.filter(request__order=returned),
            Event: Event.objects.filter(
                subject_number__in=numbers, name__in=event_catalog.for_customers()
            ),
        }
    )
    assert {"order.placed", "shipment.shipped", "invoice.issued", "return.settled"} <= {
        event.name for event in seen[Event]
    }
    assert len(seen) == 11 and len(invoices) > 1


def test_a_channel_sees_its_orders_and_their_events_alone(house, shop):
    order = Order.objects.get(channel=shop)

    assert seen_by(outsiders.account_of(shop)) == {
        Order: {order},
        OrderLine: set(order.lines.all()),
        Event: set(events.timeline("order", order.number)),
    }


def test_an_outsider_has_few_rights_and_none_that_its_kind_may_not_have(house, shop):
    order = Order.objects.get(channel=shop)
    customer, channel = outsiders.customer_of(order), outsiders.account_of(shop)
    blind = outsiders.customer_of(order, [(Order, "view"), (Shipment, "view"), (Invoice, "view")])
    rights = {
        actor.name: sum(
            policy.may(actor, right, model)
            for model, offered in policy.offered().items()
            for right in offered
        )
        for actor in (customer, channel)
    }

    assert rights == {"customer by link": 10, "channel shop": 12}
    assert not policy.may(blind, "view", Invoice) and not policy.scope(Invoice, blind).exists()
    assert not policy.shows(blind, Order, "gross") and policy.shows(customer, Order, "gross")
    assert not policy.may(customer, "view", Payment) and not policy.may(customer, "view", Customer)
    assert not policy.may(customer, "view", PickTask) and not policy.may(channel, "view", Shipment)
    with pytest.raises(AssertionError):
        outsiders.customer_of(order, [(Order, "amend")])


def test_what_a_customer_does_is_theirs_and_named_in_the_history():
    make.sku("TEE-M", stock={"LON": 20})
    order, other = make.confirmed(("TEE-M", 5)), make.confirmed(("TEE-M", 5))
    customer = outsiders.customer_of(order)
    cancel = operations.of(Order)["cancel_lines"]

    done = cancel.perform(
        order, by=customer, lines=[CancelRow(order.lines.get(), 2)], reason="too many"
    )
    with pytest.raises(NotAllowed):
        cancel.perform(other, by=customer, lines=[CancelRow(other.lines.get(), 2)])
    with pytest.raises(NotAllowed):
        operations.of(Order)["hold"].perform(order, by=customer, reason="x")

    assert [line.canceled for line in done.lines.all()] == [2]
    assert make.fresh(other).version == other.version
    told = events.timeline("order", order.number).get(name="order.lines_canceled")
    assert (told.by, told.actor, told.who) == (None, "customer by link", "customer by link")
    assert {step.name for step in operations.next_steps(make.fresh(order), customer)} == {
        "cancel_lines",
        "cancel",
    }
    assert operations.next_steps(make.fresh(other), customer) == []


def test_a_channel_enters_amends_and_cancels_its_own_orders(log_in_manager, shop):
    make.sku("TEE-M", stock={"LON": 20})
    make.taxes()
    channel, lines = outsiders.account_of(shop), [make.line("TEE-M", 3)]

    order = outsiders.enter(Entry(shop, make.customer(), lines, external_id="A-1"), by=channel)
    operations.of(Order)["confirm"].perform(order, by=channel)
    line = order.lines.get()
    operations.of(Order)["amend"].perform(
        make.fresh(order), by=channel, lines=[LineChange(line, 2, line.unit_price)], additions=[]
    )
    operations.of(Order)["hold"].perform(make.fresh(order), by=channel, reason="asked by phone")
    outbox.drain()
    operations.of(Order)["cancel"].perform(make.fresh(order), by=channel, reason="not wanted")

    history = events.timeline("order", order.number)
    named = {event.name: event.who for event in history if event.who}
    assert set(named.values()) == {"channel shop"}
    assert {"order.placed", "order.confirmed", "order.amended", "order.hold_placed"} <= set(named)
    assert make.fresh(order).status == "canceled" and OrderHold.objects.get().placed_by is None
    page = log_in_manager.get(f"/admin/orders/order/{order.pk}/change/").content.decode()
    assert "<td>channel shop</td>" in page


def test_a_channel_enters_nothing_for_another(shop):
    make.taxes()
    make.sku("TEE-M", stock={"LON": 20})
    other = make.confirmed(("TEE-M", 1))
    channel = outsiders.account_of(shop)

    with pytest.raises(NotAllowed, match="outside"):
        outsiders.enter(
            Entry(Channel.objects.get(code="reps"), make.customer(), [make.line("TEE-M", 1)]),
            by=channel,
        )
    with pytest.raises(NotAllowed):
        operations.of(Order)["cancel"].perform(other, by=channel, reason="x")
    with pytest.raises(NotAllowed):
        outsiders.enter(
            Entry(shop, make.customer(), [make.line("TEE-M", 1)]), by=outsiders.customer_of(other)
        )

    assert list(Order.objects.all()) == [other] and make.fresh(other).status == "confirmed"


@pytest.fixture
def log_in_manager(client):
    person = make.user("manager", "manager")
    person.is_staff = True
    person.save()
    client.force_login(person)
    return client
