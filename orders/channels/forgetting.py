"""Erasing what channels answered of buyers: when its day has come, and when a marketplace says so."""

import json
from typing import Any

from django.utils import timezone

from oms.core import secrets
from orders.channels.models import ChannelAccount, ChannelOrder


def forget_old() -> int:
    """Erase answers whose day has come: personal data is kept no longer than allowed."""
    old = ChannelOrder.objects.filter(raw_until__lt=timezone.now().date(), raw__isnull=False)
    return old.update(raw=None)


def forget_buyer(account: ChannelAccount, name: str) -> int:
    """Erase all answers that name a buyer whose account ended; how many. What invoices need by law stays with them."""
    rows = ChannelOrder.objects.filter(channel=account.channel, raw__isnull=False)
    found = [
        key
        for key, raw in rows.values_list("pk", "raw").iterator(chunk_size=200)
        if _names(json.loads(secrets.unseal(raw)), name)
    ]
    return ChannelOrder.objects.filter(pk__in=found).update(raw=None)


def _names(value: Any, name: str) -> bool:
    if isinstance(value, dict):
        return any(_names(each, name) for each in value.values())
    if isinstance(value, list):
        return any(_names(each, name) for each in value)
    return bool(name) and value == name
