"""The whole way of an order, told as the people who work on it would tell it."""

from datetime import date, timedelta
from decimal import Decimal as D

import pytest
from django.utils import timezone

from fulfillment import labels, packing, picking, shipping, tracking, waves
from fulfillment.models import Shipment, TrackingEvent
from inventory.purchasing import purchase_orders as purchasing
from inventory.purchasing import receiving, replenishment
from inventory.purchasing.models import PurchaseOrder, ReorderRule, SupplierItem
from inventory.purchasing.receiving import Received
from oms.core.models import Event
from orders import lifecycle, order_entry
from orders.accounting import payments
from orders.accounting.models import Invoice, Payment
from orders.order_entry import Entry
from returns import inspection, requests
from returns import receiving as returning
from returns.inspection import Finding
from returns.receiving import Arrived
from returns.requests import Asked
from tests import builders as make
from tests.builders.orders import line
from tests.builders.stock import supplier

pytestmark = [pytest.mark.smoke, pytest.mark.django_db, pytest.mark.usefixtures("verified")]


def test_from_a_quote_to_a_refund(drain, mailoutbox):
    make.taxes()
    make.service()
    make.sku("TEE-M", stock={"LON": 10})
    make.sku("CAP", stock={"LON": 10})

    # The rep quotes, and the customer says yes.
    order = order_entry.draft(
        Entry(make.channel(), make.customer(), [line("TEE-M", 4), line("CAP", 2)])
    )
    order = order_entry.quote(order, valid_until=date(2999, 1, 1))
    order = order_entry.place(order)
    order = lifecycle.confirm(order)
    drain()
    assert (make.fresh(order).reserved, order.gross) == (6, D("72.00"))

    # The warehouse picks, packs, labels and ships.
    (wave,) = waves.propose(make.warehouse())
    waves.release(wave)
    shipment = picking.pick_all(Shipment.objects.get())
    packing.pack(shipment)
    packing.verify(Shipment.objects.get().packages.get(), {"TEE-M": 4, "CAP": 2})
    labels.buy(Shipment.objects.get())
    drain()
    shipping.ship(Shipment.objects.get())
    drain()

    # The accountant finds the invoice issued, and the customer pays.
    document = Invoice.objects.get()
    assert (document.gross, make.fresh(order).status) == (D("72.00"), "completed")
    payments.apply(make.transfer("72.00"), document)

    # The carrier delivers; two shirts come back, one of them torn.
    (number,) = shipping.tracking_numbers(Shipment.objects.get())
    tracking.record(number, TrackingEvent.Kind.DELIVERED, timezone.now())
    shirts = order.lines.get(sku__code="TEE-M")
    request = requests.open_request(make.fresh(order), [Asked(shirts, 2, "damaged")])
    part = request.lines.get()
    returning.receive(request, [Arrived(part, good=1, damaged=1)])
    inspection.inspect(
        make.fresh(request), [Finding(part, 1), Finding(part, 1, "broken", "scrap", damaged=True)]
    )
    drain()

    # The money is back, the good shirt is on the shelf, and everybody was told.
    assert (Payment.objects.get().refunded, make.balance(order.customer)) == (D("24.00"), 0)
    assert make.stock_of(make.sku("TEE-M")) == (7, 7, 0)
    assert [mail.subject.split()[0] for mail in mailoutbox] == [
        "Your",
        "Your",
        "Invoice",
        "Your",
        "We've",
        "Credit",
        "We've",
    ]
    names = list(
        Event.objects.filter(subject_type="order").order_by("id").values_list("name", flat=True)
    )
    assert names == [
        "order.created",
        "order.quoted",
        "order.placed",
        "order.confirmed",
        "order.completed",
    ]


def test_two_lines_with_one_sku_ship_and_bill_apart(drain):
    make.sku("TEE-M", stock={"LON": 10})

    order = make.shipped(("TEE-M", 2, "10"), ("TEE-M", 3, "8"))

    assert [(row.shipped, row.invoiced) for row in order.lines.order_by("position")] == [
        (2, 2),
        (3, 3),
    ]
    assert order.invoices.get().net == D("44.00")


def test_low_stock_is_bought_and_fills_a_backorder(drain):
    tee = make.sku("TEE-M", stock={"LON": 1})
    SupplierItem.objects.create(supplier=supplier(), sku=tee, cost="4")
    ReorderRule.objects.create(sku=tee, warehouse=make.warehouse(), point=5, target=10)
    order = make.confirmed(("TEE-M", 3), backorder=True)

    (purchase,) = replenishment.reorder_check().orders
    purchase = purchasing.send(purchasing.approve(purchase))
    receiving.receive(purchase, [Received(row, row.quantity) for row in purchase.lines.all()])
    drain()

    assert (PurchaseOrder.objects.get().status, make.fresh(order).reserved) == ("closed", 3)


@pytest.mark.parametrize(
    "stage", ["draft", "quoted", "placed", "confirmed", "picking", "picked", "packed"]
)
def test_cancel_at_every_stage_leaves_the_stock_as_it_was(stage, drain):
    make.taxes()
    tee = make.sku("TEE-M", stock={"LON": 10})
    order = order_entry.draft(Entry(make.channel(), make.customer(), [line("TEE-M", 4)]))
    steps = {
        "quoted": lambda: order_entry.quote(
            order, valid_until=timezone.now().date() + timedelta(days=9)
        )
    }
    steps["placed"] = lambda: order_entry.place(make.fresh(order))
    steps["confirmed"] = lambda: (lifecycle.confirm(make.fresh(order)), drain())
    steps["picking"] = lambda: waves.start_picking(make.shipment_of(order))
    steps["picked"] = lambda: picking.pick_all(make.shipment_of(order))
    steps["packed"] = lambda: packing.pack(make.shipment_of(order))
    for name, step in steps.items() if stage != "draft" else []:
        step()
        if name == stage:
            break

    lifecycle.cancel(make.fresh(order))
    drain()
    if stage == "packed":
        packing.unpack(make.shipment_of(order))
    if stage in ("picked", "packed"):
        for row in picking.lines_to_put_back(make.shipment_of(order)):
            picking.put_back(row, make.warehouse().bins.get(code="A-01"))
        drain()

    assert (make.fresh(order).status, make.stock_of(tee)) == ("canceled", (10, 10, 0))
    assert set(Shipment.objects.values_list("status", flat=True)) <= {"canceled"}


def test_canceling_a_partly_shipped_order_cancels_its_rest_and_completes_it(drain):
    make.sku("TEE-M", stock={"LON": 2})
    order = make.shipped(("TEE-M", 5), backorder=True)

    lifecycle.cancel(order)
    drain()

    order = make.fresh(order)
    assert (order.status, order.shipped, order.canceled, order.gross) == (
        "completed",
        2,
        3,
        D("24.00"),
    )
