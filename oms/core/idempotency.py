"""Requests that take effect once: the same key replays the answer, another body is refused."""

import hashlib
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

from django.db import connection
from django.db.models import Model
from django.utils import timezone
from django.utils.translation import gettext as _

from oms.core.errors import Conflict, Refused
from oms.core.locking import atomic, try_advisory_lock, whole
from oms.core.models import IdempotencyKey

KEPT = timedelta(days=30)


def once(client: str, key: str, body: Any, perform: Callable[[], Any]) -> Any:
    """Perform a request in one transaction with its key, or replay the answer that its first sending got.

    Raises Conflict while the first sending is still running and Refused where the key came with another body; a
    request that raises stores no key.
    """
    digest = hashlib.sha256(json.dumps(body, sort_keys=True, default=str).encode()).hexdigest()
    is_new, answer = _once(client, key, digest, perform)
    if is_new:
        return answer
    known = IdempotencyKey.objects.filter(client=client, key=key).first()
    if known is None:
        raise _still_running()
    if known.body_hash != digest:
        raise Refused(
            _("This idempotency key was already used with a different request. Use a new key."),
            code="key_reused",
        )
    return known.answer


@whole
def _once(client: str, key: str, digest: str, perform: Callable[[], Any]) -> tuple[bool, Any]:
    claimed = _claim_new(client, key, digest)
    if claimed is None:
        return False, None
    answer = perform()
    IdempotencyKey.objects.filter(pk=claimed).update(answer=answer)
    return True, answer


def require_same(known: Model, told: str, **facts: Any) -> None:
    """Raise Refused where what has a reference already has other facts; `told` names it for people."""
    if any(getattr(known, name) != value for name, value in facts.items()):
        raise used(told)


def used(told: str) -> Refused:
    """What is raised where a reference comes with other facts than the first time."""
    return Refused(
        _("This reference belongs to %(told)s already. Check the entry, or use another reference.")
        % {"told": told},
        code="reference_used",
        field="reference",
    )


def new_reference(subject: object) -> str:
    """A reference of its own for an act on a subject: asked for again, it is another act."""
    return f"{subject}/{uuid4().hex[:12]}"


def is_known(client: str, key: str) -> bool:
    """Whether a request with this key was finished before."""
    return IdempotencyKey.objects.filter(client=client, key=key).exists()


def answer_to(client: str, key: str) -> Any:
    """The answer of a finished request; None where it took no effect. Raises Conflict while it is running."""
    with atomic():
        _claim(client, key)
        return (
            IdempotencyKey.objects.filter(client=client, key=key)
            .values_list("answer", flat=True)
            .first()
        )


def _claim_new(client: str, key: str, digest: str) -> int | None:
    """Claim a key and store it, to be answered; None where it is known already, or another sending runs."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO core_idempotencykey (client, key, body_hash) SELECT %s, %s, %s "
            "WHERE pg_try_advisory_xact_lock(hashtextextended(%s, 0)) "
            "ON CONFLICT (client, key) DO NOTHING RETURNING id",
            [client, key, digest, _lock_name(client, key)],
        )
        row = cursor.fetchone()
    return row[0] if row else None


def _lock_name(client: str, key: str) -> str:
    return f"idempotency {client} {key}"


def _still_running() -> Conflict:
    return Conflict(
        _("A request with this idempotency key is still in progress. Try again in a moment."),
        code="still_running",
    )


def _claim(client: str, key: str) -> None:
    """Claim a key, to ask about it."""
    if not try_advisory_lock(_lock_name(client, key)):
        raise _still_running()


def forget_old() -> int:
    """Delete keys older than 30 days; returns how many."""
    return IdempotencyKey.objects.filter(created_at__lt=timezone.now() - KEPT).delete()[0]
