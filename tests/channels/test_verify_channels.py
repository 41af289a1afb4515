"""Each invariant of channels, broken by SQL behind the operations' backs, is found."""

from datetime import UTC, datetime
from decimal import Decimal as D

import pytest
from django.db import connection
from django.utils import timezone

from oms.core import outbox
from oms.insights import channel_rules
from oms.insights.invariants import check
from orders.channels import intake, telling
from orders.channels.connectors import Paid, Sold, SoldLine, SoldPayment, Stage
from orders.channels.models import ChannelAccount, ChannelSignal, Listing
from orders.channels.telling import ShippedParcel
from tests import builders as make

pytestmark = pytest.mark.django_db
TOLD, TAKEN, ONCE, UNITS, SHOWN, CALLED = (rule.name for rule in channel_rules.RULES)
BREAKS = [
    (
        TOLD,
        "UPDATE orders_channelsignal SET received_at = now() - interval '1 hour'",
        "waits since",
    ),
    (TAKEN, "UPDATE orders_channelorder SET order_id = NULL", "not here"),
    (ONCE, "UPDATE orders_order SET external_id = 'other'", "SO-"),
    (UNITS, "UPDATE orders_channelline SET quantity = 1", "1 there, 2 here"),
    (SHOWN, "UPDATE orders_listing SET shown = 7", "shows 7"),
    (CALLED, "UPDATE orders_channelcall SET next_at = NULL", "asked"),
]


def sold(**changes):
    """An order of one kind of article, as a shop sold it: two pieces for 24.00, with 20% tax."""
    line = SoldLine("1", "V-TEE", 2, D("20.00"), D("4.00"), sku="TEE-M", name="Tee")
    facts = {
        "id": "100",
        "number": "#100",
        "placed_at": datetime(2026, 11, 2, 12, tzinfo=UTC),
        "currency": "GBP",
        "prices_include_tax": True,
        "state": "processing",
        "stage": Stage.SHIP,
        "paid": Paid.YES,
        "gross": D("24.00"),
        "lines": [line],
        "payments": [SoldPayment("p1", D("24.00"))],
        "ship_to": {
            "name": "Jo Doe",
            "street": "1 High Street",
            "city": "London",
            "postal_code": "N1 9GU",
            "country": "GB",
        },
    }
    return Sold(**{**facts, **changes})


@pytest.fixture
def account():
    make.sku("TEE-M", stock={"LON": 5})
    found = ChannelAccount(
        channel=make.channel(), provider="woocommerce", address="https://shop.example.com"
    )
    found.credentials = {"key": "k", "secret": "s"}
    found.connected_at = timezone.now()
    found.save()
    return found


@pytest.fixture
def business(account):
    """An order that came from a channel, a message, a number that was sent, and a shipment to be told."""
    intake.take_over(account, sold())
    outbox.drain()
    order = account.channel.channel_orders.get().order
    ChannelSignal.objects.create(account=account, kind="order", external_id="100")
    now = timezone.now()
    Listing.objects.update(
        verdict="set", shown=3, wanted=3, seen_at=now, pushed_at=now, changed_at=None
    )
    line = order.lines.get()
    telling.shipped(order, [ShippedParcel("SH-1-1", {line.pk: 2})])


def found():
    return {
        (breach.invariant, breach.problem, breach.subject) for breach in check(channel_rules.RULES)
    }


def test_nothing_is_wrong_at_first(business):
    assert found() == set()


@pytest.mark.parametrize("rule, statement, told", BREAKS)
def test_each_break_is_found(business, rule, statement, told):
    with connection.cursor() as cursor:
        cursor.execute(statement)

    assert {name for name, problem, subject in found() if told in problem + subject} == {rule}


def test_every_rule_has_a_break():
    assert {rule for rule, *_rest in BREAKS} == {rule.name for rule in channel_rules.RULES}
