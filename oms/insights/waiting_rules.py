"""Invariants of what waits for a worker: nothing longer than its limit, and nothing that nobody will come for."""

from datetime import timedelta

from oms.background import jobs
from oms.core import event_catalog, outbox
from oms.insights.invariants import Invariant
from oms.messaging import notifications, webhooks


def _ago(limit: timedelta) -> str:
    return f"(now() - interval '{int(limit.total_seconds())} seconds')"


_STANDS = "(d.parked_at IS NOT NULL OR (d.done_at IS NULL AND d.attempts > 0))"


def _asked(kind: str, event: str, subject: str, more: str = "true") -> str:
    """Whether the event by which something was asked for is on its way, or stands under Attention."""
    return f"""EXISTS (
        SELECT 1 FROM core_event e WHERE e.subject_type = '{kind}' AND e.subject_number = {subject}
          AND e.name = '{event_catalog.get(event).name}' AND {more}
          AND (NOT e.is_drained OR EXISTS (SELECT 1 FROM core_delivery d WHERE d.event_id = e.id AND {_STANDS})))"""


RULES = (
    Invariant(
        "no event is forgotten",
        f"""
        SELECT 'event ' || e.id || ' ' || e.name, 'undelivered since ' || coalesce(e.due_at, e.written_at)
        FROM core_event e
        WHERE NOT e.is_drained AND greatest(e.due_at, e.written_at) < {_ago(outbox.LIMIT)}
          AND NOT EXISTS (SELECT 1 FROM core_delivery d WHERE d.event_id = e.id AND d.leased_until > now())
        UNION ALL
        SELECT 'event ' || e.id || ' ' || e.name, 'waits until ' || e.due_at || ' for nothing that failed'
        FROM core_event e
        WHERE NOT e.is_drained AND e.due_at > now() + interval '1 minute'
          AND NOT EXISTS (SELECT 1 FROM core_event b JOIN core_delivery d ON d.event_id = b.id
                          WHERE b.subject_type = e.subject_type AND b.subject_number = e.subject_number
                            AND b.position <= e.position AND d.done_at IS NULL AND d.parked_at IS NULL)""",
    ),
    Invariant(
        "a delivered event is settled with each of its handlers",
        """
        SELECT 'event ' || e.id || ' ' || e.name, d.handler || ' was tried ' || d.attempts || ' times and is not done'
        FROM core_delivery d JOIN core_event e ON e.id = d.event_id
        WHERE e.is_drained AND d.done_at IS NULL AND d.parked_at IS NULL""",
    ),
    Invariant(
        "no job waits for a worker longer than its limit",
        f"""
        SELECT 'job ' || id || ' ' || title, 'waits since ' || due_at FROM core_job
        WHERE finished_at IS NULL AND greatest(due_at, leased_until) < {_ago(jobs.LIMIT)} AND due_at IS NOT NULL""",
    ),
    Invariant(
        "no notice waits to be mailed longer than its limit",
        f"""
        SELECT 'notice ' || id, 'to be mailed since ' || at FROM core_notice
        WHERE mail = 'at_once' AND mailed_at IS NULL
          AND greatest(at, mail_leased_until) < {_ago(notifications.MAIL_LIMIT)}""",
    ),
    Invariant(
        "no endpoint waits longer than its limit",
        f"""
        SELECT 'delivery ' || w.id || ' of ' || w.subject, 'due since ' || w.next_at
        FROM core_webhookdelivery w JOIN core_webhookendpoint p ON p.id = w.endpoint_id AND p.is_active
        WHERE w.next_at < {_ago(webhooks.LIMIT)} AND NOT EXISTS (
            SELECT 1 FROM core_webhookdelivery f WHERE f.endpoint_id = w.endpoint_id AND f.subject = w.subject
              AND f.next_at IS NOT NULL AND f.id < w.id)
        UNION ALL
        SELECT 'endpoint ' || p.url, 'not told of event ' || min(e.id) FROM core_webhookendpoint p
        JOIN core_event e ON e.position > p.position AND e.written_at < {_ago(webhooks.LIMIT)}
        WHERE p.is_active GROUP BY p.id, p.url""",
    ),
    Invariant(
        "what was asked of a carrier or a bank is on its way, or stands under Attention",
        f"""
        SELECT 'label ' || l.key, 'requested at ' || l.requested_at || ', and nobody asks'
        FROM fulfillment_shippinglabel l JOIN fulfillment_shipment s ON s.id = l.shipment_id
        WHERE l.status = 'requested' AND l.requested_at < {_ago(outbox.LIMIT)}
          AND NOT {_asked("shipment", "shipment.labels_requested", "s.number")}
        UNION ALL
        SELECT p.number, 'requested at ' || p.status_at || ', and nobody asks' FROM orders_payment p
        WHERE p.status = 'requested' AND p.status_at < {_ago(outbox.LIMIT)}
          AND NOT {_asked("payment", "payment.created", "p.number")}
        UNION ALL
        SELECT p.number, 'to be captured: ' || p.capture_requested || ', and nobody asks' FROM orders_payment p
        WHERE p.status = 'authorized' AND p.capture_requested > 0
          AND NOT {_asked("payment", "payment.capture_requested", "p.number")}
          AND NOT {_asked("payment", "payment.outcome_asked", "p.number")}
        UNION ALL
        SELECT p.number, 'voided at ' || p.status_at || ', and nobody asks' FROM orders_payment p
        WHERE p.status = 'voided' AND p.void_reference = '' AND p.error = ''
          AND NOT {_asked("payment", "payment.voided", "p.number")}
          AND NOT {_asked("payment", "payment.outcome_asked", "p.number")}
        UNION ALL
        SELECT p.number, 'refund ' || r.id || ' of ' || r.amount || ' requested, and nobody asks'
        FROM orders_refund r JOIN orders_payment p ON p.id = r.payment_id
        WHERE r.status = 'requested'
          AND NOT {_asked("payment", "payment.refund_requested", "p.number", "e.data->>'refund' = r.id::text")}""",
    ),
)
