"""Requests to a WooCommerce shop: where they go, how they are signed, and what their answers mean."""

import base64
import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from django.utils.translation import gettext as _

from oms.core.errors import ConnectorError
from oms.messaging import safe_http
from oms.messaging.safe_http import NoResponse, Response
from orders.channels.connectors import Account
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

SECONDS = (
    60  # for one request: an order takes a second, a page of them on a busy site half a minute
)
ROOT = "/wp-json/"
API = "wc/v3/"
WAIT = 30.0  # seconds after "too many requests" that don't say how long
LONGEST_WAIT = 3600.0
RAW = 500  # characters of an answer that are kept in an error's details
# Shops say it with a 500 although nothing was done: the money that was asked for can't be given back like that.
NOT_DONE = {"woocommerce_rest_cannot_create_order_refund"}


@dataclass(frozen=True)
class Reply:
    """A successful answer: its JSON, the number of pages that there are, and its headers."""

    data: Any
    pages: int
    headers: Mapping[str, str]


class Client:
    """Makes requests of one shop. Raises the errors of `orders.channels.connectors.errors`."""

    def __init__(self, account: Account) -> None:
        self.address = account.address.strip().rstrip("/")
        self._key = account.credentials.get("consumer_key", "")
        self._secret = account.credentials.get("consumer_secret", "")
        self._seconds = float(account.settings.get("seconds", SECONDS))

    def page(self, path: str, **asked: object) -> Reply:
        """Read a list. Raises Unavailable if there is no readable answer; a read changes nothing."""
        return _shaped(self._call("GET", API + path, asked, None), list)

    def one(self, path: str) -> Any:
        """Read a record."""
        return _shaped(self._call("GET", API + path, {}, None), dict).data

    def root(self) -> Reply:
        """What the site says of itself."""
        return _shaped(self._call("GET", "", {}, None), dict)

    def send(self, method: str, path: str, body: Any) -> Any:
        """Write; the record that came of it. Where there is no verdict, it may have happened: Unknown."""
        reply = self._call(method, API + path, {}, body)
        return _shaped(reply, dict).data if reply.data else {}

    def _call(self, method: str, path: str, asked: Mapping[str, object], body: Any) -> Reply:
        is_write = method != "GET"
        url, headers = self._signed(method, f"{self.address}{ROOT}{path}", asked)
        try:
            response = safe_http.request(
                method, url, headers=headers, json_body=body, seconds=self._seconds
            )
        except NoResponse as error:
            kind = Unknown if is_write and error.was_sent else Unavailable
            raise kind(error.message) from error
        except ConnectorError as error:
            raise Unavailable(error.message) from error
        return read(response, is_write=is_write)

    def _signed(
        self, method: str, url: str, asked: Mapping[str, object]
    ) -> tuple[str, dict[str, str]]:
        """A request's URL and headers: keys in a header over HTTPS; over HTTP, where they'd be seen, a signature."""
        given = {name: _text(value) for name, value in asked.items()}
        headers = {"Accept": "application/json", "User-Agent": "OMS"}
        if urlsplit(url).scheme == "https":
            token = base64.b64encode(f"{self._key}:{self._secret}".encode()).decode()
            headers["Authorization"] = f"Basic {token}"
        else:
            given = signed(method, url, given, self._key, self._secret)
        return url + (f"?{urlencode(given, quote_via=quote)}" if given else ""), headers


def _shaped(reply: Reply, shape: type) -> Reply:
    if not isinstance(reply.data, shape):
        raise SchemaChanged(
            _("The shop's answer isn't as expected: %(error)s.")
            % {"error": type(reply.data).__name__},
            raw=str(reply.data)[:RAW],
        )
    return reply


def signed(
    method: str, url: str, given: Mapping[str, str], key: str, secret: str
) -> dict[str, str]:
    """Parameters with the signature of OAuth 1.0a, "one-legged": without a token (RFC 5849, 3.4)."""
    known = {
        **given,
        "oauth_consumer_key": key,
        "oauth_nonce": secrets.token_hex(16),
        "oauth_signature_method": "HMAC-SHA256",
        "oauth_timestamp": str(int(time.time())),
    }
    return known | {"oauth_signature": signature(method, url, known, secret)}


def signature(method: str, url: str, given: Mapping[str, str], secret: str) -> str:
    """The signature of a request by OAuth 1.0a with HMAC-SHA256."""
    pairs = sorted((_escaped(name), _escaped(value)) for name, value in given.items())
    normalized = "&".join(f"{name}={value}" for name, value in pairs)
    base = "&".join([method.upper(), _escaped(url), _escaped(normalized)])
    digest = hmac.new(f"{_escaped(secret)}&".encode(), base.encode(), hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


def _escaped(text: str) -> str:
    return quote(text, safe="~")


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def read(response: Response, *, is_write: bool) -> Reply:
    """The JSON of an answer. Raises what an answer that is none means."""
    data = _json(response)
    if 200 <= response.status < 300 and data is not None:
        pages = response.headers.get("x-wp-totalpages", "")
        return Reply(data, int(pages) if pages.isdigit() else 1, response.headers)
    raise error_of(response, data, is_write=is_write)


def _json(response: Response) -> Any:
    try:
        return json.loads(response.body)
    except ValueError:
        return None


def error_of(response: Response, data: Any, *, is_write: bool) -> ChannelError:
    """What an answer without success means; `data` is its JSON, None where it has none."""
    status, told = response.status, data if isinstance(data, dict) else {}
    code, text = str(told.get("code", "")), str(told.get("message", "")) or f"HTTP {status}"
    details = {"status": status, "shop_code": code, "raw": response.text[:RAW]}
    if status == 429:
        return Throttled(_("The shop gets too many requests."), wait_of(response), **details)
    if 300 <= status < 400:
        text = _("The shop sends requests on to %(address)s. Enter the address that it uses.")
        return Unavailable(text % {"address": response.location or "?"}, **details)
    if code in NOT_DONE:
        return Invalid(_("The shop refused: %(text)s") % {"text": text}, **details)
    if is_write and (status >= 500 or (status < 300 and not _is_page(response))):
        return Unknown(_("The shop failed: %(text)s") % {"text": text}, **details)
    if not code:
        return Unavailable(
            _(
                "The shop didn't answer as a program (HTTP %(status)s). Is it in maintenance, or behind a firewall?"
            )
            % {"status": status},
            **details,
        )
    return _refusal(status, code, text, details)


def _refusal(status: int, code: str, text: str, details: dict[str, Any]) -> ChannelError:
    """What a refusal of WooCommerce itself means."""
    told = _("The shop refused: %(text)s") % {"text": text}
    if status >= 500 or code == "rest_no_route":
        return Unavailable(told, **details)
    if status == 403 or (status == 401 and "permission" in text):
        return ScopeMissing(told, **details)
    if status == 401:
        return AuthEnded(told, **details)
    if status == 404 or code.endswith("invalid_id"):
        return NotFound(told, **details)
    return Invalid(told, **details)


def _is_page(response: Response) -> bool:
    """Whether an answer is a page of its own, such as "in maintenance": PHP's warnings before JSON are none."""
    start = response.body[:200].lstrip().lower()
    return start.startswith((b"<!doctype", b"<html"))


def wait_of(response: Response) -> float:
    """The seconds that an answer asks to wait."""
    told = response.headers.get("retry-after", "")
    return min(float(told), LONGEST_WAIT) if told.isdigit() else WAIT
