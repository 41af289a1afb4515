"""Workers and the clock: what they do is scheduled, done by one of them, and one channel's trouble is its own."""

import pytest
from cryptography.fernet import Fernet

from oms.core import attention
from oms.web.schedule import SCHEDULE
from orders.channels import incoming, pulling, tasks
from orders.channels.models import ChannelSignal
from tests import builders as make
from tests.channels.test_verify_channels import account

pytestmark = pytest.mark.django_db
__all__ = ["account"]


def test_the_clock_compares_channels_and_forgets_what_they_answered():
    scheduled = {entry["task"] for entry in SCHEDULE.values()}
    assert {tasks.compare.name, tasks.forget_raw.name} <= scheduled


def test_of_two_workers_one_looks_at_a_channel(account):
    assert pulling.due() == [account]

    assert [pulling.claim(account), pulling.claim(account)] == [True, False]
    assert pulling.due() == []


def test_a_lost_key_stops_its_channel_alone_and_is_said(account, settings):
    settings.ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    signal = ChannelSignal.objects.create(account=account, kind="order", external_id="1")

    tasks.work()

    account.refresh_from_db()
    assert account.stopped_at is not None
    assert "ENCRYPTION_KEYS" in account.trouble
    assert any("ENCRYPTION_KEYS" in text for text in attention.alarms())
    assert make.fresh(signal).next_at is not None


def test_a_signal_that_another_worker_acted_on_is_passed_over(account, monkeypatch):
    for number in ("1", "2"):
        ChannelSignal.objects.create(account=account, kind="order", external_id=number)

    def overtaken(account, external_id):
        ChannelSignal.objects.update(next_at=None)

    monkeypatch.setattr("orders.channels.intake.take_now", overtaken)

    assert incoming.act(account) == 1
