"""Any sequence of what people do leaves stock, orders, payments and returns as a small model says, and verify holds."""

from collections import Counter
from decimal import Decimal as D

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from fulfillment import labels, packing, picking, shipping, waves
from fulfillment.models import Shipment
from inventory import adjusting
from inventory.models import Stock
from oms.core import outbox
from oms.core.errors import DomainError
from oms.insights import verification
from orders import amending, billing, intake, lifecycle, payments
from orders.amending import LineChange
from orders.models import Invoice, Order, Payment
from returns import inspection, receiving, requests
from returns.inspection import Finding
from returns.models import ReturnRequest
from returns.receiving import Arrived
from returns.requests import Asked
from tests import builders as make
from tests.builders.orders import line
from tests.builders.stock import put, storage

pytestmark = pytest.mark.django_db
SKUS = ("A", "B", "KIT")
PARTS = {"A": {"A": 1}, "B": {"B": 1}, "KIT": {"A": 2, "B": 1}}
few, which = st.integers(1, 4), st.integers(0, 99)


def there_are(**conditions):
    """The rule makes sense while there are shipments like this."""
    return precondition(lambda self: Shipment.objects.filter(**conditions).exists())


def there_are_orders(**conditions):
    return precondition(lambda self: Order.objects.filter(**conditions).exists())


invoiced = precondition(lambda self: Invoice.objects.exists())


class Business(RuleBasedStateMachine):
    """Goods in the house are counted by the model; everything else is what verify asks."""

    def __init__(self):
        super().__init__()
        self.open_transaction = transaction.atomic()
        self.open_transaction.__enter__()
        self.in_house = Counter()
        for place in ("LON", "MAN"):
            for code in ("A", "B"):
                self._put(code, place, 4)
        make.sku("KIT", kit={"A": 2, "B": 1})
        make.service()
        for code in SKUS:
            make.priced(code, "3.33")
        make.taxes()
        self._begin()

    def _begin(self):
        """One order is shipped, one is picked and one waits to be, so that each sequence can go anywhere."""
        for code in ("A", "KIT", "B"):
            lifecycle.confirm(intake.enter(intake.Entry(make.channel(), make.customer(), [line(code, 2)])))
        outbox.drain()
        first, second, _ = Shipment.objects.order_by("pk")
        make.picked(second.order)
        make.packed(first.order)
        self._ship(make.fresh(first))
        outbox.drain()
        payments.allocate(make.transfer("8.00", reference="bank"), Invoice.objects.get())

    def teardown(self):
        outbox.drain()
        wrong = [str(breach) for breach in verification.breaches(files=False)]
        parked = [delivery.error for delivery in outbox.parked()]
        transaction.set_rollback(True)
        self.open_transaction.__exit__(None, None, None)
        assert wrong == []
        assert parked == []

    def _put(self, code, place, quantity):
        put(make.sku(code), place, quantity)
        self.in_house[code] += quantity

    def _pick_from(self, rows, index):
        rows = list(rows.order_by("pk"))
        return rows[index % len(rows)] if rows else None

    def _try(self, operation, *arguments, **options):
        try:
            return operation(*arguments, **options)
        except DomainError:
            return None

    @rule(code=st.sampled_from(SKUS), quantity=few, other=st.sampled_from(SKUS), backorder=st.booleans(),
          at_once=st.booleans())
    def enter(self, code, quantity, other, backorder, at_once):
        channel = make.channel("waits" if backorder else "reps", may_backorder=backorder)
        lines = [line(code, quantity), line(other, 1)]
        self._try(lifecycle.confirm, intake.enter(intake.Entry(channel, make.customer(), lines)))
        if at_once:
            outbox.drain()

    @rule(code=st.sampled_from(["A", "B"]), place=st.sampled_from(["LON", "MAN"]), quantity=few)
    def goods_come(self, code, place, quantity):
        self._put(code, place, quantity)

    @rule(code=st.sampled_from(["A", "B"]), place=st.sampled_from(["LON", "MAN"]))
    def a_unit_is_lost(self, code, place):
        if self._try(adjusting.adjust, make.sku(code), storage(make.warehouse(place)), -1, note="lost"):
            self.in_house[code] -= 1

    @there_are_orders(status__in=["placed", "confirmed"])
    @rule(index=which)
    def cancel(self, index):
        if order := self._pick_from(Order.objects.filter(status__in=["placed", "confirmed"]), index):
            self._try(lifecycle.cancel, order)

    @there_are_orders(status="confirmed")
    @rule(index=which)
    def cancel_a_unit(self, index):
        if order := self._pick_from(Order.objects.filter(status="confirmed"), index):
            self._try(lifecycle.cancel_lines, order, {order.lines.order_by("pk").first().pk: 1})

    @there_are_orders(status="confirmed")
    @rule(index=which, quantity=few, price=st.sampled_from([None, D("2.5")]))
    def amend(self, index, quantity, price):
        if order := self._pick_from(Order.objects.filter(status="confirmed"), index):
            change = LineChange(order.lines.order_by("pk").first(), quantity, price)
            self._try(amending.amend, order, [change])

    @there_are(status="open")
    @rule(index=which)
    def start_picking(self, index):
        if shipment := self._pick_from(Shipment.objects.filter(status="open"), index):
            self._try(waves.start_picking, shipment)

    @there_are(status="picking")
    @rule(index=which)
    def pick(self, index):
        if shipment := self._pick_from(Shipment.objects.filter(status="picking"), index):
            self._try(picking.pick_all, shipment)

    @there_are(status="picking")
    @rule(index=which)
    def pick_short(self, index):
        if shipment := self._pick_from(Shipment.objects.filter(status="picking"), index):
            row = shipment.lines.filter(reservation__state="pinned").first()
            if row:
                self._try(picking.report_short, row, row.reservation.quantity - 1)

    @there_are(status="picking")
    @rule(index=which)
    def put_back(self, index):
        if shipment := self._pick_from(Shipment.objects.filter(status="picking"), index):
            row = shipment.lines.filter(reservation__state="picked").first()
            if row:
                self._try(picking.put_back, row, storage(shipment.warehouse))

    @there_are(status="picking")
    @rule(index=which)
    def pack(self, index):
        if shipment := self._pick_from(Shipment.objects.filter(status="picking"), index):
            self._try(packing.pack, shipment)

    @there_are(status="packed")
    @rule(index=which)
    def unpack(self, index):
        if shipment := self._pick_from(Shipment.objects.filter(status="packed"), index):
            self._try(labels.void, shipment)
            self._try(packing.unpack, shipment)

    @there_are(status="packed")
    @rule(index=which)
    def ship(self, index):
        if shipment := self._pick_from(Shipment.objects.filter(status="packed"), index):
            self._ship(shipment)

    def _ship(self, shipment):
        self._try(labels.buy, shipment)
        outbox.drain()
        goods = Counter()
        for row in shipment.lines.select_related("reservation__sku"):
            goods[row.reservation.sku.code] += row.reservation.quantity
        if self._try(shipping.ship, make.fresh(shipment)):
            self.in_house -= goods

    @invoiced
    @rule(index=which, amount=st.sampled_from([D("1.00"), D(0), None]))
    def pay(self, index, amount):
        documents = Invoice.objects.open().exclude(kind="credit")
        if document := self._pick_from(documents, index):
            number = Payment.objects.count()
            amount = amount if amount != 0 else document.gross + 1
            payment = make.transfer(str(amount or document.gross), reference=f"bank {number}")
            self._try(payments.allocate, payment, document)

    @precondition(lambda self: Payment.objects.exists())
    @rule(index=which)
    def refund(self, index):
        if payment := self._pick_from(Payment.objects.filter(status="captured"), index):
            self._try(payments.refund, payment, D("0.50"), reference=f"refund {payment.number} {payment.version}")

    @invoiced
    @rule(index=which)
    def credit(self, index):
        if document := self._pick_from(Invoice.objects.filter(kind="invoice"), index):
            first = document.lines.order_by("pk").first()
            self._try(billing.credit, document, [billing.Credited(first, 1)], reference=f"c{Invoice.objects.count()}")

    @there_are_orders(shipped__gt=0)
    @rule(index=which, quantity=few, damaged=st.booleans(), wish=st.sampled_from(["refund", "credit"]))
    def give_back(self, index, quantity, damaged, wish):
        order = self._pick_from(Order.objects.filter(shipped__gt=0), index)
        if order is None:
            return
        row = order.lines.filter(shipped__gt=0).order_by("pk").first()
        request = self._try(requests.open_request, order, [Asked(row, min(quantity, row.shipped))], wish=wish)
        if request and request.status == ReturnRequest.Status.APPROVED:
            self._receive(request, damaged)

    def _receive(self, request, damaged):
        part = request.lines.get()
        good, bad = (0, part.quantity) if damaged else (part.quantity, 0)
        receiving.receive(request, [Arrived(part, good, bad)])
        part.refresh_from_db()
        kept = not damaged
        for code, per_unit in PARTS[part.order_line.sku.code].items():
            self.in_house[code] += per_unit * part.quantity * kept
        route = "scrap" if damaged else "restock"
        inspection.inspect(make.fresh(request), [Finding(part, part.quantity, "used", route, damaged)])

    @rule()
    def drain(self):
        outbox.drain()

    @invariant()
    def goods_in_the_house_are_as_many_as_the_model_says(self):
        booked = Counter()
        for row in Stock.objects.select_related("sku"):
            booked[row.sku.code] += row.on_hand
        assert +booked == +self.in_house


@pytest.mark.parametrize("batch", range(4))
def test_any_sequence_of_operations_holds(batch):
    run_state_machine_as_test(Business, settings=settings(
        max_examples=50, stateful_step_count=16, deadline=None, suppress_health_check=list(HealthCheck)))
