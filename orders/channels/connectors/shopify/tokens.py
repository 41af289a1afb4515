"""Tokens of the Admin API: by the app's own credentials for a day, or by a refresh token that is new each time."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from orders.channels.connectors.errors import AuthEnded, SchemaChanged
from orders.channels.connectors.shopify.client import RAW, Client, error_of, parsed

PATH = "/admin/oauth/access_token"
DAY = 86_400  # seconds that a token of the client credentials grant lasts, if the shop doesn't say


def renewed(client: Client, credentials: Mapping[str, str]) -> tuple[dict[str, str], datetime]:
    """A new token and when it ends; with a refresh token, the next one of these, too: the one that was used is void.

    Raises AuthEnded where the shop knows the app or the refresh token no more.
    """
    body = {"client_id": credentials["client_id"], "client_secret": credentials["client_secret"]}
    refresh = credentials.get("refresh_token")
    if refresh:
        body |= {"grant_type": "refresh_token", "refresh_token": refresh}
    else:
        body |= {"grant_type": "client_credentials"}
    asked_at = datetime.now(UTC)
    response = client.post(PATH, body, {}, is_write=False)
    answer = parsed(response)
    if response.status != 200:
        if response.status in (400, 401, 403, 404) and isinstance(answer, dict):
            raise _ended(answer)
        raise error_of(response, is_write=False)
    if not isinstance(answer, dict) or not answer.get("access_token"):
        raise SchemaChanged(_("The shop's answer has no token."), raw=response.text[:RAW])
    return _kept(answer, is_rotating=bool(refresh)), asked_at + _lasting(answer)


def _ended(answer: Mapping[str, Any]) -> AuthEnded:
    text = answer.get("error_description") or answer.get("error") or answer.get("errors")
    return AuthEnded(_("The shop gave no token: %(text)s") % {"text": text})


def _kept(answer: Mapping[str, Any], *, is_rotating: bool) -> dict[str, str]:
    kept = {"access_token": str(answer["access_token"])}
    if is_rotating and answer.get("refresh_token"):
        kept["refresh_token"] = str(answer["refresh_token"])
    return kept


def _lasting(answer: Mapping[str, Any]) -> timedelta:
    try:
        return timedelta(seconds=int(answer.get("expires_in", DAY)))
    except (TypeError, ValueError):
        return timedelta(seconds=DAY)
