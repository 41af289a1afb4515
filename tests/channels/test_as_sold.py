"""Orders of channels come in as they were sold, once, and follow what changes there."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal as D

import pytest

from inventory.models import SKU
from oms.core import outbox
from oms.insights import verification
from orders.accounting.models import Payment, Refund
from orders.channels import following, intake
from orders.channels.connectors import (
    ChargeKind,
    SoldCharge,
    SoldLine,
    SoldPayment,
    SoldRefund,
    Stage,
)
from orders.channels.models import ChannelOrder, Listing
from orders.models import Order, OrderHold
from tests import builders as make
from tests.channels.test_verify_channels import account, sold

pytestmark = pytest.mark.django_db
__all__ = ["account"]


def take(account, **changes):
    """Take an order over as it is now; ours."""
    intake.take_over(account, sold(**changes))
    outbox.drain()
    row = ChannelOrder.objects.get(channel=account.channel, external_id="100")
    return row.order


def holds(order):
    return set(order.holds.filter(released_at=None).values_list("kind", flat=True))


def test_it_is_entered_with_the_amounts_of_the_buyer_and_confirmed(account):
    order = take(
        account,
        gross=D("30.55"),
        charges=[SoldCharge(ChargeKind.SHIPPING, "Post", D("5.46"), D("1.09"))],
        payments=[SoldPayment("p1", D("30.55"))],
    )

    assert (order.status, order.gross, order.tax) == ("confirmed", D("30.55"), D("5.09"))
    assert (order.reserved, holds(order)) == (2, set())
    payment = Payment.objects.get()
    assert (payment.captured, payment.gateway, payment.order) == (D("30.55"), "channel", order)
    assert verification.breaches() == []


def test_the_same_order_again_changes_nothing(account):
    take(account)
    assert not intake.take_over(account, sold())
    assert (Order.objects.count(), Payment.objects.count()) == (1, 1)


def test_what_is_short_waits_as_oversold(account):
    make.sku("CUP", stock={"LON": 1})
    line = SoldLine("1", "V-CUP", 3, D("20.00"), D("4.00"), sku="CUP")
    order = take(account, lines=[line])

    assert (order.status, order.reserved, holds(order)) == ("confirmed", 1, {"oversold"})
    assert "2 × CUP" in order.holds.get().reason


def test_an_unknown_item_is_held_and_goes_on_once_it_is_matched(account, monkeypatch):
    line = SoldLine("1", "V-NEW", 2, D("20.00"), D("4.00"), sku="NEW", name="New mug")
    order = take(account, lines=[line])
    assert (order.status, holds(order)) == ("placed", {"item"})
    listing = Listing.objects.get(external_id="V-NEW")
    assert listing.sku is None

    listing.sku = SKU.objects.get(code="TEE-M")
    listing.save()
    monkeypatch.setattr(
        intake, "take_now", lambda account, key: intake.take_over(account, sold(lines=[line]))
    )
    assert intake.retry_unmatched(account) == 1
    outbox.drain()
    order.refresh_from_db()
    assert (order.status, order.reserved, order.gross) == ("confirmed", 2, D("24.00"))
    assert order.lines.get().sku.code == "TEE-M"


def test_an_unknown_state_is_on_hold(account):
    order = take(account, state="picking-by-plugin", stage=Stage.HOLD)
    assert (order.status, holds(order)) == ("placed", {"state"})


def test_what_is_pending_there_reserves_and_does_not_ship(account):
    order = take(account, state="pending", stage=Stage.RESERVE)
    assert (order.status, order.reserved, holds(order)) == ("confirmed", 2, {"pending"})

    order = take(account)
    assert holds(order) == set()


def test_an_order_canceled_there_is_canceled_here(account):
    take(account)
    order = take(account, state="cancelled", stage=Stage.CANCELED)
    assert (order.status, order.reserved) == ("canceled", 0)


def test_more_and_fewer_units_are_taken_over_with_their_amounts(account):
    take(account)
    more = replace(sold().lines[0], quantity=3, net=D("30.00"), tax=D("6.00"))
    order = take(
        account,
        lines=[more],
        gross=D("36.00"),
        payments=[SoldPayment("p1", D("24.00")), SoldPayment("p2", D("12.00"))],
    )
    assert (order.gross, order.reserved, order.units) == (D("36.00"), 3, 3)

    fewer = replace(sold().lines[0], quantity=2)
    order = take(account, lines=[fewer])
    assert (order.gross, order.reserved, order.canceled) == (D("24.00"), 2, 1)
    assert verification.breaches() == []


def test_a_refund_before_shipping_cancels_and_gives_the_money_back(account):
    take(account)
    line = replace(sold().lines[0], refunded=1)
    order = take(
        account,
        lines=[line],
        refunds=[SoldRefund("r1", D("12.00"), {"1": 1}, datetime(2026, 11, 3, tzinfo=UTC))],
    )
    assert (order.gross, order.canceled) == (D("12.00"), 1)
    refund = Refund.objects.get()
    assert (refund.amount, refund.status) == (D("12.00"), "done")
    assert verification.breaches() == []


def test_a_refund_after_shipping_is_credited(account):
    order = take(account)
    make.ship_rest(order)
    outbox.drain()
    line = replace(sold().lines[0], refunded=1)
    take(account, lines=[line], refunds=[SoldRefund("r1", D("12.00"), {"1": 1})])
    outbox.drain()

    note = order.invoices.get(kind="credit")
    assert (note.gross, note.open_amount) == (D("12.00"), 0)
    assert Refund.objects.get().credit == note
    assert verification.breaches() == []


def test_a_total_that_differs_is_on_hold_and_a_cent_is_rounding(account):
    order = take(account, gross=D("24.01"))
    assert (order.gross, holds(order)) == (D("24.01"), set())
    assert order.charges.get().description == "Rounding"


def test_a_larger_difference_waits_for_a_person(account):
    order = take(account, gross=D("29.00"))
    assert OrderHold.Kind.AMOUNTS in holds(order)


def test_tax_that_the_marketplace_remits_is_not_ours(account):
    line = replace(sold().lines[0], tax=D("0.00"), tax_remitted=D("4.00"))
    order = take(account, lines=[line], payments=[SoldPayment("p1", D("20.00"))])
    assert (order.gross, order.tax, order.lines.get().tax_category) == (D("20.00"), 0, "E")
    assert ChannelOrder.objects.get().tax_remitted == D("4.00")


def test_short_says_what_is_missing(account):
    order = take(account)
    assert following.short(order) == []
