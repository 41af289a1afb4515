"""Tokens of API clients: issued once in the clear, kept as hashes, rotated without a gap."""

import hashlib
import secrets
from datetime import datetime, timedelta

from django.db.models import Q
from django.utils import timezone

from oms.core.locking import atomic
from oms.core.models import ApiClient, ApiToken
from oms.core.models.role import grants_of

BEGINS = "oms_"
GRACE = timedelta(hours=24)
USE_IS_NOTED_EVERY = timedelta(minutes=1)


def issue_token(client: ApiClient, *, expires_at: datetime | None = None) -> str:
    """A new token in the clear: it is shown once, and only its SHA-256 is kept (it has 256 random bits)."""
    text = BEGINS + secrets.token_urlsafe(32)
    ApiToken.objects.create(
        client=client, digest=_digest(text), hint=text[:10], expires_at=expires_at
    )
    return text


def rotate_token(token: ApiToken, *, grace: timedelta = GRACE) -> str:
    """A new token in place of one that stays valid for a while, so that nothing stops in between."""
    with atomic():
        ends = timezone.now() + grace
        ApiToken.objects.filter(Q(expires_at=None) | Q(expires_at__gt=ends), pk=token.pk).update(
            expires_at=ends
        )
        return issue_token(token.client, expires_at=token.expires_at)


def revoke_token(token: ApiToken) -> None:
    """End a token at once."""
    ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=timezone.now())


def token_of(text: str) -> ApiToken | None:
    """The valid token of this text, with its client and person; notes its use, at most once a minute."""
    now = timezone.now()
    valid = ApiToken.objects.filter(
        Q(expires_at=None) | Q(expires_at__gt=now),
        revoked_at=None,
        client__is_active=True,
        client__user__is_active=True,
    )
    token = (
        valid.filter(digest=_digest(text))
        .select_related("client__user")
        .annotate(grants=grants_of("client__user"))
        .first()
    )
    if token:
        token.client.user.know_grants(token.grants)
    if token and (token.last_used_at is None or token.last_used_at < now - USE_IS_NOTED_EVERY):
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)
    return token


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
