"""A shop on this machine, and a channel that is connected to it."""

import pytest

from oms.core import outbox
from orders.channels import accounts, listings, tasks
from orders.channels.models import ChannelAccount
from orders.models import TaxRate
from tests import builders as make
from tests.channels.shops.woocommerce import Shop


@pytest.fixture(autouse=True)
def loopback(settings):
    settings.OUTGOING_ALLOWED_NETWORKS = ["127.0.0.1/32"]


@pytest.fixture
def shop():
    with Shop() as server:
        yield server


@pytest.fixture
def german_taxes(db):
    for tax_class, percent in (("standard", 19), ("reduced", 7)):
        TaxRate.objects.get_or_create(
            country="DE", tax_class=tax_class, defaults={"percent": percent}
        )


@pytest.fixture
def company(db):
    """A company that keeps its books in euros, so that no exchange rate is needed."""
    return make.company(country="DE", currency="EUR", time_zone="Europe/Berlin")


@pytest.fixture
def account(company, german_taxes, shop):
    """A channel that is connected, with nothing listed yet."""
    channel = make.channel("woo", company=company, price_list=None)
    made = ChannelAccount.objects.create(
        channel=channel, provider="woocommerce", address=shop.address, settings={"seconds": 2}
    )
    keys = {"consumer_key": shop.key, "consumer_secret": shop.secret}
    accounts.connect(made, keys, site="https://oms.example")
    return make.fresh(made)


def work(account):
    """What a worker does until nothing is due, the channel looked at and its stock sent included."""
    for _round in range(3):
        ChannelAccount.objects.filter(pk=account.pk).update(pull_at=None, stock_wait_until=None)
        tasks.work()
        outbox.drain()


def compared(account):
    """All listings read and matched, as each night."""
    return listings.read(make.fresh(account))
