"""What is asked of a gateway ends: done, refused for good, or asked for its outcome; and no more than is due."""

from datetime import timedelta
from decimal import Decimal as D

import pytest
from django.utils import timezone

from oms.core import outbox
from oms.core.errors import ConnectorError, Refused
from orders import exposure, lifecycle, order_entry, screening
from orders.accounting import outcomes, payments
from orders.accounting.connectors.gateways import Answer
from orders.accounting.connectors.gateways.manual.connector import ManualGateway
from orders.accounting.models import Payment
from orders.models import Channel, FraudRule, Order, OrderHold
from orders.order_entry import Charge, Entry
from tests import builders as make
from tests.builders.orders import line

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("verified")]


@pytest.fixture
def order():
    make.sku("TEE-M", stock={"LON": 20})
    return make.confirmed(("TEE-M", 10))


def authorized(order, amount="120.00", reference="card"):
    payment = payments.authorize(order, D(amount), reference=reference)
    outbox.drain()
    return make.fresh(payment)


def refuse(monkeypatch, name, *, permanent=True):
    def fail(self, *asked):
        raise ConnectorError("card expired", permanent=permanent)

    monkeypatch.setattr(ManualGateway, name, fail)


def test_a_partial_capture_keeps_the_rest(order):
    payment = authorized(order)

    payments.capture(payment, D("70.00"))
    outbox.drain()

    rest = Payment.objects.get(status="authorized")
    assert (make.fresh(payment).captured, rest.amount, rest.origin) == (70, 50, payment)
    assert payments.authorize(order, D("120.00"), reference="card") == payment
    payments.capture(rest)
    outbox.drain()
    assert make.fresh(rest).captured == 50


def test_authorizations_do_not_exceed_what_is_due(order):
    authorized(order, "100.00")

    with pytest.raises(Refused, match=r"at most 20\.00"):
        payments.authorize(order, D("20.01"), reference="card 2")
    make.transfer("15.00", order=order)
    with pytest.raises(Refused, match=r"at most 5\.00"):
        payments.authorize(order, D("20.00"), reference="card 2")
    assert authorized(order, "5.00", "card 2").status == "authorized"


def test_an_unknown_gateway_is_refused(order):
    with pytest.raises(Refused, match="Unknown connector paypal"):
        payments.authorize(order, D("1.00"), reference="card", gateway="paypal")
    assert not Payment.objects.exists()


def test_a_capture_refused_for_good_is_over_and_can_be_tried_again_or_voided(order, monkeypatch):
    payment = authorized(order)
    with monkeypatch.context() as patch:
        refuse(patch, "capture")
        payments.capture(payment)
        outbox.drain()

    payment.refresh_from_db()
    assert (payment.status, payment.capture_requested, payment.error) == (
        "authorized",
        0,
        "card expired",
    )
    payments.capture(payment)
    outbox.drain()
    assert make.fresh(payment).captured == 120
    assert (
        make.fresh(payment).gateway_reference != f"manual:{payment.number}-capture"
    )  # not the key that was refused


def test_a_capture_refused_for_good_of_a_canceled_order_is_voided(order, monkeypatch):
    payment = authorized(order)
    payments.capture(payment)
    refuse(monkeypatch, "capture")
    lifecycle.cancel(order)
    outbox.drain()

    assert (make.fresh(payment).status, make.fresh(payment).captured) == ("voided", 0)


def test_nothing_is_captured_after_a_cancel(order, monkeypatch):
    asked = []
    monkeypatch.setattr(
        ManualGateway, "capture", lambda self, key, *rest: asked.append(key) or Answer(key)
    )
    early, late = authorized(order, "60.00"), authorized(order, "50.00", "card 2")
    payments.capture(early)
    lifecycle.cancel(order)
    with pytest.raises(Refused, match="canceled"):
        payments.capture(late)
    outbox.drain()

    assert [make.fresh(row).status for row in (early, late)] == ["voided", "voided"]
    assert asked == []


def test_a_void_refused_for_good_is_over_and_told(order, monkeypatch):
    payment = authorized(order)
    refuse(monkeypatch, "void")

    payments.void(payment)
    outbox.drain()

    assert make.fresh(payment).error == "card expired" and not outcomes.pending(make.fresh(payment))


def test_what_was_not_answered_is_asked_for_its_outcome_not_again(order, monkeypatch):
    """The first call took effect and its answer was lost."""
    asked = []

    def lost(self, key, *rest):
        asked.append(key)
        raise ConnectorError("time-out", permanent=False)

    monkeypatch.setattr(ManualGateway, "capture", lost)
    monkeypatch.setattr(ManualGateway, "outcome", lambda self, key: Answer(f"found {key}"))
    payment = authorized(order)
    payments.capture(payment)
    outbox.drain()
    assert outcomes.pending(make.fresh(payment))

    outcomes.ask_outcome(payment)
    outbox.drain(now=timezone.now() + timedelta(minutes=1))
    outbox.drain()

    payment.refresh_from_db()
    assert (payment.status, payment.gateway_reference, len(asked)) == (
        "captured",
        f"found {payment.number}-capture",
        1,
    )


def test_no_order_comes_to_less_than_nothing(order):
    entry = Entry(
        make.channel(),
        make.customer(),
        [line("TEE-M", 1)],
        charges=[Charge("allowance", "Voucher", D("-1000000"))],
    )

    for enter in (
        order_entry.enter,
        lambda entry: order_entry.place(order_entry.draft(entry)),
        lambda entry: order_entry.quote(
            order_entry.draft(entry), valid_until=make.company().today()
        ),
    ):
        with pytest.raises(Refused, match="Lower them"):
            enter(entry)
    Order.objects.filter(status="draft").delete()


def test_canceling_lowers_the_allowance_to_what_is_left():
    make.sku("TEE-M", stock={"LON": 20})
    order = make.confirmed(("TEE-M", 10), charges=[Charge("allowance", "Voucher", D("-50"))])

    lifecycle.cancel_lines(order, {order.lines.get().pk: 8})
    outbox.drain()
    make.ship_rest(make.fresh(order))

    order = make.fresh(order)
    assert (order.status, order.gross, order.charges.get().gross) == ("completed", 0, D("-24.00"))


def test_money_on_account_is_no_credit_of_an_order_below_zero(order):
    """What is below zero of one order frees nothing for another."""
    customer = order.customer
    Order.objects.filter(pk=order.pk).update(gross=D("-5000"), net=D("-5000"), tax=0)

    assert exposure.of(customer) == 0

    Order.objects.filter(pk=order.pk).update(gross=order.gross, net=order.net, tax=order.tax)


@pytest.fixture
def shop():
    make.sku("TEE-M", stock={"LON": 20})
    make.taxes()
    make.channel("shop")
    Channel.objects.filter(code="shop").update(paid_at_checkout=True)
    return Channel.objects.get(code="shop")


def bought(shop, units=10):
    order = order_entry.enter(Entry(shop, make.customer(), [line("TEE-M", units)]))
    outbox.drain()
    return order


def held(order):
    return list(order.holds.filter(released_at=None).values_list("kind", flat=True))


def test_an_order_paid_at_checkout_waits_for_its_payment(shop):
    order = bought(shop)
    assert held(order) == ["payment"]
    with pytest.raises(Refused, match="on hold"):
        lifecycle.confirm(order)

    authorized(order, "100.00")
    assert held(order) == ["payment"]
    authorized(order, "20.00", "card 2")
    assert held(order) == []
    lifecycle.confirm(make.fresh(order))
    outbox.drain()

    payments.void(Payment.objects.get(reference="card 2"))
    outbox.drain()
    assert held(order) == ["payment"]
    make.transfer("20.00", order=order)
    outbox.drain()
    assert held(order) == []


def test_a_person_may_let_an_unpaid_order_go(shop):
    order = bought(shop)
    screening.release_hold(order, note="pays on collection", by=make.user("anne", "accountant"))
    lifecycle.confirm(make.fresh(order))
    authorized(order, "10.00")

    assert held(order) == []


def test_a_fraud_rule_holds_an_order_and_its_money(shop):
    FraudRule.objects.create(name="first order from 100", minimum=100, is_new_customer=True)
    make.user("anne", "accountant")
    order, small = bought(shop), bought(shop, 1)
    payment = authorized(order)

    assert (held(order), held(small)) == (["fraud"], ["payment"])
    with pytest.raises(Refused, match="fraud check"):
        payments.capture(payment)
    with pytest.raises(Refused, match="on hold"):
        lifecycle.confirm(order)
    screening.release_hold(make.fresh(order))
    payments.capture(payment)
    lifecycle.confirm(make.fresh(order))


def test_a_fraud_check_is_placed_by_hand(order):
    screening.hold(order, reason="the card is known", kind=OrderHold.Kind.FRAUD)

    assert held(order) == ["fraud"]
    with pytest.raises(Refused, match="on hold"):
        make.ship_rest(make.fresh(order))
