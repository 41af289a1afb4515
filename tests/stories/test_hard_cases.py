"""The hard cases that the architecture decides, each as a story."""

from datetime import timedelta
from decimal import Decimal as D

import pytest
from django.core.management import call_command
from django.utils import timezone

from fulfillment import labels, packing, picking, shipping, waves
from fulfillment.carriers.connectors.manual.connector import ManualCarrier
from fulfillment.models import ShippingLabel
from inventory import backorders, counting
from inventory.models import Count, CountLine, Demand, Reservation
from oms.core import outbox
from oms.core.errors import ConnectorError, Refused
from oms.core.models import Delivery, Event
from orders import amending, lifecycle
from orders.accounting import crediting, part_credits, payments, refunds
from orders.accounting.connectors.gateways.manual.connector import ManualGateway
from orders.accounting.crediting import Credited
from orders.accounting.models import Invoice, Payment, Refund
from orders.amending import LineChange
from orders.models import Order
from returns import inspection, receiving, requests
from tests import builders as make
from tests.builders.orders import only_line
from tests.builders.stock import put, storage

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("verified")]


def test_reserved_counts_only_what_is_not_yet_picked():
    tee = make.sku("TEE-M", stock={"LON": 10})
    order = make.confirmed(("TEE-M", 6), ("TEE-M", 4))
    shipment = waves.start_picking(make.shipment_of(order))

    picking.pick(shipment.lines.get(reservation__quantity=6))

    assert make.stock_of(tee) == (10, 4, 4)


def test_a_short_pick_waits_whatever_the_channel_allows(drain):
    make.sku("TEE-M", stock={"LON": 3})
    order = make.confirmed(("TEE-M", 3))  # a channel without backorders
    shipment = waves.start_picking(make.shipment_of(order))

    picking.report_short(shipment.lines.get(), found=1)
    drain()

    assert (Demand.objects.get().unreserved, make.fresh(order).status) == (2, "confirmed")
    packing.pack(make.fresh(shipment))
    put(make.sku("TEE-M"), "LON", 2)
    drain()
    assert Demand.objects.get().unreserved == 0


def test_a_count_finds_what_was_missing_and_serves_who_waits(drain):
    make.sku("TEE-M", stock={"LON": 3})
    order = make.confirmed(("TEE-M", 3))
    shipment = waves.start_picking(make.shipment_of(order))
    picking.report_short(shipment.lines.get(), found=1)
    drain()

    count = counting.plan(make.warehouse(), [storage(make.warehouse())])
    assert count.lines.count() == 0  # the books say that the bin is empty
    CountLine.objects.create(count=count, sku=make.sku("TEE-M"), bin=storage(make.warehouse()))
    counting.key(count, {count.lines.get().pk: 2})
    counting.reconcile(Count.objects.get())
    drain()

    assert make.bin_stock(make.sku("TEE-M"), "LON", "MISSING") == 0
    assert make.fresh(order).reserved == 3


def test_a_kit_is_unreserved_whole(drain):
    make.sku("CUP", stock={"LON": 4})
    make.sku("POT", stock={"LON": 2})
    make.sku("SET", kit={"CUP": 2, "POT": 1})
    order = make.confirmed(("SET", 2))

    lifecycle.cancel_lines(order, {only_line(order).pk: 1})
    drain()

    assert dict(Demand.objects.values_list("sku__code", "reserved")) == {"CUP": 2, "POT": 1}


def test_picked_kits_without_a_part_are_put_back_and_wait(drain):
    make.sku("CUP", stock={"LON": 4})
    make.sku("POT", stock={"LON": 2})
    make.sku("SET", kit={"CUP": 2, "POT": 1})
    order = make.confirmed(("SET", 2), backorder=True)
    shipment = waves.start_picking(make.shipment_of(order))
    pots = shipment.lines.get(reservation__sku__code="POT")
    picking.pick(pots)

    picking.report_short(shipment.lines.get(reservation__sku__code="CUP"), found=2)
    drain()
    with pytest.raises(Refused, match="Put them back before packing"):
        packing.pack(make.fresh(shipment))
    for row in picking.lines_to_put_back(shipment):
        picking.put_back(row, storage(make.warehouse()))
    drain()
    packing.pack(make.fresh(shipment))

    assert dict(Demand.objects.values_list("sku__code", "picked")) == {"CUP": 2, "POT": 1}
    assert dict(Demand.objects.values_list("sku__code", "unreserved")) == {"CUP": 2, "POT": 1}


def test_a_kit_never_leaves_without_a_part_that_was_put_back(drain):
    make.sku("CUP", stock={"LON": 4})
    make.sku("POT", stock={"LON": 2})
    make.sku("SET", kit={"CUP": 2, "POT": 1})
    order = make.confirmed(("SET", 2))
    shipment = make.picked(order)
    picking.put_back(shipment.lines.get(reservation__sku__code="CUP"), storage(make.warehouse()))
    drain()

    with pytest.raises(Refused, match="kits are incomplete"):
        packing.pack(make.fresh(shipment))

    picking.put_back(make.fresh(shipment).lines.get(), storage(make.warehouse()))
    drain()
    shipping.ship(make.labeled(order))
    drain()
    assert (make.fresh(order).status, only_line(order).shipped) == ("completed", 2)


def test_a_changed_price_splits_what_is_not_shipped(drain):
    make.sku("TEE-M", stock={"LON": 2})
    order = make.shipped(("TEE-M", 5, "10"), backorder=True)
    put(make.sku("TEE-M"), "LON", 3)
    drain()

    amending.amend(make.fresh(order), [LineChange(only_line(order), unit_price=D("8"))])
    drain()
    shipping.ship(make.labeled(order))
    drain()

    order = make.fresh(order)
    assert [invoice.net for invoice in order.invoices.order_by("pk")] == [D("20.00"), D("24.00")]
    assert (order.status, order.net) == ("completed", D("44.00"))


def test_a_credit_first_invoices_what_was_shipped_and_is_not_invoiced(drain):
    make.sku("TEE-M", stock={"LON": 5})
    order = make.confirmed(("TEE-M", 2))
    shipping.ship(make.labeled(order))  # its invoice is still to come: nobody has drained

    (note,) = part_credits.credit_units(order, {only_line(order).pk: 1}, reference="early")
    drain()

    assert (note.gross, make.fresh(order).invoiced) == (D("12.00"), 2)
    assert Invoice.objects.filter(kind="invoice").count() == 1


def test_a_handler_that_comes_late_finds_nothing_due_and_is_content(drain):
    make.sku("TEE-M", stock={"LON": 5})
    order = make.confirmed(("TEE-M", 2))
    Delivery.objects.all().delete()
    Event.objects.update(is_drained=False)
    lifecycle.cancel(order)

    drain()

    assert outbox.parked() == []


def test_an_answer_is_recorded_whatever_the_document_is_by_then(drain):
    make.sku("TEE-M", stock={"LON": 5})
    make.service()
    order = make.confirmed(("TEE-M", 2))
    shipment = make.packed(order)
    labels.buy(shipment)
    labels.void(make.fresh(shipment))
    packing.unpack(make.fresh(shipment))

    drain()
    labels.record_bought(ShippingLabel.objects.get(), labels.BoughtLabel("T-1", D("4.50")))
    drain()

    assert ShippingLabel.objects.get().status == "voided"


def test_a_label_without_an_answer_bars_a_second_and_is_given_back_when_unwanted(
    drain, monkeypatch
):
    """The carrier made the label, and its answer was lost on the way."""
    make.sku("TEE-M", stock={"LON": 5})
    make.service()
    shipment = make.packed(make.confirmed(("TEE-M", 2)))
    voided = []

    def lose_the_answer(self, request):
        raise ConnectorError("time-out", permanent=False)

    monkeypatch.setattr(ManualCarrier, "buy", lose_the_answer)
    monkeypatch.setattr(ManualCarrier, "void", lambda self, key, number: voided.append(key))
    labels.buy(shipment)
    drain()
    with pytest.raises(Refused, match="waiting for the carrier"):
        labels.buy(make.fresh(shipment))

    labels.void(make.fresh(shipment))
    outbox.drain(now=timezone.now() + timedelta(minutes=1))

    label = ShippingLabel.objects.get()
    assert (label.status, voided) == ("voided", [label.key])


def test_money_for_a_canceled_order_goes_back_whichever_came_first(drain):
    early, late = make.order(lines=[("TEE-M", 1)]), make.order(lines=[("TEE-M", 1)])
    for order in (early, late):
        payments.authorize(order, D("12.00"), reference=f"card {order.number}")
    lifecycle.cancel(early)
    drain()
    payments.capture(late.payments.get())
    drain()
    lifecycle.cancel(late)
    drain()

    assert early.payments.get().status == "voided"
    assert (late.payments.get().refunded, Refund.objects.get().status) == (D("12.00"), "done")


def test_a_credit_clears_the_open_invoices_of_its_order_before_money_goes_back(drain):
    """Two shipments, two invoices: 24.00, paid; and 12.00, of which 5.00 are paid. Goods worth 24.00 come back."""
    make.sku("TEE-M", stock={"LON": 9})
    order = make.shipped(("TEE-M", 2), ("MUG", 1), backorder=True)
    put(make.sku("MUG"), "LON", 1)
    drain()
    make.ship_rest(order)
    first, second = order.invoices.order_by("pk")
    payment = make.transfer("29.00")
    payments.apply(payment, first)
    payments.apply(payment, second, D("5.00"))

    settlement = make.settled(order, good=2).settlement

    assert [make.fresh(row).open_amount for row in (first, second)] == [0, 0]
    assert (settlement.cleared, settlement.to_refund) == (D("7.00"), D("17.00"))
    assert make.fresh(payment).refunded == D("17.00")


def test_a_gateway_that_is_down_is_asked_again_and_pays_once(drain, monkeypatch):
    order = make.order(lines=[("TEE-M", 1)])
    answers = [ConnectorError("time-out", permanent=False), None]

    def authorize(self, key, amount, currency):
        problem = answers.pop(0)
        if problem:
            raise problem
        return real(self, key, amount, currency)

    real = ManualGateway.authorize
    monkeypatch.setattr(ManualGateway, "authorize", authorize)
    payments.authorize(order, D("12.00"), reference="card")
    drain()
    assert Payment.objects.get().status == "requested"

    outbox.drain(now=timezone.now() + timedelta(minutes=1))
    outbox.drain()

    assert (Payment.objects.get().status, answers) == ("authorized", [])


def test_a_refused_refund_gives_the_credit_back(drain, monkeypatch):
    make.sku("TEE-M", stock={"LON": 5})
    order = make.shipped(("TEE-M", 2))
    document = order.invoices.get()
    payment = make.transfer(str(document.gross))
    payments.apply(payment, document)
    note = crediting.credit(document, [Credited(document.lines.get(), 1)], reference="c1")

    def refuse(self, *args):
        raise ConnectorError("account closed", permanent=True)

    monkeypatch.setattr(ManualGateway, "refund", refuse)
    refunds.refund(payment, note.gross, reference="r1", credit=note)
    drain()

    assert (Refund.objects.get().status, make.fresh(note).open_amount) == ("failed", D("12.00"))


def test_a_live_return_of_historical_goods_is_credited_and_moves_real_stock(
    drain, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    make.warehouse()
    rows = (
        "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
        "536365,TEE,SHIRT,6,2010-12-01 08:26:00,2.50,17850,United Kingdom\n"
    )
    (tmp_path / "past.csv").write_text(rows)
    call_command("import_orders", "past.csv", "--format", "online-retail", "--as", "history")
    order = Order.objects.get()
    request = make.asked_back(order, 2)
    assert request.status == "requested"  # nobody knows when it was shipped
    requests.approve(request)
    part = request.lines.get()
    receiving.receive(make.fresh(request), [receiving.Arrived(part, 2)])
    inspection.inspect(make.fresh(request), [inspection.Finding(part, 2)])
    drain()

    assert (make.fresh(order).returned, make.stock_of(make.sku("TEE"))) == (2, (2, 2, 0))
    assert Invoice.objects.get(kind="credit").gross == D("5.00")


def test_serving_goes_by_priority_then_age_and_a_free_unit_finds_its_way(drain):
    make.sku("TEE-M", stock={"LON": 2})
    first = make.confirmed(("TEE-M", 2))
    waiting = make.confirmed(("TEE-M", 1), backorder=True, channel_code="waits")

    lifecycle.cancel(first)
    drain()

    assert make.fresh(waiting).reserved == 1
    assert backorders.serve([make.sku("TEE-M").pk]) == []
    assert Reservation.objects.filter(state="reserved").count() == 1
