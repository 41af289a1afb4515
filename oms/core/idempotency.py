"""Requests that take effect once: the same key replays the answer, another body is refused."""

import hashlib
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, connection
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
        known = _claim_and_read(client, key)
        if known is None:
            answer = perform()
            _keep(client, key, digest, answer)
            return answer
    body_hash, answer = known
    if body_hash != digest:
        raise Refused("This key was used with another request. Use a new key.", code="key_reused")
    return answer


def answer_to(client: str, key: str) -> Any:
    """The answer of a finished request; None where it took no effect. Raises Conflict while it is running."""
    with atomic():
        _claim(client, key)
        return IdempotencyKey.objects.filter(client=client, key=key).values_list("answer", flat=True).first()


def _claim_and_read(client: str, key: str) -> tuple[str, Any] | None:
    """Claim a key, and read what it answered before, in one statement.

    That reads as of a moment before the claim: an answer that was stored in between is found by `_keep`.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0)), known.body_hash, known.answer "
            "FROM (SELECT) one LEFT JOIN core_idempotencykey known ON known.client = %s AND known.key = %s",
            [_lock_name(client, key), client, key])
        is_mine, body_hash, answer = cursor.fetchone()
    if not is_mine:
        raise _still_running()
    return None if body_hash is None else (body_hash, json.loads(answer))


def _keep(client: str, key: str, digest: str, answer: Any) -> None:
    try:
        IdempotencyKey.objects.create(client=client, key=key, body_hash=digest, answer=answer)
    except IntegrityError as error:
        raise _still_running() from error


def _still_running() -> Conflict:
    return Conflict("A request with this key is still running. Ask again in a moment.", code="still_running")


def _lock_name(client: str, key: str) -> str:
    return f"idempotency {client} {key}"


def _claim(client: str, key: str) -> None:
    if not try_advisory_lock(_lock_name(client, key)):
        raise _still_running()


def forget_old() -> int:
    """Delete keys older than 30 days; returns how many."""
    return IdempotencyKey.objects.filter(created_at__lt=timezone.now() - KEPT).delete()[0]
