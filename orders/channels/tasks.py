"""Scheduled and woken work of channels. What waits stands in rows, and workers look for it every few seconds."""

from datetime import timedelta

from celery import shared_task

from oms.core import sweeping
from orders.channels import (
    accepted,
    accounts,
    forgetting,
    incoming,
    listings,
    pulling,
    pushing,
    telling,
)
from orders.channels.models import ChannelAccount

COMPARE_EVERY = timedelta(hours=23)


@shared_task
def work() -> None:
    """Act on signals, look at channels that are due, send stock and what is to be told."""
    look_at_signals()
    look_at_channels()
    send_stock()
    telling.send_due()


def look_at_signals() -> None:
    """Act on what channels told."""
    for account in running():
        incoming.collect(account)
        incoming.act(account)


def look_at_channels() -> None:
    """Look at the channels that are due; of workers that come at once, one looks."""
    for account in pulling.due():
        if pulling.claim(account):
            pulling.look(account)


def send_stock() -> None:
    """Mark what changed, and send it."""
    pushing.fan_out()
    for account in pushing.due():
        pushing.push(account)
    accepted.look_again()


def running() -> list[ChannelAccount]:
    """The accounts that take orders in."""
    rows = ChannelAccount.objects.filter(
        connected_at__isnull=False, stopped_at=None, pulls_orders=True
    )
    return list(rows.select_related("channel__company"))


@shared_task
def compare() -> None:
    """Each night: read all quantities and the ids of the last days, and mend what differs."""
    for account in running():
        try:
            accounts.subscribe(account)
            listings.read(account)
            pulling.compare(account)
        except accounts.FAILURES as error:
            accounts.record_failure(account, error)


@shared_task
def forget_raw() -> None:
    """Erase what channels answered, once its day has come."""
    forgetting.forget_old()


sweeping.also(look_at_signals, is_long=True)
sweeping.also(look_at_channels, is_long=True)
sweeping.also(send_stock, is_long=True)
sweeping.also(telling.send_due, is_long=True)
