"""Requests that take effect once: the same key replays the answer, another body is refused."""

import hashlib
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.utils import timezone

from oms.core.errors import Conflict, Refused
from oms.core.locking import atomic, try_advisory_lock
from oms.core.models import IdempotencyKey

KEPT = timedelta(days=30)


def once(client: str, key: str, body: Any, perform: Callable[[], Any]) -> Any:
    """Perform a request in one transaction with its key, or replay the answer that its first sending got.

    Raises Conflict while the first sending is still running and Refused where the key came with another body; a
    request that raises stores no key.
    """
    digest = hashlib.sha256(json.dumps(body, sort_keys=True, default=str).encode()).hexdigest()
    with atomic():
        _claim(client, key)
        known = IdempotencyKey.objects.filter(client=client, key=key).first()
        if known is None:
            answer = perform()
            IdempotencyKey.objects.create(client=client, key=key, body_hash=digest, answer=answer)
            return answer
    if known.body_hash != digest:
        raise Refused("This key was used with another request. Use a new key.", code="key_reused")
    return known.answer


def answer_to(client: str, key: str) -> Any:
    """The answer of a finished request; None where it took no effect. Raises Conflict while it is running."""
    with atomic():
        _claim(client, key)
        return IdempotencyKey.objects.filter(client=client, key=key).values_list("answer", flat=True).first()


def _claim(client: str, key: str) -> None:
    """Claim a key. A statement of its own: what is read afterwards is as of after the claim."""
    if not try_advisory_lock(f"idempotency {client} {key}"):
        raise Conflict("A request with this key is still running. Ask again in a moment.", code="still_running")


def forget_old() -> int:
    """Delete keys older than 30 days; returns how many."""
    return IdempotencyKey.objects.filter(created_at__lt=timezone.now() - KEPT).delete()[0]
