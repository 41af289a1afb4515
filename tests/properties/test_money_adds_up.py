"""Any sequence of what is done with the money of two orders leaves every amount used once, in two currencies.

The suite tries few examples; raise `max_examples` to look for new ones.
"""

from datetime import timedelta
from decimal import Decimal as D

import pytest
from django.db import transaction
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from oms.core import outbox
from oms.core.errors import DomainError, Refused
from oms.core.models import Company, Delivery, ExchangeRate
from oms.core.money import part, round_amount
from oms.insights import verification
from orders import lifecycle, order_entry
from orders.accounting import (
    applying,
    billing,
    counter_entries,
    crediting,
    deposits,
    payments,
    refunds,
    write_offs,
)
from orders.accounting.models import Invoice, InvoiceLine, Payment, PaymentApplication, WriteOff
from orders.models import Customer, Order, PaymentTerms, PriceList
from orders.order_entry import Charge, Entry, Line
from tests import builders as make
from tests import kept_plans
from tests.properties.leaving import leave

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_files")]
CURRENCIES = [
    ("GBP", "GBP"),
    ("GBP", "EUR"),
    ("GBP", "JPY"),
    ("GBP", "KWD"),
    ("JPY", "EUR"),
    ("KWD", "JPY"),
]
MOST = "most"  # an allowance of most of the order, which a single invoice of it can't bear
which, percents = st.integers(0, 9), st.integers(1, 100)
lines = st.lists(
    st.tuples(
        st.sampled_from(["standard", "reduced", "zero"]),
        st.integers(1, 5),
        st.decimals("10", "999.9999", places=4),
    ),
    min_size=1,
    max_size=2,
)
steps = st.lists(
    st.tuples(
        st.sampled_from(
            [
                "ask_deposit",
                "pay",
                "pay",
                "prepay",
                "overpay",
                "ship",
                "cancel",
                "cancel",
                "credit",
                "refund",
                "refund_credit",
                "write_off",
                "reverse",
                "unapply",
                "return_payment",
                "move",
                "free",
                "apply",
                "capture",
                "move_rates",
                "drain",
            ]
        ),
        which,
        percents,
    ),
    min_size=3,
    max_size=12,
)


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    currencies=st.sampled_from(CURRENCIES),
    wanted=lines,
    charge=st.sampled_from([0, 5, -9, MOST]),
    discount=st.booleans(),
    includes_tax=st.booleans(),
    billed_by=st.sampled_from(["shipment", "order"]),
    done=steps,
    ships=st.booleans(),
)
@example(
    currencies=("GBP", "GBP"),
    wanted=[("standard", 5, D("451.7530"))],
    charge=0,
    discount=False,
    includes_tax=True,
    billed_by="order",
    ships=False,
    done=[("ship", 1, 97), ("move_rates", 0, 95), ("ask_deposit", 0, 93), ("credit", 7, 1)],
)
def test_money_adds_up_whatever_is_done_with_it(
    currencies, wanted, charge, discount, includes_tax, billed_by, done, ships
):
    with transaction.atomic():
        books = Books(*currencies)
        books.open(wanted, charge, discount, includes_tax, billed_by)
        for name, index, percent in done:
            books.attempt(getattr(books, name), index, percent)
        books.end(ships)
        transaction.set_rollback(True)


class Books:
    """What bookkeepers do on two orders of a customer; each step does something or is refused."""

    def __init__(self, home, currency):
        self.home, self.currency, self.count = home, currency, 0

    def open(self, wanted, charge, discount, includes_tax, billed_by):
        make.taxes()
        Company.objects.filter(pk=make.company().pk).update(currency=self.home, write_off_limit=1)
        PriceList.objects.filter(pk=make.price_list().pk).update(includes_tax=includes_tax)
        self.rate(D("1.25"), days=40)
        self.rate(D("1.31"))
        way = make.channel(allow_backorders=True)
        way.refresh_from_db()
        early = PaymentTerms.objects.create(
            code="t", name="t", discount_percent=3 if discount else 0, discount_days=9
        )
        for code in ("C-1", "C-2"):
            make.customer(code, currency=self.currency, billing=billed_by, email="", terms=early)
        rows = [
            Line(make.sku(f"SKU-{name}", tax_class=name), quantity, price)
            for name, quantity, price in wanted
        ]
        if charge == MOST:
            charge = -self.share(sum(row.quantity * row.unit_price for row in rows), 70)
        for _ in range(2):
            made = order_entry.enter(
                Entry(
                    way,
                    Customer.objects.get(code="C-1"),
                    rows,
                    charges=[Charge("freight", "Freight", D(charge))] if charge else (),
                )
            )
            lifecycle.confirm(made)
        outbox.drain()

    def rate(self, rate, days=0):
        if self.home != self.currency:
            day = make.company().today() - timedelta(days=days)
            ExchangeRate.objects.update_or_create(
                company=make.company(), currency=self.currency, day=day, defaults={"rate": rate}
            )

    def attempt(self, step, index, percent):
        """A refusal is an answer like any other, and leaves nothing behind."""
        self.count += 1
        try:
            with transaction.atomic():
                step(index, percent)
        except DomainError:
            pass

    def share(self, amount, percent):
        return round_amount(amount * percent / 100, self.currency)

    def pick(self, rows, index):
        found = list(rows.order_by("pk"))
        if not found:
            raise Refused("There is none.")
        return found[index % len(found)]

    def an_order(self, index):
        return self.pick(Order.objects.all(), index)

    def an_invoice(self, index, **conditions):
        return self.pick(Invoice.objects.filter(**conditions).exclude(kind="credit"), index)

    def a_payment(self, index):
        return self.pick(Payment.objects.filter(status="captured"), index)

    def receive(self, amount, order=None, days=0):
        customer = Customer.objects.get(code="C-1")
        on = make.company().today() - timedelta(days=days)
        return payments.register_transfer(
            customer,
            amount,
            company=make.company(),
            reference=f"bank {self.count}",
            order=order,
            on=on,
        )

    def ask_deposit(self, index, percent):
        order = self.an_order(index)
        deposits.ask(order, self.share(order.gross, percent), reference=f"deposit {self.count}")

    def pay(self, index, percent):
        document = self.pick(Invoice.objects.open().exclude(kind="credit"), index)
        amount = self.share(document.open_amount, percent)
        payments.apply(self.receive(amount, days=percent % 20), document)

    def prepay(self, index, percent):
        order = self.an_order(index)
        self.receive(self.share(order.gross, percent), order)

    def overpay(self, index, percent):
        document = self.pick(Invoice.objects.open().exclude(kind="credit"), index)
        payments.apply(
            self.receive(document.open_amount + self.share(document.gross, percent)), document
        )

    def capture(self, index, percent):
        order = self.an_order(index)
        payment = payments.authorize(
            order, self.share(order.gross, percent), reference=f"card {self.count}"
        )
        outbox.drain()
        payments.capture(make.fresh(payment), self.share(payment.amount, 50))

    def ship(self, index, percent):
        order = leave(self.an_order(index), 1 + percent % 4)
        due = {
            line.pk: line.shipped - line.invoiced
            for line in order.lines.all()
            if line.shipped > line.invoiced
        }
        billing.bill_shipped(order, due, reference=f"shipment {self.count}")
        lifecycle.complete_if_done(make.fresh(order))

    def cancel(self, index, percent):
        order = self.an_order(index)
        line = self.pick(order.lines.all(), percent)
        lifecycle.cancel_lines(order, {line.pk: 1 + percent % 3})

    def credit(self, index, percent):
        document = self.an_invoice(index)
        line = self.pick(document.lines.filter(corrects=None), percent)
        crediting.credit(document, [crediting.Credited(line, 1)], reference=f"credit {self.count}")

    def refund(self, index, percent):
        payment = self.a_payment(index)
        refunds.refund(
            payment, self.share(payment.unapplied, percent), reference=f"refund {self.count}"
        )

    def refund_credit(self, index, percent):
        note = self.pick(Invoice.objects.open().filter(kind="credit"), index)
        refunds.refund(
            self.a_payment(percent),
            self.share(note.open_amount, percent),
            credit=note,
            reference=f"refund {self.count}",
        )

    def write_off(self, index, percent):
        document = self.an_invoice(index)
        kind = ["difference", "bad_debt", "discount"][percent % 3]
        write_offs.write_off(document, kind, amount=self.share(document.open_amount, percent))

    def reverse(self, index, percent):
        row = self.pick(WriteOff.objects.filter(reverses=None), index)
        write_offs.reverse(row, None if percent > 50 else self.share(row.left, percent))

    def unapply(self, index, percent):
        use = self.pick(PaymentApplication.objects.filter(reverses=None, write_off=None), index)
        counter_entries.unapply(use, None if percent > 50 else self.share(use.left, percent))

    def return_payment(self, index, percent):
        payment = self.a_payment(index)
        counter_entries.return_payment(
            payment,
            None if percent > 50 else self.share(payment.refundable, percent),
            fee=D(percent % 2),
            reference=f"return {self.count}",
        )

    def move(self, index, percent):
        to = Customer.objects.get(code="C-1" if percent % 2 else "C-2")
        counter_entries.move(self.a_payment(index), to)

    def free(self, index, percent):
        counter_entries.free(self.a_payment(index))

    def apply(self, index, percent):
        note = self.pick(Invoice.objects.open().filter(kind="credit"), index)
        applying.apply(note, self.an_invoice(percent), self.share(note.open_amount, percent))

    def move_rates(self, index, percent):
        self.rate(D("1.20") + D(percent) / 100)

    def drain(self, index, percent):
        outbox.drain()

    def end(self, ships):
        """All leaves, or what is left is canceled; then nothing may be left open that nobody asked to be."""
        for order in Order.objects.filter(status="confirmed").order_by("pk"):
            self.count += 1
            if ships:
                self.ship_all(order)
            elif any(line.open_quantity for line in order.lines.all()):
                lifecycle.cancel(order)
            outbox.drain()
        outbox.drain()
        self.prove()

    def ship_all(self, order):
        order = leave(order, 99)
        due = {line.pk: line.shipped - line.invoiced for line in order.lines.all()}
        billing.bill_shipped(order, due, reference=f"shipment {self.count}")
        lifecycle.complete_if_done(make.fresh(order))

    def prove(self):
        assert [f"{row.event} {row.error}" for row in Delivery.objects.exclude(error="")] == []
        assert {order.status for order in Order.objects.all()} <= {"completed", "canceled"}
        assert [
            str(breach) for breach in verification.breaches(files=False, ask=kept_plans.rows_of)
        ] == []
        for order in Order.objects.all():
            billed = sum(row.sign * row.gross for row in Invoice.objects.filter(order=order))
            assert billed == (self.left_to_pay(order) if order.status == "completed" else 0), order

    def left_to_pay(self, order):
        """What the first units of each line cost, as many as are kept and were not credited manually, and the charges.

        Units are compared, not amounts: a unit that is credited has the price of the last one that was billed then,
        which may be a cent off that of the last one that is kept.
        """
        by_hand = InvoiceLine.objects.filter(invoice__reference__startswith="credit")
        due = sum(charge.gross for charge in order.charges.filter(is_canceled=False))
        due -= sum(row.gross for row in by_hand.filter(charge__order=order, quantity__gt=0))
        for line in order.lines.all():
            credited = sum(row.quantity for row in by_hand.filter(order_line=line))
            kept = max(0, line.quantity - line.canceled - credited)
            due += part(line.gross, line.quantity, 0, kept, self.currency)
        return max(0, due)
