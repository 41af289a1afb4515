"""Telling endpoints of events: in order per subject, signed, and tried again for three days.

Signatures follow the Standard Webhooks specification (symmetric, version 1): HMAC-SHA256 over "id.timestamp.body".
"""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone
from django.utils.translation import ngettext

from oms.core import attention, outbox, sweeping
from oms.core.errors import ConnectorError
from oms.core.event_access import event_body, visible_events
from oms.core.event_handlers import WORLD_PAUSES
from oms.core.locking import try_advisory_lock
from oms.core.models import Event, WebhookAttempt, WebhookDelivery, WebhookEndpoint
from oms.core.models.webhook import new_secret
from oms.messaging import safe_http

LEASE = timedelta(minutes=2)
LIMIT = timedelta(minutes=15)  # that an endpoint may wait for a worker
GRACE = timedelta(hours=24)
BATCH = 500
GONE = 410
Post = Callable[[str, bytes, dict[str, str]], safe_http.Answer]


def subscribe(endpoint: WebhookEndpoint) -> WebhookEndpoint:
    """Begin to tell an endpoint of what happens from now on."""
    endpoint.position = outbox.stream_end()
    endpoint.save(force_insert=True)
    return endpoint


def rotate_secret(endpoint: WebhookEndpoint) -> str:
    """A new secret; for a day calls carry a signature by the old one, too, so that nothing is lost in between."""
    secret = new_secret()
    WebhookEndpoint.objects.filter(pk=endpoint.pk).update(
        old_secret=endpoint.secret, old_secret_until=timezone.now() + GRACE, secret=secret
    )
    return secret


def enable(endpoint: WebhookEndpoint) -> None:
    """Take an endpoint up again; what happened meanwhile is told, too."""
    WebhookEndpoint.objects.filter(pk=endpoint.pk).update(is_active=True, disabled_reason="")


def fan_out() -> int:
    """Note for each endpoint what of the stream it is to be told; returns how many deliveries were made."""
    made = 0
    for key in WebhookEndpoint.objects.filter(is_active=True).values_list("pk", flat=True):
        with transaction.atomic():
            if try_advisory_lock(f"webhook {key}"):
                made += _take_over(
                    WebhookEndpoint.objects.select_related("user", "company").get(pk=key)
                )
    return made


def _take_over(endpoint: WebhookEndpoint) -> int:
    end = outbox.stream_end()
    new = Event.objects.filter(position__gt=endpoint.position, position__lte=end)
    rows = [
        event
        for event in visible_events(endpoint.user, new, endpoint.company).order_by("position")
        if _is_chosen(endpoint, event.name)
    ]
    WebhookDelivery.objects.bulk_create(
        [
            WebhookDelivery(
                endpoint=endpoint,
                event=event,
                subject=f"{event.subject_type} {event.subject_number}",
            )
            for event in rows
        ],
        ignore_conflicts=True,
        batch_size=1000,
    )
    WebhookEndpoint.objects.filter(pk=endpoint.pk).update(position=end)
    return len(rows)


def _is_chosen(endpoint: WebhookEndpoint, name: str) -> bool:
    kind = name.partition(".")[0]
    return not endpoint.events or name in endpoint.events or f"{kind}.*" in endpoint.events


def send_due(*, now: datetime | None = None, post: Post = safe_http.post) -> int:
    """Make the calls that are due, each with no transaction open; returns how many succeeded."""
    delivered = 0
    while claimed := _claim(now or timezone.now()):
        delivered += sum(_send(delivery, now, post) for delivery in claimed)
    return delivered


def late() -> QuerySet[WebhookDelivery]:
    """Calls that are due for longer than they may be, and not behind another of their subject."""
    first = WebhookDelivery.objects.filter(
        endpoint=OuterRef("endpoint"),
        subject=OuterRef("subject"),
        next_at__isnull=False,
        pk__lt=OuterRef("pk"),
    )
    return WebhookDelivery.objects.filter(
        ~Exists(first), next_at__lt=timezone.now() - LIMIT, endpoint__is_active=True
    )


def _claim(now: datetime) -> "list[WebhookDelivery]":
    """Take what is due, of each subject the oldest alone, and count the attempt before it is made."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE core_webhookdelivery d SET attempts = attempts + 1, next_at = %(leased)s
            WHERE d.next_at <= %(now)s AND d.id IN (
                SELECT w.id FROM core_webhookdelivery w JOIN core_webhookendpoint e ON e.id = w.endpoint_id
                JOIN core_event v ON v.id = w.event_id
                WHERE w.next_at <= %(now)s AND e.is_active AND NOT EXISTS (
                    SELECT 1 FROM core_webhookdelivery f JOIN core_event o ON o.id = f.event_id
                    WHERE f.endpoint_id = w.endpoint_id AND f.subject = w.subject AND f.next_at IS NOT NULL
                      AND o.position < v.position)
                ORDER BY v.position LIMIT %(batch)s FOR UPDATE OF w SKIP LOCKED)
            RETURNING d.id
            """,
            {"now": now, "leased": now + LEASE, "batch": BATCH},
        )
        keys = [key for (key,) in cursor.fetchall()]
    rows: QuerySet[WebhookDelivery] = WebhookDelivery.objects.filter(pk__in=keys)
    return list(rows.select_related("endpoint__user", "event").order_by("event__position"))


def _send(delivery: WebhookDelivery, now: datetime | None, post: Post) -> bool:
    body = json.dumps(
        event_body(delivery.event, delivery.endpoint.user), separators=(",", ":")
    ).encode()
    started = time.monotonic()
    status, text = None, ""
    try:
        answer = post(delivery.endpoint.url, body, headers(delivery, body, now or timezone.now()))
        status, text = answer.status, answer.text
    except ConnectorError as error:
        text = error.message
    took = int((time.monotonic() - started) * 1000)
    WebhookAttempt.objects.create(
        delivery=delivery, status=status, response=text[:500], took_ms=took
    )
    return _record(delivery, status, now or timezone.now())


def _record(delivery: WebhookDelivery, status: int | None, now: datetime) -> bool:
    row = WebhookDelivery.objects.filter(pk=delivery.pk)
    if status is not None and 200 <= status < 300:
        return bool(row.update(delivered_at=now, next_at=None))
    if status == GONE:
        WebhookEndpoint.objects.filter(pk=delivery.endpoint_id).update(
            is_active=False, disabled_reason="The endpoint returned 410 Gone."
        )
    if delivery.attempts > len(WORLD_PAUSES):
        row.update(given_up_at=now, next_at=None)
    else:
        row.update(next_at=now + WORLD_PAUSES[delivery.attempts - 1])
    return False


def replay(delivery: WebhookDelivery) -> None:
    """Send a delivery again, whatever became of it."""
    WebhookDelivery.objects.filter(pk=delivery.pk).update(
        attempts=0, next_at=timezone.now(), delivered_at=None, given_up_at=None
    )


def headers(delivery: WebhookDelivery, body: bytes, now: datetime) -> dict[str, str]:
    """The headers of a call: the same id in each attempt, so that the receiver can tell a repetition."""
    endpoint, stamp = delivery.endpoint, str(int(now.timestamp()))
    name = f"msg_{delivery.event_id}_{delivery.endpoint_id}"
    secrets_ = [endpoint.secret]
    if endpoint.old_secret and endpoint.old_secret_until and now < endpoint.old_secret_until:
        secrets_.append(endpoint.old_secret)
    signatures = " ".join(sign(secret, name, stamp, body) for secret in secrets_)
    return {
        "Content-Type": "application/json",
        "User-Agent": "OMS-Webhooks/1",
        "webhook-id": name,
        "webhook-timestamp": stamp,
        "webhook-signature": signatures,
    }


def sign(secret: str, name: str, stamp: str, body: bytes) -> str:
    """A signature in the form `v1,<base64>`."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    digest = hmac.new(key, f"{name}.{stamp}.".encode() + body, hashlib.sha256).digest()
    return "v1," + base64.b64encode(digest).decode()


def deliver() -> int:
    """Take over what is new in the stream, and make the calls that are due."""
    outbox.number_events()
    fan_out()
    return send_due()


def _told_late(count: int) -> str:
    return ngettext(
        "%(count)s webhook call has waited too long to be sent.",
        "%(count)s webhook calls have waited too long to be sent.",
        count,
    ) % {"count": count}


attention.watch(late, _told_late)
sweeping.also(deliver)
