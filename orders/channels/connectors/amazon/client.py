"""Requests to Amazon's Selling Partner API: where they go, how they are authorized, and what their answers mean."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

from django.utils.translation import gettext as _

from oms.core.errors import ConnectorError
from oms.messaging import safe_http
from oms.messaging.safe_http import NoResponse, Response
from orders.channels.connectors import Account
from orders.channels.connectors.amazon.limits import CREATE_FEED, wait_of
from orders.channels.connectors.errors import (
    AuthEnded,
    ChannelError,
    Invalid,
    NotFound,
    SchemaChanged,
    ScopeMissing,
    Throttled,
    Unavailable,
    Unknown,
)

SECONDS = 30
HOSTS = {
    "eu": "https://sellingpartnerapi-eu.amazon.com",
    "na": "https://sellingpartnerapi-na.amazon.com",
    "fe": "https://sellingpartnerapi-fe.amazon.com",
}
LOGIN = "https://api.amazon.com/auth/o2/token"  # Login with Amazon
NOTIFICATIONS = (
    "sellingpartnerapi::notifications"  # the scope of what belongs to the application itself
)
RAW = 500  # characters of an answer that are kept in an error's details
MOST_OF_DOCUMENT = 20 * 1024 * 1024
ENDED = ("invalid_grant", "invalid_client", "unauthorized_client")


@dataclass(frozen=True)
class Reply:
    """A successful answer: its JSON (None without a body) and its headers."""

    data: Any
    headers: Mapping[str, str]


class Client:
    """Makes requests for one seller. Raises the errors of `orders.channels.connectors.errors`."""

    def __init__(self, account: Account) -> None:
        self._account = account
        settings = account.settings
        self.address = account.address.strip().rstrip("/") or HOSTS.get(
            str(settings.get("region", "eu")), HOSTS["eu"]
        )
        self._login = str(settings.get("login", LOGIN))
        self._seconds = float(settings.get("seconds", SECONDS))
        self._token = account.credentials.get("access_token", "")

    def read(self, operation: str, path: str, **asked: object) -> Any:
        """Send a read request. Raises Unavailable if there is no answer; a read changes nothing."""
        return _shaped(self._call("GET", operation, path, asked, None)).data

    def page(self, operation: str, path: str, **asked: object) -> Reply:
        """Read, with the headers of the answer."""
        return _shaped(self._call("GET", operation, path, asked, None))

    def send(self, method: str, operation: str, path: str, body: Any, **asked: object) -> Any:
        """Send a write request. Raises Unknown if its outcome can't be told."""
        return self._call(method, operation, path, asked, body).data

    def upload(self, url: str, content_type: str, text: bytes) -> None:
        """Put a document at an address that Amazon named; it means nothing before a feed is made of it."""
        response = self._ask("PUT", url, {"Content-Type": content_type}, text, is_write=False)
        if not 200 <= response.status < 300:
            raise Unavailable(
                _("Amazon didn't take the document (HTTP %(status)s).")
                % {"status": response.status},
                raw=response.text[:RAW],
            )

    def download(self, url: str) -> bytes:
        """A document at an address that Amazon named."""
        response = self._ask("GET", url, {}, None, is_write=False)
        if response.status != 200:
            raise Unavailable(
                _("Amazon's document can't be read (HTTP %(status)s).")
                % {"status": response.status},
                raw=response.text[:RAW],
            )
        return response.body

    def token(self, scope: str = "") -> tuple[str, datetime]:
        """A new access token and when it ends; of the seller, or of the application itself for a scope."""
        known = self._account.credentials
        form = {
            "client_id": known.get("client_id", ""),
            "client_secret": known.get("client_secret", ""),
        }
        if scope:
            form |= {"grant_type": "client_credentials", "scope": scope}
        else:
            form |= {"grant_type": "refresh_token", "refresh_token": known.get("refresh_token", "")}
        sent = {"Content-Type": "application/x-www-form-urlencoded;charset=UTF-8"}
        response = self._ask("POST", self._login, sent, urlencode(form).encode(), is_write=False)
        data = _json(response)
        told = data if isinstance(data, dict) else {}
        if response.status == 200 and told.get("access_token"):
            ends = datetime.now(UTC) + timedelta(seconds=int(told.get("expires_in", 3600)))
            return str(told["access_token"]), ends
        error = str(told.get("error", ""))
        text = str(told.get("error_description") or error or f"HTTP {response.status}")
        if error in ENDED:
            raise AuthEnded(
                _("Amazon no longer accepts the authorization: %(text)s") % {"text": text}
            )
        raise Unavailable(_("Amazon's login failed: %(text)s") % {"text": text})

    def with_token(self, token: str) -> "Client":
        """The same, with another access token."""
        other = Client(self._account)
        other._token = token
        return other

    def _call(
        self, method: str, operation: str, path: str, asked: Mapping[str, object], body: Any
    ) -> Reply:
        is_write = method != "GET"
        given = {name: _text(value) for name, value in asked.items() if value not in (None, "")}
        url = f"{self.address}{path}" + (f"?{urlencode(given, quote_via=quote)}" if given else "")
        headers = {
            "Accept": "application/json",
            "User-Agent": "OMS (Language=Python)",
            "x-amz-access-token": self._token,
        }
        text = json.dumps(body).encode() if body is not None else None
        if text is not None:
            headers["Content-Type"] = "application/json"
        response = self._ask(method, url, headers, text, is_write=is_write)
        return read(response, operation, is_write=is_write)

    def _ask(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | None,
        *,
        is_write: bool,
    ) -> Response:
        try:
            return safe_http.request(
                method,
                url,
                headers=headers,
                body=body,
                seconds=self._seconds,
                most_bytes=MOST_OF_DOCUMENT,
            )
        except NoResponse as error:
            kind = Unknown if is_write and error.was_sent else Unavailable
            raise kind(error.message) from error
        except ConnectorError as error:
            raise Unavailable(error.message) from error


def read(response: Response, operation: str, *, is_write: bool) -> Reply:
    """The JSON of an answer. Raises what an answer that is none means."""
    data = _json(response)
    if 200 <= response.status < 300 and (data is not None or not response.body):
        return Reply(data, response.headers)
    raise error_of(response, data, operation, is_write=is_write)


def error_of(response: Response, data: Any, operation: str, *, is_write: bool) -> ChannelError:
    """What an answer without success means; `data` is its JSON, None where it has none."""
    status = response.status
    errors = data.get("errors") if isinstance(data, dict) else None
    told = errors[0] if isinstance(errors, list) and errors and isinstance(errors[0], dict) else {}
    code = str(told.get("code", ""))
    text = str(told.get("message", "")) or f"HTTP {status}"
    details: dict[str, Any] = {"status": status, "shop_code": code, "raw": response.text[:RAW]}
    refused = _("Amazon refused: %(text)s") % {"text": text}
    if status == 429 or code == "QuotaExceeded":
        wait = wait_of(operation, response.headers)
        return Throttled(_("Amazon gets too many requests."), wait, is_narrow=True, **details)
    if status == 503 and told and operation != CREATE_FEED:  # a repeat of the others does no harm
        wait = wait_of(operation, response.headers)
        return Throttled(_("Amazon is busy."), wait, is_narrow=True, **details)
    if is_write and (status >= 500 or status < 300):
        return Unknown(_("Amazon failed: %(text)s") % {"text": text}, **details)
    if status >= 500 or status < 400 or (response.body and not isinstance(data, dict)):
        return Unavailable(
            _("Amazon didn't answer (HTTP %(status)s).") % {"status": status}, **details
        )
    if status == 401 or (status == 403 and "token" in f"{text} {told.get('details', '')}".lower()):
        return AuthEnded(refused, **details)
    if status == 403:
        return ScopeMissing(refused, **details)
    return NotFound(refused, **details) if status == 404 else Invalid(refused, **details)


def _shaped(reply: Reply) -> Reply:
    if not isinstance(reply.data, dict):
        raise SchemaChanged(
            _("Amazon's answer isn't as expected: %(error)s.")
            % {"error": type(reply.data).__name__},
            raw=str(reply.data)[:RAW],
        )
    return reply


def _json(response: Response) -> Any:
    try:
        return json.loads(response.body)
    except ValueError:
        return None


def _text(value: object) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def escaped(text: str) -> str:
    """A text as one part of a path."""
    return quote(text, safe="")
