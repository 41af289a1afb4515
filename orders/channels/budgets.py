"""How many requests that set stock an account may make now."""

from datetime import timedelta

from django.utils import timezone

from orders.channels.connectors import Abilities
from orders.channels.models import ChannelAccount

LEASE = timedelta(minutes=3)  # for which a sender has its channel after each request


def spend(account: ChannelAccount, abilities: Abilities) -> bool:
    """Take one request off the budget, which fills up again as time goes by; whether there was one."""
    budget, at = abilities.stock_budget, timezone.now()
    last = account.tokens_at or at - timedelta(days=1)
    tokens = min(
        float(budget.burst), account.tokens + (at - last).total_seconds() * budget.per_second
    )
    allowed = tokens >= 1
    account.tokens, account.tokens_at = tokens - 1 if allowed else tokens, at
    ChannelAccount.objects.filter(pk=account.pk).update(
        tokens=account.tokens, tokens_at=at, pushing_until=at + LEASE
    )
    if not allowed:
        wait = (1 - tokens) / budget.per_second
        ChannelAccount.objects.filter(pk=account.pk).update(
            stock_wait_until=at + timedelta(seconds=wait)
        )
    return allowed
