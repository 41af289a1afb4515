"""Invariants of channels: what they told is acted on, what they sold is here, what they show is what we would."""

from oms.insights.invariants import Invariant
from orders.channels import incoming

_LATE = f"(now() - interval '{int(incoming.LATE.total_seconds())} seconds')"
_RUNS = "a.connected_at IS NOT NULL AND a.stopped_at IS NULL"

RULES = (
    Invariant(
        "what a channel told is acted on, or stands under Attention",
        f"""
        SELECT 'message ' || s.id || ' of ' || c.code, s.kind || ' ' || s.external_id || ', waits since ' || s.received_at
        FROM orders_channelsignal s JOIN orders_channelaccount a ON a.id = s.account_id AND {_RUNS}
        JOIN orders_channel c ON c.id = a.channel_id
        WHERE s.next_at IS NOT NULL AND s.attempts = 0 AND a.pulls_orders AND s.received_at < {_LATE}
          AND coalesce(a.wait_until, now()) <= now()""",
    ),
    Invariant(
        "an order that a channel wants shipped is one of ours",
        """
        SELECT o.number || ' of ' || c.code, 'is ' || o.state || ' there, and not here'
        FROM orders_channelorder o JOIN orders_channel c ON c.id = o.channel_id
        WHERE o.order_id IS NULL AND o.stage IN ('ship', 'reserve', 'hold')""",
    ),
    Invariant(
        "an order of a channel is the channel's, once",
        """
        SELECT o.number || ' of ' || c.code, 'is ' || s.number || ', which came by ' || coalesce(d.code, 'nothing')
        FROM orders_channelorder o JOIN orders_channel c ON c.id = o.channel_id
        JOIN orders_order s ON s.id = o.order_id LEFT JOIN orders_channel d ON d.id = s.channel_id
        WHERE s.channel_id <> o.channel_id OR s.external_id IS DISTINCT FROM o.external_id""",
    ),
    Invariant(
        "units on a channel's line are those that ours want",
        """
        SELECT o.number || ' of ' || c.code, 'line ' || l.external_id || ': ' || l.quantity * l.factor || ' there, '
               || n.quantity - n.canceled || ' here'
        FROM orders_channelline l JOIN orders_channelorder o ON o.id = l.channel_order_id
        JOIN orders_channel c ON c.id = o.channel_id JOIN orders_orderline n ON n.id = l.line_id
        JOIN orders_order s ON s.id = n.order_id
        WHERE l.quantity * l.factor < n.quantity - n.canceled AND s.status NOT IN ('canceled')
          AND NOT EXISTS (SELECT 1 FROM orders_channelline m WHERE m.line_id = n.id AND m.id <> l.id)
          AND NOT EXISTS (SELECT 1 FROM orders_orderhold h WHERE h.order_id = s.id AND h.released_at IS NULL)""",
    ),
    Invariant(
        "a listing shows what was sent, or is marked",
        f"""
        SELECT coalesce(nullif(l.external_sku, ''), l.external_id) || ' on ' || c.code,
               'sent ' || l.wanted || ', shows ' || coalesce(l.shown::text, 'nothing that we know')
        FROM orders_listing l JOIN orders_channel c ON c.id = l.channel_id
        JOIN orders_channelaccount a ON a.channel_id = c.id AND {_RUNS}
        WHERE l.verdict IN ('set', 'accepted') AND l.shown IS DISTINCT FROM l.wanted AND l.changed_at IS NULL
          AND l.seen_at <= l.pushed_at AND NOT l.is_paused""",
    ),
    Invariant(
        "a channel is told of what left, or it stands under Attention",
        """
        SELECT l.key, 'asked ' || l.asked_at || ', ' || l.state FROM orders_channelcall l
        WHERE l.state IN ('asked', 'called') AND l.next_at IS NULL""",
    ),
)
