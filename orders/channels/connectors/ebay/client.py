"""Requests to eBay: where they go, how they are authorized, and what their answers mean."""

import base64
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
from orders.channels.connectors.ebay import signing
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

ADDRESS = "https://api.ebay.com"
SECONDS = 30
SCOPE = "https://api.ebay.com/oauth/api_scope"  # of the application itself
SCOPES = (SCOPE, f"{SCOPE}/sell.fulfillment", f"{SCOPE}/sell.inventory", f"{SCOPE}/sell.finances")
RAW = 500  # characters of an answer that are kept in an error's details
WAIT = 60.0  # seconds after "too many requests" that don't say how long
LONGEST_WAIT = 3600.0
MISSING = (32100, 25710, 25702)  # error IDs: no such order, inventory item or offer


@dataclass(frozen=True)
class Reply:
    """A successful answer: its JSON (None without a body) and its headers."""

    data: Any
    headers: Mapping[str, str]


class Client:
    """Makes requests for one seller. Raises the errors of `orders.channels.connectors.errors`."""

    def __init__(self, account: Account) -> None:
        self._known = account.credentials
        self.address = account.address.strip().rstrip("/") or ADDRESS
        self._seconds = float(account.settings.get("seconds", SECONDS))
        self._marketplace = str(account.settings.get("marketplace", "EBAY_DE"))
        self._language = str(account.settings.get("language", "de-DE"))

    def read(self, path: str, **asked: object) -> Any:
        """Send a read request. Raises Unavailable if there is no answer; a read changes nothing."""
        return self.page(path, **asked).data

    def page(self, path: str, **asked: object) -> Reply:
        """Read, with the headers of the answer."""
        given = {name: str(value) for name, value in asked.items() if value not in (None, "")}
        query = f"?{urlencode(given, quote_via=quote)}" if given else ""
        reply = self._call("GET", f"{path}{query}", None, self._bearer())
        if not isinstance(reply.data, dict):
            raise SchemaChanged(
                _("eBay's answer isn't as expected: %(error)s.")
                % {"error": type(reply.data).__name__},
                raw=str(reply.data)[:RAW],
            )
        return reply

    def send(self, path: str, body: Any, *, is_signed: bool = False, method: str = "POST") -> Reply:
        """Send a write request. Raises Unknown if its outcome can't be told."""
        text = json.dumps(body).encode()
        headers = self._bearer()
        if is_signed and self._known.get("signing_key"):
            url, private = f"{self.address}{path}", self._known.get("signing_private", "")
            headers |= signing.signed(method, url, text, self._known["signing_key"], private)
        return self._call(method, path, text, headers)

    def post_order(self, method: str, path: str, body: Any = None) -> Any:
        """A request of the Post-Order API, which has a header of its own."""
        headers = {
            "Authorization": f"IAF {self._known.get('access_token', '')}",
            "X-EBAY-C-MARKETPLACE-ID": self._marketplace,
        }
        text = None if body is None else json.dumps(body).encode()
        return self._call(method, f"/post-order/v2{path}", text, headers).data

    def public_key(self, kid: str) -> str:
        """The key by which eBay signs what it tells; read in the application's own name."""
        token, _ends = self.token(is_own=True)
        path = f"/commerce/notification/v1/public_key/{quote(kid, safe='')}"
        found = self._call("GET", path, None, {"Authorization": f"Bearer {token}"}).data
        return str(found["key"])

    def in_own_name(self, method: str, path: str, body: Any = None) -> Reply:
        """A request in the application's own name."""
        token, _ends = self.token(is_own=True)
        text = None if body is None else json.dumps(body).encode()
        return self._call(method, path, text, {"Authorization": f"Bearer {token}"})

    def token(self, *, is_own: bool = False) -> tuple[str, datetime]:
        """A new access token and when it ends; of the seller, or of the application itself."""
        if is_own:
            form = {"grant_type": "client_credentials", "scope": SCOPE}
        else:
            form = {
                "grant_type": "refresh_token",
                "refresh_token": self._known.get("refresh_token", ""),
                "scope": " ".join(SCOPES),
            }
        pair = f"{self._known.get('client_id', '')}:{self._known.get('client_secret', '')}"
        headers = {
            "Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}",
            "Content-Type": "application/x-www-form-urlencoded",
        }
        url = f"{self.address}/identity/v1/oauth2/token"
        response = self._ask("POST", url, urlencode(form).encode(), headers, is_write=False)
        data = _json(response)
        told = data if isinstance(data, dict) else {}
        if response.status == 200 and told.get("access_token"):
            ends = datetime.now(UTC) + timedelta(seconds=int(told.get("expires_in", 7200)))
            return str(told["access_token"]), ends
        text = str(told.get("error_description") or told.get("error") or f"HTTP {response.status}")
        if response.status in (400, 401) and told.get("error"):
            raise AuthEnded(
                _("eBay no longer accepts the authorization: %(text)s") % {"text": text}
            )
        raise Unavailable(_("eBay's login failed: %(text)s") % {"text": text})

    def _bearer(self) -> dict[str, str]:
        return {
            "Authorization": f"Bearer {self._known.get('access_token', '')}",
            "X-EBAY-C-MARKETPLACE-ID": self._marketplace,
        }

    def _call(
        self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]
    ) -> Reply:
        is_write = method != "GET"
        sent = {"Accept": "application/json", "User-Agent": "OMS", **headers}
        if body is not None:
            sent |= {"Content-Type": "application/json", "Content-Language": self._language}
        url = f"{self.address}{path}"
        response = self._ask(method, url, body, sent, is_write=is_write)
        data = _json(response)
        if 200 <= response.status < 300 and (data is not None or not response.body):
            return Reply(data, response.headers)
        raise error_of(response, data, is_write=is_write)

    def _ask(
        self,
        method: str,
        url: str,
        body: bytes | None,
        headers: Mapping[str, str],
        *,
        is_write: bool,
    ) -> Response:
        try:
            return safe_http.request(method, url, headers=headers, body=body, seconds=self._seconds)
        except NoResponse as error:
            kind = Unknown if is_write and error.was_sent else Unavailable
            raise kind(error.message) from error
        except ConnectorError as error:
            raise Unavailable(error.message) from error


def error_of(response: Response, data: Any, *, is_write: bool) -> ChannelError:
    """What an answer without success means; `data` is its JSON, None where it has none."""
    status, first = response.status, _first(data)
    text = str(first.get("longMessage") or first.get("message") or f"HTTP {status}")
    details: dict[str, Any] = {
        "status": status,
        "shop_code": str(first.get("errorId", "")),
        "raw": response.text[:RAW],
    }
    refused = _("eBay refused: %(text)s") % {"text": text}
    if status == 429:
        told = response.headers.get("retry-after", "")
        wait = min(float(told), LONGEST_WAIT) if told.isdigit() else WAIT
        return Throttled(_("eBay gets too many requests."), wait, **details)
    if is_write and (status >= 500 or status < 300):
        return Unknown(_("eBay failed: %(text)s") % {"text": text}, **details)
    if status >= 500 or status < 400 or not isinstance(data, dict):
        return Unavailable(
            _("eBay didn't answer (HTTP %(status)s).") % {"status": status}, **details
        )
    if status == 401:
        return AuthEnded(refused, **details)
    if status == 403:
        return ScopeMissing(refused, **details)
    is_gone = status == 404 or first.get("errorId") in MISSING
    return NotFound(refused, **details) if is_gone else Invalid(refused, **details)


def _first(data: Any) -> Mapping[str, Any]:
    """The first error of an answer; the Post-Order API has it one deeper."""
    if not isinstance(data, dict):
        return {}
    rows = data.get("errors") or data.get("error") or ()
    first = rows[0] if isinstance(rows, list) and rows else rows
    return first if isinstance(first, dict) else {}


def _json(response: Response) -> Any:
    try:
        return json.loads(response.body)
    except ValueError:
        return None


def escaped(text: str) -> str:
    """A text as one part of a path."""
    return quote(text, safe="")
