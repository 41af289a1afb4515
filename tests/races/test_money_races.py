from decimal import Decimal as D

import pytest

from inventory.models import Reservation
from oms.core import idempotency, operations, outbox
from oms.insights import completeness_rules, verification
from oms.insights.invariants import check
from orders import exposure, lifecycle, order_entry
from orders.accounting import (
    billing,
    consolidated_invoicing,
    crediting,
    deposits,
    payments,
    refunds,
)
from orders.accounting.crediting import Credited
from orders.accounting.models import Invoice, Payment, Refund
from orders.models import Order
from orders.order_entry import Charge
from tests import builders as make
from tests.properties.leaving import leave
from tests.races.conftest import kinds

pytestmark = pytest.mark.django_db(transaction=True)


def test_two_confirm_buttons_promise_once(race):
    tee = make.sku("TEE-M", stock={"LON": 9})
    order = make.order(lines=[("TEE-M", 3)])

    results = race(lambda: lifecycle.confirm(order), lambda: lifecycle.confirm(order))

    assert kinds(results) == {"done": 1, "WrongState": 1}
    assert make.stock_of(tee) == (9, 9, 3)


def test_cancel_against_confirm_ends_in_one_of_both(race):
    for turn in range(6):
        tee = make.sku(f"TEE-{turn}", stock={"LON": 9})
        order = make.order(lines=[(f"TEE-{turn}", 3)])

        race(
            lambda order=order: lifecycle.confirm(order),
            lambda order=order: lifecycle.cancel(order),
        )

        assert make.fresh(order).status == "canceled"
        assert make.stock_of(tee) == (9, 9, 0)


def test_double_capture_and_double_refund_happen_once(race):
    order = make.order(lines=[("TEE-M", 3)])
    payments.authorize(order, D("30.00"), reference="web-1")
    outbox.drain()
    payment = Payment.objects.get()

    captured = race(lambda: payments.capture(payment), lambda: payments.capture(payment))
    outbox.drain()
    refunded = race(
        *[lambda n=n: refunds.refund(payment, D("20.00"), reference=f"r{n}") for n in range(4)]
    )

    assert kinds(captured) == {"done": 1, "WrongState": 1}
    assert kinds(refunded) == {"done": 1, "Refused": 3}
    assert Refund.objects.count() == 1


def test_the_same_transfer_registered_at_once_is_booked_once(race):
    make.customer()

    results = race(*[lambda: make.transfer("10.00") for _ in range(4)])

    assert kinds(results) == {"done": 4}
    assert Payment.objects.count() == 1


def test_numbers_taken_at_once_have_no_gap_and_one_chain(race):
    make.sku("TEE-M", stock={"LON": 900})
    orders = [make.confirmed(("TEE-M", 5)) for _ in range(8)]
    lines = [order.lines.get().pk for order in orders]

    for turn in range(3):
        results = race(
            *[
                lambda order=order, line=line, turn=turn: billing.invoice(
                    order,
                    {line: 9 if turn == 1 and order.pk % 2 else 1},
                    reference=f"{order.number}/{turn}",
                )
                for order, line in zip(orders, lines, strict=True)
            ]
        )
        assert kinds(results) in ({"done": 8}, {"done": 4, "Refused": 4})

    issued = list(Invoice.objects.order_by("sequence_number"))
    assert [row.sequence_number for row in issued] == list(range(1, 21))
    assert [row.previous_hash for row in issued[1:]] == [row.hash for row in issued[:-1]]


def test_credit_limit_holds_under_many_orders_at_once(race):
    make.sku("TEE-M", stock={"LON": 900})
    make.customer(credit_limit=D("50"))
    make.order(lines=[("TEE-M", 1)])

    race(*[lambda: make.order(lines=[("TEE-M", 1)]) for _ in range(6)])

    free = Order.objects.exclude(holds__released_at=None, holds__isnull=False)
    assert sum(order.gross for order in free) <= 50
    assert Reservation.objects.count() == 0


ROUNDS = 25


@pytest.mark.parametrize("enter", ["whole", "from a draft"])
def test_of_two_confirms_against_one_credit_limit_exactly_one_passes(race, enter):
    """Both orders fit into the limit alone, not together."""
    make.taxes()
    make.sku("TEE-M", stock={"LON": 900})
    for turn in range(ROUNDS):
        person = make.customer(f"C-{turn}", credit_limit=D("20"))
        entry = order_entry.Entry(make.channel(), person, [make.line("TEE-M", 1)])
        drafts = [order_entry.draft(entry) for _ in range(2)] if enter == "from a draft" else []
        ways = [lambda d=each: order_entry.place(d) for each in drafts] or [
            lambda e=entry: order_entry.enter(e)
        ] * 2

        results = race(*[lambda w=way: lifecycle.confirm(w()) for way in ways])

        assert kinds(results) == {"done": 1, "Refused": 1}, results
        assert exposure.of(person) == D("24.00")  # the other one waits on hold
    everything_holds()


def test_folding_while_orders_come_in_loses_and_doubles_nothing(race):
    make.sku("TEE-M", stock={"LON": 900})
    make.order(lines=[("TEE-M", 1)])
    for _ in range(ROUNDS):
        race(
            *[lambda: make.order(lines=[("TEE-M", 1)]) for _ in range(3)],
            exposure.fold,
            exposure.fold,
        )

    assert (
        exposure.of(make.customer())
        == sum(Order.objects.values_list("gross", flat=True))
        == D(12 * (3 * ROUNDS + 1))
    )
    everything_holds()


def everything_holds():
    outbox.drain()
    assert [str(breach) for breach in verification.breaches()] == []
    assert outbox.parked() == []


def test_deposit_against_cancel_leaves_no_deposit_behind(race):
    make.sku("TEE-M", stock={"LON": 900})
    for turn in range(ROUNDS):
        order = make.confirmed(("TEE-M", 3))

        results = race(
            lambda o=order, t=turn: deposits.ask(o, D("30.00"), reference=f"d{t}"),
            lambda o=order: lifecycle.cancel(o),
        )
        outbox.drain()

        assert kinds(results) in ({"done": 2}, {"done": 1, "WrongState": 1}), results
        own = {row.kind: row.gross for row in order.invoices.all()}
        assert own in ({}, {"deposit": D("30.00"), "credit": D("30.00")})
    everything_holds()


def test_refund_against_refund_makes_both_once(race):
    """Two accountants give back 10 and 20 of what is left, at once; a third 20 would be too much."""
    by, refund = make.user("anne", "accountant"), operations.of(Payment)["refund"]
    for turn in range(ROUNDS):
        payment = make.transfer("40.00", f"bank {turn}")

        results = race(
            *[
                lambda p=payment, a=amount: refund.perform(p, by=by, amount=D(a), credit=None)
                for amount in ("10.00", "20.00", "20.00")
            ]
        )

        assert kinds(results) == {"done": 2, "Refused": 1}, results
        amounts = sorted(payment.refunds.values_list("amount", flat=True))
        assert amounts in ([10, 20], [20, 20])
        assert make.fresh(payment).refunded == sum(amounts)
    everything_holds()


def test_credit_against_credit_makes_both_once(race):
    by, credit = make.user("anne", "accountant"), operations.of(Invoice)["credit"]
    make.sku("TEE-M", stock={"LON": 900})
    for turn in range(ROUNDS):
        order = make.confirmed(("TEE-M", 3))
        document = billing.invoice(order, {order.lines.get().pk: 3}, reference=f"i{turn}")
        line = document.lines.get()

        results = race(
            *[
                lambda d=document, n=line, u=units: credit.perform(d, by=by, lines=[Credited(n, u)])
                for units in (1, 2, 2)
            ]
        )

        assert kinds(results) == {"done": 2, "Refused": 1}, results
        assert make.fresh(line).credited in (3, 2) and document.credits.count() == 2
    everything_holds()


@pytest.mark.parametrize("together", [False, True])
def test_credits_of_two_invoices_take_an_allowance_of_their_order_back_once(race, together):
    """An allowance of 36 that neither invoice of 24 could bear was credited alone, so that 12 are left to credit."""
    make.customer(billing="month")
    for turn in range(5):
        order = make.confirmed(
            ("TEE-M", 4), backorder=True, charges=[Charge("allowance", "Spring", D("-30"))]
        )
        other = make.confirmed(("TEE-M", 4), backorder=True)
        documents = [_billed_by_halves(order, other, together) for _half in range(2)]
        lines = [document.lines.get(order_line__order=order) for document in documents]

        results = race(
            *[
                lambda d=document, n=line, t=turn: crediting.credit(
                    d, [Credited(n, 2)], reference=f"{t} {d.pk}"
                )
                for document, line in zip(documents, lines, strict=True)
            ]
        )

        assert kinds(results) == {"done": 2}, results
        notes = billing.of_order(order).filter(kind="credit")
        assert sorted(note.gross for note in notes) == [0, 12, 36]
    assert check(completeness_rules.RULES) == []


def _billed_by_halves(order, other, together):
    for each in (order, other):
        leave(make.fresh(each), 2)
    found = (
        consolidated_invoicing.collect(order.customer, company=order.company)
        if together
        else [billing.bill_now(make.fresh(each)) for each in (order, other)]
    )
    outbox.drain()
    assert len(found) == (1 if together else 2)
    return found[0]


def test_deposit_against_deposit_asks_for_the_order_at_most(race):
    make.sku("TEE-M", stock={"LON": 900})
    for turn in range(ROUNDS):
        order = make.confirmed(("TEE-M", 3))

        results = race(
            *[
                lambda o=order, r=f"{turn}/{n}": deposits.ask(o, D("20.00"), reference=r)
                for n in range(2)
            ]
        )

        assert kinds(results) == {"done": 1, "Refused": 1}, results
    everything_holds()


def test_deposit_credited_against_deducted_is_used_once(race):
    make.sku("TEE-M", stock={"LON": 900})
    for turn in range(ROUNDS):
        order = make.confirmed(("TEE-M", 3))
        document = deposits.ask(order, D("30.00"), reference=f"d{turn}")
        line, wanted = document.lines.get(), order.lines.get().pk

        results = race(
            lambda d=document, n=line, t=turn: crediting.credit(
                d, [Credited(n, 1)], reference=f"c{t}"
            ),
            lambda o=order, k=wanted, t=turn: billing.invoice(o, {k: 3}, reference=f"i{t}"),
        )

        assert kinds(results) in ({"done": 2}, {"done": 1, "Refused": 1}), results
        used = sum(
            row.gross * (-1 if row.invoice.kind == "invoice" else 1)
            for row in line.credit_lines.all()
        )
        assert used == D("30.00")
    everything_holds()


def test_one_form_sent_by_two_tabs_is_one_refund(race):
    by, payment = make.user("anne", "accountant"), make.transfer("40.00")
    refund = operations.of(Payment)["refund"]

    for turn in range(ROUNDS):
        results = race(
            *[
                lambda t=turn: idempotency.once(
                    "form",
                    f"key {t}",
                    {"amount": 1},
                    lambda: refund.perform(payment, by=by, amount=D("1.00"), credit=None) and "",
                )
                for _ in range(2)
            ]
        )
        assert set(kinds(results)) <= {"done", "Conflict"}, results

    assert make.fresh(payment).refunded == ROUNDS
    everything_holds()
