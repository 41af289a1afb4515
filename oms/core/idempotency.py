"""Requests that take effect once: the same key replays the answer, another body is refused."""

import hashlib
import json
from collections.abc import Callable
from typing import Any

from oms.core.errors import Conflict, Refused
from oms.core.locking import atomic, try_advisory_lock
from oms.core.models import IdempotencyKey


def once(client: str, key: str, body: Any, perform: Callable[[], Any]) -> Any:
    """Perform a request in one transaction with its key, or replay the answer that its first sending got.

    Raises Conflict while the first sending is still running and Refused where the key came with another body; a
    request that raises stores no key.
    """
    digest = hashlib.sha256(json.dumps(body, sort_keys=True, default=str).encode()).hexdigest()
    with atomic():
        if not try_advisory_lock(f"idempotency {client} {key}"):
            raise Conflict("A request with this key is still running. Ask again in a moment.", code="still_running")
        known = IdempotencyKey.objects.filter(client=client, key=key).first()
        if known is None:
            answer = perform()
            IdempotencyKey.objects.create(client=client, key=key, body_hash=digest, answer=answer)
            return answer
    if known.body_hash != digest:
        raise Refused("This key was used with another request. Use a new key.", code="key_reused")
    return known.answer
