"""Who calls: a program by its token, or a person in the browser by their session."""

from typing import Any

from django.utils.translation import gettext as _
from rest_framework.authentication import (
    BaseAuthentication,
    SessionAuthentication,
    get_authorization_header,
)
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle

from oms.core import clients
from oms.core.models import ApiToken, User

CALLS_PER_MINUTE_IN_A_BROWSER = 600


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer oms_…`"""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        kind, _space, text = get_authorization_header(request).decode("latin-1").partition(" ")
        if kind.lower() != "bearer":
            return None
        token = clients.token_of(text.strip())
        if token is None:
            raise AuthenticationFailed(_("Invalid, expired or revoked token. Request a new one."))
        return token.client.user, token

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class BrowserAuthentication(SessionAuthentication):
    """The session of the back office; changes need its CSRF token."""


def client_of(request: Request) -> str:
    """A name of who calls, for idempotency keys and throttles."""
    if isinstance(request.auth, ApiToken):
        return f"client {request.auth.client_id}"
    return f"user {request.user.pk}"


class HasScope(BasePermission):
    """Whoever calls with a token needs `<area>:read`, for changes `<area>:write`; the view names its area."""

    def has_permission(self, request: Request, view: Any) -> bool:
        user: Any = request.user
        if not (user.is_authenticated and user.is_active and user.is_staff):
            return False
        if not isinstance(request.auth, ApiToken):
            return True
        reads = request.method in ("GET", "HEAD", "OPTIONS") or view.action in view.reading_actions
        right = "read" if reads else "write"
        self.message = _("This token needs the %(area)s:%(right)s scope.") % {
            "area": view.area,
            "right": right,
        }
        return f"{view.area}:{right}" in request.auth.client.scopes


class PerClient(SimpleRateThrottle):
    """Calls per minute of a client, as its record says."""

    rate = f"{CALLS_PER_MINUTE_IN_A_BROWSER}/min"

    def get_cache_key(self, request: Request, view: Any) -> str | None:
        if not request.user.is_authenticated:
            return None
        if isinstance(request.auth, ApiToken):
            self.num_requests = request.auth.client.calls_per_minute
        return f"calls of {client_of(request)}".replace(" ", "-")
