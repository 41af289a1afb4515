"""Sending stock: how much a round takes, and what it costs."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from inventory.models import SKU
from oms.core import outbox
from orders.channels import accounts, pushing
from orders.channels.models import ChannelAccount, Listing
from tests import builders as make

pytestmark = pytest.mark.django_db
COUNT = 60


@pytest.fixture
def account(tmp_path, settings):
    """A folder that lists sixty SKUs, all of which have stock and none of which was sent."""
    settings.DATA_FOLDER = tmp_path
    channel = make.channel("north", company=make.company(), price_list=None)
    made = ChannelAccount.objects.create(channel=channel, provider="drop_folder")
    accounts.connect(made, {"folder": "north"})
    for number in range(COUNT):
        make.put(make.sku(f"S-{number}"), "LON", 1 + number)
    outbox.drain()
    now = timezone.now()
    Listing.objects.bulk_create(
        Listing(
            channel=channel,
            sku=sku,
            external_id=sku.code,
            changed_at=now - timedelta(minutes=sku.pk),
        )
        for sku in SKU.objects.order_by("pk")
    )
    return make.fresh(made)


def statements(account, count):
    """How many statements it takes to send the numbers of some listings."""
    rows = Listing.objects.filter(pk__in=Listing.objects.order_by("pk")[:count].values("pk"))
    rows.update(changed_at=timezone.now(), shown=None)
    with CaptureQueriesContext(connection) as made:
        assert pushing.push(make.fresh(account)) == count
    return len(made)


def test_sending_many_numbers_takes_as_many_statements_as_sending_two(account):
    pushing.push(account)
    assert Listing.objects.filter(changed_at=None, verdict="set", revisions=1).count() == COUNT

    assert statements(account, 2) == statements(account, COUNT - 1)
    assert {row.shown for row in Listing.objects.all()} == set(range(1, COUNT + 1))


def test_a_round_of_a_long_backlog_has_what_waits_longest_and_what_changed_last(account):
    waiting = Listing.objects.filter(channel=account.channel)
    by_age = list(waiting.order_by("changed_at"))

    rows, more = pushing.listings_of_round(waiting, 8)
    everything, rest = pushing.listings_of_round(waiting, COUNT + 1)

    assert ({row.pk for row in rows}, more) == (
        {row.pk for row in [*by_age[:4], *by_age[-4:]]},
        True,
    )
    assert (len(everything), rest) == (COUNT, False)
